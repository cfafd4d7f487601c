"""Answers that stand within a quote that nothing marks: an agent's mail comes back with them, a requester's agents read."""

from __future__ import annotations

import pytest

from mailgate.decide import leaving
from mailgate.model.ticket import Status
from tests.decide.build import ANN, a_file, a_notice, a_requesters, an_agents, an_entry, entries, events, outside, was_refused

BLOCK = "From: Max Muster via IT <support@example.org>\nSent: Monday, June 1, 2026 10:00 AM\nTo: Ann Berg\nSubject: VPN drops\n\n"
NOTICE = "Max Muster wrote.\nQ1: when will you come?\nQ2: do I need to be there?\nYour answer: goes to the requester\n"
TOUCHED = NOTICE.replace("come?", "come?\nTomorrow at ten.").replace("there?", "there?\nNo.")
LETTER = "Ann answered IT-1042.\nQ1: when will you be at your desk?\nQ2: is it on?\nYou get this mail because you wrote to us.\n"
ANSWERED = LETTER.replace("desk?", "desk?\nAt noon.").replace("on?", "on?\nYes.")


@pytest.mark.parametrize("text", ["See my answers below in red.", "#note\nSee below.", "#reply\nSee below.", "#take\nSee below."])
def test_an_agents_mail_comes_back_with_the_lines(text):
    decision = an_agents(text, quoted=BLOCK + TOUCHED, file=a_file(notices=(NOTICE,)))
    assert was_refused(decision)
    assert [(fault.code, fault.word) for fault in decision.letters[0].kind.faults] == [("E_BELOW", "Tomorrow at ten."), ("E_BELOW", "No.")]


def test_below_a_quote_that_is_as_it_was_the_answer_leaves():
    assert outside(an_agents("Tomorrow.", quoted=BLOCK + NOTICE, file=a_file(notices=(NOTICE,))))


def test_a_quote_with_marks_is_no_place_of_ones_own():
    marked = "\n".join(f"> {line}" for line in TOUCHED.splitlines())
    assert outside(an_agents("Tomorrow.", quoted=marked, file=a_file(notices=(NOTICE,))))


def a_reply(text, quoted=BLOCK + ANSWERED, **more):
    asked = an_entry(2, "Q1: when will you be at your desk?\nQ2: is it on?", author=ANN)
    return a_requesters(text, quoted=quoted, letter_text=LETTER, file=a_file(more.pop("status", Status.OPEN), entries=(asked,)), **more)


def test_agents_read_a_requesters_answers_with_what_they_answer():
    ((visibility, text),) = entries(a_reply("My answers are below."))
    assert visibility == "public"
    assert text.split("\n") == [
        "My answers are below.", "", "> Q1: when will you be at your desk?", "At noon.", "", "> Q2: is it on?", "Yes.",
    ]  # fmt: skip


def test_what_stands_in_no_public_entry_is_not_repeated_as_a_question():
    decision = a_requesters("See below.", quoted=BLOCK + ANSWERED, letter_text=LETTER)
    assert entries(decision)[0][1] == "See below.\n\nAt noon.\nYes."


@pytest.mark.parametrize("text", ["Danke!", "status", "close", "Thanks"])
def test_one_word_on_top_is_not_all_that_was_said(text):
    decision = a_reply(text, status=Status.RESOLVED, language="de")
    assert events(decision) == ["requester_wrote"] and "At noon." in entries(decision)[0][1]


def test_a_letter_quoted_as_it_was_adds_nothing():
    assert entries(a_reply("See you.", quoted=BLOCK + LETTER))[0][1] == "See you."


def test_without_the_look_into_the_quote_the_answers_would_be_lost(monkeypatch):
    monkeypatch.setattr(leaving, "refuse_what_is_below", lambda s: None)
    decision = an_agents("See below.", answers=a_notice(ANN), quoted=BLOCK + TOUCHED, file=a_file(notices=(NOTICE,)))
    assert "Tomorrow" not in str(outside(decision)[0].entry.text)
