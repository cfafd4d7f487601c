"""What each event does to the timers and clocks of a ticket."""

from __future__ import annotations

from mailgate.decide.lifecycle import Effect
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    AutoResolved,
    HoldStarted,
    LetterRefused,
    NoteAdded,
    ReminderDue,
    RequesterClosed,
    RequesterReopened,
    RequesterWrote,
    TicketClosed,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
    WakeDue,
)
from mailgate.model.policy import Metric, Timers
from mailgate.model.ticket import HoldReason, Outcome, Status
from tests.decide.life import BOB, MAX, Life, a_policy, in_status, paused, said, when

# --- timers ----------------------------------------------------------------------------------------------------------------


def test_while_we_wait_there_are_reminders_after_two_and_four_business_days_and_a_solution_after_six() -> None:
    life = Life().at("thu 10:00", AgentReplied, actor=BOB).at("thu 10:00", WaitStarted, actor=BOB)
    assert life.timers == {"remind1": "mon2 10:00", "remind2": "wed2 10:00", "auto_resolve": "fri2 10:00"}
    assert life.ticket.next_check_at == when("mon2 10:00")


def test_a_timer_counts_from_when_the_requester_is_written_to_and_not_from_an_old_mail() -> None:
    life = Life().at("mon 10:00", WaitStarted, actor=BOB, now="thu 15:00")
    assert life.timers["remind1"] == "mon2 15:00"
    assert life.cycle().pauses[0].began_at == when("mon 10:00")


def test_another_answer_while_we_wait_starts_the_reminders_anew() -> None:
    life = in_status("pending_user").at("tue 12:00", AgentReplied, actor=BOB)
    assert life.timers == {"remind1": "thu 12:00", "remind2": "mon2 12:00", "auto_resolve": "wed2 12:00"}


def test_a_reminder_that_went_off_takes_the_earlier_ones_with_it() -> None:
    life = in_status("pending_user").at("fri 12:00", ReminderDue, n=2)
    assert list(life.timers) == ["auto_resolve"]


def test_with_a_date_the_ticket_comes_back_then_and_is_not_resolved_before() -> None:
    life = Life().at("mon 10:00", WaitStarted, actor=BOB, until=when("thu 8:00"))
    assert life.timers == {"remind1": "wed 10:00", "wake": "thu 8:00"}
    life.at("thu 8:00", WakeDue)
    assert (life.ticket.status, life.ticket.timers) == (Status.OPEN, ())


def test_a_hold_wakes_at_its_date_and_a_new_hold_forgets_the_old_date() -> None:
    life = Life().at("mon 10:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR, until=when("thu 8:00"))
    assert life.timers == {"wake": "thu 8:00"}
    life.at("mon 11:00", HoldStarted, actor=BOB, reason=HoldReason.CHANGE)
    assert (life.timers, life.ticket.hold) == ({}, HoldReason.CHANGE)


def test_holding_forgets_the_reminders_and_waiting_forgets_the_hold() -> None:
    life = in_status("pending_user").at("mon 11:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    assert life.timers == {}
    life.at("mon 12:00", WaitStarted, actor=BOB)
    assert (life.ticket.hold, len(life.timers)) == (None, 3)


def test_without_an_answer_the_ticket_is_resolved_and_then_closed() -> None:
    life = in_status("pending_user").at("tue2 9:30", AutoResolved)
    assert (life.ticket.status, life.ticket.resolution_code) == (Status.RESOLVED, "no_response")
    assert life.timers == {"auto_close": "tue3 9:30"}
    life.at("tue3 9:30", AutoClosed)
    assert (life.ticket.status, life.ticket.timers, life.ticket.next_check_at) == (Status.CLOSED, (), None)


def test_timers_that_are_switched_off_never_go_off() -> None:
    policy = a_policy(timers=Timers(reminders=(), auto_resolve=None, auto_close=None))
    assert in_status("pending_user", policy=policy).timers == {}
    assert in_status("resolved", policy=policy).timers == {}


def test_a_timer_that_comes_too_late_is_dropped() -> None:
    life = in_status("open").at("mon 11:00", AutoResolved)
    assert (life.ticket.status, life.effects) == (Status.OPEN, (Effect.DROP,))


# --- clocks ----------------------------------------------------------------------------------------------------------------


def test_clocks_start_with_the_ticket() -> None:
    life = Life("fri 17:00")
    assert said(life.cycle(Metric.FIRST_REPLY).due_at) == "mon2 15:00"
    assert said(life.cycle().due_at) == "thu2 17:00"
    assert said(life.ticket.next_check_at) == "mon2 13:00"  # 75 percent of the first reply


def test_only_a_public_answer_stops_the_first_reply() -> None:
    life = Life().at("mon 9:30", NoteAdded, actor=BOB).at("mon 9:31", TicketTaken, actor=BOB)
    assert life.cycle(Metric.FIRST_REPLY).outcome is Outcome.RUNNING
    cycle = life.at("mon 9:45", AgentReplied, actor=BOB, letter="AAAAAAAA").cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, cycle.elapsed_s, cycle.stopped_by) == (Outcome.MET, 45 * 60, "AAAAAAAA")


def test_waiting_for_the_requester_pauses_the_resolution_until_his_mail_arrived() -> None:
    life = in_status("pending_user").at("wed 9:30", RequesterWrote, actor=MAX, now="thu 12:00")
    assert paused(life) == [("pending_user", "mon 9:30", "wed 9:30")]
    assert life.cycle().outcome is Outcome.RUNNING
    assert said(life.cycle().due_at) == "tue2 9:00"  # forty hours lead to Friday 9:00, two days of waiting to Tuesday


def test_a_pause_never_ends_before_it_began() -> None:
    life = in_status("pending_user").at("mon 9:10", RequesterWrote, actor=MAX, now="mon 12:00")
    assert paused(life) == [("pending_user", "mon 9:30", "mon 9:30")]


def test_a_vendor_does_not_pause_the_resolution_but_a_date_agreed_with_the_requester_does() -> None:
    life = Life().at("mon 10:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    assert (life.cycle().outcome, paused(life)) == (Outcome.RUNNING, [])
    life.at("mon 11:00", HoldStarted, actor=BOB, reason=HoldReason.SCHEDULED, until=when("wed 11:00"))
    assert life.cycle().outcome is Outcome.PAUSED
    life.at("wed 11:00", WakeDue)
    assert paused(life) == [("hold:scheduled", "mon 11:00", "wed 11:00")]


def test_from_waiting_to_a_vendor_the_clock_runs_on() -> None:
    life = in_status("pending_user").at("tue 9:30", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    assert (life.cycle().outcome, paused(life)) == (Outcome.RUNNING, [("pending_user", "mon 9:30", "tue 9:30")])


def test_what_pauses_is_the_policys_business() -> None:
    policy = a_policy(pause_on_hold=frozenset({"vendor"}))
    life = Life(policy=policy).at("mon 10:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    assert paused(life) == [("hold:vendor", "mon 10:00", "-")]
    life.at("mon 10:30", HoldStarted, actor=BOB, reason=HoldReason.SCHEDULED)
    assert paused(life) == [("hold:vendor", "mon 10:00", "mon 10:30")]


def test_a_reopened_ticket_runs_on_and_the_time_it_was_solved_does_not_count() -> None:
    life = Life(priority=2).at("mon 10:00", TicketResolved, actor=BOB)
    assert (life.cycle().outcome, life.cycle().elapsed_s) == (Outcome.MET, 3600)
    life.at("wed 14:00", RequesterWrote, actor=MAX)
    assert (life.cycle().outcome, life.cycle().n, life.cycle().elapsed_s) == (Outcome.RUNNING, 1, None)
    assert paused(life) == [("resolved", "mon 10:00", "wed 14:00")]
    assert said(life.cycle().due_at) == "thu 11:00"
    assert life.cycle(Metric.FIRST_REPLY).outcome is Outcome.MET


def test_who_closed_his_unanswered_ticket_and_reopens_it_is_owed_the_first_reply_again() -> None:
    life = Life(priority=2).at("mon 9:30", RequesterClosed, actor=MAX).at("tue 9:30", RequesterReopened, actor=MAX)
    cycle = life.cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, said(cycle.due_at)) == (Outcome.RUNNING, "tue 10:00")


def test_a_reply_that_is_late_when_the_ticket_is_closed_stays_missed() -> None:
    life = Life(priority=2).at("mon 10:30", TicketClosed, actor=BOB)
    cycle = life.cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, cycle.breached_at) == (Outcome.MISSED, when("mon 10:00"))


def test_nothing_runs_on_a_rejected_ticket_and_all_of_it_once_it_is_restored() -> None:
    life = in_status("rejected", priority=2)
    assert {(c.outcome, c.cancel_reason) for c in life.ticket.cycles} == {(Outcome.CANCELLED, "rejected")}
    assert life.ticket.next_check_at is None
    life.at("tue 9:30", TicketReopened, actor=BOB)
    assert life.ticket.status is Status.NEW
    assert said(life.cycle(Metric.FIRST_REPLY).due_at) == "tue 10:00"


# --- refused letters -------------------------------------------------------------------------------------------------------


def test_an_answer_that_reached_nobody_has_answered_nothing() -> None:
    life = Life(priority=2).at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA")
    life.at("mon 9:50", LetterRefused, letter="AAAAAAAA")
    cycle = life.cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, cycle.annulled_by, cycle.stopped_at, said(cycle.due_at)) == (Outcome.RUNNING, "AAAAAAAA", None, "mon 10:00")
    assert (life.ticket.waiting_since, life.ticket.public_agent_at) == (when("mon 9:00"), None)
    assert life.ticket.next_check_at == when("mon 9:45")  # the first warning, which nobody has heard yet


def test_another_letter_that_was_refused_stops_nothing_and_starts_nothing() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA")
    before = life.ticket
    assert life.at("mon 9:50", LetterRefused, letter="BBBBBBBB").ticket == before


def test_a_later_answer_that_did_arrive_stops_the_clock_instead() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA").at("mon 9:40", AgentReplied, actor=BOB, letter="BBBBBBBB")
    cycle = life.at("mon 9:50", LetterRefused, letter="AAAAAAAA").cycle(Metric.FIRST_REPLY)
    assert (cycle.outcome, cycle.stopped_at, cycle.annulled_by) == (Outcome.MET, when("mon 9:40"), "AAAAAAAA")


def test_a_question_that_reached_nobody_pauses_nothing() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA").at("mon 9:30", WaitStarted, actor=BOB, letter="AAAAAAAA")
    life.at("tue 9:30", LetterRefused, letter="AAAAAAAA")
    assert (life.ticket.status, life.ticket.timers) == (Status.OPEN, ())
    assert paused(life) == [("pending_user", "mon 9:30", "mon 9:30")]
    assert life.cycle().outcome is Outcome.RUNNING
    assert said(life.cycle().due_at) == "fri 9:00"


def test_a_refused_solution_reopens_the_ticket() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA")
    life.at("mon 9:30", TicketResolved, actor=BOB, letter="AAAAAAAA")
    life.at("mon 9:50", LetterRefused, letter="AAAAAAAA", carried_solution=True)
    assert (life.ticket.status, life.ticket.reopened, life.ticket.timers) == (Status.OPEN, 1, ())
    assert {c.outcome for c in life.ticket.cycles} == {Outcome.RUNNING}


def test_another_refused_letter_leaves_the_solution_alone() -> None:
    life = in_status("resolved").at("mon 9:50", LetterRefused, letter="AAAAAAAA")
    assert life.ticket.status is Status.RESOLVED


def test_a_refused_letter_starts_no_clock_on_a_closed_ticket() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA").at("mon 9:30", TicketClosed, actor=BOB)
    life.at("mon 9:50", LetterRefused, letter="AAAAAAAA")
    assert (life.cycle(Metric.FIRST_REPLY).outcome, life.ticket.next_check_at) == (Outcome.CANCELLED, None)
