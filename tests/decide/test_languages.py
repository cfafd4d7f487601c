"""In which language somebody gets their letters: what they ask for, and what is remembered of what they write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.model.events import TicketOpened
from mailgate.model.ticket import Status
from tests.compose.desk import a_letter as a_written
from tests.compose.desk import flowing
from tests.decide.build import (
    EVE_AT,
    KNOWN,
    MAX,
    MAX_AT,
    a_file,
    a_letter,
    a_mail,
    a_policy,
    a_requesters,
    decided,
    entries,
    event,
    outside,
)

FRENCH = {"language": "fr", "language_sure": True}
GUESSED = {"language": "fr", "language_sure": False}


SIX = replace(a_policy(), languages=frozenset({"ar", "de", "en", "es", "fr", "ja"}))


def opened(decision):
    assert event(decision, TicketOpened)
    return decision.changes[0].after.language


def test_a_newcomer_is_remembered_by_their_words_and_not_by_a_guess():
    [person] = decided(a_mail(EVE_AT, "…", **FRENCH)).people
    assert person.language == "fr"
    [person] = decided(a_mail(EVE_AT, "…", **GUESSED)).people
    assert person.language is None


def test_a_ticket_is_in_the_language_of_its_mail_and_a_mere_guess_gives_way_to_what_is_remembered():
    known = {**KNOWN, MAX: replace(KNOWN[MAX], language="de")}
    assert opened(decided(a_mail(MAX_AT, "…", **FRENCH), known=known)) == "fr"
    assert opened(decided(a_mail(MAX_AT, "…", **GUESSED), known=known)) == "de"
    assert opened(decided(a_mail(MAX_AT, "…", language=None), known=known)) == "de"
    assert opened(decided(a_mail(EVE_AT, "…", **GUESSED), known=known)) == "fr"


def test_what_somebody_proven_writes_is_remembered_from_then_on():
    decision = a_requesters("Cela ne marche pas.", file=a_file(), **FRENCH)
    assert decision.people[-1].id == MAX and decision.people[-1].language == "fr"
    again = a_requesters("Cela ne marche pas.", file=a_file(), **GUESSED)
    assert all(person.language == KNOWN[MAX].language for person in again.people)


def test_who_proves_nothing_changes_nothing_about_anybody():
    forged = decided(a_mail(MAX_AT, "Cela ne marche pas.", in_reply_to=("<entry-1@example.net>",), **FRENCH), file=a_file())
    assert all(person.language != "fr" for person in forged.people if person.id == MAX)


@pytest.mark.parametrize("text", ["language fr", "Sprache FR.", "#language fr", "langue fr"])
def test_who_asks_for_a_language_has_it_from_the_answer_on(text: str):
    decision = a_requesters(text, file=a_file(), policy=SIX, language="en", language_sure=False)
    [answer] = outside(decision)
    assert (answer.event, answer.person.id, answer.person.chosen_language) == ("status_asked", MAX, "fr")
    [person] = [one for one in decision.people if one.id == MAX][-1:]
    assert person.chosen_language == "fr"
    assert entries(decision)[0][0] == "internal", "a wish is no message"


def test_who_asks_for_a_language_that_we_do_not_write_hears_which_there_are_and_keeps_theirs():
    decision = a_requesters("language xx", file=a_file(), policy=SIX)
    [answer] = outside(decision)
    assert (answer.kind.no_letters_in, answer.kind.languages) == ("xx", ("ar", "de", "en", "es", "fr", "ja"))
    assert answer.person.chosen_language is None and all(person.chosen_language is None for person in decision.people)
    said = flowing(a_written("status_asked", "requester", "de", facts={"no_letters_in": "xx", "languages": ("de", "fr")}))
    assert "Auf „xx“ schreiben wir keine E-Mails. Antworten Sie mit „Sprache“" in said and "de und fr" in said


def test_who_answers_in_copy_chooses_for_nobody():
    letter = a_letter()
    decision = decided(a_mail(EVE_AT, "language fr", answers=letter), file=a_file(Status.OPEN), letters=(letter,))
    assert all(person.chosen_language is None for person in decision.people)
    assert all(one.person.chosen_language is None for one in decision.letters)
