"""Random lives of tickets, played by the state machine and recorded, so that reports have something to count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from mailgate.decide import ladder
from mailgate.decide.lifecycle import Facts, apply
from mailgate.decide.rules import Rules, rules_for
from mailgate.model.decision import Change, Decision
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    Event,
    HoldStarted,
    OutageNoted,
    PriorityChanged,
    RatingGiven,
    RequesterClosed,
    RequesterWrote,
    SlaBreached,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketRejected,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
)
from mailgate.model.person import Person
from mailgate.model.policy import Desk, Metric, Policy, Target
from mailgate.model.rating import GivenRating
from mailgate.model.reporting import Service
from mailgate.model.ticket import HoldReason, Status, Ticket, TicketKind
from mailgate.record.rows import ToRecord
from mailgate.record.store import Store
from tests.decide.life import a_policy

#: The lives begin within these days, and go on behind them.
FIRST, DAYS = datetime(2026, 3, 9, tzinfo=UTC), 28
NOW = FIRST + timedelta(days=60)
REQUESTERS, AGENTS = (1, 2, 3, 4), (11, 12, 13)
PRIORITIES = (2, 4)
TARGETS = {
    (2, Metric.FIRST_REPLY): 60, (2, Metric.NEXT_REPLY): 120, (2, Metric.RESOLUTION): 480,
    (4, Metric.FIRST_REPLY): 480, (4, Metric.NEXT_REPLY): 600, (4, Metric.RESOLUTION): 2400,
}  # fmt: skip
ALLOWED = Facts(public_text=True, closure_text=True, merge_target=True)


def policy() -> Policy:
    made = a_policy(promises={key: Target(minutes, "business") for key, minutes in TARGETS.items()})
    hr = Desk("hr", "people@example.org", "HR", "People", "network", timezone="Europe/Berlin")
    return replace(made, desks={**made.desks, "hr": hr}, services={"mail": Service("mail", "E-mail", "business")})


@dataclass
class Played:
    """One life as it is played: the changes so far."""

    ticket: Ticket
    rules: Rules
    changes: list[Change]
    ratings: list[GivenRating]

    def happen(self, event: Event) -> bool:
        step = apply(self.ticket, event, self.rules, event.at, ALLOWED)
        if step.error is not None:
            return False
        before = self.changes[-1].recorded if self.changes else None
        start = before or self.ticket
        self.changes.append(Change(before, replace(step.ticket, version=start.version, history=start.history), (event,)))
        self.ticket = self.changes[-1].recorded
        return True

    def check_clocks(self, now: datetime) -> None:
        """As the clock round did that never stood still, before anything else happens at `now`."""
        for at in sorted(cycle.breach_at for cycle in self.ticket.cycles if cycle.is_on and cycle.breach_at <= now):
            for alarm in ladder.alarms(self.ticket, self.rules, at):
                if isinstance(alarm, SlaBreached):
                    self.happen(alarm)


def play(number: int, chance: Random, promised: Policy) -> Played:
    start = FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400))
    desk, group = ("hr", "network") if chance.random() < 0.3 else ("it", "it")
    requester = chance.choice(REQUESTERS)
    blank = Ticket(number, desk, f"Printer {number}", TicketKind.INCIDENT, Status.NEW, 4, requester, group, start, start)
    life = Played(blank, rules_for(promised, blank), [], [])
    priority = chance.choice(PRIORITIES)
    life.happen(
        TicketOpened(at=start, actor=requester, desk=desk, kind=TicketKind.INCIDENT, priority=priority, requester=requester, group=group)
    )
    at = start
    for _ in range(chance.randrange(1, 12)):
        at += timedelta(seconds=chance.randrange(60, chance.choice((7200, 86_400, 3 * 86_400))))
        life.check_clocks(at)
        _something(life, chance, at, requester)
        if life.ticket.status in (Status.MERGED, Status.REJECTED):
            return life
    life.check_clocks(NOW)
    return life


def _something(life: Played, chance: Random, at: datetime, requester: int) -> None:
    ticket, agent = life.ticket, chance.choice(AGENTS)
    if ticket.status in (Status.RESOLVED, Status.CLOSED):
        if chance.random() < 0.5 and not any(one.closure == ticket.closure for one in life.ratings):
            score = chance.randrange(1, 6)
            life.happen(RatingGiven(at=at, actor=requester, score=score, closure=ticket.closure))
            life.ratings.append(GivenRating(ticket.number, ticket.closure, requester, score, "", at))
            return
        chosen: Event = chance.choice((RequesterWrote(at=at, actor=requester), TicketReopened(at=at, actor=agent), AutoClosed(at=at)))
        if not isinstance(chosen, RequesterWrote) or ticket.resolved_at is None or at - ticket.resolved_at < timedelta(days=10):
            life.happen(chosen)
        return
    match chance.randrange(12):
        case 0 | 1:
            life.happen(RequesterWrote(at=at, actor=requester))
        case 2 | 3:
            life.happen(AgentReplied(at=at, actor=agent))
        case 4:
            life.happen(TicketTaken(at=at, actor=agent))
        case 5:
            life.happen(TicketAssigned(at=at, actor=agent, to=chance.choice((*AGENTS, None))))
        case 6:
            life.happen(AgentReplied(at=at, actor=agent))
            life.happen(WaitStarted(at=at, actor=agent))
        case 7:
            life.happen(HoldStarted(at=at, actor=agent, reason=chance.choice(tuple(HoldReason))))
        case 8 if ticket.status in (Status.NEW, Status.OPEN) and not any(one.breached_at for one in ticket.cycles):
            # What becomes of a breach, or of a clock that stands still, under another promise is told elsewhere (`tests/decide`).
            after = next(one for one in PRIORITIES if one != ticket.priority)
            life.happen(PriorityChanged(at=at, actor=chance.choice((agent, None)), before=ticket.priority, after=after))
        case 9 if chance.random() < 0.25:
            life.happen(chance.choice((TicketRejected(at=at, actor=agent), TicketMerged(at=at, actor=agent, into=1))))
        case 10 if ticket.public_agent_at is not None:
            life.happen(RequesterClosed(at=at, actor=requester))
        case 11 if chance.random() < 0.4:
            ended = at + timedelta(hours=chance.randrange(1, 30)) if chance.random() < 0.7 else None
            life.happen(OutageNoted(at=at, actor=agent, service="mail", began_at=at - timedelta(hours=1), ended_at=ended))
        case _:
            life.happen(AgentReplied(at=at, actor=agent))
            life.happen(chance.choice((TicketResolved(at=at, actor=agent), TicketClosed(at=at, actor=agent))))


def record(store: Store, lives: Iterable[Played], chance: Random) -> None:
    """Each life in two recordings, as a life is."""
    people = tuple(Person(id_, f"P{id_}", f"p{id_}@example.net") for id_ in (*REQUESTERS, *AGENTS))
    store.record([ToRecord(None, Decision(people=people))], NOW)
    first: list[ToRecord] = []
    then: list[ToRecord] = []
    for life in lives:
        cut = chance.randrange(1, len(life.changes) + 1)
        first.append(ToRecord(None, Decision(changes=tuple(life.changes[:cut]))))
        then.append(ToRecord(None, Decision(changes=tuple(life.changes[cut:]), ratings=tuple(life.ratings))))
    store.record(first, NOW)
    store.record(then, NOW)


def recorded(store: Store, count: int, seed: int) -> None:
    chance, promised = Random(seed), policy()
    store.numbers.take("ticket", count), store.numbers.take("person", max(AGENTS))
    record(store, [play(number, chance, promised) for number in range(1, count + 1)], chance)
