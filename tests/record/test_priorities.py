"""What the record knows of priorities: who presses how often, and who set those of tickets that are older than the question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

from sqlalchemy import text, update

from mailgate.model.events import PriorityChanged, UrgencyAsked
from mailgate.model.ticket import Status
from mailgate.record.tables import tickets
from tests.record.builders import NOON, a_person, a_recorded_ticket, wrote

MIGRATION = import_module("mailgate.record.migrations.versions.0012_promises_kept")


def asked(days: int) -> UrgencyAsked:
    return UrgencyAsked(at=NOON - timedelta(days=days), actor=1, counts=True)


def test_how_often_somebody_has_pressed_is_counted_over_all_their_tickets(store):
    other = a_person(2, address="kim@example.org")
    first = a_recorded_ticket(store, 1)
    second = a_recorded_ticket(store, 2)
    theirs = a_recorded_ticket(store, 3, people=(other,), requester=2)
    store.record([wrote(first, events=(asked(1), asked(40))), wrote(second, events=(asked(29),)), wrote(theirs, events=(asked(2),))], NOON)
    assert store.tickets.pressed([1, 2, 9], NOON - timedelta(days=30)) == {1: 2, 2: 1}


def test_live_tickets_of_somebody_are_those_that_are_not_done(store):
    for number, status in enumerate(Status, 1):
        a_recorded_ticket(store, number, status=status)
    live = [number for number, status in enumerate(Status, 1) if status.is_live]
    assert sorted(store.tickets.live_of(1)) == live


def test_old_tickets_get_who_set_their_priority_last(store):
    """And those whose priority nobody changed get nobody."""
    changed = a_recorded_ticket(store, 1)
    a_recorded_ticket(store, 2)
    events = (PriorityChanged(at=NOON, actor=7, before=3, after=2), PriorityChanged(at=NOON, actor=8, before=2, after=1))
    store.record([wrote(changed, replace(changed, priority=1), events=events)], NOON)

    def as_it_was(connection):
        connection.execute(update(tickets).values(priority_by=None))
        connection.execute(text(MIGRATION.WHO_SET_IT))

    store._db.write(as_it_was)
    found = store.tickets.files([1, 2])
    assert [found[number].ticket.priority_by for number in (1, 2)] == [8, None]
