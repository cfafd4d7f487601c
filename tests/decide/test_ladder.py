"""The ladder of alarms: who hears at which level, when, and what is said again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mailgate.decide import ladder
from mailgate.decide.clocks import ReadUpTo, on_time
from mailgate.model.decision import Decision
from mailgate.model.events import DuePromised, PriorityChanged, SlaWarned, TicketTaken, name_of
from mailgate.model.person import Person, Role
from mailgate.model.policy import ESCALATE, Agent, Hearer, Metric, Policy, Target
from tests.decide.life import AGENTS, ANN, BOB, CIM, MINUTE, Life, a_policy, a_scene, said, when

REPLY = Metric.FIRST_REPLY
EVE, DAN = 21, 22
MORE = {
    **AGENTS,
    "eve": Person(EVE, "Eve Adler", "eve@example.org", agent="eve"),
    "dan": Person(DAN, "Dan Wu", "dan@example.org", agent="dan"),
}
#: Only the first reply is promised: an hour, at any time or in opening hours.
HOUR = {(p, REPLY): Target(60, "always") for p in (1, 2, 4)}
OFFICE = {(1, REPLY): Target(60, "business"), (2, REPLY): Target(60, "business")}


def policy(
    *, promises: Mapping[tuple[int, Metric], Target] | None = None, role: Role = Role.AGENT, again: int | None = 1, **group: object
) -> Policy:
    made = a_policy(promises=dict(promises or HOUR), escalate=ESCALATE, again=again)
    agents = {
        **made.agents,
        "eve": Agent("eve", "Eve Adler", "eve@example.org"),
        "dan": Agent("dan", "Dan Wu", "dan@example.org", role=role),
    }
    return replace(made, agents=agents, groups={**made.groups, "it": replace(made.groups["it"], **group)})  # type: ignore[arg-type]


def tick(life: Life, at: str, read: ReadUpTo | None = None) -> Decision:
    decision = on_time(a_scene(life.file, when(at), policy=life.policy, agents=MORE), read)
    for change in decision.changes:
        life.ticket = change.after
    return decision


def heard(decision: Decision) -> list[tuple[int, str]]:
    return [(letter.person.id, letter.audience.value) for letter in decision.letters]


def events(decision: Decision) -> list[str]:
    return [name_of(event) for change in decision.changes for event in change.events]


def owned(**options: object) -> Life:
    return Life(priority=2, policy=policy(**options)).at("mon 9:05", TicketTaken, actor=BOB)  # type: ignore[arg-type]


def test_each_step_goes_to_those_it_names() -> None:
    life = owned(manager="eve", on_call=("dan", "cim"))
    steps = [heard(tick(life, at)) for at in ("mon 9:45", "mon 10:00", "mon 10:30", "mon 11:00")]
    assert steps == [
        [(BOB, "agent")],
        [(BOB, "agent"), (ANN, "lead")],
        [(ANN, "agent"), (BOB, "agent"), (EVE, "lead")],
        [(DAN, "lead"), (CIM, "lead")],
    ]
    assert tick(life, "mon 12:00") == Decision()


@pytest.mark.parametrize(
    ("group", "role", "manager", "on_call"),
    [
        ({"manager": "eve"}, Role.AGENT, EVE, EVE),
        ({"on_call": ("cim",)}, Role.AGENT, ANN, CIM),
        ({"lead": None}, Role.OPERATOR, DAN, DAN),
        ({"manager": "gone", "on_call": ("gone",)}, Role.AGENT, ANN, ANN),
    ],
)
def test_who_is_missing_gives_way_to_the_next_above(group: dict[str, object], role: Role, manager: int, on_call: int) -> None:
    life = owned(role=role, **group)
    tick(life, "mon 10:00")
    assert manager in {person for person, _ in heard(tick(life, "mon 10:30"))}
    assert {person for person, _ in heard(tick(life, "mon 11:00"))} == {on_call}


def test_what_was_missed_is_one_letter_for_each_and_says_the_highest_level() -> None:
    life = owned(manager="eve", on_call=("dan",))
    decision = tick(life, "mon 11:30")
    assert events(decision) == ["sla_breached", "sla_escalated"]
    assert sorted(person for person, _ in heard(decision)) == [ANN, BOB, EVE, DAN]
    assert {letter.kind.level for letter in decision.letters} == {200}  # type: ignore[attr-defined]
    assert tick(life, "mon 11:31") == Decision()


def test_a_breach_that_lasts_is_told_again_once_a_day_to_owner_and_lead() -> None:
    life = owned(on_call=("dan",))
    for at in ("mon 10:00", "mon 10:30", "mon 11:00"):
        tick(life, at)
    assert said(life.ticket.next_check_at) == "tue 11:00"
    assert tick(life, "tue 10:59") == Decision()
    again = tick(life, "tue 11:00")
    assert (events(again), heard(again)) == (["sla_repeated"], [(BOB, "agent"), (ANN, "lead")])
    assert [letter.kind.again for letter in again.letters] == [True, True]  # type: ignore[attr-defined]
    assert (tick(life, "tue 23:00"), events(tick(life, "wed 11:00"))) == (Decision(), ["sla_repeated"])


def test_it_is_never_told_again_where_the_policy_says_so() -> None:
    life = owned(again=None)
    for at in ("mon 10:00", "mon 10:30", "mon 11:00"):
        tick(life, at)
    assert life.ticket.next_check_at is None


def test_what_was_missed_is_told_when_somebody_is_there_again_and_the_index_says_when() -> None:
    life = Life("mon 17:00", priority=2, policy=policy(promises={(2, REPLY): Target(50, "business")}))
    tick(life, "mon 17:40")
    assert tick(life, "mon 17:52") != Decision()  # the breach, and the round is two minutes late
    late = Life("mon 17:00", priority=2, policy=policy(promises={(2, REPLY): Target(50, "business")}))
    assert [events(tick(late, at)) for at in ("mon 19:00", "tue 7:59")] == [[], []]
    assert said(late.ticket.next_check_at) == "tue 8:00"
    assert events(tick(late, "tue 8:00")) == ["sla_breached"]


def test_what_was_broken_twice_and_missed_at_night_wants_nothing_before_the_morning() -> None:
    promises = {(2, REPLY): Target(50, "business"), (4, REPLY): Target(100, "business")}
    life = Life("mon 16:00", priority=2, policy=policy(promises=promises))
    tick(life, "mon 16:52")
    life.at("mon 16:55", PriorityChanged, actor=ANN, before=2, after=4)
    assert events(tick(life, "mon 19:00")) == []  # nobody has looked since: the longer promise is broken as well
    assert said(life.ticket.next_check_at) == "tue 8:00"
    assert events(tick(life, "tue 8:00")) == ["sla_breached"]


def test_of_the_highest_priority_it_is_told_at_any_hour() -> None:
    life = Life("mon 17:00", priority=1, policy=policy(promises=OFFICE))
    assert events(tick(life, "mon 20:00")) == ["sla_warned"]
    assert events(tick(Life("mon 17:00", priority=2, policy=policy(promises=OFFICE)), "mon 20:00")) == []


def test_a_level_comes_again_only_after_the_promise_was_changed_below_it() -> None:
    promises = {(2, REPLY): Target(60, "always"), (4, REPLY): Target(240, "always")}
    life = Life(priority=2, policy=policy(promises=promises))
    for at in ("mon 9:45", "mon 10:00", "mon 10:30"):
        tick(life, at)
    life.at("mon 10:31", PriorityChanged, actor=ANN, before=2, after=4)
    tick(life, "mon 10:31")
    assert [level for level in life.cycle(REPLY).warned if level >= 75] == []
    assert [events(tick(life, at)) for at in ("mon 12:00", "mon 12:36", "mon 13:00")] == [["sla_warned"], ["sla_warned"], ["sla_breached"]]


def test_who_is_to_pick_a_ticket_up_is_the_leads_to_mend() -> None:
    ticket = Life(priority=2, policy=policy()).ticket
    cycle = replace(ticket.cycles[0], metric=Metric.PICKUP)
    life = Life(priority=2, policy=policy(promises={(2, Metric.PICKUP): Target(60, "always")}))
    life.ticket = replace(life.ticket, cycles=(cycle,))
    assert heard(tick(life, "mon 9:45")) == [(ANN, "agent")]


def test_nothing_is_judged_beyond_what_was_read() -> None:
    life = owned()
    assert events(tick(life, "mon 10:05", ReadUpTo(when("mon 9:50")))) == ["sla_warned"]
    assert tick(life, "mon 10:06", ReadUpTo(when("mon 9:50"))) == Decision()
    unread = tick(life, "mon 10:12", ReadUpTo(when("mon 10:02"), when("mon 9:30")))
    assert events(unread) == ["sla_warned", "sla_breached"][1:]
    assert {letter.kind.unread_since for letter in unread.letters} == {when("mon 9:30")}  # type: ignore[attr-defined]


def test_our_own_delay_stands_in_the_alarm_where_it_was_more_than_minutes() -> None:
    def told(minutes: int) -> object:
        life = owned()
        life.ticket = replace(life.ticket, created_at=life.ticket.arrived_at + minutes * MINUTE)
        return tick(life, "mon 10:00").letters[0].kind.delay_s  # type: ignore[attr-defined]

    assert (told(5), told(40)) == (None, 2400)


def test_a_date_by_hand_is_near_when_most_of_the_time_until_then_is_over() -> None:
    life = Life(policy=a_policy(promises={})).at("mon 9:00", DuePromised, actor=BOB, until=when("mon 17:00"))
    assert said(life.ticket.next_check_at) == "mon 15:00"
    assert [events(tick(life, at)) for at in ("mon 15:00", "mon 16:00", "mon 17:00", "tue 17:00")] == [
        ["promised_date_near"], [], ["promised_date_passed"], [],
    ]  # fmt: skip
    life.at("wed 9:00", DuePromised, actor=BOB, until=when("thu 17:00"))
    assert events(tick(life, "thu 17:00")) == ["promised_date_passed"]


def test_a_step_that_the_policy_leaves_out_reaches_nobody() -> None:
    life = Life(priority=2, policy=a_policy(promises=HOUR, escalate={300: (Hearer.LEAD,)})).at("mon 9:05", TicketTaken, actor=BOB)
    assert (events(tick(life, "mon 10:00")), life.ticket.cycles[0].warned) == (["sla_breached"], (100,))
    assert heard(tick(life, "mon 12:00")) == [(ANN, "lead")]


def test_going_from_one_instant_to_the_next_each_says_something_and_none_comes_early() -> None:
    life, seen = Life(priority=2, policy=policy(promises=OFFICE)), []
    for _ in range(12):
        at = life.ticket.next_check_at
        assert at is not None and ladder.alarms(life.ticket, life.rules, at - MINUTE / 60) == ()
        found = ladder.alarms(life.ticket, life.rules, at)
        assert found
        for one in found:
            life.ticket = ladder.said(life.ticket, one, at)
        life.ticket = replace(life.ticket, next_check_at=ladder.next_check(life.ticket, life.rules, at))
        seen += [one.level if isinstance(one, SlaWarned) else getattr(one, "level", name_of(one)) for one in found]
    assert seen == [75, 90, "sla_breached", 150, 200, *["sla_repeated"] * 7]
