"""An edited policy counts at once: running clocks are counted anew, finished ones never, and the history says which policy counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailgate.model.policy import Metric
from mailgate.model.ticket import Outcome
from mailgate.record.store import Store
from tests.clocks.house import MAX, EditedHouse

FIRST, SOLVED = Metric.FIRST_REPLY, Metric.RESOLUTION
#: The promise of P4, and another one.
P4, SHORTER = 'first_reply = "8h", resolution = "40h"', 'first_reply = "2h", resolution = "10h"'
HOLIDAYS = "holidays = ["


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[EditedHouse]:
    one = EditedHouse(tmp_path, store)
    yield one
    one.close()


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour - 2, minute, tzinfo=UTC)


def test_a_target_that_is_edited_counts_for_what_runs_and_never_for_what_has_ended(house: EditedHouse) -> None:
    """On Monday at ten in Berlin."""
    number, other = house.open("First"), house.open("Second")
    house.say(other, "It works again.")
    ended = house.cycle(other, FIRST)
    assert house.cycle(number, FIRST).due_at == berlin(1, 18)
    house.reload((P4, SHORTER))
    assert house.gateway.recount() == 2
    assert house.cycle(number, FIRST).due_at == berlin(1, 12)
    assert house.cycle(number, SOLVED).due_at == house.cycle(other, SOLVED).due_at == berlin(2, 10)
    assert house.cycle(number, FIRST).original_due_at == berlin(1, 18)
    assert house.cycle(other, FIRST) == ended and ended.outcome is Outcome.MET
    (changed,) = [row for row in house.store.tickets.history(number) if row.name == "policy_changed"]
    assert (changed.facts["policy"], changed.facts["sla"]) == (house.policy.digest, "standard")
    assert house.gateway.recount() == 0
    assert house.store.policies.since()[-1] == (house.at, house.policy.digest)


def test_a_holiday_that_is_added_afterwards_counts_also_in_the_past(house: EditedHouse) -> None:
    number = house.open()
    house.turn(days=1)
    house.reload((HOLIDAYS, f'{HOLIDAYS}"2026-06-01", '))
    house.gateway.recount()
    assert house.cycle(number, FIRST).due_at == berlin(2, 16)  # Monday was no working day after all
    assert house.cycle(number, FIRST).calendar_digest == house.policy.calendars["business"].digest


def test_nothing_is_told_on_a_holiday_although_the_clock_s_round_comes_first(house: EditedHouse) -> None:
    number = house.open()
    house.turn(days=1)
    house.reload((HOLIDAYS, f'{HOLIDAYS}"2026-06-01", "2026-06-02", '))
    house.sent.clear()
    assert house.run() == [] and "sla_breached" not in house.events(number)
    assert house.cycle(number, FIRST).due_at == berlin(3, 16)


def test_an_answer_before_the_clocks_were_counted_anew_is_judged_by_the_edited_policy(house: EditedHouse) -> None:
    number = house.open()
    house.turn(hours=3)
    house.reload((P4, SHORTER))
    house.say(number, "It works again.")
    cycle = house.cycle(number, FIRST)
    assert (cycle.outcome, cycle.target_s, cycle.elapsed_s) == (Outcome.MISSED, 2 * 3600, 3 * 3600)
    assert house.events(number).index("policy_changed") < house.events(number).index("agent_replied")


def test_a_calendar_edited_under_its_name_counts_an_answer_by_one_calendar_only(house: EditedHouse) -> None:
    number = house.open()
    house.reload(('mon = ["08:00-18:00"]', 'mon = ["08:00-12:00"]'))
    house.turn(days=1, hours=3)
    house.say(number, "It works again.")
    cycle = house.cycle(number, FIRST)
    assert (cycle.outcome is Outcome.MISSED) == (cycle.elapsed_s > cycle.target_s)
    assert cycle.elapsed_s == (2 + 5) * 3600 and cycle.due_at == berlin(2, 14)


def test_a_desk_that_gets_another_sla_and_a_promise_that_is_new(house: EditedHouse) -> None:
    number = house.open()
    house.reload(
        ('sla = "standard"', 'sla = "fast"'),
        ("[sla.standard]", '[sla.fast.targets]\nP4 = { resolution = "1h", update = "4h", calendar = "always" }\n\n[sla.standard]'),
    )
    house.gateway.recount()
    assert house.cycle(number, FIRST).outcome is Outcome.CANCELLED
    assert house.cycle(number, SOLVED).due_at == house.at + timedelta(hours=1)
    assert house.cycle(number, Metric.UPDATE).due_at == house.at + timedelta(hours=4)


def test_an_edit_that_changes_nothing_for_a_ticket_writes_nothing_into_its_history(house: EditedHouse) -> None:
    number = house.open()
    before, rows = house.ticket(number), house.events(number)
    house.reload(('name = "Bob Frey"', 'name = "Bob Fry"'))
    assert house.gateway.recount() == 0 and house.ticket(number) == before  # no clock depends on it
    house.reload(('P1 = { first_reply = "15m"', 'P1 = { first_reply = "20m"'))
    assert house.gateway.recount() == 1  # looked at once, and found the same
    assert house.events(number) == rows and house.ticket(number).version == before.version
    assert house.gateway.recount() == 0


def test_a_requester_s_mail_finds_the_clocks_counted_and_a_ticket_that_is_solved_waits_until_somebody_wants_it(house: EditedHouse) -> None:
    number = house.open()
    house.say(number, "#resolve\nIt works again.")
    house.reload((P4, SHORTER))
    assert house.gateway.recount() == 0
    house.turn(hours=1)
    house.say(number, "It does not.", author=MAX)
    assert house.cycle(number, SOLVED).target_s == 10 * 3600
    assert house.cycle(number, SOLVED).due_at == berlin(2, 11)


def test_of_two_nodes_the_one_with_the_newer_policy_counts_and_the_other_does_not_undo_it(
    tmp_path: Path, nodes: tuple[Store, Store]
) -> None:
    old, new = (EditedHouse(tmp_path / name, store) for name, store in zip(("a", "b"), nodes, strict=True))
    number = old.open()
    new.reload((P4, SHORTER))
    assert (old.gateway.recount(), new.gateway.recount(), old.gateway.recount(), new.gateway.recount()) == (0, 1, 0, 0)
    assert old.cycle(number, FIRST).due_at == berlin(1, 12)
    late = old.open("While one node goes by the policy of before")
    assert old.cycle(late, FIRST).due_at == berlin(1, 18)
    assert new.gateway.recount() == 1 and new.cycle(late, FIRST).due_at == berlin(1, 12)
    old.close()
    new.close()


def test_what_was_interrupted_goes_on_where_it_was_and_one_ticket_s_fault_stops_no_other(
    house: EditedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailgate.decide import recounting

    numbers = [house.open(f"Request {n}") for n in range(5)]
    house.reload((P4, SHORTER))
    monkeypatch.setattr("mailgate.gateway.recounting.BATCH", 2)
    real = recounting.counted_anew

    def fails(s):
        if s.ticket.number == numbers[1]:
            raise RuntimeError("a fault of ours")
        return real(s)

    monkeypatch.setattr(recounting, "counted_anew", fails)
    assert house.gateway._recounting.run() == 2  # and here the program ends
    house.gateway.recount()
    assert [house.cycle(number, FIRST).target_s for number in numbers] == [7200, 28800, 7200, 7200, 7200]
    assert [fault.ticket for fault in house.store.clock_faults.waiting()] == [numbers[1]]
    monkeypatch.setattr(recounting, "counted_anew", real)
    house.turn(minutes=5)
    assert house.gateway.recount() == 1 and house.cycle(numbers[1], FIRST).target_s == 7200
