"""Mails that are passed on: who wrote first, what, and what stands above it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mailgate.understand.limits import LIMITS
from mailgate.understand.parse import parse
from mailgate.understand.text.forwards import bare_subject, in_text, says_forwarded
from tests.understand.one_file import attachment_bytes

MAILS = Path(__file__).parents[1] / "mails" / "forwards"

#: mail -> (form, author, subject, above, text)
EXPECTED = {
    "gmail-en": ("gmail", "Zoë King <zoe@client.example>", "Badge reader", "#priority P2\nHe rang me as well.",
                 "The reader at the back door stays red."),
    "thunderbird-de": ("thunderbird", "Jörg Weiß <joerg@client.example>", "Drucker", "",
                       "Der Drucker im Keller zieht kein Papier.\n\nJörg"),
    "apple-mail-quoted": ("apple", "Kim Ono <kim@client.example>", "Screen", "Please look at it today.", "My screen flickers."),
    "outlook-de": ("outlook", "Eva Brandt <eva@client.example>", "Passwort", "Bitte übernehmen.", "Mein Passwort ist abgelaufen."),
    "attached-original": ("attached", "Renée <renee@client.example>", "Scanner", "Yours?", "The scanner prints lines, see picture."),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_forward_tells_who_wrote_first(name: str) -> None:
    found = parse((MAILS / f"{name}.eml").read_bytes()).forwarded
    assert found is not None
    author = f"{found.author.name} <{found.author.address}>"
    assert (found.form, author, found.subject, found.above, found.text) == EXPECTED[name]


def test_an_answer_that_quotes_a_forward_is_none() -> None:
    assert parse((MAILS / "answer-that-quotes-a-forward.eml").read_bytes()).forwarded is None


def test_every_mail_here_is_expected_to_be_something_and_has_its_line() -> None:
    names = {path.stem for path in MAILS.glob("*.eml")}
    assert names == {*EXPECTED, "answer-that-quotes-a-forward"}
    listing = (MAILS.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`forwards/{name}.eml`" not in listing] == []


def test_an_attached_original_brings_its_id_its_files_and_what_it_quoted() -> None:
    raw = (MAILS / "attached-original.eml").read_bytes()
    found = parse(raw).forwarded
    assert found is not None
    assert found.message_id == "<scan-1@client.example>"
    (picture,) = found.attachments
    assert (picture.name, picture.part) == ("lines.png", "2!2")
    assert attachment_bytes(raw, picture) == b"\x89PNG\r\n\x1a\n"
    gmail = parse((MAILS / "gmail-en.eml").read_bytes()).forwarded
    assert gmail is not None and "The reader was changed today." in gmail.quoted


BLOCK = "From: Eva <eva@client.example>\nDate: Tue, 3 Mar 2026\nSubject: x\n\nIt is dead.\n"
ALIKE = [
    ("Re: x", f"Thanks.\n\n{BLOCK}"),  # Outlook's block below an answer
    ("Printer", f"Hello\n\n{BLOCK}"),
    ("Fwd: x", "Hello\n\n---------- Forwarded message ---------\nno block here"),
    ("Fwd: x", "---------- Forwarded message ---------\nFrom: Doe, Jo\nDate: x\nSubject: y\n\nno address"),
    ("Fwd: x", "---------- Forwarded message ---------\nFrom: a@client.example, b@client.example\nDate: x\n\ntwo authors"),
    ("x", "-------- My notes --------\nFrom: Eva <eva@client.example>\nDate: y\n\nx"),
    ("Begin", "Begin forwarded message: it did not arrive"),
]


@pytest.mark.parametrize(("subject", "text"), ALIKE)
def test_what_looks_like_a_forward_is_none(subject: str, text: str) -> None:
    assert in_text(subject, text, LIMITS) is None


@pytest.mark.parametrize("words", ["Eva <eva@client.example>", "Eva [mailto:eva@client.example]",
                                   "Eva <eva@client.example<mailto:eva@client.example>>",
                                   "*Eva* <eva@client.example>", "'Eva' <eva@client.example>", "\"Eva\" <eva@client.example>"])  # fmt: skip
def test_an_author_is_read_as_mail_programs_write_him(words: str) -> None:
    found = in_text("Fwd: x", f"---------- Forwarded message ---------\nFrom: {words}\nDate: y\n\nz", LIMITS)
    assert found is not None
    assert (found.author.name, found.author.address) == ("Eva", "eva@client.example")


SUBJECTS = [("Fwd: x", True, "x"), ("WG: AW: x", True, "x"), ("Re: Fw: x", True, "x"), ("TR : x", True, "x"), ("[Fwd: x]", True, "x"),
            ("Fwd[2]: x", True, "x"), ("İLT: x", True, "x"), ("转发：x", True, "x"), ("Re: x", False, "x"),
            ("Invoice: x", False, "Invoice: x"),
            ("", False, "")]  # fmt: skip


@pytest.mark.parametrize(("subject", "forward", "bare"), SUBJECTS)
def test_a_subject_says_whether_it_is_passed_on(subject: str, forward: bool, bare: str) -> None:
    assert (says_forwarded(subject), bare_subject(subject)) == (forward, bare)


def test_a_report_that_returns_a_mail_passes_nothing_on() -> None:
    raw = (MAILS.parent / "dsn-user-unknown.eml").read_bytes()
    assert parse(raw).forwarded is None


def test_a_mail_without_a_word_of_its_own_shows_what_is_attached_and_none_of_it_is_new() -> None:
    inner = b"From: a@client.example\r\nSubject: y\r\n\r\nThe words.\r\n"
    mail = parse(b"From: ann@example.org\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\n" + inner)
    assert (mail.text, mail.new_text, mail.quoted) == ("The words.", "", "The words.")
    assert mail.forwarded is not None and mail.forwarded.above == ""


def test_thousands_of_beginnings_cost_little() -> None:
    for text in ("---------- Forwarded message ---------\n" * 20_000, "Begin forwarded message:\n" * 20_000, "From: a\n" * 50_000,
                 "From: " + "a@b.c " * 100_000):  # fmt: skip
        start = time.process_time()
        in_text("Fwd: x", text, LIMITS)
        assert time.process_time() - start < 1
