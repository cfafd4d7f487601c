"""Promises and their clocks: when one starts, stands still, stops, is nearly over, or is broken.

A clock's run is a cycle. Nothing is added up in place: the due instants follow from start, target, calendar and pauses, so
every cycle can be counted again from what it says about itself. Which event starts or stops what stands in `transitions`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mailgate.decide.calendar import Boundary, Interval, add, elapsed
from mailgate.decide.rules import Rules
from mailgate.model.events import SlaBreached, SlaWarned
from mailgate.model.policy import Metric
from mailgate.model.ticket import Cycle, FollowUp, Outcome, Pause, Retarget, Ticket

#: Why a clock stands still, and why a cycle was given up.
PENDING_USER, RESOLVED, REJECTED, MERGED, NO_POLICY = "pending_user", "resolved", "rejected", "merged", "no_policy"
HOLD = "hold:"  #: followed by the reason of the hold

#: What runs from the first message on.
FROM_THE_START = (Metric.FIRST_REPLY, Metric.UPDATE, Metric.RESOLUTION, Metric.WORK)
#: What a solution stops, and a reopening starts again where it stood.
SOLVING = frozenset({Metric.RESOLUTION, Metric.WORK})
#: What an answer stops, so that an answer which reached nobody has not stopped it.
ANSWERING = frozenset({Metric.FIRST_REPLY, Metric.NEXT_REPLY, Metric.UPDATE})


def stands_still(metric: Metric, cause: str, rules: Rules) -> bool:
    """Which clocks a cause stops for a while. A reply is owed whatever the ticket waits for."""
    if metric is Metric.RESOLUTION:
        return cause == PENDING_USER or cause.removeprefix(HOLD) in rules.sla.pause_on_hold
    if metric is Metric.UPDATE:
        return cause in (PENDING_USER, RESOLVED)
    return metric is Metric.WORK and (cause == PENDING_USER or cause.startswith(HOLD))


# --- the run of a clock ----------------------------------------------------------------------------------------------


def start(ticket: Ticket, rules: Rules, metric: Metric, at: datetime) -> Ticket:
    """A new cycle, unless nothing is promised for this metric or one is running already."""
    target = rules.target(ticket.priority, metric)
    latest = ticket.cycle(metric)
    if target is None or (latest is not None and latest.outcome in (Outcome.RUNNING, Outcome.PAUSED)):
        return ticket
    cycle = Cycle(
        metric=metric,
        n=latest.n + 1 if latest else 1,
        policy=rules.policy.digest,
        calendar=target.calendar,
        priority=ticket.priority,
        target_s=target.minutes * 60,
        started_at=at,
        due_at=at,
        breach_at=at,
    )
    return replace(ticket, cycles=(*ticket.cycles, _measured(cycle, rules)))


def stop(ticket: Ticket, rules: Rules, metric: Metric, at: datetime, letter: str | None = None) -> Ticket:
    """The promise is kept or not: met when not later than `breach_at`. `letter`: whose refusal would take the stop back."""
    return _each(ticket, lambda c: _stopped(c, rules, at, letter) if c.metric is metric and _is_on(c) else c)


def pause(ticket: Ticket, rules: Rules, cause: str, at: datetime, letter: str | None = None) -> Ticket:
    """Lets stand still what stands still for this cause, and nothing else."""

    def act(cycle: Cycle) -> Cycle:
        if not _is_on(cycle):
            return cycle
        if not stands_still(cycle.metric, cause, rules):
            return _run_on(cycle, rules, at)
        if cycle.outcome is Outcome.PAUSED:
            if cycle.pauses[-1].cause == cause:
                return cycle
            cycle = _run_on(cycle, rules, at)
        return replace(cycle, outcome=Outcome.PAUSED, pauses=(*cycle.pauses, Pause(at, None, cause, letter)))

    return _each(ticket, act)


def resume(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """Clocks that stood still run on. What a solution had stopped runs on as well, the time since then left out like a pause."""

    def act(cycle: Cycle) -> Cycle:
        if cycle.outcome is Outcome.PAUSED:
            return _run_on(cycle, rules, at)
        if cycle.stopped_at is None or not _comes_back(cycle):
            return cycle
        cause = REJECTED if cycle.cancel_reason == REJECTED else RESOLVED
        rest = Pause(cycle.stopped_at, max(at, cycle.stopped_at), cause)
        return _measured(replace(_unstopped(cycle), pauses=(*cycle.pauses, rest)), rules)

    return _each(ticket, act)


def _comes_back(cycle: Cycle) -> bool:
    if cycle.outcome is Outcome.CANCELLED:
        # The requester closed the ticket before anybody answered: when it is opened again, the first reply is still owed.
        return cycle.cancel_reason == REJECTED or (cycle.cancel_reason == RESOLVED and cycle.metric is Metric.FIRST_REPLY)
    return cycle.metric in SOLVING


def solve(ticket: Ticket, rules: Rules, at: datetime, letter: str | None = None) -> Ticket:
    for metric in SOLVING:
        ticket = stop(ticket, rules, metric, at, letter)
    return ticket


def finish(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """The ticket is solved: a reply that is still owed is owed no longer, unless it is late already."""

    def act(cycle: Cycle) -> Cycle:
        if cycle.outcome is not Outcome.RUNNING:
            return cycle
        if stands_still(cycle.metric, RESOLVED, rules):
            return replace(cycle, outcome=Outcome.PAUSED, pauses=(*cycle.pauses, Pause(at, None, RESOLVED)))
        return _stopped(cycle, rules, at, None) if at > cycle.breach_at else _cancelled(cycle, at, RESOLVED)

    return _each(ticket, act)


def cancel(ticket: Ticket, at: datetime, reason: str) -> Ticket:
    """Clocks that say nothing any more: the ticket was merged or rejected."""
    return _each(ticket, lambda c: _cancelled(c, at, reason) if _is_on(c) else c)


def retarget(ticket: Ticket, rules: Rules, at: datetime, by: str, cause: str) -> Ticket:
    """Other promises hold (another priority or policy): running cycles are counted anew from their start, pauses kept.
    A level that fired stays silent unless the clock is below it again; a breach that was recorded stays recorded, and is
    not announced twice. What was never promised before counts from the ticket's first message."""

    def act(cycle: Cycle) -> Cycle:
        given_up = cycle.cancel_reason == NO_POLICY and cycle is ticket.cycle(cycle.metric) and _is_owed(ticket, cycle.metric)
        if not (_is_on(cycle) or given_up):
            return cycle
        target = rules.target(ticket.priority, cycle.metric)
        if target is None:
            return _cancelled(cycle, at, NO_POLICY) if _is_on(cycle) else cycle
        if given_up:
            cycle = _unstopped(cycle)
        seconds = target.minutes * 60
        if (seconds, target.calendar) == (cycle.target_s, cycle.calendar):
            return replace(cycle, priority=ticket.priority, policy=rules.policy.digest)
        changed = replace(
            cycle,
            priority=ticket.priority,
            policy=rules.policy.digest,
            calendar=target.calendar,
            target_s=seconds,
            original_due_at=cycle.original_due_at or cycle.due_at,
            retargets=(*cycle.retargets, Retarget(at, by, cycle.target_s, seconds, cause)),
        )
        used = changed.target_s - left(changed, rules, at)
        return _measured(replace(changed, warned=tuple(level for level in cycle.warned if used >= _share(changed, level))), rules)

    ticket = _each(ticket, act)
    for metric in FROM_THE_START:
        if ticket.cycle(metric) is None and _is_owed(ticket, metric):
            ticket = start(ticket, rules, metric, ticket.arrived_at)
    return ticket


def _is_owed(ticket: Ticket, metric: Metric) -> bool:
    return ticket.status.is_live and (metric is not Metric.FIRST_REPLY or ticket.public_agent_at is None)


def annul(ticket: Ticket, rules: Rules, letter: str) -> Ticket:
    """A letter reached nobody: what it stopped has not been stopped, and a pause that it began ends at its start.
    A later public answer, if there was one, stops the clock instead. Levels that fired do not fire again."""
    since: list[datetime] = []

    def act(cycle: Cycle) -> Cycle:
        if any(p.letter == letter for p in cycle.pauses):
            pauses = tuple(replace(p, ended_at=p.began_at) if p.letter == letter else p for p in cycle.pauses)
            running = cycle.outcome is Outcome.PAUSED and cycle.pauses[-1].letter == letter
            cycle = replace(cycle, pauses=pauses, outcome=Outcome.RUNNING if running else cycle.outcome)
            cycle = _counted(_measured(cycle, rules), rules)
        if cycle.metric not in ANSWERING or cycle.stopped_by != letter or cycle.stopped_at is None:
            return cycle
        stopped_at = cycle.stopped_at
        cycle = _measured(replace(_unstopped(cycle), annulled_by=letter), rules)
        if ticket.public_agent_at is not None and ticket.public_agent_at > stopped_at:
            return _stopped(cycle, rules, ticket.public_agent_at, None)
        since.append(cycle.started_at)
        return cycle

    stopped = [c.stopped_at for c in ticket.cycles if c.stopped_by == letter]
    ticket = _each(ticket, act)
    if since:
        # The requester waits again, and nobody has answered as far as they know.
        waiting = min((*since, ticket.waiting_since) if ticket.waiting_since else since)
        answered = None if ticket.public_agent_at in stopped else ticket.public_agent_at
        ticket = replace(ticket, waiting_since=waiting, public_agent_at=answered)
    return ticket


# --- what a clock says -----------------------------------------------------------------------------------------------


def left(cycle: Cycle, rules: Rules, now: datetime) -> int:
    """Seconds of business time until the budget is used up; negative when it is overdrawn."""
    return cycle.target_s - elapsed(rules.calendar(cycle.calendar), cycle.started_at, cycle.stopped_at or now, _intervals(cycle))


def warn_at(cycle: Cycle, rules: Rules, level: int) -> datetime:
    """When `level` percent are used up. Of two such instants the later one: an alarm is for hours in which somebody works."""
    return add(rules.calendar(cycle.calendar), cycle.started_at, _share(cycle, level), _intervals(cycle), Boundary.NEXT)


def alarms(ticket: Ticket, rules: Rules, now: datetime) -> tuple[SlaWarned | SlaBreached, ...]:
    """What must be said now: of each running clock its breach, else the highest level reached, each once; nothing of paused ones."""
    found: list[SlaWarned | SlaBreached] = []
    for cycle in ticket.cycles:
        if cycle.outcome is not Outcome.RUNNING or cycle.breached_at is not None:
            continue
        if now >= cycle.breach_at:
            breached = SlaBreached(
                at=cycle.breach_at,
                metric=cycle.metric,
                cycle=cycle.n,
                due_at=cycle.due_at,
                target_s=cycle.target_s,
                priority=cycle.priority,
                owner=ticket.owner,
                group=ticket.group,
            )
            found.append(breached)
            continue
        reached = [(level, at) for level in _levels_ahead(cycle, rules) if (at := warn_at(cycle, rules, level)) <= now]
        if reached:
            level, at = max(reached)
            found.append(SlaWarned(at=at, metric=cycle.metric, cycle=cycle.n, level=level))
    return tuple(found)


def warned(ticket: Ticket, event: SlaWarned) -> Ticket:
    return _each(ticket, lambda c: replace(c, warned=(*c.warned, event.level)) if _is_meant(c, event) else c)


def breached(ticket: Ticket, event: SlaBreached) -> Ticket:
    return _each(ticket, lambda c: replace(c, breached_at=event.at) if _is_meant(c, event) else c)


def next_check(ticket: Ticket, rules: Rules) -> datetime | None:
    """The earliest instant at which a clock or a timer wants attention; None: only a mail can change anything."""
    found = [timer.due_at for timer in ticket.timers]
    follow_up = ticket.follow_up_due_at if ticket.follow_up is FollowUp.OPEN else None
    found += [at for at in (ticket.survey_due_at, ticket.ratings_wait_until, follow_up) if at is not None]
    for cycle in ticket.cycles:
        if cycle.outcome is Outcome.RUNNING and cycle.breached_at is None:
            ahead = _levels_ahead(cycle, rules)
            found.append(min(warn_at(cycle, rules, ahead[0]), cycle.breach_at) if ahead else cycle.breach_at)
    return min(found, default=None)


# --- one cycle -------------------------------------------------------------------------------------------------------


def _each(ticket: Ticket, act: Callable[[Cycle], Cycle]) -> Ticket:
    cycles = tuple(act(cycle) for cycle in ticket.cycles)
    return replace(ticket, cycles=cycles) if cycles != ticket.cycles else ticket


def _is_on(cycle: Cycle) -> bool:
    return cycle.outcome in (Outcome.RUNNING, Outcome.PAUSED)


def _is_meant(cycle: Cycle, event: SlaWarned | SlaBreached) -> bool:
    return cycle.metric is event.metric and cycle.n == event.cycle


def _intervals(cycle: Cycle) -> tuple[Interval, ...]:
    return tuple((p.began_at, p.ended_at) for p in cycle.pauses)


def _share(cycle: Cycle, level: int) -> int:
    return cycle.target_s * level // 100


def _levels_ahead(cycle: Cycle, rules: Rules) -> list[int]:
    fired = max(cycle.warned, default=0)
    return sorted(level for level in rules.sla.warn if level > fired)


def _measured(cycle: Cycle, rules: Rules) -> Cycle:
    """The due instants, from what the cycle says about itself. While it stands still it has none, and keeps the last ones."""
    pauses = _intervals(cycle)
    if any(end is None for _, end in pauses):
        return cycle
    calendar = rules.calendar(cycle.calendar)
    due_at = add(calendar, cycle.started_at, cycle.target_s, pauses, Boundary.CLOSE)
    breach_at = add(calendar, cycle.started_at, cycle.target_s, pauses, Boundary.NEXT)
    return replace(cycle, due_at=due_at, breach_at=breach_at)


def _counted(cycle: Cycle, rules: Rules) -> Cycle:
    """The result of a cycle that was stopped, after its pauses changed."""
    if cycle.stopped_at is None or cycle.outcome is Outcome.CANCELLED:
        return cycle
    return _stopped(cycle, rules, cycle.stopped_at, cycle.stopped_by)


def _run_on(cycle: Cycle, rules: Rules, at: datetime) -> Cycle:
    """Ends the pause, never before it began."""
    if cycle.outcome is not Outcome.PAUSED:
        return cycle
    return _measured(replace(cycle, outcome=Outcome.RUNNING, pauses=_ended(cycle.pauses, at)), rules)


def _ended(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    return tuple(p if p.ended_at is not None else replace(p, ended_at=max(at, p.began_at)) for p in pauses)


def _stopped(cycle: Cycle, rules: Rules, at: datetime, letter: str | None) -> Cycle:
    cycle = _run_on(cycle, rules, at)
    late = at > cycle.breach_at
    return replace(
        cycle,
        outcome=Outcome.MISSED if late else Outcome.MET,
        stopped_at=at,
        stopped_by=letter,
        elapsed_s=elapsed(rules.calendar(cycle.calendar), cycle.started_at, at, _intervals(cycle)),
        breached_at=cycle.breached_at or (cycle.breach_at if late else None),
    )


def _cancelled(cycle: Cycle, at: datetime, reason: str) -> Cycle:
    return replace(cycle, outcome=Outcome.CANCELLED, pauses=_ended(cycle.pauses, at), stopped_at=at, cancel_reason=reason)


def _unstopped(cycle: Cycle) -> Cycle:
    return replace(cycle, outcome=Outcome.RUNNING, stopped_at=None, stopped_by=None, elapsed_s=None, cancel_reason=None)
