"""Time passes over a ticket: who hears of what, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailgate.decide.clocks import on_time
from mailgate.model.decision import Decision
from mailgate.model.events import AgentReplied, HoldStarted, RequesterWrote, TicketResolved, TicketTaken, WaitStarted, name_of
from mailgate.model.letter import Audience
from mailgate.model.letters import Reminder
from mailgate.model.person import Person
from mailgate.model.policy import Timers
from mailgate.model.reason import Reason
from mailgate.model.ticket import HoldReason, Outcome, Status, TimerKind, Visibility
from tests.decide.life import AGENTS, ANN, BOB, CIM, MAX, Life, a_policy, a_scene, said, when, with_ticket

SECOND = timedelta(seconds=1)


def tick(life: Life, now: str | datetime, agents: Mapping[str, Person] = AGENTS) -> Decision:
    """One look, and the ticket is what it is afterwards."""
    at = when(now) if isinstance(now, str) else now
    decision = on_time(a_scene(life.file, at, policy=life.policy, agents=agents))
    for change in decision.changes:
        assert change.before == life.ticket
        life.ticket = change.after
        life.history += [(event, at) for event in change.events]
    return decision


def events(decision: Decision) -> list[str]:
    return [name_of(event) for change in decision.changes for event in change.events]


def letters(decision: Decision) -> list[tuple[str, str, int]]:
    return [(letter.event, letter.audience.value, letter.person.id) for letter in decision.letters]


def waiting(**options: object) -> Life:
    life = Life(**options)  # type: ignore[arg-type]
    return life.at("mon 9:30", AgentReplied, actor=BOB).at("mon 9:30", WaitStarted, actor=BOB)


# --- warnings and breaches ----------------------------------------------------------------------------------------------------


def test_before_anything_is_due_nothing_happens() -> None:
    life = Life(priority=2)
    assert tick(life, "mon 9:44") == Decision()


def test_a_warning_goes_to_the_owner_and_expires_with_the_breach() -> None:
    life = Life(priority=2).at("mon 9:30", TicketTaken, actor=BOB)
    decision = tick(life, "mon 9:46")
    assert (events(decision), letters(decision)) == (["sla_warned"], [("sla_warned", "agent", BOB)])
    (letter,) = decision.letters
    assert letter.expires_at == when("mon 10:00")
    assert letter.answer_is is Visibility.INTERNAL
    assert letter.automatic
    assert (letter.kind.metric, letter.kind.target_s, letter.kind.left_s) == ("first_reply", 60 * 60, 14 * 60)
    assert letter.kind.due_at == when("mon 10:00")


def test_a_letter_says_what_is_left_as_the_clock_on_the_wall_does_only_where_nothing_closes_in_between() -> None:
    """8 to 18 o'clock, an hour for the first answer: 14 minutes at 9:46, and half an hour on Friday evening is not due in half an hour."""
    owned = Life(priority=2).at("mon 9:30", TicketTaken, actor=BOB)
    assert [letter.kind.unbroken for letter in tick(owned, "mon 9:46").letters] == [True]
    assert [letter.kind.unbroken for letter in tick(owned, "mon 10:30").letters] == [True, True]
    assert [letter.kind.unbroken for letter in tick(owned, "tue 9:00").letters] == [False, False]


def test_whoever_is_warned_reads_which_lead_hears_of_a_breach_and_of_none_who_does_not() -> None:
    owned = Life(priority=2).at("mon 9:30", TicketTaken, actor=BOB)
    for at in ("mon 9:46", "mon 10:30"):
        assert {letter.kind.also for letter in tick(owned, at).letters if letter.audience is Audience.AGENT} == {(AGENTS["ann"].name,)}
    by_lead = Life(priority=2).at("mon 9:30", TicketTaken, actor=ANN)
    assert {letter.kind.also for letter in (*tick(by_lead, "mon 9:46").letters, *tick(by_lead, "mon 10:30").letters)} == {()}


def test_while_nobody_owns_the_ticket_the_whole_group_is_warned_and_nobody_else() -> None:
    assert letters(tick(Life(priority=2), "mon 9:45")) == [("sla_warned", "agent", ANN), ("sla_warned", "agent", BOB)]


def test_an_agent_who_asked_is_not_alarmed_about_his_own_ticket_unless_nobody_else_is_there() -> None:
    def asked() -> Life:
        life = Life(priority=2)
        life.ticket = replace(life.ticket, requester=ANN)
        return life

    assert letters(tick(asked(), "mon 9:45")) == [("sla_warned", "agent", BOB)]
    assert letters(tick(asked().at("mon 9:46", TicketTaken, actor=ANN), "mon 10:30")) == [("sla_breached", "agent", BOB)]
    alone = {"ann": AGENTS["ann"]}
    assert letters(tick(asked().at("mon 9:46", TicketTaken, actor=ANN), "mon 10:30", alone)) == [("sla_breached", "agent", ANN)]


def test_a_breach_goes_to_owner_and_lead() -> None:
    life = Life(priority=2).at("mon 9:30", TicketTaken, actor=BOB)
    decision = tick(life, "mon 10:30")
    assert (events(decision), letters(decision)) == (["sla_breached"], [("sla_breached", "agent", BOB), ("sla_breached", "lead", ANN)])
    assert {letter.kind.over_s for letter in decision.letters} == {1800}


def test_a_lead_who_owns_the_ticket_or_is_in_the_group_gets_one_letter() -> None:
    owned = Life(priority=2).at("mon 9:30", TicketTaken, actor=ANN)
    assert letters(tick(owned, "mon 10:30")) == [("sla_breached", "agent", ANN)]
    assert letters(tick(Life(priority=2), "mon 10:30")) == [("sla_breached", "agent", ANN), ("sla_breached", "agent", BOB)]


def test_an_owner_who_is_no_agent_any_more_leaves_the_ticket_to_the_group() -> None:
    life = Life(priority=2).at("mon 9:30", TicketTaken, actor=CIM)
    known = {id_: person for id_, person in AGENTS.items() if id_ != "cim"}
    assert letters(tick(life, "mon 9:45", known)) == [("sla_warned", "agent", ANN), ("sla_warned", "agent", BOB)]


def test_a_group_without_a_lead_hears_of_its_own_breach() -> None:
    life = Life(priority=2, policy=a_policy(lead=None)).at("mon 9:30", TicketTaken, actor=BOB)
    assert letters(tick(life, "mon 10:30")) == [("sla_breached", "agent", BOB)]


def test_each_alarm_comes_once_however_often_we_look() -> None:
    life = Life(priority=2)
    found = [event for minute in range(0, 14 * 60, 7) for event in events(tick(life, when("mon 9:00") + minute * 60 * SECOND))]
    assert found == ["sla_warned", "sla_warned", "sla_breached"] * 2
    assert tick(life, "fri 9:01") == Decision()


def test_after_three_days_without_us_each_clock_is_heard_of_once() -> None:
    """(fault 54)"""
    life = Life(priority=2)
    assert events(tick(life, "thu 9:00")) == ["sla_breached", "sla_breached"]
    assert tick(life, "thu 9:01") == Decision()
    assert life.ticket.next_check_at is None


def test_a_paused_clock_says_nothing() -> None:
    life = waiting(priority=2, policy=a_policy(timers=Timers((), None, None)))
    assert tick(life, "fri2 9:00") == Decision()


def test_an_alarm_that_is_switched_off_is_still_recorded() -> None:
    life = Life(priority=2, policy=a_policy(letters={"sla_warned": False}))
    decision = tick(life, "mon 9:45")
    assert (events(decision), decision.letters) == (["sla_warned"], ())
    assert tick(life, "mon 9:46") == Decision()


# --- timers ------------------------------------------------------------------------------------------------------------------------


def test_reminders_go_to_the_requester_after_two_and_four_business_days() -> None:
    life = waiting()
    assert tick(life, "wed 9:29") == Decision()
    first = tick(life, "wed 9:30")
    assert (events(first), letters(first)) == (["reminder_due"], [("reminder_due", "requester", MAX)])
    (letter,) = first.letters
    assert first.changes[0].events[0].n == 1
    assert letter.expires_at == when("thu 9:30")
    assert letter.audience is Audience.REQUESTER
    assert tick(life, "wed 9:31") == Decision()
    assert tick(life, "fri 9:30").changes[0].events[0].n == 2


def test_reminders_that_were_missed_become_the_last_of_them() -> None:
    life = waiting()
    decision = tick(life, "mon2 9:30")
    assert [event.n for event in decision.changes[0].events] == [2] and len(decision.letters) == 1
    assert list(life.timers) == ["auto_resolve"]


def test_after_six_business_days_without_an_answer_the_ticket_is_resolved() -> None:
    life = waiting()
    decision = tick(life, "tue2 9:30")
    assert (events(decision), letters(decision)) == (["auto_resolved"], [("auto_resolved", "requester", MAX)])
    assert (life.ticket.status, life.ticket.resolution_code) == (Status.RESOLVED, "no_response")
    (letter,) = decision.letters
    assert letter.closure is None  # nobody is asked to rate that
    assert said(life.ticket.next_check_at) == "tue3 9:30"


def test_nobody_is_reminded_of_what_is_resolved_in_the_same_minute() -> None:
    assert events(tick(waiting(), "fri3 9:30")) == ["auto_resolved"]


def test_a_resolved_ticket_closes_without_a_word() -> None:
    life = Life().at("mon 9:30", TicketResolved, actor=BOB)
    decision = tick(life, "mon2 9:30")
    assert (events(decision), decision.letters, life.ticket.status) == (["auto_closed"], (), Status.CLOSED)
    assert tick(life, "mon3 9:30") == Decision()


def test_that_it_closes_is_told_where_the_policy_asks_for_it() -> None:
    life = Life(policy=a_policy(letters={"auto_closed": True})).at("mon 9:30", TicketResolved, actor=BOB)
    assert letters(tick(life, "mon2 9:30")) == [("auto_closed", "requester", MAX)]


def test_an_answer_calls_the_reminders_off() -> None:
    life = waiting().at("tue 9:30", RequesterWrote, actor=MAX)
    assert tick(life, "wed 9:30") == Decision()


def test_at_the_agreed_date_the_ticket_comes_back_to_its_owner_and_the_clock_runs_from_that_date() -> None:
    life = Life(priority=2).at("mon 9:30", AgentReplied, actor=BOB)
    life.at("mon 9:30", HoldStarted, actor=BOB, reason=HoldReason.SCHEDULED, until=when("thu 8:00"))
    decision = tick(life, "thu 9:00")
    assert (events(decision), letters(decision)) == (["wake_due"], [("wake_due", "agent", BOB)])
    assert [letter.kind.hold for letter in decision.letters] == [HoldReason.SCHEDULED]
    assert life.ticket.status is Status.OPEN
    assert (life.cycle().outcome, said(life.cycle().due_at)) == (Outcome.RUNNING, "thu 15:30")


def test_a_clock_that_was_used_up_when_the_ticket_came_back_is_heard_of_in_the_same_look() -> None:
    life = Life(priority=2).at("mon 9:30", AgentReplied, actor=BOB)
    life.at("mon 9:30", HoldStarted, actor=BOB, reason=HoldReason.SCHEDULED, until=when("tue 8:00"))
    assert events(tick(life, "thu 9:00")) == ["wake_due", "sla_breached"]


def test_a_reminder_that_is_switched_off_is_recorded_as_suppressed() -> None:
    life = waiting(policy=a_policy(letters={"reminder_due": False}))
    decision = tick(life, "wed 9:30")
    assert (events(decision), decision.letters) == (["reminder_due", "letter_suppressed"], ())
    assert decision.changes[0].events[1].reason == Reason("switched_off")  # type: ignore[attr-defined]


def test_a_requester_who_is_not_known_any_more_gets_no_letter_and_stops_nothing() -> None:
    life = waiting()
    file = with_ticket(life.file)
    decision = on_time(a_scene(type(file)(file.ticket, (), ()), when("tue2 9:30"), policy=life.policy))
    assert events(decision) == ["auto_resolved", "letter_suppressed"]
    assert decision.letters == ()


# --- the index ------------------------------------------------------------------------------------------------------------------------


def test_an_index_that_named_the_wrong_instant_is_put_right_so_that_no_round_looks_again_and_again() -> None:
    life = Life(priority=2)
    stale = with_ticket(life.file, next_check_at=when("mon 9:01"))
    decision = on_time(a_scene(stale, when("mon 9:02"), policy=life.policy))
    assert [(c.events, said(c.after.next_check_at)) for c in decision.changes] == [((), "mon 9:45")]
    assert decision.letters == ()


@pytest.mark.parametrize("priority", [1, 2, 4, 5])
def test_going_from_one_due_instant_to_the_next_ends_and_never_stands_still(priority: int) -> None:
    life = waiting(priority=priority)
    seen: list[str] = []
    for _ in range(40):
        at = life.ticket.next_check_at
        if at is None:
            break
        assert tick(life, at - SECOND) == Decision()
        found = events(tick(life, at))
        assert found
        assert life.ticket.next_check_at is None or life.ticket.next_check_at > at
        seen += found
    assert life.ticket.status is Status.CLOSED
    assert [name for name in seen if not name.startswith("sla")] == ["reminder_due", "reminder_due", "auto_resolved", "auto_closed"]


@pytest.mark.parametrize(
    ("reminders", "auto_resolve", "last"),
    [((2, 4), 6, [False, True]), ((2,), 6, [False]), ((1, 2, 3), 6, [False, False, True]), ((2, 4), None, [False, False])],
)
def test_the_last_reminder_asks_whether_to_close_where_the_end_comes_next(
    reminders: tuple[int, ...], auto_resolve: int | None, last: list[bool]
) -> None:
    policy = replace(a_policy(), timers=Timers(reminders=reminders, auto_resolve=auto_resolve))
    life = waiting(policy=policy)
    due = [timer.due_at for timer in life.ticket.timers if timer.kind is TimerKind.REMIND]
    assert [tick(life, at).letters[0].kind for at in due] == [Reminder(is_last=one) for one in last]


def test_a_reminder_of_a_question_that_waits_until_a_date_never_speaks_of_closing() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB).at("mon 9:30", WaitStarted, actor=BOB, until=when("mon2 9:30"))
    due = [timer.due_at for timer in life.ticket.timers if timer.kind is TimerKind.REMIND]
    assert [tick(life, at).letters[0].kind for at in due] == [Reminder(is_last=False)] * 2
