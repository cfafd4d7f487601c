"""Reports whose fields or lines are written otherwise than the standard says: synonyms, indentation, labels, rows and numbered lists."""

from __future__ import annotations

import pytest

from mailgate.model.mail import Kind
from mailgate.model.token import Keyring
from mailgate.understand import LIMITS, read
from mailgate.understand.reports.as_text import told_in
from mailgate.understand.reports.dsn import delivery_reports

RING = Keyring((b"a key only for tests, 32 octets!",))
NOBODY: frozenset[str] = frozenset()
GONE = "gone@example.com"
WHO = f"Final-Recipient: rfc822; {GONE}\n"

FIELDS = [
    (f"{WHO}Action: expired\nStatus: 4.4.7", (GONE, "failed", "4.4.7", False)),
    (f"{WHO}Action: failure\nStatus: 5.1.1", (GONE, "failed", "5.1.1", True)),
    (f"{WHO}Action: deferred\nStatus: 4.2.0", (GONE, "delayed", "4.2.0", False)),
    (f"{WHO}Action: success\nStatus: 2.0.0", (GONE, "delivered", "2.0.0", False)),
    (f"{WHO}Diagnostic-Code: smtp; 550 5.1.1 user unknown", (GONE, "failed", "5.1.1", True)),
    (f" {WHO} Action: failed\n Status: 5.1.1", (GONE, "failed", "5.1.1", True)),
    (f"Final-Recipient: rfc822; mailto:{GONE}\nAction: failed\nStatus: 5.1.1", (GONE, "failed", "5.1.1", True)),
    (f'Final-Recipient: rfc822; "{GONE}"\nAction: failed\nStatus: 5.1.1', (GONE, "failed", "5.1.1", True)),
    (f"Final-Recipient: rfc822; Jo Gone <{GONE}>\nAction: failed\nStatus: 5.1.1", (GONE, "failed", "5.1.1", True)),
]


@pytest.mark.parametrize(("form", "found"), FIELDS)
def test_fields_that_are_written_otherwise_say_the_same(form: str, found: tuple[str, str, str, bool]) -> None:
    (report,) = delivery_reports(form.encode(), LIMITS)
    assert (report.recipient, report.action, report.status, report.hard) == found


LINES = [
    ("Could not be delivered to:\n\na@example.com, b@example.com; <c@example.com>\n\n550 5.1.1 no", ["a", "b", "c"]),
    ("It could not be delivered to: a@example.com; b@example.com\n550 5.1.1 no", ["a", "b"]),
    ("These could not be delivered:\n\n1. a@example.com: 550 5.1.1 no\n2) b@example.com: 550 5.1.1 no", ["a", "b"]),
    ("Nicht zugestellt.\n\nEmpfänger: a@example.com\nGrund: 550 5.1.1\nFragen an help@example.net", ["a"]),
    ("Message non remis.\n\nDestinataire : a@example.com\n550 5.1.1\nAide : help@example.net", ["a"]),
    ("送信できませんでした。\n\n宛先：a@example.com\n理由：550 5.1.1\nお問い合わせ help@example.net", ["a"]),
    ("邮件发送失败。\n\n收件人：a@example.com\n原因：550 5.1.1\n联系 help@example.net", ["a"]),
    ("您的邮件发送到a@example.com失败", ["a"]),
    ("お客様がa@example.com宛に送信したメールは配信できませんでした。", ["a"]),
    ("无法投递：收件人（a@example.com）", ["a"]),
]


@pytest.mark.parametrize(("text", "locals_"), LINES)
def test_recipients_are_found_in_rows_lists_labels_and_without_blanks(text: str, locals_: list[str]) -> None:
    found = told_in(text, (), NOBODY, "").reports
    assert [one.recipient for one in found] == [f"{local}@example.com" for local in locals_]


def test_words_that_touch_an_address_still_say_why() -> None:
    (report,) = told_in("无法投递：收件人gone@example.com不存在", (), NOBODY, "").reports
    assert (report.recipient, report.hard) == (GONE, True)


def test_an_address_in_other_letters_stays_whole() -> None:
    (report,) = told_in("Could not be delivered:\n\n用户@例え.example\n", (), NOBODY, "").reports
    assert report.recipient == "用户@例え.example"


def test_who_wants_to_know_about_a_refused_mail_has_written_himself() -> None:
    raw = f"From: Ann <ann@example.com>\nSubject: Mail to you bounces\n\nWhen I write to you I get\n\n<{GONE}>: 550 5.1.1 User unknown\n"
    found = read(raw.encode(), "ann@example.com", RING)
    assert (found.kind, found.answer, found.mail.reports) == (Kind.WRITTEN, True, ())
