"""Who hears of a promise that is nearly over or broken: by the ladder of the policy, one letter for each person."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mailgate.decide import announce, ladder, sla
from mailgate.decide.ladder import OfClock, OfDate
from mailgate.decide.scene import Scene
from mailgate.model.decision import Alarm
from mailgate.model.events import BreachAnnulled, PromisedDateNear, SlaBreached, SlaEscalated, SlaRepeated, SlaWarned
from mailgate.model.letter import Audience, LetterKind, LetterWanted
from mailgate.model.letters import BrokenPromise, PromisedDate, PromiseWarning, WithdrawnAlarm
from mailgate.model.person import Role
from mailgate.model.policy import Hearer, Metric
from mailgate.model.ticket import BREACH, Cycle, Ticket

#: A mail that came to us so much later than it was sent to us is worth a word: that time is ours.
OUTAGE = timedelta(minutes=5)


def of_clocks(
    s: Scene, before: Ticket, after: Ticket, events: Iterable[OfClock], unread_since: datetime | None
) -> tuple[LetterWanted, ...]:
    """The letters about what the clocks of a ticket say. `unread_since`: a mailbox that may hold an answer has not been read since then."""
    highest: dict[tuple[Metric, int], OfClock] = {(event.metric, event.cycle): event for event in events}
    letters: tuple[LetterWanted, ...] = ()
    for (metric, n), event in highest.items():
        was, cycle = (next(c for c in ticket.cycles if c.metric is metric and c.n == n) for ticket in (before, after))
        if isinstance(event, SlaWarned):
            letters += _warning(s, after, cycle)
        else:
            letters += _broken(s, after, cycle, event, _steps(s, after, was, event), unread_since)
    return letters


def _steps(s: Scene, ticket: Ticket, was: Cycle, event: SlaBreached | SlaEscalated | SlaRepeated) -> tuple[Hearer, ...]:
    """Who is meant. What was missed on the way is told with the highest level, and what is told once more is the breach."""
    escalate = s.rules_of(ticket).sla.escalate
    if isinstance(event, SlaRepeated):
        return escalate.get(BREACH, ())
    said, level = max(was.warned, default=0), BREACH if isinstance(event, SlaBreached) else event.level
    return tuple(dict.fromkeys(who for at, step in sorted(escalate.items()) if said < at <= level for who in step))


def _warning(s: Scene, ticket: Ticket, cycle: Cycle) -> tuple[LetterWanted, ...]:
    left, acting = sla.left(cycle, s.rules_of(ticket), s.now), _acting(s, ticket, cycle.metric)
    above = _above(s, ticket, s.rules_of(ticket).sla.escalate.get(BREACH, ()), acting)
    warning = PromiseWarning(
        metric=cycle.metric,
        since=cycle.started_at,
        due_at=cycle.due_at,
        target_s=cycle.target_s,
        left_s=max(left, 0),
        unbroken=_unbroken(cycle, left, s.now),
        delay_s=_delay(s, ticket, cycle),
        also=_names(s, above) if s.policy.wants(BrokenPromise.event) else (),
    )
    return expiring(cycle.breach_at, announce.to_agents(s, warning, ticket, people=acting))


def _broken(
    s: Scene,
    ticket: Ticket,
    cycle: Cycle,
    event: SlaBreached | SlaEscalated | SlaRepeated,
    steps: tuple[Hearer, ...],
    unread_since: datetime | None,
) -> tuple[LetterWanted, ...]:
    left = sla.left(cycle, s.rules_of(ticket), s.now)
    acting = _acting(s, ticket, cycle.metric) if Hearer.OWNER in steps else ()
    if Hearer.GROUP in steps:
        acting = tuple(dict.fromkeys((*acting, *_inside(ticket, s.group(ticket.group)))))
    above = _above(s, ticket, steps, acting)
    broken = BrokenPromise(
        metric=cycle.metric,
        since=cycle.started_at,
        due_at=cycle.due_at,
        target_s=cycle.target_s,
        over_s=max(-left, 0),
        unbroken=_unbroken(cycle, left, s.now),
        level=event.level if isinstance(event, SlaEscalated) else BREACH,
        again=isinstance(event, SlaRepeated),
        delay_s=_delay(s, ticket, cycle),
        unread_since=unread_since if isinstance(event, SlaBreached) else None,
        also=_names(s, above),
    )
    return announce.to_agents(s, broken, ticket, people=acting) + _to_leads(s, broken, ticket, above)


def of_date(s: Scene, ticket: Ticket, event: OfDate) -> tuple[LetterWanted, ...]:
    """The same of a date that was promised by hand: its owner, and once it has passed the lead."""
    assert ticket.promised_at is not None
    passed = not isinstance(event, PromisedDateNear)
    acting = _acting(s, ticket, Metric.RESOLUTION)
    above = _above(s, ticket, (Hearer.LEAD,), acting) if passed else ()
    kind = PromisedDate(promised_at=ticket.promised_at, passed=passed)
    letters = announce.to_agents(s, kind, ticket, people=(*acting, *above))
    return letters if passed else expiring(ticket.promised_at, letters)


def withdrawn(s: Scene, ticket: Ticket, event: BreachAnnulled, heard: tuple[int, ...]) -> tuple[LetterWanted, ...]:
    """A breach that was told does not hold: whoever heard of it hears that, too. `heard`: those who had a letter about it alone."""
    cycle = next(c for c in ticket.cycles if c.metric is event.metric and c.n == event.cycle)
    acting = _acting(s, ticket, event.metric)
    people = heard or (*acting, *_above(s, ticket, (Hearer.LEAD,), acting))
    kind = WithdrawnAlarm(metric=event.metric, due_at=cycle.due_at if cycle.is_on else None)
    return announce.to_agents(s, kind, ticket, people=_inside(ticket, people))


def is_broken(s: Scene) -> bool:
    """Whether a promise of the ticket would be broken, were it judged now."""
    return s.ticket is not None and any(isinstance(one, SlaBreached) for one in ladder.alarms(s.ticket, s.rules_of(s.ticket), s.now))


def in_charge(s: Scene) -> tuple[int, ...]:
    """Who answers for the promises of the ticket's group."""
    if s.ticket is None:
        return ()
    return _inside(s.ticket, _lead(s, s.ticket) or _manager(s, s.ticket)) or _inside(s.ticket, s.group(s.ticket.group))


def unheard(s: Scene, ticket: Ticket, events: Iterable[OfClock], letters: Iterable[LetterWanted]) -> Alarm | None:
    """A broken promise of which nobody hears is the operator's."""
    broken = any(not isinstance(event, SlaWarned) for event in events)
    if not broken or any(letters) or not s.policy.wants(BrokenPromise.event):
        return None
    return Alarm("promise_unheard", f"a promise on ticket {ticket.number} is broken, and nobody in {ticket.group} is there to hear of it",
                 "name a lead or a manager of the group in policy.toml", ticket.group)  # fmt: skip


# --- people -------------------------------------------------------------------------------------------------------------------


def _acting(s: Scene, ticket: Ticket, metric: Metric) -> tuple[int, ...]:
    """The owner, or the whole group: who only watches has nothing to do. That nobody takes a ticket is the lead's to mend."""
    lead = _inside(ticket, _lead(s, ticket)) if metric is Metric.PICKUP else ()
    return lead or announce.responsible(s, ticket, watchers=False)


def _above(s: Scene, ticket: Ticket, steps: Iterable[Hearer], acting: tuple[int, ...]) -> tuple[int, ...]:
    found = (id_ for who in steps if who in _PEOPLE for id_ in _PEOPLE[who](s, ticket))
    return tuple(id_ for id_ in _inside(ticket, dict.fromkeys(found)) if id_ not in acting)


def _inside(ticket: Ticket, people: Iterable[int]) -> tuple[int, ...]:
    outside = ticket.outsiders()
    return tuple(id_ for id_ in people if id_ not in outside)


def _lead(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    lead = s.lead(ticket)
    return (lead.id,) if lead is not None else ()


def _manager(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """Else the lead, else whoever looks after all of it."""
    group = s.policy.groups.get(ticket.group)
    operators = (agent.id for agent in s.policy.agents.values() if agent.role is Role.OPERATOR)
    return _known(s, (group.manager,) if group else ()) or _lead(s, ticket) or _known(s, operators)


def _on_call(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    group = s.policy.groups.get(ticket.group)
    return _known(s, group.on_call if group else ()) or _manager(s, ticket)


def _known(s: Scene, agents: Iterable[str | None]) -> tuple[int, ...]:
    return tuple(s.agents[id_].id for id_ in agents if id_ is not None and id_ in s.agents)


_PEOPLE = {Hearer.LEAD: _lead, Hearer.MANAGER: _manager, Hearer.ON_CALL: _on_call}


def _names(s: Scene, people: Iterable[int]) -> tuple[str, ...]:
    return tuple(person.name for id_ in people if (person := s.agent(id_)) is not None)


def _to_leads(s: Scene, kind: LetterKind, ticket: Ticket, people: tuple[int, ...]) -> tuple[LetterWanted, ...]:
    """Who hears of it without having to act reads otherwise, and of the others who do."""
    letters = announce.to_agents(s, kind, ticket, people=people)
    return tuple(replace(letter, audience=Audience.LEAD) for letter in letters)


# --- what it says -------------------------------------------------------------------------------------------------------------


def _unbroken(cycle: Cycle, left: int, now: datetime) -> bool:
    """Whether nothing closed since it was due: closing times lie where the clock on the wall says more than the one of the promise."""
    return abs(cycle.due_at - now) - timedelta(seconds=abs(left)) < timedelta(minutes=1)


def _delay(s: Scene, ticket: Ticket, cycle: Cycle) -> int | None:
    """Seconds between the arrival of the mail that started a clock and when we had it, where they are more than minutes."""
    entries = s.file.entries if s.file else ()
    had = next((e.recorded_at for e in entries if e.arrived_at == cycle.started_at), None)
    if had is None and cycle.started_at == ticket.arrived_at:
        had = ticket.created_at
    delay = had - cycle.started_at if had is not None else timedelta(0)
    return int(delay.total_seconds()) if delay > OUTAGE else None


def expiring(expires_at: datetime, letters: tuple[LetterWanted, ...]) -> tuple[LetterWanted, ...]:
    return tuple(replace(letter, expires_at=expires_at) for letter in letters)
