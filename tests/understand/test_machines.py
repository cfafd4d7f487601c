"""What machines write is told from what people write, and reports are read: tests/mails/machines and tests/mails/people."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.model.mail import Kind, Reading
from mailgate.model.token import Keyring
from mailgate.understand import read

MAILS = Path(__file__).parents[1] / "mails"
RING = Keyring((b"a key only for tests, 32 octets!",))
#: The letter of ours that the reports of the machines are about, where they quote it.
LETTER = "<LETTER@example.org>"

#: mail -> (kind, reports: (recipient, action, status, hard)); no machine is answered
MACHINES: dict[str, tuple[Kind, tuple[tuple[str, str, str | None, bool], ...]]] = {
    "postfix-unknown": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "postfix-late": (Kind.DELIVERY_NOTICE, (("slow@example.com", "delayed", "4.4.1", False),)),
    "success-report": (Kind.DELIVERY_NOTICE, (("jo@example.com", "delivered", "2.0.0", False),)),
    "relayed-onwards": (Kind.DELIVERY_NOTICE, (("jo@example.com", "relayed", "2.1.9", False),)),
    "two-without-a-blank-line": (
        Kind.BOUNCE,
        (("one@example.com", "failed", "5.1.1", True), ("two@example.com", "failed", "5.2.2", False)),
    ),
    "blank-line-within": (Kind.BOUNCE, (("one@example.com", "failed", "5.1.1", True), ("two@example.com", "failed", "5.7.1", False))),
    "only-original-recipient": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.2", True),)),
    "final-recipient-of-no-domain": (Kind.BOUNCE, (("jo@example.com", "failed", "5.2.2", False),)),
    "status-without-action": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "utf8-recipient": (Kind.BOUNCE, (("jö@example.com", "failed", "5.1.1", True),)),
    "form-as-plain-text": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "form-without-mime": (Kind.BOUNCE, (("gone@example.com", "failed", "5.4.4", True),)),
    "wrapped-by-a-filter": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "pipe-that-failed": (Kind.BOUNCE, (("jo@example.com", "failed", "5.0.0", False),)),
    "reason-only-in-the-words": (Kind.BOUNCE, (("jo@example.com", "failed", "5.3.0", False),)),
    "host-behind-the-host": (Kind.BOUNCE, (("jo@example.com", "failed", "5.2.2", False),)),
    "unknown-after-data": (Kind.BOUNCE, (("jo@example.com", "failed", "5.2.0", False),)),
    "sender-refused": (Kind.BOUNCE, (("jo@example.com", "failed", "5.1.8", False),)),
    "refused-by-a-rule": (Kind.BOUNCE, (("jo@example.com", "failed", None, False),)),
    "exim-unroutable": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "exim-several": (Kind.BOUNCE, (("one@example.com", "failed", "5.1.1", True), ("two@example.net", "failed", "5.2.2", False))),
    "exim-warning": (Kind.DELIVERY_NOTICE, (("slow@example.com", "delayed", None, False),)),
    "exim-local-part-only": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "exim-after-mail-from": (Kind.BOUNCE, (("jo@example.com", "failed", None, False),)),
    "qmail-no-mailbox": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "qmail-several": (Kind.BOUNCE, (("one@example.com", "failed", "5.1.2", True), ("two@example.net", "failed", "4.4.1", False))),
    "sendmail-transcript": (Kind.BOUNCE, (("one@example.com", "failed", None, True), ("two@example.net", "failed", None, True))),
    "courier-without-form": (Kind.BOUNCE, (("jo@example.com", "failed", "5.7.1", False),)),
    "exchange-2003": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "exchange-german-html": (Kind.BOUNCE, (("weg@example.com", "failed", "5.1.10", True),)),
    "exchange-french-text": (Kind.BOUNCE, (("parti@example.com", "failed", "5.1.1", True),)),
    "domino-not-listed": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "groupwise": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "reason-before-recipients": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "addressed-to": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "arrows-the-other-way": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "one-line-and-the-copy": (Kind.BOUNCE, (("full@example.com", "failed", None, False),)),
    "opensmtpd-list": (Kind.BOUNCE, (("one@example.com", "failed", "5.2.2", False), ("two@example.com", "failed", "5.1.1", True))),
    "dragonfly-sentence": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "gmail-of-old": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "gmail-delay": (Kind.DELIVERY_NOTICE, (("slow@example.com", "delayed", "4.2.2", False),)),
    "group-in-arabic": (Kind.BOUNCE, (("team@groups.example.com", "failed", None, False),)),
    "russian-twice": (Kind.BOUNCE, (("net@example.com", "failed", "5.1.1", True),)),
    "japanese-full": (Kind.BOUNCE, (("jo@mobile.example", "failed", None, False),)),
    "short-message-gateway": (Kind.BOUNCE, (("491700000000@sms.example", "failed", None, True),)),
    "service-json": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "service-json-complaint": (Kind.COMPLAINT, ()),
    "commas-around-the-code": (Kind.BOUNCE, (("gone@example.com", "failed", "5.1.1", True),)),
    "the-only-address": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "recipient-label": (Kind.BOUNCE, (("gone@example.com", "failed", None, True),)),
    "postponed": (Kind.DELIVERY_NOTICE, (("full@example.com", "delayed", None, False),)),
    "returned-without-a-recipient": (Kind.BOUNCE, (("jo@example.com", "failed", None, False),)),
    "exchange-absence": (Kind.AUTO_REPLY, ()),
    "gmail-absence": (Kind.AUTO_REPLY, ()),
    "apple-absence": (Kind.AUTO_REPLY, ()),
    "sieve-absence-null-path": (Kind.AUTO_REPLY, ()),
    "autoresponder-precedence": (Kind.AUTO_REPLY, ()),
    "notified": (Kind.AUTO_REPLY, ()),
    "other-desk-acknowledges": (Kind.WRITTEN, ()),
    "complaint-of-a-provider": (Kind.COMPLAINT, ()),
    "unsubscribe-button": (Kind.COMPLAINT, ()),
    "newsletter": (Kind.WRITTEN, ()),
}

#: mail -> (kind, may a machine answer)
PEOPLE: dict[str, tuple[Kind, bool]] = {
    "pastes-a-bounce": (Kind.WRITTEN, True),
    "pastes-nothing-but-a-bounce": (Kind.WRITTEN, True),
    "forwards-a-bounce-inline": (Kind.WRITTEN, True),
    "forwards-a-bounce-attached": (Kind.WRITTEN, True),
    "forwards-the-parts-of-a-bounce": (Kind.WRITTEN, True),
    "replies-to-a-bounce": (Kind.WRITTEN, True),
    "asks-about-undeliverable": (Kind.WRITTEN, True),
    "failure-notice-of-a-machine-tool": (Kind.WRITTEN, True),
    "returned-mail-of-paper": (Kind.WRITTEN, True),
    "delivery-status-question": (Kind.WRITTEN, True),
    "postmaster-is-a-person": (Kind.WRITTEN, False),
    "postmaster-pastes-a-dialogue": (Kind.WRITTEN, False),
    "administrator-asks": (Kind.WRITTEN, True),
    "system-in-the-name": (Kind.WRITTEN, True),
    "called-daemon": (Kind.WRITTEN, True),
    "complains-about-mailer-daemon": (Kind.WRITTEN, True),
    "delayed-in-the-subject": (Kind.WRITTEN, True),
    "pastes-json": (Kind.WRITTEN, True),
    "pastes-a-complaint-as-json": (Kind.WRITTEN, True),
    "begins-with-a-brace": (Kind.WRITTEN, True),
    "complains-of-a-message": (Kind.WRITTEN, True),
    "forwards-spam": (Kind.WRITTEN, True),
    "unsubscribes-by-hand": (Kind.WRITTEN, True),
    "asks-for-a-receipt": (Kind.WRITTEN, True),
    "wants-no-delivery-report": (Kind.WRITTEN, True),
    "wants-no-absence-notice": (Kind.WRITTEN, False),
    "auto-submitted-no": (Kind.WRITTEN, True),
    "precedence-of-an-old-client": (Kind.WRITTEN, True),
    "writes-on-a-list": (Kind.LIST, False),
    "unsubscribe-link-in-a-persons-mail": (Kind.WRITTEN, False),
    "out-of-office-printer": (Kind.WRITTEN, True),
    "autoreply-does-not-work": (Kind.WRITTEN, True),
    "is-on-holiday": (Kind.WRITTEN, True),
    "abwesenheit-einrichten": (Kind.WRITTEN, True),
    "absence-of-a-colleague-fr": (Kind.WRITTEN, True),
    "absence-only-in-the-subject": (Kind.WRITTEN, False),
    "ausencia-solo-en-el-asunto": (Kind.WRITTEN, False),
    "null-path-alarm": (Kind.WRITTEN, False),
    "null-path-with-an-address": (Kind.WRITTEN, False),
    "zurueckgekommen-de": (Kind.WRITTEN, True),
    "retour-fr": (Kind.WRITTEN, True),
    "devuelto-es": (Kind.WRITTEN, True),
    "respinto-it": (Kind.WRITTEN, True),
    "onbestelbaar-nl": (Kind.WRITTEN, True),
    "zwrot-pl": (Kind.WRITTEN, True),
    "vozvrat-ru": (Kind.WRITTEN, True),
    "modotta-ja": (Kind.WRITTEN, True),
    "smtp-trouble-of-a-colleague": (Kind.WRITTEN, True),
    "dsn-fields-in-a-question": (Kind.WRITTEN, True),
    "norbert": (Kind.WRITTEN, True),
    "root-canal": (Kind.WRITTEN, True),
    "bounce-castle": (Kind.WRITTEN, True),
    "names-a-robot": (Kind.WRITTEN, True),
    "subject-of-a-reply-to-a-robot": (Kind.WRITTEN, True),
    "forged-loop-header": (Kind.WRITTEN, True),
    "x-loop-of-a-forwarder": (Kind.WRITTEN, False),
    "empty-mail": (Kind.WRITTEN, True),
    "undelivered-with-names": (Kind.WRITTEN, True),
    "exchange-ndr-screenshot": (Kind.WRITTEN, True),
    "answers-our-letter-about-a-bounce": (Kind.WRITTEN, True),
}


def reading(group: str, name: str, *, crlf: bool = False) -> Reading:
    raw = (MAILS / group / f"{name}.eml").read_bytes()
    return read(raw.replace(b"\n", b"\r\n") if crlf else raw, None, RING)


@pytest.mark.parametrize("name", MACHINES)
def test_a_machines_mail_is_told_and_what_it_reports_is_read(name: str) -> None:
    """(faults 58 and 59)"""
    found = reading("machines", name)
    reports = tuple((one.recipient, one.action, one.status, one.hard) for one in found.mail.reports)
    assert (found.kind, reports) == MACHINES[name], (found.kind_because, [one.reason for one in found.mail.reports])
    assert not found.answer
    assert all(one.reason for one in found.mail.reports if one.action == "failed")


@pytest.mark.parametrize("name", PEOPLE)
def test_a_persons_mail_is_never_taken_for_a_report(name: str) -> None:
    found = reading("people", name)
    assert (found.kind, found.answer) == PEOPLE[name], (found.kind_because, found.answer_because)
    assert (found.mail.reports, found.mail.reported_ids) == ((), ())


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, (kind, reports) in MACHINES.items()
        if reports
        and f"message-id: {LETTER}".lower()
        in (MAILS / "machines" / f"{name}.eml").read_text(encoding="utf-8").lower().replace("&lt;", "<").replace("&gt;", ">")
    ],
)
def test_a_report_names_the_letter_that_it_returns(name: str) -> None:
    assert reading("machines", name).mail.reported_ids == (LETTER,)


def test_line_ends_change_nothing() -> None:
    for group, name in (*(("machines", name) for name in MACHINES), *(("people", name) for name in PEOPLE)):
        plain, crlf = reading(group, name), reading(group, name, crlf=True)
        assert (plain.kind, plain.answer, plain.mail.reports) == (crlf.kind, crlf.answer, crlf.mail.reports), name


def test_there_are_sixty_of_each_and_each_has_a_line_that_says_why() -> None:
    listing = (MAILS / "README.md").read_text(encoding="utf-8")
    for group, expected in (("machines", MACHINES), ("people", PEOPLE)):
        names = sorted(path.stem for path in (MAILS / group).glob("*.eml"))
        assert names == sorted(expected)
        assert len(names) >= 60
        assert [name for name in names if f"`{name}.eml`" not in listing] == []
