"""Who was not answered is kept until it is told, and no flood of it makes a batch slower."""

from __future__ import annotations

from datetime import timedelta

from mailgate.model.flood import Unanswered
from mailgate.record import traffic
from tests.databases import look
from tests.record.builders import NOON


def left(store, key: str, count: int) -> None:
    rows = [Unanswered(key, n + 1, "it", "ticket_opened", "3 an hour", NOON) for n in range(count)]
    store._db.write(lambda connection: traffic.leave_unanswered(connection, rows))


def test_of_a_flood_so_many_are_kept_for_an_address_as_a_letter_can_tell_and_others_keep_theirs(store):
    for _ in range(4):
        left(store, "eve@x.example", 60)
    left(store, "max@x.example", 2)
    found = store.traffic.untold(["eve@x.example", "max@x.example"], NOON - timedelta(days=7))
    assert {key: len(rows) for key, rows in found.items()} == {"eve@x.example": traffic.MOST_UNTOLD, "max@x.example": 2}
    assert [row.ticket for row in found["eve@x.example"]][:3] == [1, 2, 3], "the oldest are told"


def test_what_was_told_makes_room_and_what_is_too_old_goes(store):
    left(store, "eve@x.example", 150)
    store._db.write(lambda connection: traffic.told(connection, ["eve@x.example"], NOON))
    left(store, "eve@x.example", 5)
    assert len(store.traffic.untold(["eve@x.example"], NOON - timedelta(days=7))["eve@x.example"]) == 5
    store.traffic.forget_turns(NOON + traffic.TURNS_KEPT + timedelta(days=1))
    assert look(store, "select count(*) from unanswered") == [(0,)]
