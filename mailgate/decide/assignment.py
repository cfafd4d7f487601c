"""Who is given a ticket: of its group who can do it, is there, and has room for it. The same standing gives the same agent.

Relaxed in this order, where nobody is left: a skill may be one level lower, then who opens next is asked although the first reply is due
before. Who is full or away is never asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from mailgate.decide.calendar import NoBusinessTime, next_opening
from mailgate.decide.scene import Scene
from mailgate.model.assignment import Absence, Availability
from mailgate.model.person import Person
from mailgate.model.policy import Agent, Assign, Metric, Mode, Policy
from mailgate.model.reason import Reason
from mailgate.model.ticket import Outcome, Ticket

#: What a ticket weighs on who has it, by priority.
WEIGHTS: Mapping[int, int] = {1: 4, 2: 3, 3: 2, 4: 1, 5: 1}
#: A chain of people who stand in for each other longer than this, or one that bites its tail, leads to nobody.
LONGEST_CHAIN = 10

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who may be asked."""

    agent: Agent
    person: Person
    free: Availability
    opens_at: datetime  #: now, or when their working hours begin
    level: int  #: of all skills that are asked for, added up


@dataclass(frozen=True, slots=True)
class Choice:
    candidate: Candidate
    reason: Reason  #: why this one


def needs(policy: Policy, ticket: Ticket) -> Mapping[str, int]:
    """The skills that a ticket asks for, and how much of each."""
    category = policy.categories.get(ticket.category) if ticket.category is not None else None
    return category.skills if category is not None else {}


def mode_of(policy: Policy, group: str) -> Mode:
    """Who is alone in a group is not asked."""
    at = policy.groups.get(group)
    if at is not None and at.mode is not None:
        return at.mode
    return Mode.OFFER if len(policy.members(group)) > 1 else Mode.PUSH


def choose(s: Scene, ticket: Ticket) -> Choice | None:
    """Who is to be asked, and why; None: nobody can be."""
    search = ticket.search
    if search is not None and search.first is not None and (first := _stands_in(s, ticket, search.first)) is not None:
        return Choice(first, Reason("assign.stands_in"))
    if not s.policy.assigns(ticket.group):
        return None
    asked = needs(s.policy, ticket)
    free = _free(s, ticket, s.policy.members(ticket.group), asked)
    able = [one for one in free if _knows(one.agent, asked)]
    nearly = [one for one in free if _knows(one.agent, asked, 1)]
    for some, reason in ((able, None), (nearly, Reason("assign.nearly"))):
        if found := _in_time(s, ticket, some):
            return _picked(s, ticket, found, reason)
    if not nearly:
        return None
    soonest = min(one.opens_at for one in nearly)
    return _picked(s, ticket, [one for one in nearly if one.opens_at == soonest], Reason("assign.back_first"))


def _stands_in(s: Scene, ticket: Ticket, id: int) -> Candidate | None:
    agent = next((agent for agent in s.policy.agents.values() if agent.id in s.agents and s.agents[agent.id].id == id), None)
    return next(iter(_free(s, ticket, (agent,), {})), None) if agent is not None else None


def _free(s: Scene, ticket: Ticket, agents: Iterable[Agent], asked: Mapping[str, int]) -> list[Candidate]:
    """Who has room and is not away, has not passed on this ticket, and has no other part in it."""
    passed = ticket.search.passed if ticket.search is not None else ()
    found = []
    for agent in agents:
        person = s.agents.get(agent.id)
        if person is None or person.id in passed or person.id in ticket.outsiders():
            continue
        there = s.staff.get(person.id, Availability(person.id))
        if there.load >= agent.capacity or there.is_away(s.now):
            continue
        opens_at = opens(s, ticket, agent)
        if opens_at is not None and not there.is_away(opens_at):
            found.append(Candidate(agent, person, there, opens_at, sum(agent.skills.get(skill, 0) for skill in asked)))
    return found


def opens(s: Scene, ticket: Ticket, agent: Agent) -> datetime | None:
    """Now, while an agent is at work, else when their working hours begin; None: never."""
    own = s.policy.calendars.get(agent.hours) if agent.hours is not None else None
    try:
        return next_opening(own or s.rules_of(ticket).timer_calendar, s.now)
    except NoBusinessTime:
        return None


def _knows(agent: Agent, asked: Mapping[str, int], less: int = 0) -> bool:
    return all(agent.skills.get(skill, 0) >= level - less for skill, level in asked.items())


def _in_time(s: Scene, ticket: Ticket, some: list[Candidate]) -> list[Candidate]:
    """Who is at work; where nobody is, who comes before the first reply is due."""
    here = [one for one in some if one.opens_at <= s.now]
    if here:
        return here
    first = ticket.cycle(Metric.FIRST_REPLY)
    due = first.due_at if first is not None and first.outcome is Outcome.RUNNING else None
    return [one for one in some if due is not None and one.opens_at < due]


def _picked(s: Scene, ticket: Ticket, some: list[Candidate], relaxed: Reason | None) -> Choice:
    strategy = s.policy.groups[ticket.group].assign
    best = min(some, key=_ORDERS[strategy])
    return Choice(best, relaxed or _REASONS[strategy])


def _by_load(one: Candidate) -> tuple[object, ...]:
    return (Fraction(one.free.load, one.agent.capacity), -one.level, one.free.given_at or _NEVER, one.agent.id)


def _by_turn(one: Candidate) -> tuple[object, ...]:
    return (one.free.given_at or _NEVER, one.agent.id)


_ORDERS: Mapping[Assign, Callable[[Candidate], tuple[object, ...]]] = {Assign.LEAST_LOADED: _by_load, Assign.ROUND_ROBIN: _by_turn}
_REASONS: Mapping[Assign, Reason] = {Assign.LEAST_LOADED: Reason("assign.most_room"), Assign.ROUND_ROBIN: Reason("assign.next_turn")}


def stand_in(staff: Mapping[int, Availability], person: int, at: datetime) -> int | None:
    """Who stands in for somebody who is away: their delegate, or that one's, where that one is away as well. None: nobody."""
    seen = {person}
    for _ in range(LONGEST_CHAIN):
        away = _absence(staff, person, at)
        if away is None:
            return person if len(seen) > 1 else None
        if away.delegate is None or away.delegate in seen:
            return None
        person = away.delegate
        seen.add(person)
    return None


def _absence(staff: Mapping[int, Availability], person: int, at: datetime) -> Absence | None:
    """The one that holds; of several, one that names who stands in."""
    found = [one for one in staff[person].absences if one.holds(at)] if person in staff else []
    return max(found, key=lambda one: (one.delegate is not None, one.from_at), default=None)
