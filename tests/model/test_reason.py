"""Reasons are codes with values: how they are said, how they are stored, and what becomes of the sentences of older versions."""

from __future__ import annotations

import json

import pytest

from mailgate.model.reason import Because, Reason, Wording, from_column, to_column
from mailgate.model.sentences import ENGLISH, PLAIN

COLLEAGUE = Wording({**ENGLISH, **PLAIN})


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("no_author"), "no author: From: is missing, empty or names several people"),
        (Reason.of("rejected", 17), "ticket 17 was rejected"),
        (Reason.of("blocked", "spam.example", ""), "blocked: spam.example"),
        (Reason.of("blocked", "spam.example", "sells pills"), "blocked: spam.example: sells pills"),
        (
            Reason.of("lacks", Reason("lacks.proof"), Reason("proof.no_letter")),
            "the author is not proven (the mail answers no letter of ours)",
        ),
        (Reason("codes", (Reason("E_ARGS"), Reason("E_VALUE"))), "E_ARGS, E_VALUE"),
        (Reason("signs", (Reason.of("sign", "own_id", "references"), "and words")), "own_id in references; and words"),
        # Values are somebody's words: nothing in them is filled or left out.
        (Reason.of("blocked", "{1}", "[{0}] {*}"), "blocked: {1}: [{0}] {*}"),
    ],
)
def test_a_reason_is_said_by_the_sentence_of_its_code(reason: Reason, said: str):
    assert str(reason) == said


def test_a_colleague_says_it_without_the_words_of_the_trade():
    reason = Reason.of("stray_report", Reason("a.bounce"), Reason.of("is.delivery report", "failed for jo@example.org"))
    assert str(reason) == "bounce that belongs to no ticket: delivery report: failed for jo@example.org"
    assert COLLEAGUE.say(reason) == "it is a bounce that belongs to no ticket of ours"


def test_a_code_that_nobody_knows_and_values_that_are_missing_are_said_all_the_same():
    assert str(Reason.of("from.the.future", "x", 3)) == "from.the.future: x: 3"
    assert str(Reason("rejected")) == "ticket  was rejected"
    deep: Because = "end"
    for _ in range(200):
        deep = Reason.of("verdict", "mx", deep)
    assert str(deep).endswith("...")


def test_what_is_ours_of_a_reason_names_nobody():
    assert str(Reason.of("silent.nobody reads there", "noreply@example.org").bare) == "nobody reads there"
    assert str(Reason.of("like_machine", Reason.of("loop.instant", 9)).bare) == "answers like a machine"
    never = Reason.of("never_answered", Reason("a.bounce"))
    assert never.bare == never, "its sentence is none without its value"


@pytest.mark.parametrize(
    "reason",
    [
        Reason("kept"),
        Reason.of("blocked", "spam.example", 'says "hello", and [more]'),
        Reason.of("stray_report", Reason("a.auto_reply"), Reason.of("is.absence", "Abwesenheit – bis Montag")),
        Reason.of("given_up", 5),
    ],
)
def test_a_reason_comes_back_from_a_column_as_it_was(reason: Reason):
    assert from_column(to_column(reason)) == reason
    assert json.loads(to_column(reason))[0] == reason.code


@pytest.mark.parametrize(
    "text",
    [
        "blocked: spam.example: sells pills",  # as older versions wrote it
        '["from the future", 1]',
        '["kept"',
        '["kept", {"a": 1}',
        "[]",
        "",
        '{"kept": 1}',
        "[" * 100_000,
    ],
)
def test_what_is_stored_and_no_known_code_is_shown_as_it_stands(text: str):
    assert from_column(text) == text
