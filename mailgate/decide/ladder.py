"""The ladder of alarms: which share of a promise is used up, what of it has been said, and when there is something to say next.

A level is a percentage of the promised time: warnings below 100, the breach, and what follows while nobody does anything about it. Each
is said once of a clock's run (`Cycle.warned` holds those that were), and again only after the promise has changed so that the clock is
below it. A breach that stands in the record but not among those levels was never told: its answer came late and then reached nobody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from mailgate.decide.calendar import Boundary, Interval, add, elapsed, next_opening
from mailgate.decide.rules import Rules
from mailgate.model.calendar import ALWAYS
from mailgate.model.events import Event, PromisedDateNear, PromisedDatePassed, SlaBreached, SlaEscalated, SlaRepeated, SlaWarned
from mailgate.model.policy import Metric
from mailgate.model.ticket import BREACH, Cycle, FollowUp, Outcome, Ticket

#: Of the time between a promise by hand and its date.
NEAR = 75
#: A round that comes a little late still speaks, although the hours in which somebody works have ended meanwhile.
LATE = timedelta(minutes=15)

OfClock = SlaWarned | SlaBreached | SlaEscalated | SlaRepeated
OfDate = PromisedDateNear | PromisedDatePassed


def alarms(ticket: Ticket, rules: Rules, now: datetime) -> tuple[OfClock, ...]:
    """What must be said now: of each running clock its breach, and the highest level reached; nothing of those that stand still."""
    return tuple(alarm for cycle in ticket.cycles if cycle.outcome is Outcome.RUNNING for alarm in _of(cycle, ticket, rules, now))


def _of(cycle: Cycle, ticket: Ticket, rules: Rules, now: datetime) -> Iterator[OfClock]:
    reached = [(level, due) for level in _ahead(cycle, rules) if (due := reached_at(cycle, rules, level)) <= now]
    level = reached[-1][0] if reached else 0
    at: datetime | None = reached[-1][1] if reached else _again_at(cycle, rules)
    if at is None or at > now or (now - at > LATE and _awake_at(cycle, rules, now) > now):
        return  # what was missed while nobody is there is said when they are
    if not reached:
        yield SlaRepeated(at=now, metric=cycle.metric, cycle=cycle.n)
        return
    if any(one == BREACH for one, _ in reached):
        yield SlaBreached(
            at=cycle.breach_at,
            metric=cycle.metric,
            cycle=cycle.n,
            due_at=cycle.due_at,
            target_s=cycle.target_s,
            priority=cycle.priority,
            owner=ticket.owner,
            group=ticket.group,
        )
    if level != BREACH:
        kind = SlaWarned if level < BREACH else SlaEscalated
        yield kind(at=at, metric=cycle.metric, cycle=cycle.n, level=level)


def of_date(ticket: Ticket, now: datetime) -> OfDate | None:
    """The same of the date that was promised by hand."""
    due = _date_check(ticket)
    if due is None or due > now or ticket.promised_at is None:
        return None
    return PromisedDatePassed(at=ticket.promised_at) if ticket.promised_at <= now else PromisedDateNear(at=due)


def reached_at(cycle: Cycle, rules: Rules, level: int) -> datetime:
    """When `level` percent are used up. Of two such instants the later one: an alarm is for hours in which somebody works."""
    if level == BREACH:
        return cycle.breach_at
    pauses: tuple[Interval, ...] = tuple((p.began_at, p.ended_at) for p in cycle.pauses)
    return add(rules.calendar_of(cycle), cycle.started_at, share(cycle, level), pauses, Boundary.NEXT)


def share(cycle: Cycle, level: int) -> int:
    return cycle.target_s * level // 100


def next_check(ticket: Ticket, rules: Rules, now: datetime | None = None) -> datetime | None:
    """The earliest instant at which a clock or a timer wants attention; None: only a mail can change anything.
    `now`: what was missed and has to wait until somebody is there wants none before."""
    found = [timer.due_at for timer in ticket.timers]
    follow_up = ticket.follow_up_due_at if ticket.follow_up is FollowUp.OPEN else None
    search = ticket.search.at if ticket.search is not None else None
    found += [at for at in (ticket.survey_due_at, ticket.ratings_wait_until, follow_up, search, _date_check(ticket)) if at is not None]
    for cycle in ticket.cycles:
        if seems_unfounded(cycle) and cycle.breached_at is not None and not _is_broken_anew(cycle, now):
            found.append(cycle.breached_at)
        if cycle.outcome is Outcome.RUNNING and (at := _next_of(cycle, rules)) is not None:
            found.append(at if now is None or now - at <= LATE else max(at, _awake_at(cycle, rules, now)))
    return min(found, default=None)


def seems_unfounded(cycle: Cycle) -> bool:
    """A breach stands in the record that may no longer hold: then somebody is to hear of that."""
    if cycle.breached_at is None or cycle.breach_annulled_by is not None:
        return False
    return cycle.outcome is Outcome.MET or (cycle.outcome is Outcome.RUNNING and BREACH not in cycle.warned)


def _is_broken_anew(cycle: Cycle, now: datetime | None) -> bool:
    """The promise that holds now is broken as well: that is told in its own time, and nothing is taken back."""
    return now is not None and cycle.outcome is Outcome.RUNNING and now >= cycle.breach_at


def _next_of(cycle: Cycle, rules: Rules) -> datetime | None:
    ahead = _ahead(cycle, rules)
    return reached_at(cycle, rules, ahead[0]) if ahead else _again_at(cycle, rules)


def _ahead(cycle: Cycle, rules: Rules) -> list[int]:
    """The levels that are still to be said."""
    said = max(cycle.warned, default=0)
    return [level for level in sorted({*rules.sla.warn, BREACH, *rules.sla.escalate}) if level > said]


def _again_at(cycle: Cycle, rules: Rules) -> datetime | None:
    """When a breach that lasts is told once more."""
    days = rules.sla.again
    if BREACH not in cycle.warned or cycle.alarmed_at is None or days is None:
        return None
    return _awake_at(cycle, rules, cycle.alarmed_at + timedelta(days=days))


def _awake_at(cycle: Cycle, rules: Rules, at: datetime) -> datetime:
    """From this instant on the first in which somebody works. For the highest priority somebody always does."""
    calendar = rules.calendar_of(cycle)
    return at if cycle.calendar == ALWAYS.id or cycle.priority == 1 else next_opening(calendar, at)


def _date_check(ticket: Ticket) -> datetime | None:
    return ticket.promise_check_at if ticket.status.is_live else None


def worst(ticket: Ticket, rules: Rules, now: datetime) -> tuple[Metric, int] | None:
    """Of the clocks that run the one that is furthest: what it measures, and how many seconds of business time are left, below 0 over.
    Those of which nothing was said yet stand behind the others."""
    running = [c for c in ticket.cycles if c.outcome is Outcome.RUNNING]
    told = [c for c in running if c.warned]
    left, metric = min(((_left(c, rules, now), c.metric) for c in told or running), default=(0, None))
    return None if metric is None else (metric, left)


def is_told_of(ticket: Ticket) -> bool:
    """Whether what was said of one of its clocks is still so."""
    return any(c.outcome is Outcome.RUNNING and c.warned for c in ticket.cycles)


def _left(cycle: Cycle, rules: Rules, now: datetime) -> int:
    pauses: tuple[Interval, ...] = tuple((p.began_at, p.ended_at) for p in cycle.pauses)
    return cycle.target_s - elapsed(rules.calendar_of(cycle), cycle.started_at, now, pauses)


# --- what was said ------------------------------------------------------------------------------------------------------------


def said(ticket: Ticket, event: Event, now: datetime) -> Ticket:
    """The ticket after an alarm."""
    if isinstance(event, PromisedDateNear):
        return replace(ticket, promise_check_at=ticket.promised_at)
    if isinstance(event, PromisedDatePassed):
        return replace(ticket, promise_check_at=None)
    act = _SAID.get(type(event))
    if act is None or not isinstance(event, OfClock):
        return ticket
    cycles = tuple(act(c, event, now) if c.metric is event.metric and c.n == event.cycle else c for c in ticket.cycles)
    return replace(ticket, cycles=cycles)


def _level_said(cycle: Cycle, level: int) -> tuple[int, ...]:
    return cycle.warned if level in cycle.warned else (*cycle.warned, level)


_SAID: dict[type[Event], Callable[..., Cycle]] = {
    SlaWarned: lambda c, e, _: replace(c, warned=_level_said(c, e.level)),
    SlaBreached: lambda c, e, now: replace(c, warned=_level_said(c, BREACH), breached_at=e.at, breach_annulled_by=None, alarmed_at=now),
    SlaEscalated: lambda c, e, now: replace(c, warned=_level_said(c, e.level), alarmed_at=now),
    SlaRepeated: lambda c, _, now: replace(c, alarmed_at=now),
}


def with_date(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """A date was promised by hand, or no longer is: somebody hears of it before, and when it has passed."""
    if ticket.promised_at is None:
        return replace(ticket, promise_check_at=None)
    calendar = rules.timer_calendar
    near = add(calendar, at, elapsed(calendar, at, ticket.promised_at) * NEAR // 100, boundary=Boundary.NEXT)
    return replace(ticket, promise_check_at=min(near, ticket.promised_at))
