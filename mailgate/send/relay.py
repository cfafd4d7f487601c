"""Hands a letter to the relay and says what became of it. In doubt: deferred."""

import re
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mailgate.model.delivery import Deferred, Delivered, Delivery, Refused
from mailgate.model.installation import RelaySettings
from mailgate.model.scrub import Scrubber
from mailgate.send.envelope import check_address, check_letter
from mailgate.send.session import LoginRefusedError, RelayDownError, RelaySession, reply

#: Permanent replies that speak of us and not of the letter: our login or TLS is broken (RFC 4954 6, RFC 3207 4).
_OUR_LOGIN = frozenset({530, 534, 535, 538})
#: Permanent replies that say that relay and we have lost the thread: not understood, not implemented, out of order.
_OUT_OF_STEP = frozenset({500, 502, 503})


class Relay(Protocol):
    """Takes letters for the world. One relay is for one thread; only `abort` may be called from another."""

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        """Hands over one letter for one recipient. Raises UnfitLetterError (a ValueError) before anything is said.
        `envelope_id`: by which reports will name it, where the relay offers them."""

    def close(self) -> None:
        """Hangs up. The relay may be used again."""

    def abort(self) -> None:
        """Makes a `deliver` in progress end soon, with what is then true."""


@dataclass(frozen=True, slots=True)
class _Enveloped:
    """A letter as it is handed over."""

    envelope_from: str
    recipient: str
    data: bytes
    utf8: bool
    envelope_id: str


class SmtpRelay:
    """A smarthost. Keeps one connection from letter to letter; what a reply means for the letter is decided here and nowhere else."""

    def __init__(self, settings: RelaySettings, password: Callable[[], str | None], renewed: Callable[[str], str] | None = None) -> None:
        mistakes = settings.mistakes()
        if mistakes:
            raise ValueError("; ".join(f"relay.{key}: {sentence}" for key, sentence in mistakes))
        self._settings = settings
        self._password = password
        self._renewed = renewed
        self._known = Scrubber()
        self._context: ssl.SSLContext | None = None
        self._session: RelaySession | None = None

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        check_address(envelope_from, null_allowed=True)
        check_address(recipient)
        check_letter(data)
        letter = _Enveloped(envelope_from, recipient, data, needs_utf8 or not (envelope_from + recipient).isascii(), envelope_id)
        kept = self._session
        if kept is not None and kept.open_for_more:
            delivery = self._hand_over(kept, letter, kept=True)
            if delivery is not None:
                return delivery
        self.close()
        session = self._session = RelaySession(self._settings, self._known)
        try:
            session.open(self._trusted, self._password, self._renewed)
        except RelayDownError as error:
            self._session = None
            return Deferred(str(error), relay_down=True, login_refused=isinstance(error, LoginRefusedError))
        delivery = self._hand_over(session, letter, kept=False)
        assert delivery is not None
        return delivery

    def probe(self) -> str | None:
        """Connects, secures the connection and logs in, and says nothing else: None when that works, else why it does not."""
        session = RelaySession(self._settings, self._known)
        try:
            session.open(self._trusted, self._password, self._renewed)
        except RelayDownError as error:
            return str(error)
        session.bye()
        return None

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.bye()

    def abort(self) -> None:
        session = self._session
        if session is not None:
            session.abort()

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                self._context = ssl.create_default_context(cafile=self._settings.ca_file)
            except OSError as error:  # ssl.SSLError is one
                raise RelayDownError(f"relay.ca_file cannot be read: {error.strerror or error}") from error
        return self._context

    def _hand_over(self, session: RelaySession, letter: _Enveloped, *, kept: bool) -> Delivery | None:
        """One mail transaction (RFC 5321 3.3). None: a kept connection was dead before anything was said of this letter."""
        problem = _unsuitable(session, letter)
        if problem is not None:
            return problem
        session.letters += 1
        session.command_encoding = "utf-8" if letter.utf8 else "ascii"
        try:
            code, said = session.docmd("MAIL", f"FROM:<{letter.envelope_from}>{_parameters(session, letter)}")
        except smtplib.SMTPServerDisconnected as error:
            return None if kept else Deferred(f"connection lost: {error}")
        if kept and code in (421, -1):  # a relay that was tired of waiting says so in answer to whatever comes next
            return None
        try:
            if code != 250:
                return self._judge(session, code, said)
            code, said = session.docmd("RCPT", f"TO:<{letter.recipient}>{_wishes(session, letter)}")
            if code not in (250, 251, 252):
                return self._judge(session, code, said)
            code, said = session.docmd("DATA")
            if code != 354:
                return self._judge(session, code, said)
            session.say_letter(letter.data)
        except smtplib.SMTPServerDisconnected as error:
            return Deferred(f"connection lost: {error}")
        try:
            code, said = session.say_dot()
        except smtplib.SMTPServerDisconnected as error:
            return Deferred(f"no reply to the letter: {error}", uncertain=True)
        session.used_at = time.monotonic()
        if 200 <= code < 300:
            return Delivered(reply(code, said))
        if not 400 <= code < 600:
            session.close()
            return Deferred(f"no proper reply to the letter: {reply(code, said)}", uncertain=True)
        return self._judge(session, code, said)

    def _judge(self, session: RelaySession, code: int, said: bytes) -> Delivery:
        """What a reply other than the wanted one means, and whether the connection is still good."""
        text = reply(code, said)
        if code in _OUR_LOGIN:
            session.close()
            return Deferred(str(LoginRefusedError(text)), relay_down=True, login_refused=True)
        if code == 421 or code in _OUT_OF_STEP or not 400 <= code < 600:
            session.close()
            return Deferred(text)
        session.used_at = time.monotonic()
        try:
            if session.rset()[0] != 250:
                session.close()
        except smtplib.SMTPServerDisconnected:
            session.close()  # the reply that counts is already here
        if code < 500:
            return Deferred(text)
        # No limit is known: what the relay says it takes may be more than the server behind it takes.
        return Refused(text, too_large=_is_about_the_size(code, text))


_ENHANCED = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
_FULL = re.compile(r"(?i)quota|full|storage")
_SIZE_WORDS = re.compile(r"(?i)\b(?:message|mail|size|letter)\b.{0,40}\b(?:too (?:large|big)|exceeds?|limit)")


def _is_about_the_size(code: int, text: str) -> bool:
    """Whether a refusal is for the size of the letter (RFC 1870 6, RFC 3463 3.4), and not for a mailbox that is full: 552 says both."""
    status = _ENHANCED.search(text)
    if status is not None and status[0] != "5.0.0":
        return status[0] in ("5.3.4", "5.2.3")
    if code in (552, 523):
        return not _FULL.search(text)
    return code in (550, 554) and bool(_SIZE_WORDS.search(text))


def _unsuitable(session: RelaySession, letter: _Enveloped) -> Refused | None:
    """What the relay has said beforehand that it will not take (RFC 1870, RFC 6531): trying for five days would not help."""
    if letter.utf8 and not session.has_extn("smtputf8"):
        return Refused("553 the relay takes no addresses outside ASCII (it does not offer SMTPUTF8)")
    most = session.esmtp_features.get("size", "")
    if most.isdigit() and 0 < int(most) < len(letter.data):
        return Refused(f"552 larger than the relay takes ({most} bytes)", too_large=True, limit=int(most))
    return None


def _parameters(session: RelaySession, letter: _Enveloped) -> str:
    parameters = ""
    if letter.envelope_from and session.has_extn("dsn"):
        parameters += " RET=HDRS"  # the header is enough to know the letter by
        if letter.envelope_id:
            parameters += f" ENVID={_xtext(letter.envelope_id)}"
    if session.has_extn("size"):
        parameters += f" SIZE={len(letter.data)}"
    # A relay without 8BITMIME gets an 8-bit letter as it is: it is sealed, and all relays of our day pass it on.
    if session.has_extn("8bitmime") and not letter.data.isascii():
        parameters += " BODY=8BITMIME"
    return parameters + (" SMTPUTF8" if letter.utf8 else "")


def _wishes(session: RelaySession, letter: _Enveloped) -> str:
    """What we want to hear of, and under which address we know the recipient: who forwards it may report another one (RFC 3461 4)."""
    if not letter.envelope_from or not session.has_extn("dsn"):
        return ""
    if not letter.recipient.isascii():
        return " NOTIFY=FAILURE,DELAY"
    return f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{_xtext(letter.recipient)}"


def _xtext(text: str) -> str:
    return "".join(sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in text)
