"""An event meets a ticket: what the ticket is afterwards, and what must follow.

`transitions` says what happens; here stands how each effect changes the ticket. Pure: the same history gives the same ticket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide import sla
from mailgate.decide.calendar import add_days
from mailgate.decide.rules import Rules
from mailgate.decide.transitions import TABLE, Effect, Facts, row_for
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    AutoResolved,
    DuePromised,
    EntryAdmitted,
    Event,
    FollowUpMissed,
    HoldStarted,
    KindChanged,
    LetterRefused,
    LowRatingGiven,
    PageLinksWithdrawn,
    ParticipantJoined,
    PriorityChanged,
    RatingGiven,
    RatingsSettled,
    ReminderDue,
    RequesterReopened,
    RequesterWrote,
    SlaBreached,
    SlaWarned,
    SurveyDue,
    SurveyPlanned,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketResolved,
    WaitStarted,
    WakeDue,
    WatcherAdded,
    WatcherRemoved,
)
from mailgate.model.person import Role
from mailgate.model.policy import Metric
from mailgate.model.ticket import FollowUp, Member, Origin, Status, Ticket, Timer, TimerKind

#: A mail that carries no more than its event says.
NOTHING_MORE = Facts()

BY_REQUESTER, NO_RESPONSE = "by_requester", "no_response"

#: Timers have a meaning in one status only; whoever leaves it leaves them behind.
TIMERS_IN: Mapping[Status, frozenset[TimerKind]] = {
    Status.PENDING_USER: frozenset({TimerKind.REMIND, TimerKind.AUTO_RESOLVE, TimerKind.WAKE}),
    Status.ON_HOLD: frozenset({TimerKind.WAKE}),
    Status.RESOLVED: frozenset({TimerKind.AUTO_CLOSE}),
}


@dataclass(frozen=True, slots=True)
class Step:
    ticket: Ticket
    effects: tuple[Effect, ...] = ()
    error: str | None = None  #: an E_ word: refused, and the ticket is unchanged


@dataclass(frozen=True, slots=True)
class Cause:
    """What an effect may look at besides the ticket."""

    event: Event
    rules: Rules
    now: datetime

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def letter(self) -> str | None:
        event = self.event
        return event.letter if isinstance(event, AgentReplied | WaitStarted | TicketResolved | TicketClosed) else None


def apply(ticket: Ticket, event: Event, rules: Rules, now: datetime, facts: Facts = NOTHING_MORE) -> Step:
    """The ticket after an event.
    Clocks count from `event.at`; patience with the requester (timers) counts from `now`, when they are written to: what our own
    outage held up must not run out before they have read it. Raises LookupError for an event without a row (a fault of ours)."""
    if type(event) not in TABLE:
        change = FACTS.get(type(event))
        return Step(_checked(change(ticket, Cause(event, rules, now)), rules) if change else ticket)
    row = row_for(ticket, event, facts, rules)
    if Effect.TREAT_AS_WROTE in row.effects:
        event = RequesterWrote(at=event.at, actor=event.actor, entry=event.entry, mail=event.mail)
        row = row_for(ticket, event, facts, rules)
    if row.error is not None:
        return Step(ticket, error=row.error)
    cause = Cause(event, rules, now)
    after = ticket
    if isinstance(event, LetterRefused):
        after = sla.annul(after, rules, event.letter)
    for effect in (e for e in BEFORE_THE_STATUS if e in row.effects):
        after = BEFORE_THE_STATUS[effect](after, cause)
    after = _moved(after, row.after, cause)
    for effect in (e for e in AFTER_THE_STATUS if e in row.effects):
        after = AFTER_THE_STATUS[effect](after, cause)
    if Effect.REDIRECT not in row.effects:
        after = _remembered(after, cause, row.effects)
    return Step(_checked(after, rules), row.effects)


def _checked(ticket: Ticket, rules: Rules) -> Ticket:
    due = sla.next_check(ticket, rules)
    return ticket if due == ticket.next_check_at else replace(ticket, next_check_at=due)


# --- what comes with a status, whichever way it was reached -------------------------------------------------------------


def _moved(ticket: Ticket, after: Status, c: Cause) -> Ticket:
    before = ticket.status
    ticket = _consumed(ticket, c.event)
    if after is before:
        return ticket
    ticket = replace(
        ticket,
        status=after,
        hold=ticket.hold if after is Status.ON_HOLD else None,
        timers=tuple(t for t in ticket.timers if t.kind in TIMERS_IN.get(after, frozenset())),
        # Who says that it is not solved has said how good it was.
        survey_due_at=ticket.survey_due_at if after in (Status.RESOLVED, Status.CLOSED) else None,
    )
    enter = ON_ENTERING.get(after)
    return enter(ticket, c) if enter else ticket


def _consumed(ticket: Ticket, event: Event) -> Ticket:
    """A timer that went off is gone; a reminder takes the earlier ones with it."""
    kind = TIMER_OF.get(type(event))
    if kind is None:
        return ticket
    upto = event.n if isinstance(event, ReminderDue) else None
    timers = tuple(t for t in ticket.timers if t.kind is not kind or (upto is not None and t.n > upto))
    return replace(ticket, timers=timers)


def _resolved(ticket: Ticket, c: Cause) -> Ticket:
    ticket = sla.finish(ticket, c.rules, c.at)
    code = c.event.code if isinstance(c.event, TicketResolved | TicketClosed) else ticket.resolution_code
    ticket = replace(ticket, resolved_at=c.at, closure=ticket.closure + 1, resolution_code=code, waiting_since=None)
    return _will_close(ticket, c)


def _closed(ticket: Ticket, c: Cause) -> Ticket:
    if ticket.resolved_at is None:
        ticket = _resolved(ticket, c)
    return replace(ticket, closed_at=c.at, timers=(), waiting_since=None)


def _merged(ticket: Ticket, c: Cause) -> Ticket:
    into = c.event.into if isinstance(c.event, TicketMerged) else None
    return replace(ticket, merged_into=into, owner=None, waiting_since=None)


ON_ENTERING: Mapping[Status, Callable[[Ticket, Cause], Ticket]] = {
    Status.RESOLVED: _resolved,
    Status.CLOSED: _closed,
    Status.MERGED: _merged,
}

TIMER_OF: Mapping[type[Event], TimerKind] = {
    WakeDue: TimerKind.WAKE,
    ReminderDue: TimerKind.REMIND,
    AutoResolved: TimerKind.AUTO_RESOLVE,
    AutoClosed: TimerKind.AUTO_CLOSE,
}


def _remembered(ticket: Ticket, c: Cause, effects: tuple[Effect, ...]) -> Ticket:
    """Who spoke last, and whom somebody is to get in touch with."""
    event = c.event
    if isinstance(event, AgentReplied):
        spoke = max(c.at, ticket.public_agent_at) if ticket.public_agent_at else c.at
        ticket = replace(ticket, waiting_since=None, public_agent_at=spoke)
        awaited = ticket.follow_up_since if ticket.follow_up in (FollowUp.OPEN, FollowUp.MISSED) else None
        return replace(ticket, follow_up=FollowUp.DONE) if awaited is not None and c.at >= awaited else ticket
    if isinstance(event, LowRatingGiven) and event.due_at is not None:
        return replace(ticket, follow_up=FollowUp.OPEN, follow_up_since=c.at, follow_up_due_at=event.due_at)
    if isinstance(event, RequesterWrote | RequesterReopened) and ticket.status.is_live and Effect.MAIL_STATUS not in effects:
        return replace(ticket, waiting_since=min(c.at, ticket.waiting_since) if ticket.waiting_since else c.at)
    if isinstance(event, LetterRefused) and not ticket.status.is_live:
        return replace(sla.finish(ticket, c.rules, c.at), waiting_since=None)
    return ticket


# --- effects: first what a message stops, then the status, then pauses, then what starts -----------------------------------


def _stop(metric: Metric) -> Callable[[Ticket, Cause], Ticket]:
    return lambda t, c: sla.stop(t, c.rules, metric, c.at, c.letter)


def _reopen(ticket: Ticket, c: Cause) -> Ticket:
    return replace(ticket, reopened=ticket.reopened + 1, resolved_at=None, closed_at=None, resolution_code=None)


BEFORE_THE_STATUS: Mapping[Effect, Callable[[Ticket, Cause], Ticket]] = {
    Effect.FIRST_REPLY_STOP: _stop(Metric.FIRST_REPLY),
    Effect.NEXT_REPLY_STOP: _stop(Metric.NEXT_REPLY),
    Effect.RESOLUTION_STOP: lambda t, c: sla.solve(t, c.rules, c.at, c.letter),
    Effect.SLA_CANCEL: lambda t, c: sla.cancel(t, c.at, sla.REJECTED),
    Effect.SLA_CANCEL_MERGED: lambda t, c: sla.cancel(t, c.at, sla.MERGED),
    Effect.OWN_SELF: lambda t, c: replace(t, owner=c.event.actor),
    Effect.OWN_IF_NONE: lambda t, c: replace(t, owner=c.event.actor) if t.owner is None else t,
    Effect.OWN_TARGET: lambda t, c: replace(t, owner=c.event.to) if isinstance(c.event, TicketAssigned) else t,
    Effect.HOLD_SET: lambda t, c: replace(t, hold=c.event.reason) if isinstance(c.event, HoldStarted) else t,
    Effect.REOPEN: _reopen,
}


def _hold_cause(ticket: Ticket) -> str:
    return f"{sla.HOLD}{ticket.hold.value}" if ticket.hold else sla.HOLD


def _start_next_reply(ticket: Ticket, c: Cause) -> Ticket:
    """While the first reply is still owed, it covers whatever else the requester writes."""
    return sla.start(ticket, c.rules, Metric.NEXT_REPLY, c.at) if ticket.public_agent_at is not None else ticket


def _restart_update(ticket: Ticket, c: Cause) -> Ticket:
    ticket = sla.stop(ticket, c.rules, Metric.UPDATE, c.at, c.letter)
    return sla.start(ticket, c.rules, Metric.UPDATE, c.at)


def _will_close(ticket: Ticket, c: Cause) -> Ticket:
    days = c.rules.timers.auto_close
    others = tuple(t for t in ticket.timers if t.kind is not TimerKind.AUTO_CLOSE)
    if days is None:
        return replace(ticket, timers=others)
    return replace(ticket, timers=(*others, Timer(TimerKind.AUTO_CLOSE, add_days(c.rules.timer_calendar, c.now, days))))


def _wake(c: Cause) -> tuple[Timer, ...]:
    until = c.event.until if isinstance(c.event, WaitStarted | HoldStarted) else None
    return (Timer(TimerKind.WAKE, until),) if until else ()


def _patience(c: Cause, wake: tuple[Timer, ...]) -> tuple[Timer, ...]:
    """Reminders, and in the end the solution for lack of an answer. Where a date was agreed, the ticket comes back then instead."""
    calendar, timers = c.rules.timer_calendar, c.rules.timers
    reminders = tuple(Timer(TimerKind.REMIND, add_days(calendar, c.now, days), n) for n, days in enumerate(timers.reminders, 1))
    if wake:
        return (*(t for t in reminders if t.due_at < wake[0].due_at), *wake)
    if timers.auto_resolve is None:
        return reminders
    return (*reminders, Timer(TimerKind.AUTO_RESOLVE, add_days(calendar, c.now, timers.auto_resolve)))


def _will_wake(ticket: Ticket, c: Cause) -> Ticket:
    return replace(ticket, timers=(*(t for t in ticket.timers if t.kind is not TimerKind.WAKE), *_wake(c)))


AFTER_THE_STATUS: Mapping[Effect, Callable[[Ticket, Cause], Ticket]] = {
    Effect.CODE_BY_REQUESTER: lambda t, c: replace(t, resolution_code=BY_REQUESTER),
    Effect.CODE_NO_RESPONSE: lambda t, c: replace(t, resolution_code=NO_RESPONSE),
    Effect.RESOLUTION_PAUSE: lambda t, c: sla.pause(t, c.rules, sla.PENDING_USER, c.at, c.letter),
    Effect.RESOLUTION_PAUSE_IF_POLICY: lambda t, c: sla.pause(t, c.rules, _hold_cause(t), c.at),
    Effect.RESOLUTION_RESUME: lambda t, c: sla.resume(t, c.rules, c.at),
    Effect.RESTORE: lambda t, c: sla.resume(t, c.rules, c.at),
    Effect.NEXT_REPLY_START: _start_next_reply,
    Effect.UPDATE_RESTART: _restart_update,
    Effect.SCHEDULE_REMINDERS: lambda t, c: replace(t, timers=_patience(c, _wake(c))),
    Effect.RESTART_REMINDERS: lambda t, c: replace(t, timers=_patience(c, tuple(one for one in t.timers if one.kind is TimerKind.WAKE))),
    Effect.SCHEDULE_WAKE: _will_wake,
}  # fmt: skip

# Timers are cancelled and auto-close is scheduled by the status itself (`TIMERS_IN`, `ON_ENTERING`), because some ways into
# a status do not name it: what the requester closes must end as well.


# --- facts that never change the status -------------------------------------------------------------------------------------


def _opened(ticket: Ticket, c: Cause) -> Ticket:
    event = c.event
    assert isinstance(event, TicketOpened)
    ticket = replace(
        ticket,
        status=Status.NEW,
        desk=event.desk,
        kind=event.kind,
        priority=event.priority,
        requester=event.requester,
        group=event.group,
        follows=event.follows,
        impact=event.impact,
        urgency=event.urgency,
        category=event.category,
        category_source=event.category_source,
        vip=event.vip,
        organisation=event.organisation,
        why=event.why,
        arrived_at=event.at,
        waiting_since=event.at,
    )
    for metric in sla.FROM_THE_START:
        ticket = sla.start(ticket, c.rules, metric, event.at)
    return ticket


def _priority(ticket: Ticket, c: Cause) -> Ticket:
    event = c.event
    assert isinstance(event, PriorityChanged)
    by = str(event.actor) if event.actor is not None else "mailgate"
    by_hand = event.actor if event.source is Origin.AGENT else ticket.priority_by
    ticket = sla.retarget(replace(ticket, priority=event.after, priority_by=by_hand), c.rules, event.at, by, "priority")
    # A clock that is only now promised stands still from the beginning where the others do.
    cause = {Status.PENDING_USER: sla.PENDING_USER, Status.ON_HOLD: _hold_cause(ticket)}.get(ticket.status)
    return sla.pause(ticket, c.rules, cause, event.at) if cause else ticket


def _kind(ticket: Ticket, c: Cause) -> Ticket:
    """The priority stays: an agent who wants another one says so."""
    return replace(ticket, kind=c.event.after) if isinstance(c.event, KindChanged) else ticket


def _watched(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, WatcherAdded)
    return _joined(ticket, Member(c.event.person, Role.AGENT))


def _unwatched(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, WatcherRemoved)
    gone = Member(c.event.person, Role.AGENT)
    return replace(ticket, members=tuple(m for m in ticket.members if m != gone))


def _admitted(ticket: Ticket, c: Cause) -> Ticket:
    author = c.event.author if isinstance(c.event, EntryAdmitted) else None
    return ticket if author in (None, ticket.requester) else _joined(ticket, Member(author, Role.PARTICIPANT))


def _copied_in(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, ParticipantJoined)
    return _joined(ticket, Member(c.event.person, Role.PARTICIPANT))


def _rated(ticket: Ticket, c: Cause) -> Ticket:
    until = c.event.waits_until if isinstance(c.event, RatingGiven) else None
    return replace(ticket, ratings_wait_until=until) if until else ticket


def _joined(ticket: Ticket, member: Member) -> Ticket:
    return ticket if member in ticket.members else replace(ticket, members=(*ticket.members, member))


def _withdrawn(ticket: Ticket, c: Cause) -> Ticket:
    """Instants are whole seconds: a letter of this very second is one of before."""
    return replace(ticket, pages_void_before=c.at + timedelta(seconds=1))


#: Events that are not in the table; those that are in neither (late ratings, refused commands, suppressed letters) change nothing.
FACTS: Mapping[type[Event], Callable[[Ticket, Cause], Ticket]] = {
    TicketOpened: _opened,
    PriorityChanged: _priority,
    KindChanged: _kind,
    DuePromised: lambda t, c: replace(t, promised_at=c.event.until) if isinstance(c.event, DuePromised) else t,
    WatcherAdded: _watched,
    WatcherRemoved: _unwatched,
    EntryAdmitted: _admitted,
    ParticipantJoined: _copied_in,
    PageLinksWithdrawn: _withdrawn,
    RatingGiven: _rated,
    RatingsSettled: lambda t, c: replace(t, ratings_wait_until=None),
    FollowUpMissed: lambda t, c: replace(t, follow_up=FollowUp.MISSED),
    SurveyPlanned: lambda t, c: replace(t, survey_due_at=c.event.due_at) if isinstance(c.event, SurveyPlanned) else t,
    SurveyDue: lambda t, c: replace(t, survey_due_at=None),
    SlaWarned: lambda t, c: sla.warned(t, c.event) if isinstance(c.event, SlaWarned) else t,
    SlaBreached: lambda t, c: sla.breached(t, c.event) if isinstance(c.event, SlaBreached) else t,
}
