"""Each mail in tests/mails is read as its line in the README says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.model.mail import Kind, Reading
from mailgate.model.token import Keyring
from mailgate.understand import read

MAILS = Path(__file__).parents[1] / "mails"
RING = Keyring((b"a key only for tests, 32 octets!",))

#: mail -> (kind, may a machine answer, what is new)
EXPECTED: dict[str, tuple[Kind, bool, str]] = {
    "gmail-answer-de": (Kind.WRITTEN, True, "Danke, er druckt wieder. Nur Fach 2 klemmt noch."),
    "outlook-desktop-en": (Kind.WRITTEN, False, "It still drops every ten minutes."),
    "outlook-plain-de": (Kind.WRITTEN, True, "Hallo,\n\ndas Passwort läuft wieder ab. Können Sie helfen?"),
    "apple-mail-en": (Kind.WRITTEN, True, "It opens the garage, but not the lab."),
    "thunderbird-inline-de": (Kind.WRITTEN, True, "Zwölf.\n\nAm 9. März, ab 8:00."),
    "no-message-id-two-from": (Kind.WRITTEN, False, "Please reset my password."),
    "iso-2022-jp-unlabelled": (Kind.WRITTEN, True, "プリンターが動きません。"),
    "utf8-said-to-be-latin1": (Kind.WRITTEN, True, "Skjermen er mørk på høyre side."),
    "out-of-office-rfc3834": (Kind.AUTO_REPLY, False, "Ich bin bis zum 9. März nicht im Haus."),
    "utf8-with-a-foreign-footer": (
        Kind.WRITTEN,
        True,
        "Der Drücker für die Tür zum Büro fällt ab, können Sie ihn prüfen?\n\n\ufffdberpr\ufffdft.",
    ),
    "monitor-alarm": (Kind.WRITTEN, False, "/var is at 97 %."),
    "mailing-list": (Kind.LIST, False, "Who renews it?"),
    "dsn-user-unknown": (Kind.BOUNCE, False, "Your message could not be delivered to one of its recipients."),
    "read-receipt": (Kind.DELIVERY_NOTICE, False, "Die Nachricht wurde angezeigt."),
    "spam-complaint": (Kind.COMPLAINT, False, "This is a complaint."),
    "forged-own-headers": (Kind.WRITTEN, True, "My screen is dark."),
    "header-wrapped-by-force": (Kind.WRITTEN, True, "It is readable all the same."),
}


def reading(name: str) -> Reading:
    return read((MAILS / f"{name}.eml").read_bytes(), None, RING)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_mail_is_what_its_line_says(name: str) -> None:
    found = reading(name)
    assert (found.kind, found.answer, found.mail.new_text) == EXPECTED[name], (found.kind_because, found.answer_because)


def test_every_mail_here_has_a_line_that_says_why_it_is_here() -> None:
    listing = (MAILS / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(MAILS.glob("*.eml")) if f"`{path.name}`" not in listing] == []


def test_prose_that_looks_like_a_quote_stays_whole() -> None:
    mail = reading("prose-that-looks-quoted").mail
    assert mail.new_text == mail.text
    assert mail.quoted == ""


def test_gmails_html_is_cut_like_its_text_and_shows_the_bold_word() -> None:
    mail = reading("gmail-answer-de").mail
    assert "IT-Support" in mail.quoted
    assert "Bitte schalten Sie" in mail.quoted
    assert mail.new_html is not None
    assert "<b>wieder</b>" in mail.new_html
    assert "schalten" not in mail.new_html
    assert "schalten" in (mail.html or "")


def test_outlooks_block_is_cut_and_its_tracking_picture_is_not_loaded() -> None:
    mail = reading("outlook-desktop-en").mail
    assert "Please update the client." in mail.quoted
    assert "tracker" not in (mail.html or "") + (mail.new_html or "")
    assert "update" not in (mail.new_html or "update")


def test_a_phones_line_is_a_signature() -> None:
    mail = reading("apple-mail-en").mail
    assert mail.signature == "Sent from my iPhone"
    assert mail.authors[0].name == "Zoë King"


def test_answers_between_the_lines_are_kept_and_flagged() -> None:
    mail = reading("thunderbird-inline-de").mail
    assert mail.inline_answers
    assert "> Und wann?" in mail.quoted
    assert mail.signature.endswith("Haus 4")
    assert mail.language == "de" or mail.language is None


def test_two_from_headers_identify_nobody() -> None:
    mail = reading("no-message-id-two-from").mail
    assert [author.address for author in mail.authors] == ["ann@example.com", "boss@example.org"]
    assert mail.author is None
    assert mail.message_id is None


def test_an_attachments_name_is_never_a_path() -> None:
    (attachment,) = reading("utf8-said-to-be-latin1").mail.attachments
    assert (attachment.name, attachment.size, attachment.part) == ("log.txt", 9, "2")


def test_a_delivery_report_names_each_recipient_and_the_letter() -> None:
    mail = reading("dsn-user-unknown").mail
    gone, late = mail.reports
    assert (gone.recipient, gone.action, gone.status, gone.reply_code, gone.hard) == ("Gone@example.com", "failed", "5.1.1", "550", True)
    assert (late.recipient, late.action, late.status, late.reply_code, late.hard) == ("late@example.com", "delayed", "4.4.1", "421", False)
    assert gone.reason.startswith("user unknown: ")
    assert mail.reported_ids == (
        "<7.aaaaaaaa.bbbbbbbbbbbbbbbb@example.org>",
        "<7.aaaaaaaa.a.cccccccccccccccc@example.org>",
        "<CAF0000001@mail.example.com>",
    )


def test_a_read_receipt_names_the_letter_that_was_read() -> None:
    assert reading("read-receipt").mail.reported_ids == ("<7.aaaaaaaa.bbbbbbbbbbbbbbbb@example.org>",)


def test_headers_of_our_own_name_are_taken_out() -> None:
    found = reading("forged-own-headers")
    assert not [name for name, _ in found.mail.headers if name.startswith("x-mailgate")]
    assert "headers of our own name taken out" in found.mail.defects


def test_fields_below_a_broken_header_line_count() -> None:
    mail = reading("header-wrapped-by-force").mail
    assert (mail.subject, mail.message_id) == ("broken header", "<W1@example.com>")
    assert "a line in the header is no header field" in mail.defects
