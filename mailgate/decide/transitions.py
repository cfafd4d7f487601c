"""The state machine as a table: what each event does to a ticket in each status. Every pair is listed.

A new status or event is some lines here and a line in `tests/decide/state_machine.json`; what an effect does to the ticket
stands in `lifecycle`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailgate.decide.rules import Rules
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    AutoReplyReceived,
    AutoResolved,
    Event,
    HoldStarted,
    LetterRefused,
    LowRatingGiven,
    NoteAdded,
    ReminderDue,
    RequesterClosed,
    RequesterReopened,
    RequesterThanked,
    RequesterWrote,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketPushed,
    TicketRejected,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
    WakeDue,
)
from mailgate.model.ticket import HoldReason, Status, Ticket


class Effect(StrEnum):
    """What follows from an event besides its status. `lifecycle` carries out what changes the ticket; the others tell whoever asked."""

    # the ticket
    OWN_SELF = "own_self"
    OWN_IF_NONE = "own_if_none"
    OWN_TARGET = "own_target"
    HOLD_SET = "hold_set"
    REOPEN = "reopen"
    RESTORE = "restore"
    CODE_BY_REQUESTER = "code_by_requester"
    CODE_NO_RESPONSE = "code_no_response"
    # clocks
    FIRST_REPLY_STOP = "first_reply_stop"
    NEXT_REPLY_START = "next_reply_start"  #: the requester waits: unless one runs, or the first reply is still owed
    NEXT_REPLY_STOP = "next_reply_stop"
    UPDATE_RESTART = "update_restart"
    RESOLUTION_STOP = "resolution_stop"
    RESOLUTION_PAUSE = "resolution_pause"
    RESOLUTION_PAUSE_IF_POLICY = "resolution_pause_if_policy"
    RESOLUTION_RESUME = "resolution_resume"
    SLA_CANCEL = "sla_cancel"
    SLA_CANCEL_MERGED = "sla_cancel_merged"
    # timers
    SCHEDULE_REMINDERS = "schedule_reminders"
    RESTART_REMINDERS = "restart_reminders"
    SCHEDULE_WAKE = "schedule_wake"
    # letters that this row alone asks for
    MAIL_RESOLVED = "mail_resolved"
    MAIL_CLOSED_CONFIRMED = "mail_closed_confirmed"
    MAIL_STATUS = "mail_status"
    # where it goes instead
    TREAT_AS_WROTE = "treat_as_wrote"  #: more than thanks: an ordinary message
    REDIRECT = "redirect"  #: belongs to the ticket that this one was merged into
    CREATE_FOLLOWUP = "create_followup"
    DROP = "drop"  #: nothing to do here: a timer that came too late


@dataclass(frozen=True, slots=True)
class Facts:
    """What a guard must know that neither the ticket nor the event says."""

    public_text: bool = False  #: this mail carries words for the requester
    closure_text: bool = False  #: there are words or a code that say how it was solved
    merge_target: bool = False  #: the final target exists, and following it does not lead back here


Guard = Callable[[Ticket, Event, Facts, Rules], bool]


def waits_for_the_user(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    return ticket.hold is HoldReason.USER


def may_still_reopen(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    """Counted from the solution, not from the closing that followed it."""
    since = ticket.resolved_at or ticket.closed_at
    return since is None or event.at - since <= rules.timers.reopen_window


def requester_was_asked(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    """Nobody waits for an answer to a question that was never put."""
    return facts.public_text or ticket.public_agent_at is not None


def says_how(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    return facts.closure_text or bool(event.code if isinstance(event, TicketResolved | TicketClosed) else None)


def can_merge(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    return facts.merge_target and isinstance(event, TicketMerged) and event.into != ticket.number


def carried_the_solution(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
    return isinstance(event, LetterRefused) and event.carried_solution


@dataclass(frozen=True, slots=True)
class Unless:
    """The opposite of a guard."""

    guard: Guard

    def __call__(self, ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> bool:
        return not self.guard(ticket, event, facts, rules)


@dataclass(frozen=True, slots=True)
class Transition:
    event: type[Event]
    before: Status
    after: Status
    effects: tuple[Effect, ...] = ()
    guard: Guard | None = None  #: None: always
    error: str | None = None  #: an E_ word: refused here, nothing changes


Line = tuple[tuple[Status, ...], Status | None, tuple[Effect, ...], Guard | None, str | None]

NEW, OPEN, PENDING, HOLD = Status.NEW, Status.OPEN, Status.PENDING_USER, Status.ON_HOLD
RESOLVED, CLOSED, MERGED, REJECTED = Status.RESOLVED, Status.CLOSED, Status.MERGED, Status.REJECTED
LIVE = (NEW, OPEN, PENDING, HOLD)
DONE = (CLOSED, MERGED, REJECTED)
E = Effect


def _to(after: Status | None, before: tuple[Status, ...], *effects: Effect, guard: Guard | None = None) -> Line:
    return before, after, effects, guard, None


def _stay(before: tuple[Status, ...], *effects: Effect, guard: Guard | None = None) -> Line:
    return before, None, effects, guard, None


def _refused(before: tuple[Status, ...], error: str, guard: Guard | None = None) -> Line:
    return before, None, (), guard, error


SOLVED_BY_AGENT = (E.OWN_IF_NONE, E.FIRST_REPLY_STOP, E.NEXT_REPLY_STOP, E.RESOLUTION_STOP, E.MAIL_RESOLVED)

TABLE: Mapping[type[Event], tuple[Line, ...]] = {
    RequesterWrote: (
        _stay((NEW,)),
        _stay((OPEN,), E.NEXT_REPLY_START),
        _to(OPEN, (PENDING,), E.NEXT_REPLY_START, E.RESOLUTION_RESUME),
        _to(OPEN, (HOLD,), E.NEXT_REPLY_START, E.RESOLUTION_RESUME, guard=waits_for_the_user),
        _stay((HOLD,), E.NEXT_REPLY_START, guard=Unless(waits_for_the_user)),
        _to(OPEN, (RESOLVED,), E.NEXT_REPLY_START, E.REOPEN, E.RESOLUTION_RESUME),
        _to(OPEN, (CLOSED,), E.NEXT_REPLY_START, E.REOPEN, E.RESOLUTION_RESUME, guard=may_still_reopen),
        _stay((CLOSED,), E.CREATE_FOLLOWUP, guard=Unless(may_still_reopen)),
        _stay((MERGED,), E.REDIRECT),
        _stay((REJECTED,)),
    ),
    AutoReplyReceived: (  # a vacation notice is no answer: reminders are not reset, nothing is reopened
        _stay((*LIVE, RESOLVED, CLOSED, REJECTED)),
        _stay((MERGED,), E.REDIRECT),
    ),
    RequesterThanked: (
        _stay((*LIVE, MERGED, REJECTED), E.TREAT_AS_WROTE),
        _stay((RESOLVED, CLOSED)),
    ),
    RequesterClosed: (
        _to(RESOLVED, LIVE, E.CODE_BY_REQUESTER, E.MAIL_RESOLVED, E.RESOLUTION_STOP),
        _to(CLOSED, (RESOLVED,), E.MAIL_CLOSED_CONFIRMED),
        _stay((CLOSED, REJECTED), E.MAIL_STATUS),
        _stay((MERGED,), E.REDIRECT),
    ),
    RequesterReopened: (
        _stay((*LIVE, REJECTED), E.MAIL_STATUS),
        _to(OPEN, (RESOLVED,), E.NEXT_REPLY_START, E.REOPEN, E.RESOLUTION_RESUME),
        _to(OPEN, (CLOSED,), E.NEXT_REPLY_START, E.REOPEN, E.RESOLUTION_RESUME, guard=may_still_reopen),
        _stay((CLOSED,), E.CREATE_FOLLOWUP, guard=Unless(may_still_reopen)),
        _stay((MERGED,), E.REDIRECT),
    ),
    AgentReplied: (  # honest clocks: only #wait waits
        _to(OPEN, (NEW,), E.OWN_IF_NONE, E.FIRST_REPLY_STOP, E.UPDATE_RESTART),
        _stay((OPEN,), E.OWN_IF_NONE, E.FIRST_REPLY_STOP, E.NEXT_REPLY_STOP, E.UPDATE_RESTART),
        _stay((PENDING,), E.NEXT_REPLY_STOP, E.UPDATE_RESTART, E.RESTART_REMINDERS),
        _stay((HOLD,), E.FIRST_REPLY_STOP, E.NEXT_REPLY_STOP, E.UPDATE_RESTART),
        _stay((RESOLVED, CLOSED), E.NEXT_REPLY_STOP),  # after-care
        _stay((MERGED,), E.REDIRECT),
        _refused((REJECTED,), "E_STATE"),
    ),
    NoteAdded: (
        _stay((*LIVE, RESOLVED, CLOSED, REJECTED)),
        _stay((MERGED,), E.REDIRECT),
    ),
    TicketTaken: (
        _to(OPEN, (NEW,), E.OWN_SELF),
        _stay((OPEN, PENDING, HOLD, RESOLVED), E.OWN_SELF),
        _refused(DONE, "E_STATE"),
    ),
    TicketAssigned: (  # a new ticket stays new until the one named takes it or answers
        _stay(LIVE, E.OWN_TARGET),
        _stay((RESOLVED,), E.OWN_TARGET),
        _refused(DONE, "E_STATE"),
    ),
    TicketPushed: (  # who is given it has it, and nobody asks
        _to(OPEN, (NEW,), E.OWN_TARGET),
        _stay((OPEN, PENDING, HOLD), E.OWN_TARGET),
        _stay((RESOLVED, *DONE), E.DROP),
    ),
    WaitStarted: (
        _to(PENDING, LIVE, E.SCHEDULE_REMINDERS, E.RESOLUTION_PAUSE, guard=requester_was_asked),
        _refused(LIVE, "E_STATE", guard=Unless(requester_was_asked)),
        _refused((RESOLVED, *DONE), "E_STATE"),
    ),
    HoldStarted: (
        _to(HOLD, LIVE, E.HOLD_SET, E.SCHEDULE_WAKE, E.RESOLUTION_PAUSE_IF_POLICY),
        _refused((RESOLVED, *DONE), "E_STATE"),
    ),
    TicketResolved: (
        _to(RESOLVED, LIVE, *SOLVED_BY_AGENT, guard=says_how),
        _refused(LIVE, "E_CLOSURE", guard=Unless(says_how)),
        _stay((RESOLVED,)),
        _refused(DONE, "E_STATE"),
    ),
    TicketClosed: (
        _to(CLOSED, LIVE, E.RESOLUTION_STOP, guard=says_how),
        _refused(LIVE, "E_CLOSURE", guard=Unless(says_how)),
        _to(CLOSED, (RESOLVED,)),
        _stay((CLOSED,)),
        _refused((MERGED, REJECTED), "E_STATE"),
    ),
    TicketReopened: (
        _stay(LIVE),
        _to(OPEN, (RESOLVED, CLOSED), E.REOPEN, E.RESOLUTION_RESUME),
        _to(NEW, (REJECTED,), E.RESTORE),
        _refused((MERGED,), "E_STATE"),
    ),
    TicketRejected: (
        _to(REJECTED, LIVE, E.SLA_CANCEL),
        _refused((RESOLVED, CLOSED, MERGED), "E_STATE"),
        _stay((REJECTED,)),
    ),
    TicketMerged: (
        _to(MERGED, (*LIVE, RESOLVED, CLOSED, REJECTED), E.SLA_CANCEL_MERGED, guard=can_merge),
        _refused((*LIVE, RESOLVED, CLOSED, REJECTED), "E_MERGE", guard=Unless(can_merge)),
        _refused((MERGED,), "E_STATE"),
    ),
    WakeDue: (
        _to(OPEN, (PENDING, HOLD), E.RESOLUTION_RESUME),
        _stay((NEW, OPEN, RESOLVED, *DONE), E.DROP),
    ),
    ReminderDue: (
        _stay((PENDING,)),
        _stay((NEW, OPEN, HOLD, RESOLVED, *DONE), E.DROP),
    ),
    AutoResolved: (
        _to(RESOLVED, (PENDING,), E.CODE_NO_RESPONSE, E.RESOLUTION_STOP),
        _stay((NEW, OPEN, HOLD, RESOLVED, *DONE), E.DROP),
    ),
    AutoClosed: (
        _to(CLOSED, (RESOLVED,)),
        _stay((*LIVE, *DONE), E.DROP),
    ),
    LowRatingGiven: (_stay(tuple(Status)),),
    LetterRefused: (
        _to(OPEN, (PENDING,), E.RESOLUTION_RESUME),
        _stay((NEW, OPEN, HOLD, *DONE)),
        _to(OPEN, (RESOLVED,), E.REOPEN, E.RESOLUTION_RESUME, guard=carried_the_solution),
        _stay((RESOLVED,), guard=Unless(carried_the_solution)),
    ),
}  # fmt: skip


def _rows() -> Iterator[Transition]:
    for event, lines in TABLE.items():
        for statuses, after, effects, guard, error in lines:
            for before in statuses:
                yield Transition(event, before, after or before, effects, guard, error)


ROWS: tuple[Transition, ...] = tuple(_rows())

#: (status, event) -> what may happen there; at most one guard of a pair holds.
TRANSITIONS: Mapping[tuple[Status, type[Event]], tuple[Transition, ...]] = {
    key: tuple(row for row in ROWS if (row.before, row.event) == key) for key in {(row.before, row.event) for row in ROWS}
}


def row_for(ticket: Ticket, event: Event, facts: Facts, rules: Rules) -> Transition:
    """The one row that holds. Raises LookupError for an event that the machine does not know."""
    for row in TRANSITIONS.get((ticket.status, type(event)), ()):
        if row.guard is None or row.guard(ticket, event, facts, rules):
            return row
    raise LookupError(f"no row for {type(event).__name__} on a ticket that is {ticket.status.value}")
