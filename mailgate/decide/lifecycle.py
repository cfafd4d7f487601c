"""An event meets a ticket: what the ticket is afterwards, and what must follow.

`transitions` says what happens; here stands how each effect changes the ticket. Pure: the same history gives the same ticket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide import ladder, offering, sla, turns
from mailgate.decide.calendar import add_days
from mailgate.decide.rules import Rules, rules_for
from mailgate.decide.transitions import TABLE, Effect, Facts, row_for
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    AutoResolved,
    BreachAnnulled,
    CategoryChanged,
    DuePromised,
    EntryAdmitted,
    Event,
    FollowUpMissed,
    GroupChanged,
    HoldStarted,
    ImpactChanged,
    KindChanged,
    LetterRefused,
    LowRatingGiven,
    PageLinksWithdrawn,
    ParticipantJoined,
    PolicyChanged,
    PriorityChanged,
    PromisedDateNear,
    PromisedDatePassed,
    RatingGiven,
    RatingsSettled,
    ReminderDue,
    RequesterWrote,
    SlaBreached,
    SlaEscalated,
    SlaRepeated,
    SlaWarned,
    StandingChanged,
    SurveyDue,
    SurveyPlanned,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketPushed,
    TicketResolved,
    UrgencyAsked,
    UrgencyChanged,
    WaitStarted,
    WakeDue,
    WatcherAdded,
    WatcherRemoved,
)
from mailgate.model.person import Role
from mailgate.model.policy import Metric
from mailgate.model.ticket import FollowUp, Member, Origin, Speaker, Status, Ticket, Timer, TimerKind

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
    def by(self) -> str:
        return str(self.event.actor) if self.event.actor is not None else "mailgate"

    @property
    def letter(self) -> str | None:
        event = self.event
        return event.letter if isinstance(event, AgentReplied | WaitStarted | TicketResolved | TicketClosed) else None


def apply(ticket: Ticket, event: Event, rules: Rules, now: datetime, facts: Facts = NOTHING_MORE) -> Step:
    """The ticket after an event.
    Clocks count from `event.at`; patience with the requester (timers) counts from `now`, when they are written to: what our own
    outage held up must not run out before they have read it. Raises LookupError for an event without a row (a fault of ours)."""
    ticket = turns.recalled(ticket)
    if type(event) not in TABLE:
        change = FACTS.get(type(event))
        return Step(_followed(ticket, change(ticket, Cause(event, rules, now)), Cause(event, rules, now)) if change else ticket)
    row = row_for(ticket, event, facts, rules)
    if Effect.TREAT_AS_WROTE in row.effects:
        event = RequesterWrote(at=event.at, actor=event.actor, entry=event.entry, mail=event.mail)
        row = row_for(ticket, event, facts, rules)
    if row.error is not None:
        return Step(ticket, error=row.error)
    cause = Cause(event, rules, now)
    after = ticket
    if isinstance(event, LetterRefused):
        after = sla.annul(after, rules, event.letter, event.at, reopens=row.after.is_live and not ticket.status.is_live)
    for effect in (e for e in BEFORE_THE_STATUS if e in row.effects):
        after = BEFORE_THE_STATUS[effect](after, cause)
    after = _moved(after, row.after, cause)
    for effect in (e for e in AFTER_THE_STATUS if e in row.effects):
        after = AFTER_THE_STATUS[effect](after, cause)
    if Effect.REDIRECT not in row.effects:
        after = _remembered(after, cause, row.effects)
    return Step(_followed(ticket, after, cause), row.effects)


def _followed(before: Ticket, after: Ticket, c: Cause) -> Ticket:
    """What a change means for the clocks, whatever brought it about."""
    rules = c.rules
    is_handed_over = before.owner is not None or before.group != after.group or not before.status.is_live
    if after.status.is_live and after.owner is None and is_handed_over:
        after = replace(after, queued_at=c.at)
    if before.priority != after.priority:
        after = sla.recount(after, rules, c.at, "priority", c.by)
    if _chosen_by(before) != _chosen_by(after):
        rules = rules_for(rules.policy, after)
        after = sla.recount(after, rules, c.at, "policy", c.by)
    return _checked(sla.settled(after, rules, c.at), rules)


def _chosen_by(ticket: Ticket) -> tuple[object, ...]:
    """What the choice of promises looks at."""
    return ticket.desk, ticket.group, ticket.kind, ticket.category, ticket.organisation, ticket.vip


def _checked(ticket: Ticket, rules: Rules) -> Ticket:
    ticket = offering.settled(ticket)
    due = ladder.next_check(ticket, rules)
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
    is_said = isinstance(c.event, TicketResolved)
    ticket = turns.answered(ticket, c.at, Speaker.SOLUTION, c.letter) if is_said else turns.done(ticket)
    ticket = turns.wait(ticket, turns.RESOLVED, c.at, c.letter)
    code = c.event.code if isinstance(c.event, TicketResolved | TicketClosed) else ticket.resolution_code
    ticket = replace(ticket, resolved_at=c.at, closure=ticket.closure + 1, resolution_code=code)
    return _will_close(ticket, c)


def _closed(ticket: Ticket, c: Cause) -> Ticket:
    if ticket.resolved_at is None:
        ticket = _resolved(ticket, c)
    return replace(ticket, closed_at=c.at, timers=())


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
        ticket = turns.answered(ticket, c.at, Speaker.AGENT, event.letter)
        awaited = ticket.follow_up_since if ticket.follow_up in (FollowUp.OPEN, FollowUp.MISSED) else None
        return replace(ticket, follow_up=FollowUp.DONE) if awaited is not None and c.at >= awaited else ticket
    if isinstance(event, LowRatingGiven) and event.due_at is not None:
        return replace(ticket, follow_up=FollowUp.OPEN, follow_up_since=c.at, follow_up_due_at=event.due_at)
    if (isinstance(event, RequesterWrote) or Effect.NEXT_REPLY_START in effects) and ticket.status.is_live:
        return turns.asked(ticket, c.at)
    if isinstance(event, LetterRefused) and not ticket.status.is_live:
        return turns.done(sla.finish(ticket, c.rules, c.at))
    return ticket


# --- effects: first what a message stops, then the status, then pauses, then what starts -----------------------------------


def _stop(metric: Metric) -> Callable[[Ticket, Cause], Ticket]:
    return lambda t, c: sla.stop(t, c.rules, metric, c.at, c.letter)


def _given(ticket: Ticket, event: Event) -> Ticket:
    if isinstance(event, TicketPushed):
        return replace(ticket, owner=event.to, offers=event.n)
    return replace(ticket, owner=event.to) if isinstance(event, TicketAssigned) else ticket


def _reopen(ticket: Ticket, c: Cause) -> Ticket:
    return replace(ticket, reopened=ticket.reopened + 1, resolved_at=None, closed_at=None, resolution_code=None)


BEFORE_THE_STATUS: Mapping[Effect, Callable[[Ticket, Cause], Ticket]] = {
    Effect.FIRST_REPLY_STOP: _stop(Metric.FIRST_REPLY),
    Effect.NEXT_REPLY_STOP: _stop(Metric.NEXT_REPLY),
    Effect.RESOLUTION_STOP: lambda t, c: sla.solve(t, c.rules, c.at, c.letter),
    Effect.SLA_CANCEL: lambda t, c: turns.wait(sla.cancel(t, c.at, turns.REJECTED), turns.REJECTED, c.at),
    Effect.SLA_CANCEL_MERGED: lambda t, c: sla.cancel(t, c.at, sla.MERGED),
    Effect.OWN_SELF: lambda t, c: replace(t, owner=c.event.actor),
    Effect.OWN_IF_NONE: lambda t, c: replace(t, owner=c.event.actor) if t.owner is None else t,
    Effect.OWN_TARGET: lambda t, c: _given(t, c.event),
    Effect.HOLD_SET: lambda t, c: replace(t, hold=c.event.reason) if isinstance(c.event, HoldStarted) else t,
    Effect.REOPEN: _reopen,
}


def _hold_cause(ticket: Ticket) -> str:
    return f"{turns.HOLD}{ticket.hold.value}" if ticket.hold else turns.HOLD


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
    Effect.RESOLUTION_PAUSE: lambda t, c: turns.wait(t, turns.PENDING_USER, c.at, c.letter),
    Effect.RESOLUTION_PAUSE_IF_POLICY: lambda t, c: turns.wait(t, _hold_cause(t), c.at),
    Effect.RESOLUTION_RESUME: lambda t, c: turns.run_on(t, c.at),
    Effect.RESTORE: lambda t, c: turns.run_on(t, c.at),
    Effect.UPDATE_RESTART: _stop(Metric.UPDATE),
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
        queued_at=event.at,
    )
    if not event.by_agent:
        return turns.asked(ticket, event.at)
    ticket = turns.answered(ticket, event.at, Speaker.AGENT, None)
    return sla.without_first_reply(ticket, rules_for(c.rules.policy, ticket), event.at)


def _priority(ticket: Ticket, c: Cause) -> Ticket:
    event = c.event
    assert isinstance(event, PriorityChanged)
    by_hand = event.actor if event.source is Origin.AGENT else ticket.priority_by
    return replace(ticket, priority=event.after, priority_by=by_hand)


def _by_hand(event: ImpactChanged | UrgencyChanged | CategoryChanged, before: int | None) -> int | None:
    return event.actor if event.source is Origin.AGENT else before


def _impact(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, ImpactChanged)
    return replace(ticket, impact=c.event.after, impact_by=_by_hand(c.event, ticket.impact_by))


def _urgency(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, UrgencyChanged)
    return replace(ticket, urgency=c.event.after, urgency_by=_by_hand(c.event, ticket.urgency_by))


def _category(ticket: Ticket, c: Cause) -> Ticket:
    event = c.event
    assert isinstance(event, CategoryChanged)
    by = _by_hand(event, ticket.category_by)
    return replace(ticket, category=event.after, category_source=event.source, category_by=by)


def _group(ticket: Ticket, c: Cause) -> Ticket:
    """Whoever was asked in the other group is asked no more."""
    assert isinstance(c.event, GroupChanged)
    return replace(ticket, group=c.event.after, search=None)


def _standing(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, StandingChanged)
    return replace(ticket, vip=c.event.vip, organisation=c.event.organisation)


def _due_promised(ticket: Ticket, c: Cause) -> Ticket:
    assert isinstance(c.event, DuePromised)
    return ladder.with_date(replace(ticket, promised_at=c.event.until), c.rules, c.at)


def _kind(ticket: Ticket, c: Cause) -> Ticket:
    """What it means for impact and urgency are events of their own."""
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


def _of_the_search(change: Callable[[Ticket, Event], Ticket]) -> Callable[[Ticket, Cause], Ticket]:
    return lambda ticket, cause: change(ticket, cause.event)


#: Events that are not in the table; those that are in neither (late ratings, refused commands, suppressed letters) change nothing.
FACTS: Mapping[type[Event], Callable[[Ticket, Cause], Ticket]] = {
    **{event: _of_the_search(change) for event, change in offering.CHANGES.items()},
    TicketOpened: _opened,
    PriorityChanged: _priority,
    ImpactChanged: _impact,
    UrgencyChanged: _urgency,
    UrgencyAsked: lambda t, c: replace(t, urgency_asked_at=t.urgency_asked_at or c.at),
    CategoryChanged: _category,
    GroupChanged: _group,
    StandingChanged: _standing,
    KindChanged: _kind,
    DuePromised: _due_promised,
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
    PolicyChanged: lambda t, c: sla.recount(t, c.rules, c.at, "policy"),
    BreachAnnulled: lambda t, c: sla.breach_annulled(t, c.event) if isinstance(c.event, BreachAnnulled) else t,
    **dict.fromkeys(
        (SlaWarned, SlaBreached, SlaEscalated, SlaRepeated, PromisedDateNear, PromisedDatePassed),
        lambda t, c: ladder.said(t, c.event, c.now),
    ),
}
