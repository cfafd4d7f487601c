"""How much a mail says that it matters: headers, and words in six languages, of the subject and the new text only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.guard.form import form_of
from mailgate.model.mail import Mark, Reading, Weight
from mailgate.model.token import Keyring
from mailgate.understand import read, recognised
from mailgate.understand.answers import weight_words
from mailgate.understand.answers.weight import LONGEST, MOST, marks_of, marks_of_original
from tests.decide.build import a_mail
from tests.understand.weights import BREADTH, CALM, ORDINARY, SECURITY, URGENT

RING = Keyring((b"a key of no meaning, 32 bytes long",))


def said(text: str, language: str | None = None, subject: str = "") -> set[Weight]:
    mail = a_mail(text=text, subject=subject, language=language, language_sure=language is not None)
    return {mark.weight for mark in marks_of(mail)}


# --- headers ------------------------------------------------------------------------------------------------------------------


def by_header(*headers: tuple[str, str]) -> list[tuple[str, str]]:
    mail = replace(a_mail(subject="VPN", text="It drops."), headers=headers)
    return [(mark.weight.value, mark.where) for mark in marks_of(mail)]


@pytest.mark.parametrize(
    ("name", "value", "weight"),
    [
        ("importance", "High", "high"),
        ("importance", " high ", "high"),
        ("importance", "low", "low"),
        ("x-priority", "1", "high"),
        ("x-priority", "1 (Highest)", "high"),
        ("x-priority", "2", "high"),
        ("x-priority", "4", "low"),
        ("x-priority", "5 (Lowest)", "low"),
        ("x-priority", "high", "high"),
        ("x-msmail-priority", "High", "high"),
        ("x-msmail-priority", "Low", "low"),
        ("priority", "urgent", "high"),
        ("priority", "non-urgent", "low"),
    ],
)
def test_each_form_of_a_header_says_that_it_matters_much_or_little(name: str, value: str, weight: str) -> None:
    assert by_header((name, value)) == [(weight, name)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("importance", "Normal"),
        ("x-priority", "3"),
        ("x-priority", "3 (Normal)"),
        ("priority", "normal"),
        ("x-msmail-priority", "Normal"),
        ("importance", "very much"),
        ("importance", ""),
        ("x-priority", "10"),
        ("x-priority", "1st"),
        ("x-priority", "0"),
        ("priority", "urgent-ish"),
        ("precedence", "high"),
    ],
)
def test_what_is_ordinary_or_cannot_be_read_says_nothing(name: str, value: str) -> None:
    assert by_header((name, value)) == []


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((("priority", "urgent"), ("importance", "low")), [("low", "importance")]),
        ((("x-priority", "5"), ("importance", "high")), [("high", "importance")]),
        ((("x-msmail-priority", "High"), ("x-priority", "5")), [("low", "x-priority")]),
        ((("priority", "non-urgent"), ("x-msmail-priority", "High")), [("high", "x-msmail-priority")]),
        ((("importance", "normal"), ("x-priority", "1")), []),
        ((("importance", "???"), ("x-priority", "1")), [("high", "x-priority")]),
        ((("importance", "high"), ("importance", "low")), [("high", "importance")]),
    ],
)
def test_of_headers_that_contradict_each_other_the_stronger_one_counts(headers, found) -> None:
    assert by_header(*headers) == found


# --- words ----------------------------------------------------------------------------------------------------------------------

LANGUAGES = tuple(URGENT)


@pytest.mark.parametrize("known", [True, False], ids=["language known", "language unknown"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_urgency_are_found_in_each_language(language: str, known: bool) -> None:
    found = {text: said(text, language if known else None) for text in URGENT[language]}
    assert [text for text, marks in found.items() if Weight.URGENT not in marks or Weight.CALM in marks] == []


@pytest.mark.parametrize("known", [True, False], ids=["language known", "language unknown"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_wait_and_what_is_not_urgent_is_calm(language: str, known: bool) -> None:
    found = {text: said(text, language if known else None) for text in CALM[language]}
    assert [text for text, marks in found.items() if Weight.CALM not in marks or Weight.URGENT in marks] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_for_many_and_for_security_are_found_in_each_language(language: str) -> None:
    assert [text for text in BREADTH[language] if Weight.BREADTH not in said(text, language)] == []
    assert [text for text in SECURITY[language] if Weight.SECURITY not in said(text, language)] == []


@pytest.mark.parametrize("known", [True, False], ids=["language known", "language unknown"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_ordinary_mails_say_nothing_of_it(language: str, known: bool) -> None:
    quiet = {Weight.OUTAGE}  # counts only with the name of a critical service
    found = {text: said(text, language if known else None) - quiet for text in ORDINARY[language]}
    assert {text: marks for text, marks in found.items() if marks} == {}


@pytest.mark.parametrize(
    ("subject", "language"),
    [("URGENT: VPN", "en"), ("Dringend!", "de"), ("Très urgent", "fr"), ("Urgente", "es"), ("عاجل: الطابعة", "ar"), ("【至急】VPN", "ja")],
)
def test_a_subject_speaks_in_each_script(subject: str, language: str) -> None:
    mail = a_mail(subject=subject, text="...", language=language, language_sure=True)
    assert [(mark.weight, mark.where) for mark in marks_of(mail)] == [(Weight.URGENT, "subject")]


def test_a_language_of_which_we_know_no_words_says_nothing() -> None:
    assert said("Urgente! Non posso lavorare.", "it") == set()


def test_one_pressing_word_is_not_enough_and_the_same_one_twice_is_one() -> None:
    assert said("It is important.", "en") == set()
    assert said("It is important. Really important.", "en", subject="important") == set()
    assert said("It is important, and the deadline is near.", "en") == {Weight.URGENT}


def test_a_negation_in_another_clause_turns_nothing_round() -> None:
    assert said("The VPN does not work, urgent!", "en") == {Weight.URGENT, Weight.OUTAGE}
    assert Weight.URGENT in said("Das VPN geht nicht. Dringend!", "de")
    assert Weight.URGENT in said("No. Urgente.", "es")


# --- where it stands ------------------------------------------------------------------------------------------------------------

PLAIN = (
    "From: Max <max@example.net>\r\nTo: support@example.org\r\nSubject: {}\r\nMessage-ID: <1@example.net>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n{}"
)


def weights_in(subject: str, body: str) -> set[str]:
    reading = read(PLAIN.format(subject, body).encode(), "max@example.net", RING)
    return {mark.weight.value for mark in reading.marks}


def test_quoted_words_count_for_nothing() -> None:
    above = "Thanks, I will look.\r\n\r\nOn Mon, 1 Jun 2026 at 09:00, Ann Berg <ann@example.org> wrote:\r\n"
    quoted = f"{above}> It is very urgent, nobody can work.\r\n"
    assert weights_in("VPN", quoted) == set()
    assert weights_in("VPN", "It is very urgent, nobody can work.\r\n") == {"urgent", "breadth"}


def test_words_below_a_signature_count_for_nothing() -> None:
    assert weights_in("VPN", "The mouse is broken.\r\n\r\n-- \r\nMax\r\nIn an emergency call 112, urgent matters first\r\n") == set()


def test_a_mail_that_is_passed_on_speaks_for_itself() -> None:
    body = (
        "FYI\r\n\r\n---------- Forwarded message ---------\r\nFrom: Eve <eve@elsewhere.example>\r\nDate: Mon, 1 Jun 2026 at 09:00\r\n"
        "Subject: Printer\r\nTo: Max <max@example.net>\r\n\r\nIt is urgent, we cannot work here.\r\n"
    )
    reading = read(PLAIN.format("Fwd: Printer", body).encode(), "max@example.net", RING)
    assert reading.mail.forwarded is not None
    assert {mark.weight for mark in reading.marks_of_original} == {Weight.URGENT}
    assert reading.marks == ()


def test_a_header_of_a_forward_is_none_of_the_original() -> None:
    assert marks_of_original(None) == ()


def test_marks_are_few_and_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    many = "It is urgent. An emergency. Immediately. At once. We cannot work. Please hurry."
    marks = marks_of(a_mail(text=many, language="en", language_sure=True))
    assert len(marks) == MOST
    assert said("x " * LONGEST + "urgent", "en") == set()


def test_marks_come_out_of_a_worker_as_they_were() -> None:
    reading = read(PLAIN.format("Urgent", "Nobody can work.").encode(), "max@example.net", RING)
    form = form_of(Reading)
    assert form.unpack(form.pack(reading)) == reading
    assert Mark(Weight.URGENT, "subject", "urgent") in reading.marks


def test_a_worker_cannot_put_its_own_words_on_a_ticket() -> None:
    reading = read(PLAIN.format("Urgent", "Nobody can work.").encode(), "max@example.net", RING)
    assert recognised(reading, RING).marks == reading.marks
    forged = (Mark(Weight.URGENT, "text", "x" * 61), Mark(Weight.URGENT, "elsewhere", "urgent"), *(reading.marks * 50))
    assert set(recognised(replace(reading, marks=forged), RING).marks) == set(reading.marks)
    assert len(recognised(replace(reading, marks=forged), RING).marks) <= MOST * len(Weight)


def test_every_phrase_is_short_enough_to_be_believed() -> None:
    tables = (weight_words.URGENT, weight_words.PRESSING, weight_words.CALM, weight_words.BREADTH, weight_words.SECURITY)
    phrases = [phrase for table in tables for phrases in table.values() for phrase in phrases.split("|")]
    assert [phrase for phrase in phrases if len(phrase) > 55] == []
