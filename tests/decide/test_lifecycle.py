"""What each event does to a ticket, and that nothing is left undefined."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mailgate.decide.lifecycle import Effect, Facts, apply
from mailgate.decide.transitions import ROWS, TABLE, TRANSITIONS, Transition, Unless, row_for
from mailgate.model.events import (
    EVENTS,
    AgentReplied,
    AutoClosed,
    AutoReplyReceived,
    EntryAdmitted,
    HoldStarted,
    KindChanged,
    LetterRefused,
    LowRatingGiven,
    NoteAdded,
    PriorityChanged,
    RatingGiven,
    ReminderDue,
    RequesterClosed,
    RequesterThanked,
    RequesterWrote,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
    WakeDue,
    WatcherAdded,
    WatcherRemoved,
    name_of,
)
from mailgate.model.person import Role
from mailgate.model.policy import Metric
from mailgate.model.ticket import HoldReason, Member, Outcome, Status, TicketKind
from tests.decide.life import ANN, BOB, CIM, MAX, Life, a_blank, in_status, replay, said, when

# --- the table itself ------------------------------------------------------------------------------------------------------


MACHINE: dict[str, list[dict[str, str]]] = json.loads((Path(__file__).parent / "state_machine.json").read_text())


def guard_name(row: Transition) -> str | None:
    if row.guard is None:
        return None
    return f"not {row.guard.guard.__name__}" if isinstance(row.guard, Unless) else row.guard.__name__


def written() -> Counter[Any]:
    return Counter(
        (
            event,
            before,
            before if row["to"] == "=" else row["to"],
            row.get("when"),
            frozenset(row.get("effects", "").split()),
            row.get("error"),
        )
        for event, rows in MACHINE.items()
        for row in rows
        for before in row["from"].split()
    )


def built() -> Counter[Any]:
    return Counter(
        (name_of(r.event), r.before.value, r.after.value, guard_name(r), frozenset(e.value for e in r.effects), r.error) for r in ROWS
    )


def test_the_table_is_what_is_written_down_row_by_row() -> None:
    assert built() - written() == Counter()
    assert written() - built() == Counter()
    assert sum(written().values()) == 207


def test_every_pair_of_status_and_event_is_defined() -> None:
    assert len(TABLE) == 23
    assert {(s, e) for s in Status for e in TABLE} == set(TRANSITIONS)


def test_guarded_rows_are_a_guard_and_its_opposite_so_exactly_one_holds() -> None:
    for pair, rows in TRANSITIONS.items():
        names = {guard_name(row) for row in rows}
        if names == {None}:
            assert len(rows) == 1, pair
        else:
            positive = next(n for n in names if n and not n.startswith("not "))
            assert names == {positive, f"not {positive}"}, pair
            assert len(rows) == 2, pair


def test_every_status_can_be_reached_from_a_new_ticket() -> None:
    reached = {Status.NEW}
    while more := {row.after for row in ROWS if row.before in reached and row.error is None} - reached:
        reached |= more
    assert reached == set(Status)


def test_an_error_changes_nothing() -> None:
    assert all(row.before is row.after and not row.effects for row in ROWS if row.error)


def test_every_effect_is_used() -> None:
    assert {effect for row in ROWS for effect in row.effects} == set(Effect)


def test_an_event_without_a_row_is_a_fault_of_ours() -> None:
    life = Life()
    with pytest.raises(LookupError):
        row_for(life.ticket, RatingGiven(at=when("mon 10:00"), score=5, closure=1), Facts(), life.rules)


#: The essence, as people would say it: where a ticket in each status is after the event.
ESSENCE = """
                    new       open      pending   hold      resolved  closed
requester_wrote     new       open      open      hold      open      open
requester_thanked   new       open      open      hold      resolved  closed
auto_reply_received new       open      pending   hold      resolved  closed
requester_closed    resolved  resolved  resolved  resolved  closed    closed
requester_reopened  new       open      pending   hold      open      open
agent_replied       open      open      pending   hold      resolved  closed
note_added          new       open      pending   hold      resolved  closed
ticket_taken        open      open      pending   hold      resolved  E_STATE
ticket_assigned     new       open      pending   hold      resolved  E_STATE
wait_started        pending   pending   pending   pending   E_STATE   E_STATE
hold_started        hold      hold      hold      hold      E_STATE   E_STATE
ticket_resolved     resolved  resolved  resolved  resolved  resolved  E_STATE
ticket_closed       closed    closed    closed    closed    closed    closed
ticket_reopened     new       open      pending   hold      open      open
ticket_rejected     rejected  rejected  rejected  rejected  E_STATE   E_STATE
wake_due            new       open      open      open      resolved  closed
reminder_due        new       open      pending   hold      resolved  closed
auto_resolved       new       open      resolved  hold      resolved  closed
auto_closed         new       open      pending   hold      closed    closed
low_rating_given    new       open      pending   hold      resolved  closed
letter_refused      new       open      open      hold      resolved  closed
"""
SHORT = {"pending": "pending_user", "hold": "on_hold"}
FIELDS: dict[str, dict[str, object]] = {
    "ticket_assigned": {"to": CIM},
    "hold_started": {"reason": HoldReason.VENDOR},
    "low_rating_given": {"score": 1, "closure": 1},
    "letter_refused": {"letter": "AAAAAAAA"},
}


def essence() -> list[tuple[str, str, str]]:
    head, *lines = [line.split() for line in ESSENCE.strip().splitlines()]
    return [(event, SHORT.get(b, b), SHORT.get(a, a)) for event, *row in lines for b, a in zip(head, row, strict=True)]


@pytest.mark.parametrize(("event", "before", "after"), essence())
def test_where_a_ticket_is_after_each_event(event: str, before: str, after: str) -> None:
    life = in_status(before)
    facts = Facts(public_text=True, closure_text=True)
    error = life.refused("mon 10:00", EVENTS[event], facts=facts, actor=BOB, **FIELDS.get(event, {}))
    assert (error or life.ticket.status.value) == after


# --- the requester ---------------------------------------------------------------------------------------------------------


def test_an_answer_ends_waiting_and_cancels_reminders() -> None:
    life = in_status("pending_user")
    assert life.timers
    life.at("mon 11:00", RequesterWrote, actor=MAX)
    assert (life.ticket.status, life.ticket.timers) == (Status.OPEN, ())


def test_a_vacation_notice_ends_nothing() -> None:
    life = in_status("pending_user")
    timers = life.timers
    life.at("tue 11:00", AutoReplyReceived, actor=MAX)
    assert (life.ticket.status, life.timers) == (Status.PENDING_USER, timers)
    assert life.ticket.waiting_since is None


def test_on_hold_an_answer_opens_the_ticket_only_if_it_was_the_answer_that_was_missing() -> None:
    for reason, status in ((HoldReason.USER, Status.OPEN), (HoldReason.VENDOR, Status.ON_HOLD)):
        life = Life().at("mon 9:30", HoldStarted, actor=BOB, reason=reason).at("mon 11:00", RequesterWrote, actor=MAX)
        assert life.ticket.status is status
        assert life.ticket.hold is (None if status is Status.OPEN else reason)


def test_an_answer_within_the_window_reopens_a_closed_ticket() -> None:
    life = in_status("resolved").at("mon2 9:30", AutoClosed).at("mon3 9:30", RequesterWrote, actor=MAX)
    ticket = life.ticket
    assert (ticket.status, ticket.reopened, ticket.resolved_at, ticket.closed_at, ticket.resolution_code) == (
        Status.OPEN,
        1,
        None,
        None,
        None,
    )
    assert ticket.waiting_since == when("mon3 9:30")


def test_the_window_counts_from_the_solution_and_not_from_the_closing() -> None:
    life = in_status("resolved").at("mon2 9:30", AutoClosed).at("mon3 9:31", RequesterWrote, actor=MAX)
    assert life.ticket.status is Status.CLOSED
    assert Effect.CREATE_FOLLOWUP in life.effects
    assert life.ticket.waiting_since is None


def test_thanks_leave_a_solved_ticket_solved() -> None:
    life = in_status("resolved").at("mon 12:00", RequesterThanked, actor=MAX)
    assert (life.ticket.status, life.ticket.waiting_since) == (Status.RESOLVED, None)


def test_thanks_on_a_live_ticket_are_an_ordinary_message() -> None:
    life = in_status("pending_user").at("mon 12:00", RequesterThanked, actor=MAX)
    assert (life.ticket.status, life.ticket.waiting_since) == (Status.OPEN, when("mon 12:00"))
    assert Effect.TREAT_AS_WROTE not in life.effects
    assert Effect.NEXT_REPLY_START in life.effects


def test_who_closes_a_ticket_himself_is_not_kept_waiting_for_a_reply() -> None:
    life = Life().at("mon 9:30", RequesterClosed, actor=MAX)
    ticket = life.ticket
    assert (ticket.status, ticket.resolution_code, ticket.closure, ticket.waiting_since) == (Status.RESOLVED, "by_requester", 1, None)
    assert (life.cycle(Metric.FIRST_REPLY).outcome, life.cycle(Metric.FIRST_REPLY).cancel_reason) == (Outcome.CANCELLED, "resolved")
    assert life.timers == {"auto_close": "mon2 9:30"}
    assert life.at("mon 9:40", RequesterClosed, actor=MAX).ticket.status is Status.CLOSED
    assert life.ticket.timers == ()


def test_a_ticket_waits_since_the_oldest_unanswered_message() -> None:
    life = Life()
    assert life.ticket.waiting_since == when("mon 9:00")
    life.at("mon 9:20", RequesterWrote, actor=MAX)
    assert life.ticket.waiting_since == when("mon 9:00")
    life.at("mon 9:30", NoteAdded, actor=BOB)
    assert life.ticket.waiting_since == when("mon 9:00")
    life.at("mon 9:40", AgentReplied, actor=BOB)
    assert (life.ticket.waiting_since, life.ticket.public_agent_at) == (None, when("mon 9:40"))
    life.at("mon 9:50", RequesterWrote, actor=MAX).at("mon 9:55", RequesterWrote, actor=MAX)
    assert life.ticket.waiting_since == when("mon 9:50")


# --- agents ----------------------------------------------------------------------------------------------------------------


def test_the_first_public_answer_opens_and_owns_the_ticket_and_a_colleagues_does_not_take_it_over() -> None:
    life = Life().at("mon 9:30", AgentReplied, actor=BOB)
    assert (life.ticket.status, life.ticket.owner) == (Status.OPEN, BOB)
    assert life.at("mon 9:40", AgentReplied, actor=ANN).ticket.owner == BOB


def test_a_note_neither_opens_nor_owns() -> None:
    life = Life().at("mon 9:30", NoteAdded, actor=BOB)
    assert (life.ticket.status, life.ticket.owner) == (Status.NEW, None)


def test_taking_owns_and_assigning_names_the_owner_or_nobody() -> None:
    life = Life().at("mon 9:30", TicketAssigned, actor=ANN, to=BOB)
    assert (life.ticket.status, life.ticket.owner) == (Status.NEW, BOB)
    life.at("mon 9:31", TicketTaken, actor=CIM)
    assert (life.ticket.status, life.ticket.owner) == (Status.OPEN, CIM)
    assert life.at("mon 9:32", TicketAssigned, actor=CIM, to=None).ticket.owner is None


def test_nobody_waits_for_an_answer_to_a_question_that_was_never_put() -> None:
    life = Life()
    assert life.refused("mon 9:30", WaitStarted, actor=BOB) == "E_STATE"
    assert life.ticket.status is Status.NEW
    assert life.refused("mon 9:30", WaitStarted, actor=BOB, facts=Facts(public_text=True)) is None
    answered = Life().at("mon 9:20", AgentReplied, actor=BOB)
    assert answered.refused("mon 9:30", WaitStarted, actor=BOB) is None


@pytest.mark.parametrize("kind", [TicketResolved, TicketClosed])
def test_a_solution_needs_words_or_a_code(kind: type[TicketResolved | TicketClosed]) -> None:
    for fields, facts, error in (({}, Facts(), "E_CLOSURE"), ({}, Facts(closure_text=True), None), ({"code": "fixed"}, Facts(), None)):
        life = Life()
        assert life.refused("mon 9:30", kind, actor=BOB, facts=facts, **fields) == error
        assert life.ticket.resolution_code == fields.get("code")


def test_resolving_owns_what_nobody_owned_and_counts_the_solutions() -> None:
    life = Life().at("mon 9:30", TicketResolved, actor=BOB, code="fixed")
    ticket = life.ticket
    assert (ticket.owner, ticket.resolved_at, ticket.closure, ticket.resolution_code) == (BOB, when("mon 9:30"), 1, "fixed")
    life.at("mon 9:40", TicketReopened, actor=BOB).at("mon 9:50", TicketClosed, actor=BOB)
    assert (life.ticket.closure, life.ticket.reopened, life.ticket.closed_at) == (2, 1, when("mon 9:50"))
    assert life.ticket.resolved_at == when("mon 9:50")


def test_closing_what_is_resolved_is_no_second_solution() -> None:
    life = in_status("resolved").at("mon 11:00", TicketClosed, actor=BOB)
    assert (life.ticket.closure, life.ticket.resolved_at, life.ticket.closed_at) == (1, when("mon 9:30"), when("mon 11:00"))


def test_merging_needs_a_target_other_than_itself_and_leaves_no_owner() -> None:
    life = in_status("open")
    possible = Facts(merge_target=True)
    assert life.refused("mon 10:00", TicketMerged, actor=BOB, into=7) == "E_MERGE"
    assert life.refused("mon 10:00", TicketMerged, actor=BOB, into=1042, facts=possible) == "E_MERGE"
    assert life.refused("mon 10:00", TicketMerged, actor=BOB, into=7, facts=possible) is None
    assert (life.ticket.status, life.ticket.merged_into, life.ticket.owner) == (Status.MERGED, 7, None)
    assert {c.cancel_reason for c in life.ticket.cycles} == {"merged"}
    assert life.ticket.next_check_at is None
    assert life.at("mon 11:00", RequesterWrote, actor=MAX).effects == (Effect.REDIRECT,)


def test_a_low_rating_never_changes_the_status() -> None:
    life = in_status("closed").at("mon 10:00", LowRatingGiven, score=1, closure=1)
    assert life.ticket.status is Status.CLOSED


# --- facts that are not in the table ---------------------------------------------------------------------------------------


def test_another_priority_moves_the_due_instants_from_the_original_start() -> None:
    life = Life().at("mon 9:30", PriorityChanged, actor=BOB, before=4, after=2)
    assert life.ticket.priority == 2
    cycle = life.cycle(Metric.FIRST_REPLY)
    assert (said(cycle.due_at), said(cycle.original_due_at), cycle.target_s) == ("mon 10:00", "mon 17:00", 3600)
    assert [(r.by, r.from_s, r.to_s, r.cause) for r in cycle.retargets] == [(str(BOB), 28800, 3600, "priority")]


def test_a_promise_that_comes_with_the_priority_stands_still_where_the_ticket_waits() -> None:
    life = in_status("pending_user", priority=5)
    assert life.ticket.cycle(Metric.RESOLUTION) is None
    life.at("mon 10:00", PriorityChanged, actor=BOB, before=5, after=2)
    assert life.cycle().outcome is Outcome.PAUSED
    assert life.cycle().started_at == when("mon 9:00")


def test_kind_watchers_and_admitted_people() -> None:
    life = Life().at("mon 9:30", KindChanged, actor=BOB, before=TicketKind.INCIDENT, after=TicketKind.REQUEST)
    assert (life.ticket.kind, life.ticket.priority) == (TicketKind.REQUEST, 4)
    for _ in range(2):
        life.at("mon 9:31", WatcherAdded, actor=CIM, person=CIM)
        life.at("mon 9:32", EntryAdmitted, actor=BOB, admitted=5, author=77)
    life.at("mon 9:32", EntryAdmitted, actor=BOB, admitted=6, author=MAX)
    assert life.ticket.members == (Member(CIM, Role.AGENT), Member(77, Role.PARTICIPANT))
    life.at("mon 9:33", WatcherRemoved, actor=CIM, person=CIM)
    assert life.ticket.members == (Member(77, Role.PARTICIPANT),)


def test_a_rating_changes_nothing() -> None:
    life = in_status("resolved")
    before = life.ticket
    assert life.at("mon 12:00", RatingGiven, actor=MAX, score=5, closure=1).ticket is before


def test_a_ticket_can_be_rebuilt_from_its_history() -> None:
    life = Life(priority=4)
    life.at("mon 9:10", RequesterWrote, actor=MAX)
    life.at("mon 9:30", AgentReplied, actor=BOB, letter="AAAAAAAA", now="mon 9:31")
    life.at("mon 9:30", WaitStarted, actor=BOB, letter="AAAAAAAA", now="mon 9:31")
    life.at("wed 9:31", ReminderDue, n=1)
    life.at("wed 12:00", RequesterWrote, actor=MAX, now="wed 12:05")
    life.at("wed 13:00", PriorityChanged, actor=ANN, before=4, after=2)
    life.at("wed 14:00", HoldStarted, actor=BOB, reason=HoldReason.SCHEDULED, until=when("fri 9:00"))
    life.at("fri 9:00", WakeDue, now="fri 9:01")
    life.at("fri 10:00", TicketAssigned, actor=BOB, to=CIM)
    life.at("fri 11:00", TicketResolved, actor=CIM, code="fixed", letter="BBBBBBBB")
    life.at("fri 12:00", LetterRefused, letter="BBBBBBBB", carried_solution=True)
    life.at("fri 13:00", WatcherAdded, actor=ANN, person=ANN)
    life.at("fri 14:00", TicketClosed, actor=CIM, code="fixed")
    life.at("fri2 14:00", RequesterWrote, actor=MAX)
    assert (life.ticket.status, life.ticket.reopened, len(life.history)) == (Status.OPEN, 2, 15)
    assert replay(a_blank(), life.history, life.rules) == life.ticket
    halfway = replay(a_blank(), life.history[:8], life.rules)
    assert (halfway.status, halfway.hold) == (Status.ON_HOLD, HoldReason.SCHEDULED)


def test_applying_changes_no_ticket_in_place() -> None:
    life = in_status("open")
    before = life.ticket
    event = TicketResolved(at=when("mon 10:00"), actor=BOB)
    assert apply(before, event, life.rules, when("mon 10:00"), Facts(closure_text=True)).ticket is not before
    assert before.status is Status.OPEN
