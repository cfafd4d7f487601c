"""A ticket whose clocks cannot be reviewed waits for the operator and delays no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.cli.status import health_of
from mailgate.decide import clocks, giving
from mailgate.record.store import Store
from tests.clocks.house import OPERATOR, EditedHouse


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[EditedHouse]:
    one = EditedHouse(tmp_path, store)
    yield one
    one.close()


def damage(house: EditedHouse, number: int) -> None:
    house.look(f'update tickets set timers = \'[{{"kind": "nonsense"}}]\' where number = {number}')


def alarms(house: EditedHouse) -> list[str]:
    return [one.text for one in house.sent if one.to == OPERATOR]


def test_it_is_set_aside_and_told_once_and_the_others_are_reviewed(house: EditedHouse) -> None:
    bad, good = house.open("First"), house.open("Second")
    damage(house, bad)
    for _ in range(4):
        house.turn(hours=8)
        house.run()
    assert "sla_breached" in house.events(good)
    (told,) = alarms(house)
    assert f"{bad}: ValueError" in told and f"mailgate tickets show {bad}" in told
    (fault,) = house.store.clock_faults.waiting()
    assert (fault.ticket, fault.reason) == (bad, "ValueError")
    assert fault.tries > 1 and fault.again_at > house.at
    assert health_of(house.store, house.at).clock_faults == 1


def test_it_is_tried_again_later_and_after_a_reload_and_is_well_when_it_works(house: EditedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.open()
    real, calls = clocks.on_time, []

    def fails(s, *rest, **more):
        calls.append(s.now)
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(clocks, "on_time", fails)
    house.turn(hours=7)
    house.run()
    house.run()
    assert len(calls) == 1  # set aside: the next round leaves it alone
    house.turn(minutes=5)
    house.run()
    house.run()
    assert len(calls) == 2
    house.reload(("auto_close = 5", "auto_close = 6"))
    house.run()
    assert len(calls) == 3
    monkeypatch.setattr(clocks, "on_time", real)
    house.turn(days=1)
    house.run()
    assert house.store.clock_faults.waiting() == []
    assert "sla_breached" in house.events(number)


def test_many_at_once_are_one_alarm(house: EditedHouse) -> None:
    numbers = [house.open(f"Request {n}") for n in range(7)]
    for number in numbers:
        damage(house, number)
    house.turn(hours=7)
    house.run()
    house.run()
    (told,) = alarms(house)
    assert "7 tickets" in told and "mailgate status" in told


def test_one_that_nobody_can_be_given_is_the_operators_as_well(house: EditedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.open()

    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(giving, "is_due", lambda ticket, now: True)
    monkeypatch.setattr(giving, "when_due", fails)
    house.turn(hours=7)
    house.run()
    house.run()
    (told,) = alarms(house)
    assert f"{number}: RuntimeError" in told
    assert [fault.ticket for fault in house.store.clock_faults.waiting()] == [number]
