"""Promises and their clocks: when one starts, stands still, stops, is nearly over, or is broken.

A clock's run is a cycle. Nothing is added up in place: the due instants follow from start, target, calendar and pauses, so
every cycle can be counted again from what it says about itself. Which event starts or stops what stands in `transitions`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mailgate.decide import turns
from mailgate.decide.calendar import Boundary, Interval, add, elapsed
from mailgate.decide.ladder import share
from mailgate.decide.rules import Rules
from mailgate.decide.turns import HOLD, PENDING_USER, REJECTED, RESOLVED
from mailgate.model.events import BreachAnnulled
from mailgate.model.policy import Metric
from mailgate.model.ticket import BREACH, Cycle, Outcome, Pause, Retarget, Ticket

#: Why a cycle was given up, besides what ended the ticket.
MERGED, NO_POLICY, ANNULLED, HANDED_OVER, AGENT_CREATED = "merged", "no_policy", "annulled", "handed_over", "agent_created"
#: Why a breach no longer holds, where nothing else was changed than when somebody wrote.
IN_TIME = "in_time"

#: What an answer stops, so that an answer which reached nobody has not stopped it.
ANSWERING = frozenset({Metric.FIRST_REPLY, Metric.NEXT_REPLY, Metric.UPDATE})
#: What a solution stops, and a reopening starts again where it stood.
SOLVING = frozenset({Metric.RESOLUTION, Metric.WORK})


def stands_still(metric: Metric, cause: str, rules: Rules) -> bool:
    """Which clocks a cause stops for a while. A reply is owed whatever a ticket waits for, but nothing is while it is solved."""
    if cause in (RESOLVED, REJECTED):
        return True
    if metric is Metric.RESOLUTION:
        return cause == PENDING_USER or cause.removeprefix(HOLD) in rules.sla.pause_on_hold
    if metric is Metric.UPDATE:
        return cause == PENDING_USER
    return metric is Metric.WORK


def owed(ticket: Ticket, rules: Rules, metric: Metric) -> datetime | None:
    """Since when a live ticket owes what a metric measures, whether it is promised or not; None: nothing is owed.
    It follows from what the ticket remembers, so that a promise counts the same whenever it was given."""
    match metric:
        case Metric.FIRST_REPLY:
            return None if turns.answers(ticket) else ticket.arrived_at
        case Metric.NEXT_REPLY:
            return ticket.waiting_since if turns.answers(ticket) or rules.sla.next_reply_from_first_message else None
        case Metric.UPDATE:
            return ticket.public_agent_at or ticket.arrived_at
        case Metric.PICKUP:
            return ticket.queued_at if ticket.owner is None else None
        case _:
            return ticket.arrived_at


# --- the run of a clock ----------------------------------------------------------------------------------------------


def stop(ticket: Ticket, rules: Rules, metric: Metric, at: datetime, letter: str | None = None) -> Ticket:
    """The promise is kept or not: met while no more than the promised time was used. `letter`: whose refusal takes the stop back."""
    return _each(ticket, lambda c: _stopped(c, rules, at, letter) if c.metric is metric and c.is_on else c)


def solve(ticket: Ticket, rules: Rules, at: datetime, letter: str | None = None) -> Ticket:
    for metric in SOLVING:
        ticket = stop(ticket, rules, metric, at, letter)
    return ticket


def finish(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """The ticket is solved: what is still owed is owed no longer, unless it is late already. Who is kept informed may want to be again."""

    def act(cycle: Cycle) -> Cycle:
        if not cycle.is_on or cycle.metric is Metric.UPDATE:
            return cycle
        return _given_up(cycle, rules, at, RESOLVED)

    return _each(ticket, act)


def cancel(ticket: Ticket, at: datetime, reason: str) -> Ticket:
    """Clocks that say nothing any more: the ticket was merged or rejected."""
    return _each(ticket, lambda c: _cancelled(c, at, reason) if c.is_on else c)


def settled(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """What is owed now is measured, what is not is no longer, and what stands still stands still. At most one clock of a metric."""
    ticket = _each(ticket, lambda c: _with_waits(c, ticket, rules) if c.is_on else c)
    if ticket.status.is_live:
        for metric in Metric:
            ticket = _measuring(ticket, rules, metric, at)
    return ticket


def _measuring(ticket: Ticket, rules: Rules, metric: Metric, at: datetime) -> Ticket:
    mine = [c for c in ticket.cycles if c.metric is metric]
    on = next((c for c in mine if c.is_on), None)
    target = rules.target(ticket.priority, metric)
    if on is None and target is None:
        return ticket
    since = owed(ticket, rules, metric)
    if on is not None:
        if since == on.started_at:
            return ticket
        if since is not None and since < on.started_at:
            # An older message came later, or the answer between the two reached nobody.
            return _put(ticket, _with_waits(replace(on, started_at=since), ticket, rules, anew=True))
        ticket = _put(ticket, _overtaken(on, ticket, rules, at))
    if since is None or target is None:
        return ticket
    former = next((c for c in reversed(mine) if c.started_at == since), None)
    if former is not None:
        return _put(ticket, _taken_up_again(former, ticket, rules, at))
    cycle = Cycle(
        metric=metric,
        n=len(mine) + 1,
        policy=rules.policy.digest,
        calendar=target.calendar,
        priority=ticket.priority,
        target_s=target.whole_s,
        started_at=since,
        due_at=since,
        breach_at=since,
    )
    return replace(ticket, cycles=(*ticket.cycles, _with_waits(cycle, ticket, rules, anew=True)))


def _overtaken(cycle: Cycle, ticket: Ticket, rules: Rules, at: datetime) -> Cycle:
    """The end of a clock whose time is over without anybody's having stopped it."""
    if cycle.metric is Metric.PICKUP:
        return _given_up(cycle, rules, at, HANDED_OVER) if ticket.owner is None else _stopped(cycle, rules, at, None)
    said = [turn for turn in turns.answers(ticket) if turn.at >= cycle.started_at]
    if not said:
        return _cancelled(cycle, at, ANNULLED)
    answer = min(said, key=lambda turn: turn.at)
    return _stopped(cycle, rules, answer.at, answer.letter)


def without_first_reply(ticket: Ticket, rules: Rules, at: datetime) -> Ticket:
    """An agent wrote first: the first reply was given before it could be owed, and reports are told so."""
    target = rules.target(ticket.priority, Metric.FIRST_REPLY)
    if target is None:
        return ticket
    cycle = Cycle(Metric.FIRST_REPLY, 1, rules.policy.digest, target.calendar, ticket.priority, target.whole_s, at, at, at)
    return replace(ticket, cycles=(*ticket.cycles, _cancelled(_measured(cycle, rules), at, AGENT_CREATED)))


def recount(ticket: Ticket, rules: Rules, at: datetime, cause: str, by: str = "mailgate") -> Ticket:
    """Other promises hold (another priority or policy, an edited calendar): clocks that run are counted anew from their start, what
    the ticket waited for left out; finished ones never. A level that fired stays silent unless the clock is below it again. What was
    not promised before counts as if it had always been."""

    def act(cycle: Cycle) -> Cycle:
        if not cycle.is_on:
            return cycle
        is_meant = cycle.metric is not Metric.NEXT_REPLY or not ticket.status.is_live or owed(ticket, rules, cycle.metric)
        if rules.target(ticket.priority, cycle.metric) is None or not is_meant:
            return _cancelled(cycle, at, NO_POLICY)
        return _counted_anew(cycle, ticket, rules, at, by, cause)

    return settled(_each(ticket, act), rules, at)


def annul(ticket: Ticket, rules: Rules, letter: str, at: datetime, reopens: bool = False) -> Ticket:
    """A letter reached nobody: what it stopped has not been stopped, what it had started never was, and a wait that it began ends at
    its start. A later public answer, if there was one, stops the clock instead. Levels that fired do not fire again."""
    question, later = turns.since(ticket, letter)
    stopped = {c.metric: c.n for c in ticket.cycles if c.stopped_by == letter and c.metric in ANSWERING and c.elapsed_s is not None}
    said = {turn.at for turn in ticket.turns if turn.letter == letter}
    begun = {Metric.UPDATE: said, Metric.NEXT_REPLY: {question.at} if question else set()}
    folded = {
        metric for metric, starts in begun.items() if metric in stopped or (metric is Metric.NEXT_REPLY and Metric.FIRST_REPLY in stopped)
    }
    after = turns.taken_back(ticket, letter, reopens)

    def act(cycle: Cycle) -> Cycle:
        if stopped.get(cycle.metric) == cycle.n:
            cycle = replace(cycle, annulled_by=letter)
            if later is None:
                return _taken_up_again(cycle, after, rules, at)
            return _stopped(_with_waits(_unstopped(cycle), after, rules, anew=True), rules, later.at, later.letter)
        if cycle.metric in folded and cycle.n > stopped.get(cycle.metric, 0) and cycle.started_at in begun[cycle.metric]:
            return cycle if cycle.outcome is Outcome.CANCELLED else _cancelled(cycle, cycle.stopped_at or at, ANNULLED)
        if cycle.elapsed_s is not None and any(p.letter == letter for p in cycle.pauses):
            pauses = tuple(replace(p, ended_at=p.began_at) if p.letter == letter else p for p in cycle.pauses)
            return _stopped(_measured(replace(cycle, pauses=pauses), rules), rules, cycle.stopped_at or at, cycle.stopped_by)
        return cycle

    return _each(after, act)


def unfounded(ticket: Ticket, now: datetime) -> tuple[BreachAnnulled, ...]:
    """Breaches that were told and no longer hold, since the promise was changed or somebody turns out to have written in time."""
    return tuple(
        BreachAnnulled(at=now, metric=c.metric, cycle=c.n, cause=c.retargets[-1].cause if c.retargets else IN_TIME)
        for c in ticket.cycles
        if c.breached_at is not None and c.breach_annulled_by is None and (c.outcome is Outcome.MET or (c.is_on and now < c.breach_at))
    )


def breach_annulled(ticket: Ticket, event: BreachAnnulled) -> Ticket:
    """The breach stays on record. What fires from now on is about the promise as it is now."""

    def act(cycle: Cycle) -> Cycle:
        if (cycle.metric, cycle.n) != (event.metric, event.cycle):
            return cycle
        again = Retarget(event.at, _GATEWAY, cycle.target_s, cycle.target_s, event.cause)
        below = tuple(level for level in cycle.warned if level < BREACH)
        return replace(cycle, breach_annulled_by=event.cause, retargets=(*cycle.retargets, again), warned=below)

    return _each(ticket, act)


# --- what a clock says -----------------------------------------------------------------------------------------------


def left(cycle: Cycle, rules: Rules, now: datetime) -> int:
    """Seconds of business time until the budget is used up; negative when it is overdrawn."""
    return cycle.target_s - _used(cycle, rules, cycle.stopped_at or now)


# --- one cycle -------------------------------------------------------------------------------------------------------

_GATEWAY = "mailgate"


def _each(ticket: Ticket, act: Callable[[Cycle], Cycle]) -> Ticket:
    cycles = tuple(act(cycle) for cycle in ticket.cycles)
    return replace(ticket, cycles=cycles) if cycles != ticket.cycles else ticket


def _put(ticket: Ticket, changed: Cycle) -> Ticket:
    return _each(ticket, lambda c: changed if (c.metric, c.n) == (changed.metric, changed.n) else c)


def _intervals(cycle: Cycle) -> tuple[Interval, ...]:
    return tuple((p.began_at, p.ended_at) for p in cycle.pauses)


def _with_waits(cycle: Cycle, ticket: Ticket, rules: Rules, anew: bool = False) -> Cycle:
    """A cycle that is on, with what the ticket waited for while it ran. `anew`: it is measured, whether that changed or not."""
    pauses = tuple(
        wait if wait.began_at >= cycle.started_at else replace(wait, began_at=cycle.started_at)
        for wait in ticket.waits
        if stands_still(cycle.metric, wait.cause, rules)
        and (wait.began_at >= cycle.started_at or wait.ended_at is None or wait.ended_at > cycle.started_at)
    )
    outcome = Outcome.PAUSED if pauses and pauses[-1].ended_at is None else Outcome.RUNNING
    if not anew and (pauses, outcome) == (cycle.pauses, cycle.outcome):
        return cycle
    return _measured(replace(cycle, pauses=pauses, outcome=outcome), rules)


def _measured(cycle: Cycle, rules: Rules) -> Cycle:
    """The due instants, from what the cycle says about itself. While it stands still they are those of when that began."""
    pauses = tuple((begin, end) for begin, end in _intervals(cycle) if end is not None)
    calendar = rules.calendar_of(cycle)
    due_at = add(calendar, cycle.started_at, cycle.target_s, pauses, Boundary.CLOSE)
    breach_at = add(calendar, cycle.started_at, cycle.target_s, pauses, Boundary.NEXT)
    return replace(cycle, due_at=due_at, breach_at=breach_at, calendar_digest=calendar.digest)


def _counted_anew(cycle: Cycle, ticket: Ticket, rules: Rules, at: datetime, by: str, cause: str) -> Cycle:
    """A cycle that is on, by the promise that holds now and the calendar as it is now."""
    target = rules.target(ticket.priority, cycle.metric)
    assert target is not None
    changed = replace(
        cycle, priority=ticket.priority, policy=rules.policy.digest, calendar=target.calendar, calendar_digest=None, target_s=target.whole_s
    )
    changed = _with_waits(changed, ticket, rules, anew=True)
    if _promise(changed) == _promise(cycle):
        return changed
    used = changed.target_s - left(changed, rules, at)
    return replace(
        changed,
        original_due_at=cycle.original_due_at or cycle.due_at,
        retargets=(*cycle.retargets, Retarget(at, by, cycle.target_s, changed.target_s, cause)),
        warned=tuple(level for level in cycle.warned if used >= share(changed, level)),
    )


def _taken_up_again(cycle: Cycle, ticket: Ticket, rules: Rules, at: datetime) -> Cycle:
    """As if nothing had stopped it, and by the promise that holds now."""
    if rules.target(ticket.priority, cycle.metric) is None:
        return _cancelled(cycle, at, NO_POLICY)
    cause = "policy" if cycle.priority == ticket.priority else "priority"
    return _counted_anew(_unstopped(cycle), ticket, rules, at, _GATEWAY, cause)


def _promise(cycle: Cycle) -> tuple[object, ...]:
    return cycle.target_s, cycle.calendar, cycle.calendar_digest, cycle.pauses


def _used(cycle: Cycle, rules: Rules, at: datetime) -> int:
    return elapsed(rules.calendar_of(cycle), cycle.started_at, at, _intervals(cycle))


def _stopped(cycle: Cycle, rules: Rules, at: datetime, letter: str | None) -> Cycle:
    pauses = _ended(cycle.pauses, at)
    if pauses != cycle.pauses or cycle.calendar_digest != rules.calendar_of(cycle).digest:
        cycle = _measured(replace(cycle, pauses=pauses), rules)
    used = _used(cycle, rules, at)
    late = used > cycle.target_s
    return replace(
        cycle,
        outcome=Outcome.MISSED if late else Outcome.MET,
        stopped_at=at,
        stopped_by=letter,
        elapsed_s=used,
        breached_at=cycle.breached_at or (cycle.breach_at if late else None),
    )


def _given_up(cycle: Cycle, rules: Rules, at: datetime, reason: str) -> Cycle:
    """Nobody owes it any more; what is late already stays late."""
    return _stopped(cycle, rules, at, None) if _used(cycle, rules, at) > cycle.target_s else _cancelled(cycle, at, reason)


def _ended(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    return tuple(p if p.ended_at is not None else replace(p, ended_at=max(at, p.began_at)) for p in pauses)


def _cancelled(cycle: Cycle, at: datetime, reason: str) -> Cycle:
    ended = replace(cycle, outcome=Outcome.CANCELLED, pauses=_ended(cycle.pauses, at), stopped_at=at, cancel_reason=reason)
    return replace(ended, stopped_by=None, elapsed_s=None)


def _unstopped(cycle: Cycle) -> Cycle:
    """As if nothing had stopped it. A breach that was only seen when it stopped, and told to nobody, has still to be told."""
    told = cycle.breached_at if BREACH in cycle.warned else None
    return replace(cycle, outcome=Outcome.RUNNING, stopped_at=None, stopped_by=None, elapsed_s=None, cancel_reason=None, breached_at=told)
