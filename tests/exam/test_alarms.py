"""Alarms where it is worst: monitors that are killed all the time, and ten thousand promises that break at once."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench import measured
from mailgate.record.rows import ToRecord
from mailgate.record.store import open_store
from tests.clocks.house import EditedHouse
from tests.databases import a_database
from tests.databases import database_kind as database_kind
from tests.nodes.monitors import EDITS, run
from tests.record.builders import NOON, a_store

pytestmark = pytest.mark.exam


@pytest.mark.database("postgresql", because="several nodes need a server")
@pytest.mark.timeout(900)
def test_two_monitors_that_are_killed_a_hundred_times_record_each_alarm_once(tmp_path: Path, database_kind: str) -> None:
    settings = a_database(tmp_path)
    with open_store(settings, NOON) as store:
        result = run(tmp_path, settings, store, tickets=15, kills=100, seed=7)
    measured.write(
        "two-monitors", n=result.alarms, failed=result.missing + result.twice, seed=7, kills=100, letters=result.letters,
        copies=result.copies, open_kills=result.open_kills,
    )  # fmt: skip
    assert (result.missing, result.twice) == (0, 0), result
    assert result.letters > 0 and result.copies <= result.open_kills, result


@pytest.mark.database("sqlite", because="the times of a file are known")
@pytest.mark.timeout(900)
def test_ten_thousand_promises_that_break_in_one_night_are_told_within_five_minutes(tmp_path: Path, database_kind: str) -> None:
    with a_store(tmp_path) as store:
        house = EditedHouse(tmp_path, store, *EDITS)
        pattern = store.tickets.files([house.open()]).popitem()[1]
        first = pattern.ticket.number
        _copies(house, pattern, first, 9_999)
        house.sent.clear()
        began, rounds = time.monotonic(), 0
        house.turn(hours=9)
        while store.tickets.due(house.at, 1):
            house.run()
            house.turn(seconds=30)
            rounds += 1
        seconds = time.monotonic() - began + 30 * (rounds - 1)
        letters = Counter(one.subject for one in house.sent if one.to != "operator@example.org")
        breaches = house.look("select count(*) from history where name = 'sla_breached'")[0][0]
        house.close()
    measured.write("alarms-after-a-night", n=breaches, failed=10_000 - breaches, seconds=round(seconds), letters=sum(letters.values()))
    assert breaches == 10_000
    assert seconds < 300, seconds
    assert sum(letters.values()) <= 10, letters


def _copies(house: EditedHouse, pattern: object, first: int, count: int) -> None:
    """Tickets like the first one, straight into the record."""
    from mailgate.model.decision import Change, Decision
    from mailgate.model.events import TicketOpened
    from mailgate.model.ticket import TicketKind

    ticket = replace(pattern.ticket, version=0, history=0)  # type: ignore[attr-defined]
    opened = TicketOpened(
        at=ticket.arrived_at, desk=ticket.desk, kind=TicketKind.INCIDENT, priority=4, requester=ticket.requester, group=ticket.group
    )
    numbers = house.store.numbers.take("ticket", count)
    for start in range(0, count, 500):
        made = [
            ToRecord(None, Decision(changes=(Change(None, replace(ticket, number=n), (opened,)),))) for n in numbers[start : start + 500]
        ]
        house.store.record(made, house.at)
