"""Bounces as mail servers write them, in words of our own: twenty-one formats, each drawn anew for a letter that came back."""

from __future__ import annotations

import base64
import quopri
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WHY = (
    ("5.1.1", "550", "User unknown"),
    ("5.1.1", "550", "No such user here"),
    ("5.2.2", "552", "Mailbox full"),
    ("5.7.1", "554", "Message refused by policy"),
    ("5.1.10", "550", "Recipient not found"),
)
HOSTS = ("mx1.example.net", "mail.example.com", "gateway.example.net", "smtp-in.example.com")


@dataclass(frozen=True, slots=True)
class Returned:
    """A letter of ours that comes back, and where its bounce goes."""

    recipient: str
    to: str
    letter: bytes  #: as it was handed over
    draw: random.Random
    envelope_id: str = ""
    why: tuple[str, str, str] = field(init=False)
    host: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "why", self.draw.choice(WHY))
        object.__setattr__(self, "host", self.draw.choice(HOSTS))

    @property
    def header(self) -> str:
        return self.letter.partition(b"\r\n\r\n")[0].decode("utf-8").replace("\r\n", "\n")

    @property
    def whole(self) -> str:
        return self.letter.decode("utf-8").replace("\r\n", "\n")

    @property
    def copy(self) -> str:
        """All of it, or its beginning, as servers give it back."""
        return self.draw.choice((self.whole, self.header + "\n\n", self.whole[: len(self.header) + 400]))

    @property
    def subject(self) -> str:
        folded = self.header.partition("\nSubject: ")[2]
        lines = folded.split("\n")
        return "".join([lines[0], *(line for line in lines[1:2] if line.startswith(" "))])

    @property
    def words(self) -> str:
        """The first lines of what the letter says, without any field of its header."""
        return "We have received your request and will look at it as soon as we can.\nYou hear from us."


def _plain(r: Returned, author: str, subject: str, text: str, *more: str, charset: str = "us-ascii") -> bytes:
    lines = [f"From: {author}", f"To: {r.to}", f"Subject: {subject}", f"Date: Mon, 1 Jun 2026 08:{r.draw.randrange(60):02}:00 +0000"]
    lines += [f"Message-ID: <{r.draw.randrange(10**12)}@{r.host}>", *more, "MIME-Version: 1.0"]
    if text.isascii():
        coding, body = "7bit", text
    elif r.draw.random() < 0.5:
        coding, body = "base64", base64.encodebytes(text.encode(charset)).decode()
    else:
        coding, body = "quoted-printable", quopri.encodestring(text.encode(charset)).decode()
    lines += [f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {coding}", "", body]
    return _wire("\n".join(lines))


def _wire(text: str) -> bytes:
    return (text.rstrip("\n") + "\n").replace("\n", "\r\n").encode()


def _fields(r: Returned, action: str = "failed", remote: bool = True) -> str:
    status, code, said = r.why
    lines = [f"Reporting-MTA: dns; {r.host}"]
    if r.envelope_id:
        lines.append(f"Original-Envelope-Id: {r.envelope_id}")
    lines += ["", f"Final-Recipient: rfc822; {r.recipient}", f"Action: {action}", f"Status: {status}"]
    if remote:
        lines += [f"Remote-MTA: dns; {r.host}", f"Diagnostic-Code: smtp; {code} {status} {said}"]
    return "\n".join(lines) + "\n"


def _report(
    r: Returned, author: str, subject: str, text: str, *parts: tuple[str, str], of_text: str = "text/plain; charset=utf-8"
) -> bytes:
    """A multipart/report: words for people, fields for programs, and what is returned."""
    mark = f"=_{r.draw.randrange(10**15)}"
    lines = [f"From: {author}", f"To: {r.to}", f"Subject: {subject}", "Auto-Submitted: auto-replied", "MIME-Version: 1.0"]
    lines += [f"Message-ID: <{r.draw.randrange(10**12)}@{r.host}>"]
    lines += [f'Content-Type: multipart/report; report-type=delivery-status; boundary="{mark}"', ""]
    for kind, body in ((of_text, text), *parts):
        lines += [f"--{mark}", f"Content-Type: {kind}", "", body]
    return _wire("\n".join([*lines, f"--{mark}--"]))


def _returned(r: Returned) -> tuple[str, str]:
    return r.draw.choice((("message/rfc822", r.whole), ("text/rfc822-headers", r.header + "\n")))


def postfix(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"The mail system at {r.host} could not hand on your message.\n\n<{r.recipient}>: host {r.host} said: {code} {status} {said}\n"
    report = ("message/delivery-status", _fields(r))
    return _report(r, f"MAILER-DAEMON@{r.host} (Mail Delivery System)", "Undelivered Mail Returned to Sender", text, report, _returned(r))


def exim(r: Returned) -> bytes:
    _, code, said = r.why
    text = f"""A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {r.recipient}
    SMTP error from remote mail server after RCPT TO:<{r.recipient}>:
    host {r.host} [192.0.2.1]: {code} {said}

------ This is a copy of the message, including all the headers. ------

{r.copy}"""
    author = f"Mail Delivery System <Mailer-Daemon@{r.host}>"
    return _plain(r, author, "Mail delivery failed: returning message to sender", text, f"X-Failed-Recipients: {r.recipient}")


def qmail(r: Returned) -> bytes:
    status, _, said = r.why
    text = f"""Hi. This is the qmail-send program at {r.host}.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up.

<{r.recipient}>:
{said}. (#{status})

--- Below this line is a copy of the message.

Return-Path: <{r.to}>
{r.copy}"""
    return _plain(r, f"MAILER-DAEMON@{r.host}", "failure notice", text)


def sendmail(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"""The original message was received at Mon, 1 Jun 2026 08:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<{r.recipient}>
    (reason: {code} {status} <{r.recipient}>... {said})

   ----- Transcript of session follows -----
... while talking to {r.host}.:
>>> RCPT To:<{r.recipient}>
<<< {code} {status} <{r.recipient}>... {said}
"""
    report = ("message/delivery-status", _fields(r))
    return _report(
        r, f"Mail Delivery Subsystem <MAILER-DAEMON@{r.host}>", f"Returned mail: see transcript ({said})", text, report, _returned(r)
    )


def exchange(r: Returned) -> bytes:
    status, code, said = r.why
    refused = f"<p>Remote server returned '{code} {status} {said}'</p>"
    page = f"<html><body><p>Your message to <b>{r.recipient}</b> couldn't be delivered.</p>{refused}</body></html>"
    report = ("message/delivery-status", _fields(r))
    author = f"Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{r.host}>"
    return _report(r, author, f"Undeliverable: {r.subject}", page, report, _returned(r), of_text="text/html; charset=utf-8")


def gmail(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"""** Address not found **

Your message wasn't delivered to {r.recipient} because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
{code} {status} {said}
"""
    report = ("message/delivery-status", _fields(r))
    author = f"Mail Delivery Subsystem <mailer-daemon@{r.host}>"
    return _report(r, author, "Delivery Status Notification (Failure)", text, report, _returned(r))


def yahoo(r: Returned) -> bytes:
    _, code, said = r.why
    text = f"""Sorry, we were unable to deliver your message to the following address.

<{r.recipient}>:
{code}: {said}

--- Below this line is a copy of the message.

{r.copy}"""
    return _plain(r, f"MAILER-DAEMON@{r.host}", "Failure Notice", text)


def courier(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"""This is a delivery status notification from {r.host},
running the Courier mail server.

The original message was received from our relay.

---------------------------------------------------------------------------

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<{r.recipient}>:
    {r.host} [192.0.2.1]:
    <<< {code} {status} {said}

---------------------------------------------------------------------------

If your message was also sent to additional recipients, their delivery
status is not included in this report.
"""
    report = ("message/delivery-status", _fields(r))
    return _report(
        r, f'"Courier mail server at {r.host}" <>', "NOTICE: mail delivery status.", text, report, ("text/rfc822-headers", r.header + "\n")
    )


def opensmtpd(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"""    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

{r.recipient}: {code} {status} <{r.recipient}>: {said}

    Below is a copy of the original message:

{r.copy}"""
    return _plain(r, f"Mailer Daemon <MAILER-DAEMON@{r.host}>", "Delivery status notification: error", text)


def domino(r: Returned) -> bytes:
    local = r.recipient.partition("@")[0]
    text = f"""Your message

  Subject: {r.subject}

was not delivered to:

  {r.recipient}

because:

  User {local} ({r.recipient}) not listed in Domino Directory
"""
    report = ("message/delivery-status", _fields(r, remote=False))
    subject = f"DELIVERY FAILURE: User {local} ({r.recipient}) not listed in Domino Directory"
    return _report(r, f"Postmaster@{r.host}", subject, text, report, ("message/rfc822", r.whole))


def groupwise(r: Returned) -> bytes:
    text = f"""The message that you sent was undeliverable to the following:
\t{r.recipient} (user not found)

Possibly truncated original message follows:

{r.copy}"""
    return _plain(r, f"Mailer-Daemon@{r.host}", "Message status - undeliverable", text)


def mdaemon(r: Returned) -> bytes:
    _, code, said = r.why
    text = f"""The following data may be used to identify this message.

The attached message had PERMANENT fatal delivery errors!

After one or more unsuccessful delivery attempts the attached message has
been removed from the mail queue on this server.

Failed address: {r.recipient}

--> RCPT To:<{r.recipient}>
<-- {code} {said}
"""
    mark = f"MD{r.draw.randrange(10**9)}"
    lines = [f"From: MDaemon at {r.host} <MDaemon@{r.host}>", f"To: {r.to}", "Subject: Permanent Delivery Failure", "MIME-Version: 1.0"]
    lines += [f'Content-Type: multipart/mixed; boundary="{mark}"', "", f"--{mark}", "Content-Type: text/plain; charset=us-ascii", "", text]
    return _wire("\n".join([*lines, f"--{mark}", "Content-Type: message/rfc822", "", r.whole, f"--{mark}--"]))


def imail(r: Returned) -> bytes:
    text = f"""User mailbox exceeds allowed size or is not there: {r.recipient}
undeliverable to {r.recipient}


Original message follows.

{r.copy}"""
    return _plain(r, f"Postmaster <postmaster@{r.host}>", "Undeliverable Mail", text)


def x400(r: Returned) -> bytes:
    text = f"""This report relates to a message you sent with the following header fields:

  Subject: {r.subject}

Your message cannot be delivered to the following recipients:

  Recipient address: {r.recipient}
  Reason: Unable to transfer: unrecognised recipient (NDR 1/5)
  Diagnostic: O/R name not allocated
"""
    report = ("message/delivery-status", _fields(r, remote=False))
    author = f"Internet Mail Delivery <postmaster@{r.host}>"
    return _report(r, author, "Delivery Notification: Delivery has failed", text, report, ("text/rfc822-headers", r.header + "\n"))


def zimbra(r: Returned) -> bytes:
    status, code, said = r.why
    text = f"This is the mail system at host {r.host}.\n\n<{r.recipient}>: host /opt/zimbra/lmtp[192.0.2.1] said: {code} {status} {said}\n"
    report = ("message/delivery-status", _fields(r))
    author = f"MAILER-DAEMON@{r.host} (Mail Delivery System)"
    return _report(r, author, "Undelivered Mail Returned to Sender", text, report, ("message/rfc822", r.whole))


def in_german(r: Returned) -> bytes:
    text = f"""Ihre Nachricht konnte nicht zugestellt werden.

Folgende Empfänger haben sie nicht erhalten:

{r.recipient}
    Der Empfänger ist unbekannt.

--- Ursprüngliche Nachricht ---

{r.copy}"""
    return _plain(r, f"Mailzustellung <MAILER-DAEMON@{r.host}>", "Unzustellbar: Ihre Nachricht", text, charset="utf-8")


def in_french(r: Returned) -> bytes:
    status, _, _ = r.why
    text = f"""Échec de la remise pour ces destinataires :

{r.recipient}
L'adresse de messagerie que vous avez entrée est introuvable. ({status})

----- Message d'origine -----

{r.copy}"""
    return _plain(r, f"postmaster@{r.host}", "=?utf-8?q?Non_remis_:_votre_message?=", text, charset="utf-8")


def in_japanese(r: Returned) -> bytes:
    text = f"""お送りいただいたメールは配信できませんでした。

次の宛先は存在しません: <{r.recipient}>

以下は元のメールです。

{r.copy}"""
    return _plain(r, f"Mail Delivery Subsystem <MAILER-DAEMON@{r.host}>", "Returned mail: User unknown", text, charset="utf-8")


def without_header(r: Returned) -> bytes:
    report = ("message/delivery-status", _fields(r))
    text = "A message that you sent did not reach its recipient."
    return _report(r, f"postmaster@{r.host}", "Delivery Status Notification (Failure)", text, report)


def only_header(r: Returned) -> bytes:
    report = ("message/delivery-status", _fields(r))
    return _report(r, f"MAILER-DAEMON@{r.host}", "Delivery failure", "", report, ("text/rfc822-headers", r.header + "\n"))


def only_body(r: Returned) -> bytes:
    _, code, said = r.why
    text = f"Your message could not be delivered to:\n\n  {r.recipient}\n  {code} {said}\n\nYour message began:\n\n" + "\n".join(
        f"> {line}" for line in r.words.split("\n")
    )
    return _plain(r, f"Mail Delivery System <MAILER-DAEMON@{r.host}>", "Mail delivery failed", text)


FORMATS: Mapping[str, Callable[[Returned], bytes]] = {
    made.__name__: made
    for made in (
        postfix, exim, qmail, sendmail, exchange, gmail, yahoo, courier, opensmtpd, domino, groupwise, mdaemon, imail, x400, zimbra,
        in_german, in_french, in_japanese, without_header, only_header, only_body,
    )
}  # fmt: skip
#: They give back nothing of the letter's header.
QUOTES_NOTHING = frozenset({"without_header", "only_body"})
