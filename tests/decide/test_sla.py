"""Promises: when a clock is due, when it warns, and when it says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide import ladder, sla, turns
from mailgate.decide.calendar import elapsed
from mailgate.decide.rules import rules_for
from mailgate.model.calendar import Calendar
from mailgate.model.events import (
    AgentReplied,
    HoldStarted,
    PriorityChanged,
    RequesterWrote,
    SlaBreached,
    TicketResolved,
    TicketTaken,
    WaitStarted,
)
from mailgate.model.policy import Metric, Target
from mailgate.model.ticket import HoldReason, Outcome
from tests.decide.life import ANN, BOB, BUSINESS, MAX, MINUTE, Life, a_policy, said, when

REPLY = Metric.FIRST_REPLY
SECOND = timedelta(seconds=1)


def heard(life: Life, now: str | datetime) -> list[str]:
    """One look at the clocks; what it says is remembered."""
    at = when(now) if isinstance(now, str) else now
    found = ladder.alarms(life.ticket, life.rules, at)
    for alarm in found:
        life.ticket = ladder.said(life.ticket, alarm, at)
    return [f"{a.metric.value} {getattr(a, 'level', 'breached' if isinstance(a, SlaBreached) else 'again')}" for a in found]


# --- due, met, missed -------------------------------------------------------------------------------------------------------


def test_what_nobody_promised_does_not_run() -> None:
    assert [c.metric for c in Life(priority=5).ticket.cycles] == [REPLY]
    assert Life(policy=a_policy(promises={})).ticket.cycles == ()
    assert Life(policy=a_policy(promises={})).ticket.next_check_at is None


def test_the_calendar_is_that_of_the_target() -> None:
    night = Life("fri 23:00", priority=1)
    assert said(night.cycle(REPLY).due_at) == "fri 23:15"
    assert said(Life("fri 23:00", priority=2).cycle(REPLY).due_at) == "mon2 9:00"


def test_friday_evening_is_not_late_for_what_was_due_at_closing_time() -> None:
    life = Life("fri 17:00", priority=2)
    assert (said(life.cycle(REPLY).due_at), said(life.cycle(REPLY).breach_at)) == ("fri 18:00", "mon2 8:00")
    assert heard(life, "sun 12:00") == []  # nobody is there to hear of it
    cycle = life.at("sun 20:00", AgentReplied, actor=BOB).cycle(REPLY)
    assert (cycle.outcome, cycle.elapsed_s) == (Outcome.MET, 3600)


@pytest.mark.parametrize(("late", "outcome", "elapsed_s"), [(0, Outcome.MET, 3600), (1, Outcome.MISSED, 3601)])
def test_a_promise_is_kept_to_the_second(late: int, outcome: Outcome, elapsed_s: int) -> None:
    life = Life(priority=2)
    life.ticket = sla.stop(life.ticket, life.rules, REPLY, life.cycle(REPLY).breach_at + late * SECOND)
    assert (life.cycle(REPLY).outcome, life.cycle(REPLY).elapsed_s) == (outcome, elapsed_s)


@given(
    st.integers(0, 14 * 86400),
    st.lists(st.tuples(st.integers(0, 14 * 86400), st.integers(0, 5 * 86400)), max_size=3),
    st.integers(0, 21 * 86400),
)
def test_met_means_not_stopped_after_the_breach(start: int, pauses: list[tuple[int, int]], stop: int) -> None:
    life = Life(priority=2)
    zero = when("mon 0:00")
    ticket = replace(life.ticket, cycles=(), arrived_at=zero + start * SECOND)
    for begin, length in sorted(pauses):
        ticket = turns.wait(ticket, turns.PENDING_USER, zero + begin * SECOND)
        ticket = turns.run_on(ticket, zero + (begin + length) * SECOND)
    at = zero + (start + stop) * SECOND
    ticket = sla.settled(ticket, life.rules, at)
    cycle = sla.stop(ticket, life.rules, Metric.RESOLUTION, at).cycle(Metric.RESOLUTION)
    assert cycle is not None
    spent = elapsed(BUSINESS, cycle.started_at, at, [(p.began_at, p.ended_at) for p in cycle.pauses])
    assert cycle.elapsed_s == spent
    assert (cycle.outcome is Outcome.MET) == (at <= cycle.breach_at) == (spent <= cycle.target_s)


def test_what_is_left_counts_down_in_business_time_and_stands_still_with_the_clock() -> None:
    life = Life(priority=2)
    left = lambda now: sla.left(life.cycle(), life.rules, when(now)) // 60  # noqa: E731
    assert [left("mon 9:00"), left("mon 10:00"), left("mon 20:00"), left("tue 9:00")] == [480, 420, -60, -120]
    life.at("mon 10:00", AgentReplied, actor=BOB).at("mon 10:00", WaitStarted, actor=BOB)
    assert [left("mon 12:00"), left("thu 12:00")] == [420, 420]


# --- warnings and breaches ------------------------------------------------------------------------------------------------------


def test_each_level_warns_once_and_the_breach_once() -> None:
    life = Life(priority=2)
    assert [heard(life, t) for t in ("mon 9:44", "mon 9:45", "mon 9:46", "mon 9:54", "mon 9:55")] == [
        [], ["first_reply 75"], [], ["first_reply 90"], [],
    ]  # fmt: skip
    assert [heard(life, t) for t in ("mon 9:59", "mon 10:00", "mon 10:01", "thu 9:00")] == [
        [], ["first_reply breached"], [], ["resolution breached"],
    ]  # fmt: skip
    assert heard(life, "fri 9:00") == []


def test_what_was_missed_while_we_were_down_is_said_once_and_only_the_worst() -> None:
    """(fault 54)"""
    assert heard(Life(priority=2), "mon 9:56") == ["first_reply 90"]
    assert heard(Life(priority=2), "fri 9:00") == ["first_reply breached", "resolution breached"]


def test_nothing_is_said_while_the_clock_stands_still() -> None:
    life = Life(priority=2).at("mon 9:10", AgentReplied, actor=BOB).at("mon 9:10", WaitStarted, actor=BOB)
    assert heard(life, "thu2 9:00") == []
    life.at("thu2 9:00", RequesterWrote, actor=MAX)
    assert heard(life, "thu2 14:00") == []
    assert heard(life, "thu2 14:50") == ["resolution 75"]


def test_nothing_is_said_of_a_clock_that_was_stopped() -> None:
    life = Life(priority=2).at("mon 9:30", TicketResolved, actor=BOB)
    assert heard(life, "fri 9:00") == []


def test_a_warning_that_falls_on_closing_time_comes_with_the_next_opening() -> None:
    promises = {(4, REPLY): Target(80, "business")}
    life = Life("mon 17:00", policy=a_policy(promises=promises))
    assert said(ladder.reached_at(life.cycle(REPLY), life.rules, 75)) == "tue 8:00"
    assert heard(life, "mon 18:00") == []
    assert heard(life, "tue 8:00") == ["first_reply 75"]


def test_a_breach_names_what_was_promised_and_who_had_it() -> None:
    life = Life(priority=2)
    found = ladder.alarms(life.ticket, life.rules, when("mon 10:30"))
    assert found == (
        SlaBreached(
            at=when("mon 10:00"), metric=REPLY, cycle=1, due_at=when("mon 10:00"), target_s=3600, priority=2, owner=None, group="it"
        ),
    )


def test_a_breach_stays_recorded_when_the_answer_comes() -> None:
    life = Life(priority=2)
    heard(life, "mon 10:00")
    cycle = life.at("mon 11:00", AgentReplied, actor=BOB).cycle(REPLY)
    assert (cycle.outcome, cycle.breached_at, cycle.elapsed_s) == (Outcome.MISSED, when("mon 10:00"), 7200)


def test_an_answer_that_was_late_before_anybody_looked_is_a_breach_as_well() -> None:
    cycle = Life(priority=2).at("mon 11:00", AgentReplied, actor=BOB).cycle(REPLY)
    assert (cycle.outcome, cycle.breached_at) == (Outcome.MISSED, when("mon 10:00"))


def test_the_next_look_is_when_the_next_thing_is_due() -> None:
    life = Life(priority=2)
    looks = []
    for _ in range(4):
        at = ladder.next_check(life.ticket, life.rules)
        assert at is not None
        assert heard(life, at - SECOND) == []
        looks.append((said(at), heard(life, at)))
    assert looks == [
        ("mon 9:45", ["first_reply 75"]),
        ("mon 9:54", ["first_reply 90"]),
        ("mon 10:00", ["first_reply breached"]),
        ("mon 15:00", ["resolution 75"]),
    ]


# --- another priority or policy -----------------------------------------------------------------------------------------------------


def test_a_higher_priority_that_is_late_at_once_is_said_once_without_its_warnings() -> None:
    life = Life("mon 9:00").at("mon 11:00", PriorityChanged, actor=ANN, before=4, after=2)
    assert heard(life, "mon 11:00") == ["first_reply breached"]
    assert heard(life, "mon 12:00") == []


def test_a_level_fires_again_only_when_the_clock_is_below_it_again() -> None:
    life = Life(priority=2)
    assert heard(life, "mon 9:50") == ["first_reply 75"]
    life.at("mon 9:51", PriorityChanged, actor=ANN, before=2, after=4)
    assert life.cycle(REPLY).warned == ()
    assert heard(life, "mon 15:00") == ["first_reply 75"]


def test_a_breach_is_heard_of_again_only_where_another_promise_is_broken_as_well() -> None:
    life = Life(priority=2)
    assert heard(life, "mon 10:00") == ["first_reply breached"]
    life.at("mon 10:01", PriorityChanged, actor=ANN, before=2, after=4).at("mon 10:02", PriorityChanged, actor=ANN, before=4, after=2)
    assert heard(life, "mon 10:03") == ["first_reply breached"]
    assert (heard(life, "mon 10:04"), life.cycle(REPLY).breached_at) == ([], when("mon 10:00"))
    assert said(life.cycle(REPLY).original_due_at) == "mon 10:00"
    assert len(life.cycle(REPLY).retargets) == 2


def test_pauses_are_kept_when_the_target_changes() -> None:
    life = Life().at("mon 10:00", AgentReplied, actor=BOB).at("mon 10:00", WaitStarted, actor=BOB)
    life.at("tue 10:00", RequesterWrote, actor=MAX).at("tue 10:00", PriorityChanged, actor=ANN, before=4, after=2)
    assert said(life.cycle().due_at) == "tue 17:00"


def test_a_promise_that_no_longer_exists_is_given_up_and_taken_up_again_from_its_start() -> None:
    life = Life().at("mon 10:00", PriorityChanged, actor=ANN, before=4, after=5)
    assert (life.cycle().outcome, life.cycle().cancel_reason) == (Outcome.CANCELLED, "no_policy")
    life.at("mon 11:00", PriorityChanged, actor=ANN, before=5, after=4)
    assert (life.cycle().outcome, life.cycle().n, life.cycle().cancel_reason) == (Outcome.RUNNING, 1, None)
    assert said(life.cycle().due_at) == "fri 9:00"


def test_a_finished_cycle_is_never_counted_again() -> None:
    life = Life(priority=2).at("mon 9:30", AgentReplied, actor=BOB)
    before = life.cycle(REPLY)
    assert life.at("mon 9:40", PriorityChanged, actor=ANN, before=2, after=1).cycle(REPLY) == before


def test_another_policy_is_a_retarget_too() -> None:
    life = Life()
    stricter = rules_for(a_policy(promises={(4, REPLY): Target(120, "business")}), life.ticket)
    ticket = sla.recount(life.ticket, stricter, when("mon 10:00"), "policy")
    assert [(c.metric, c.outcome, said(c.due_at)) for c in ticket.cycles] == [
        (REPLY, Outcome.RUNNING, "mon 11:00"),
        (Metric.RESOLUTION, Outcome.CANCELLED, "fri 9:00"),
    ]


def test_a_desk_that_is_gone_promises_nothing_and_breaks_nothing() -> None:
    life = Life(priority=2)
    gone = rules_for(a_policy(), replace(life.ticket, desk="hr"))
    assert gone.target(2, REPLY) is None
    assert said(ladder.next_check(life.ticket, gone)) == "mon 9:45"


# --- the other metrics follow from the same events ------------------------------------------------------------------------------------

ALL_DAY = Calendar("business", "UTC", (((0, 1440),),) * 7)


def minutes(life: Life, metric: Metric) -> list[tuple[int, int, int | None]]:
    """(start, due, elapsed) of each cycle, in minutes after the opening."""
    zero = life.ticket.arrived_at
    return [
        (int((c.started_at - zero) / MINUTE), int((c.due_at - zero) / MINUTE), None if c.elapsed_s is None else c.elapsed_s // 60)
        for c in life.ticket.cycles
        if c.metric is metric
    ]


def test_every_exchange_has_its_own_next_reply() -> None:
    promises = {(4, REPLY): Target(30, "business"), (4, Metric.NEXT_REPLY): Target(45, "business")}
    life = Life(policy=a_policy(promises=promises, calendar=ALL_DAY))
    life.at("mon 9:04", TicketTaken, actor=BOB).at("mon 9:05", RequesterWrote, actor=MAX)
    assert minutes(life, Metric.NEXT_REPLY) == []  # the first reply covers it
    life.at("mon 9:10", AgentReplied, actor=BOB)
    assert minutes(life, Metric.NEXT_REPLY) == []
    life.at("mon 9:20", RequesterWrote, actor=MAX).at("mon 9:22", RequesterWrote, actor=MAX)
    assert minutes(life, Metric.NEXT_REPLY) == [(20, 65, None)]
    life.at("mon 9:25", AgentReplied, actor=BOB).at("mon 9:40", RequesterWrote, actor=MAX)
    assert minutes(life, Metric.NEXT_REPLY) == [(20, 65, 5), (40, 85, None)]


def test_keeping_informed_counts_from_the_last_answer_whatever_the_requester_writes() -> None:
    life = Life(policy=a_policy(promises={(4, Metric.UPDATE): Target(60, "business")}, calendar=ALL_DAY))
    life.at("mon 9:20", AgentReplied, actor=BOB)
    assert minutes(life, Metric.UPDATE) == [(0, 60, 20), (20, 80, None)]
    life.at("mon 9:50", RequesterWrote, actor=MAX)
    assert minutes(life, Metric.UPDATE)[-1] == (20, 80, None)
    life.at("mon 10:20", AgentReplied, actor=BOB)
    assert minutes(life, Metric.UPDATE) == [(0, 60, 20), (20, 80, 60), (80, 140, None)]
    life.at("mon 10:30", TicketResolved, actor=BOB).at("mon 11:00", RequesterWrote, actor=MAX)
    assert minutes(life, Metric.UPDATE)[-1] == (80, 170, None)


def test_work_stands_still_on_every_hold() -> None:
    life = Life(policy=a_policy(promises={(4, Metric.WORK): Target(60, "business")}, calendar=ALL_DAY))
    life.at("mon 9:10", HoldStarted, actor=BOB, reason=HoldReason.VENDOR, until=when("mon 10:10"))
    assert life.cycle(Metric.WORK).outcome is Outcome.PAUSED
    assert life.at("mon 9:30", TicketResolved, actor=BOB).cycle(Metric.WORK).elapsed_s == 600
