"""Rows that were written before reasons were codes hold English sentences: they are shown, counted and exported as they stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, update

from mailgate.app import wall_clock
from mailgate.model.reason import Because, Reason
from mailgate.record.flood_tables import suppressions
from mailgate.record.tables import history, inbox
from tests.cli.house import House, lived_in

#: As the program wrote them then.
TRACE = [
    {"stage": "understand", "rule": "classify", "saw": "written: nothing says otherwise", "then": "written"},
    {"stage": "understand", "rule": "thread", "saw": "own_id in references; known_id <x@y>: there is no ticket 7", "then": "no ticket"},
    {"stage": "decide", "rule": "machine", "saw": "an agent's automatic mail", "then": "kept, never ticket content"},
]
UNOWNED = "bounce that belongs to no ticket: delivery report: failed for jo@example.org (5.1.1)"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return lived_in(tmp_path)


def written(house: House, work: Callable[[Connection], object]) -> None:
    store = house.store()
    try:
        store._db.write(work)
    finally:
        store.close()


def test_a_mail_shows_the_sentences_that_were_written_for_it(house: House) -> None:
    values = {"reason": UNOWNED, "trace": json.dumps(TRACE), "proof": json.dumps({"token": True, "because": "answers a letter"})}
    written(house, lambda connection: connection.execute(update(inbox).where(inbox.c.id == 3).values(**values)))
    shown = house.run("inbox", "show", "3").output
    assert UNOWNED in " ".join(shown.split())
    for line in TRACE:
        assert f"{line['rule']}: {line['saw']} -> {line['then']}" in " ".join(shown.split())
    assert UNOWNED in " ".join(house.run("inbox", "list").output.split())
    for words in (("inbox", "export"), ("inbox", "list", "--json")):
        assert UNOWNED in [json.loads(line)["reason"] for line in house.run(*words).output.splitlines()]


def test_a_history_shows_the_sentence_of_a_letter_that_was_not_written(house: House) -> None:
    facts = json.dumps({"letter_event": "ticket_opened", "person": None, "reason": "a mail of kind list is never answered"})
    change = update(history).where(history.c.ticket == 1, history.c.seq == 1).values(name="letter_suppressed", facts=facts)
    written(house, lambda connection: connection.execute(change))
    assert "reason a mail of kind list is never answered" in " ".join(house.run("tickets", "show", "1").output.split())


def test_an_address_that_is_not_written_to_keeps_the_words_that_say_why(house: House) -> None:
    now = wall_clock()
    row = {"address": "gone@example.net", "since": now, "until": now + timedelta(days=9), "reason": "user unknown", "kind": "bounce"}
    written(house, lambda connection: connection.execute(insert(suppressions), row))
    store = house.store()
    try:
        assert store.people.suppressed(["gone@example.net"], now) == {"gone@example.net": "user unknown"}
    finally:
        store.close()
    assert "bounce: user unknown" in house.run("people", "list", "--dead").output


AS_BEFORE: tuple[Because, ...] = (
    "blocked: spam.example: sells pills",
    "auto_reply that belongs to no ticket: auto-submitted: auto-replied",
    "in the junk folder",
)
AS_CODES: tuple[Because, ...] = (
    Reason.of("blocked", "spam.example", "sells pills"),
    Reason.of("stray_report", Reason("a.auto_reply"), Reason.of("is.auto-submitted", "auto-replied")),
    Reason("junk"),
)


@pytest.mark.parametrize("reasons", [AS_BEFORE, AS_CODES], ids=["as before", "as codes"])
def test_nobody_is_asked_to_look_at_what_needs_no_look_in_whichever_way_it_was_written(house: House, reasons: tuple[Because, ...]) -> None:
    def aside(connection: Connection) -> None:
        for number, reason in enumerate(reasons, 1):
            connection.execute(update(inbox).where(inbox.c.id == number).values(state="set_aside", reason=reason))

    written(house, aside)
    store = house.store()
    try:
        health = store.standing.health(wall_clock())
    finally:
        store.close()
    assert (health.inbox["set_aside"], health.blocked, health.junk) == (0, 1, 1)


def test_a_reason_of_today_is_told_as_it_always_was_and_stored_as_its_code(house: House) -> None:
    said = "no author: From: is missing, empty or names several people"
    assert said in " ".join(house.run("inbox", "show", "3").output.split())
    stored: list[str] = []
    written(house, lambda connection: stored.extend(connection.exec_driver_sql("SELECT reason FROM inbox WHERE id = 3").scalars()))
    assert stored == ['["no_author"]']
