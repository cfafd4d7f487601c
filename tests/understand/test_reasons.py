"""What a host said, and what follows: the reason, the status, and whether the address itself does not work."""

from __future__ import annotations

import pytest

from mailgate.understand.reports.reasons import HARD, STATUSES, judged

SAID = [
    # status of the report, words of the host, hard, reason
    ("5.1.1", "550 5.1.1 User unknown", True, "user unknown"),
    ("5.1.2", "550 host unknown", True, "host unknown"),
    ("5.1.3", "", True, "address faulty"),
    ("5.1.6", "", True, "user moved"),
    ("5.1.10", "", True, "host takes no mail"),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", True, "user unknown"),
    ("5.4.4", "", True, "host unknown"),
    ("5.0.0", "550 no such user here", True, "user unknown"),
    (None, "550 Requested action not taken: no such mailbox", True, "user unknown"),
    (None, "550 <jo@example.com> does not exist", True, "user unknown"),
    (None, "556 no", True, "host takes no mail"),  # RFC 7504
    ("5.2.2", "552 5.2.2 mailbox full", False, "mailbox full"),
    ("5.3.4", "552 message too big", False, "mail too big"),
    ("4.2.2", "452 4.2.2 over quota", False, "mailbox full"),
    ("5.0.0", "554 something else", False, "554"),
    # A mailbox that is shut may be opened again: the address is not wrong.
    ("5.2.1", "550 5.2.1 account disabled", False, "mailbox disabled"),
    ("5.1.1", "550 5.1.1 this account is suspended", False, "mailbox disabled"),
    ("5.7.1", "550 5.7.1 blocked as spam", False, "spam"),
    ("4.1.1", "450 4.1.1 user unknown, try later", False, "user unknown"),
    # Words that say something outweigh numbers; polite words do not.
    ("5.2.1", "550 5.2.1 user unknown", True, "user unknown"),
    ("5.1.1", "552 5.1.1 mailbox is full", False, "mailbox full"),
    ("5.1.1", "550 5.1.1 rejected, see our policy on spam", True, "user unknown"),
    ("5.7.1", "554 5.7.1 <jo@example.com>: Recipient address rejected: Access denied", True, "user unknown"),
    # Neither an address nor a link is a word of the host.
    ("5.1.1", "550 5.1.1 <suspended@example.com> https://example.com/suspended", True, "user unknown"),
    (None, "550 <spam@example.com> rejected", False, "refused by policy"),
    # About the sender, so the recipient may well work.
    ("5.1.8", "553 5.1.8 Domain of sender address ann@example.org does not exist", False, "sender not accepted"),
    ("5.1.7", "550 5.1.7 no such domain", False, "sender not accepted"),
    (None, "550 sender address rejected: domain not found", False, "sender not accepted"),
    (None, "SMTP error after MAIL FROM:<ann@example.org>: 550 no such user", False, "user unknown"),
    (None, "SMTP error after RCPT TO:<jo@example.com>: 550 no such user", True, "user unknown"),
    (None, "SMTP error after initial connection: 554 host unknown", False, "host unknown"),
    # Other hosts' words for the same.
    (None, "550 #5.1.0 Address rejected.", True, "user unknown"),
    (None, "550 cannot route to <jo@example.com>", True, "user unknown"),
    (None, "550 Mailbox not available", True, "user unknown"),
    (None, "550 Unable to find jo@example.com", True, "user unknown"),
    (None, "550 Account closed", True, "user unknown"),
    (None, "550 non-existent account", True, "user unknown"),
    (None, "550 Empfaenger unbekannt", True, "user unknown"),
    (None, "550 La dirección no existe", True, "user unknown"),
    (None, "an MX or SRV record indicated no SMTP service", True, "host takes no mail"),
    (None, "554 no valid recipients", False, "554"),  # why, was said before
    (None, "552 El buzón de correo está lleno", False, "mailbox full"),
]


@pytest.mark.parametrize(("status", "said", "hard", "reason"), SAID)
def test_hard_is_only_an_address_that_does_not_work(status: str | None, said: str, hard: bool, reason: str) -> None:
    report = judged("x@example.com", "failed", status, f"smtp; {said}" if said else "")
    assert (report.hard, report.reason[: len(reason)]) == (hard, reason), report


def test_what_is_only_late_is_never_hard() -> None:
    assert not judged("x@example.com", "delayed", "5.1.1", "smtp; 550 5.1.1 user unknown").hard


STATED = [
    # status of the report, words, status, reply code
    (None, "smtp; 550 5.1.1 no", "5.1.1", "550"),
    ("5.0.0", "smtp; 550 5.1.1 no", "5.1.1", "550"),
    ("5.1.1", "smtp; 550 5.0.0 no", "5.1.1", "550"),
    ("4.4.7", "smtp; 450 4.7.1 come back", "4.7.1", "450"),  # what the host said, not what ours made of it
    ("5.1.0", "smtp; 5.1.0 - Unknown address error 550-'5.2.2 <x@example.com>... full'", "5.2.2", "550"),
    ("4.4.7", "smtp; 554 4.4.7 expired after 840 minutes.<421 4.4.2 timed out>", "4.4.2", "421"),
    ("5.0.0", "x-unix; 255", "5.0.0", None),  # a program's exit code
    (None, "smtp; 550-host 192.0.2.5 version 2.3.4 says no", None, "550"),
    (None, "550 #5.1.0 address rejected", "5.1.0", "550"),
    (None, "no (#5.1.2)", "5.1.2", None),
]


@pytest.mark.parametrize(("stated", "said", "status", "reply"), STATED)
def test_status_and_reply_code_are_those_of_the_host_that_refused(
    stated: str | None, said: str, status: str | None, reply: str | None
) -> None:
    report = judged("x@example.com", "failed", stated, said)
    assert (report.status, report.reply_code) == (status, reply)


def test_each_hard_reason_is_one_that_a_status_can_have() -> None:
    assert set(STATUSES.values()) >= HARD
