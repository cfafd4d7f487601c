"""Reports without a form: who is meant, what was said of him, and which mails are not read so."""

from __future__ import annotations

import random
import time

import pytest

from mailgate.model.mail import Kind, Reading
from mailgate.model.token import Keyring
from mailgate.understand import LIMITS, read
from mailgate.understand.reports.as_json import notice_in
from mailgate.understand.reports.as_text import told_in
from mailgate.understand.reports.dsn import delivery_reports, in_text

RING = Keyring((b"a key only for tests, 32 octets!",))
NOBODY: frozenset[str] = frozenset()
FAILED = "Your message could not be delivered."
GONE = "gone@example.com"


def recipients(text: str, sender: frozenset[str] = NOBODY) -> list[str]:
    return [report.recipient for report in told_in(text, (), sender, "").reports]


def a_reading(text: str, *headers: str, author: str = "MAILER-DAEMON@mx.example.net", reverse_path: str | None = None) -> Reading:
    return read("\r\n".join([f"From: {author}", *headers, "", *text.split("\n")]).encode(), reverse_path, RING)


WHO = [
    pytest.param(f"{FAILED} Ask help@example.net.\n\n  {GONE}\n", [GONE], id="a line of his own"),
    pytest.param(f"help@example.net\n\n{FAILED}\n\n{GONE}\n", [GONE], id="the line below the sentence, not the one above it"),
    pytest.param(f"{FAILED}\nIt was sent by:\n  ann@example.net\nIt was for:\n  {GONE}\n", [GONE], id="not the line of the sender"),
    pytest.param(f"{FAILED}\n{GONE} 550 no\nmax@example.com #5.2.2 full\n", [GONE, "max@example.com"], id="a line with a code on it"),
    pytest.param(f"{FAILED}\n[SMTP:{GONE}]\n[SMTP:max@example.com]\n", [GONE, "max@example.com"], id="a type and brackets"),
    pytest.param(f"* {GONE}\n- max@example.com\n", [GONE, "max@example.com"], id="a list with bullets"),
    pytest.param(
        f"{FAILED}\n|/bin/sort\n    (expanded from: <{GONE}>)\nhelp@example.net knows more\n", [GONE], id="who stands behind a pipe"
    ),
    pytest.param(f"There was an error delivering your mail to <{GONE}>.\nAsk <help@example.net>.\n", [GONE], id="within the sentence"),
    pytest.param(f"{FAILED}\n---- Original message ----\nRCPT TO:<{GONE}>\n", [GONE], id="in the dialogue behind it"),
    pytest.param(f"{FAILED}\n{GONE}: 550 no\n\nReceived: from x\nTo: y\n\nmax@example.com\n", [GONE], id="not a line of the returned mail"),
    pytest.param(f"{FAILED}\n\nann@example.org and max@example.com wrote to us\n", [], id="of two it cannot be told"),
    pytest.param(f"{GONE}\n{GONE.upper()}\n", [GONE], id="once, however written"),
]


@pytest.mark.parametrize(("text", "found"), WHO)
def test_a_recipient_is_found_by_the_best_evidence(text: str, found: list[str]) -> None:
    assert recipients(text) == found


def test_who_gets_the_report_is_hardly_its_recipient_unless_he_wrote_to_himself() -> None:
    text = f"{FAILED}\nsupport@example.org\n{GONE}\n"
    assert [one.recipient for one in a_reading(text, "To: support@example.org").mail.reports] == [GONE]
    assert recipients(f"{FAILED}\nsupport@example.org\n", frozenset({"support@example.org"})) == ["support@example.org"]


def test_recipients_in_a_row_share_the_words_below_them() -> None:
    reports = told_in(f"{FAILED}\n{GONE}\nmax@example.com\n\n550 5.1.1 user unknown\n", (), NOBODY, "").reports
    assert [(report.recipient, report.status) for report in reports] == [(GONE, "5.1.1"), ("max@example.com", "5.1.1")]


def test_unknown_is_not_believed_of_a_host_that_had_seen_the_mail() -> None:
    (early,) = told_in(f"{FAILED}\n{GONE}\n  after RCPT TO:<{GONE}>: 550 no such user\n", (), NOBODY, "").reports
    (late,) = told_in(f"{FAILED}\n{GONE}\n  after end of data: 550 no such user\n", (), NOBODY, "").reports
    assert (early.hard, late.hard) == (True, False)


def test_what_has_arrived_is_told_in_words_as_well() -> None:
    found = a_reading(f"It was successfully delivered to\n\n{GONE}\n", "Subject: Done")
    assert (found.kind, found.mail.reports[0].action) == (Kind.DELIVERY_NOTICE, "delivered")


# --- which mails are read so -------------------------------------------------------------------------------------------------


def test_a_header_that_names_who_failed_is_enough() -> None:
    found = a_reading("no", f"X-Failed-Recipients: {GONE}, max@example.com", author="x@example.net")
    assert (found.kind, [one.recipient for one in found.mail.reports]) == (Kind.BOUNCE, [GONE, "max@example.com"])


def test_a_daemons_reverse_path_makes_a_report_of_words_that_say_so() -> None:
    text = f"Did not reach the following recipient: {GONE}\nno such user"
    for path in ("", "MAILER-DAEMON@mx.example.net"):
        assert a_reading(text, author="Postmaster <>", reverse_path=path).kind is Kind.BOUNCE
    assert a_reading(text, author="Postmaster <>", reverse_path="ann@example.com").mail.reports == ()


def test_a_null_reverse_path_alone_makes_no_report_of_an_address() -> None:
    found = a_reading(f"{GONE}\n550 is the number of the pump", author="pump@example.com", reverse_path="")
    assert (found.kind, found.mail.reports) == (Kind.WRITTEN, ())


def test_an_absence_that_names_a_deputy_is_no_report() -> None:
    found = a_reading("I am away.\n\ndeputy@example.com", "In-Reply-To: <x@example.org>", author="jo@example.com", reverse_path="")
    assert (found.kind, found.mail.reports) == (Kind.AUTO_REPLY, ())


def test_a_rule_of_exchange_that_writes_is_an_auto_reply() -> None:
    header = "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"
    assert a_reading("I am away.", header, author="jo@example.com", reverse_path="jo@example.com").kind is Kind.AUTO_REPLY


# --- the form, and JSON ------------------------------------------------------------------------------------------------------


def test_the_form_is_read_out_of_a_text_with_its_continued_lines() -> None:
    fields = f"  Final-Recipient: rfc822; {GONE}\n  Action: failed\n  Diagnostic-Code: smtp; 550 5.1.1\n   unknown user\n"
    text = f"See below.\n\n{fields}--\nStatus: 4.0.0\n"
    (report,) = in_text(text, LIMITS)
    assert (report.recipient, report.status, report.hard) == (GONE, "5.1.1", True)


def test_five_hundred_recipients_are_enough() -> None:
    form = b"".join(b"Final-Recipient: rfc822; a%d@example.com\nAction: failed\n\n" % n for n in range(2_000))
    assert len(delivery_reports(form, LIMITS)) == 500
    assert len(told_in("\n".join(f"a{n}@example.com" for n in range(1_900)), (), NOBODY, "").reports) == 500


def test_json_tells_of_a_delivery() -> None:
    notice = notice_in('{"eventType": "Delivery", "delivery": {"recipients": ["jo@example.com", 7]}}')
    assert notice is not None
    assert [(one.recipient, one.action) for one in notice.reports] == [("jo@example.com", "delivered")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        '{"a":' * 30_000,
        '{"notificationType": ["Bounce"], "bounce": 1}',
        '{"notificationType": "Bounce", "bounce": {"bouncedRecipients": 1}}',
        '{"notificationType": "Bounce", "bounce": {"bouncedRecipients": [1, {"emailAddress": {}}]}, "mail": []}',
        '{"Message": "{\\"Message\\": 1}"}',
    ],
)
def test_json_that_is_no_notice_or_is_broken_tells_nothing(text: str) -> None:
    notice = notice_in(text)
    assert notice is None or notice.reports == ()


# --- never raises, and linear ---------------------------------------------------------------------------------------------------

WORDS = [
    FAILED, GONE, f"<{GONE}>:", "<", ">", "@", "a@", "@b", "550", "550 5.1.1 <", "rcpt to:", ">>> RCPT TO:<", "<<< 550 ", "<mailto:",
    "(expanded from:",
    "Final-Recipient:", "Action: failed", "Received: x", "Message-ID: <a@b>", "---- Original message", "\t", " ", "\n", "\n\n",
    "\x00", "\u2028",
    "[SMTP:", "]", '"', "Ünzustellbar", "配信できません", "To:", "to: a@b.c", "after end of data", "delayed",
]  # fmt: skip


def test_nothing_that_a_report_may_hold_raises() -> None:
    chance = random.Random(7)
    for _ in range(400):
        text = "".join(chance.choice(WORDS) + chance.choice(["", " ", "\n"]) for _ in range(chance.randrange(1, 60)))
        for report in (*told_in(text, ("x@y",), frozenset({"a@b.c"}), "x").reports, *in_text(text, LIMITS)):
            assert report.recipient
            assert "\n" not in report.recipient
        read(("From: MAILER-DAEMON\n\n" + text).encode("utf-8", "replace"), "", RING)


@pytest.mark.parametrize("pump", [*WORDS, "a", "a@b", "a@b\n", f"{GONE}\n", "550 ", "<a@b>: ", ">" * 40 + "\n", "x" * 3_000 + "\n"])
def test_a_report_takes_no_more_time_than_its_length(pump: str) -> None:
    taken = []
    for size in (30_000, 120_000):
        text = pump * (size // len(pump))
        start = time.process_time()
        told_in(text, (), NOBODY, "x")
        in_text("Final-Recipient: x\n" + text, LIMITS)
        taken.append(time.process_time() - start)
    assert taken[1] < 0.25 or taken[1] < 9 * taken[0], (pump, taken)
