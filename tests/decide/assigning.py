"""A desk that gives out work, day after day, without any database: random agents, calendars, absences and tickets, and a clock.

What must hold is asked here once more, in other words than the program's: who may be asked, and who has how much."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailgate.decide import assignment, giving, searching
from mailgate.decide.scene import Scene
from mailgate.model.assignment import Absence, Availability, SearchStage
from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.decision import Change, Decision
from mailgate.model.events import (
    Event,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferWithdrawn,
    TicketOffered,
    TicketOpened,
    TicketPushed,
    TicketResolved,
    TicketTaken,
)
from mailgate.model.person import Person, Role
from mailgate.model.policy import Agent, Assign, Desk, Group, Metric, Mode, Policy, Sla, Target
from mailgate.model.ticket import Status, Ticket, TicketFile, TicketKind
from tests.decide.life import MAX, PEOPLE, when

STEP = timedelta(minutes=30)
WEIGHT = {1: 4, 2: 3, 3: 2, 4: 1, 5: 1}
ENDS = (OfferAccepted, OfferDeclined, OfferExpired, OfferWithdrawn)


@dataclass
class Office:
    """One random desk and all that happens there. The same seed gives the same of both."""

    seed: int
    tickets: dict[int, Ticket] = field(default_factory=dict)
    log: list[tuple[int, str, int]] = field(default_factory=list)  #: (ticket, event, agent)
    faults: list[str] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    turns: Counter[int] = field(default_factory=Counter)
    given_at: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.policy = _a_policy(self.dice)
        self.agents = {a.id: Person(20 + i, a.name, a.address, agent=a.id) for i, a in enumerate(self.policy.agents.values())}
        self.by_person = {p.id: self.policy.agents[id_] for id_, p in self.agents.items()}
        self.now = when("mon 6:00")

    # --- what the program does

    def run(self, tickets: int) -> Office:
        for number in range(1, tickets + 1):
            self._open(number)
            if self.dice.random() < 0.6:
                self._pass(STEP * self.dice.randrange(1, 4))
        self.absences = [replace(a, to_at=a.to_at or self.now) for a in self.absences]
        for _ in range(60):  # in the end everybody has said something, or everything ran out
            self._pass(timedelta(hours=12), quiet=True)
        self._all_ended()
        return self

    def _pass(self, time: timedelta, quiet: bool = False) -> None:
        self.now += time
        if not quiet:
            self._people()
        self._rounds()

    def _scene(self, ticket: Ticket) -> Scene:
        file = TicketFile(ticket, (PEOPLE[MAX],), ())
        return Scene(file=file, policy=self.policy, agents=self.agents, now=self.now, staff=self.availabilities())

    def availabilities(self) -> dict[int, Availability]:
        load: Counter[int] = Counter()
        for ticket in self.tickets.values():
            if ticket.status in (Status.NEW, Status.OPEN) and ticket.owner is not None:
                load[ticket.owner] += WEIGHT[ticket.priority]
            if ticket.search is not None and ticket.search.offer is not None:
                load[ticket.search.offer.to] += WEIGHT[ticket.priority]
        return {
            id_: Availability(
                id_, load[id_], 0, self.turns[id_], self.given_at.get(id_), tuple(a for a in self.absences if a.person == id_)
            )
            for id_ in self.by_person
        }

    def _open(self, number: int) -> None:
        group = self.dice.choice(sorted(self.policy.groups))
        blank = Ticket(
            number, "it", "Printer", TicketKind.INCIDENT, Status.NEW, self.dice.randint(1, 5), MAX, group, self.now, self.now,
            category=self.dice.choice((None, "net", "db")),
        )  # fmt: skip
        requester = self.dice.choice((MAX, *self.by_person))
        blank = replace(blank, requester=requester)
        event = TicketOpened(
            at=self.now, actor=requester, desk="it", kind=blank.kind, priority=blank.priority, requester=requester, group=group,
            category=blank.category,
        )  # fmt: skip
        self._happen(blank, event, new=True)
        self._rounds()

    def _happen(self, ticket: Ticket, event: Event, new: bool = False) -> None:
        scene = self._scene(ticket)
        step = scene.step(ticket, event)
        self._record(Decision(changes=(searching.followed(scene, Change(None if new else ticket, step.ticket, (event,))),)))

    def _record(self, decision: Decision) -> None:
        for change in decision.changes:
            for event in change.events:
                self._look(change.after if change.before is None else change.before, event)
            self.tickets[change.after.number] = change.recorded
        if decision.turn_of is not None:
            person, before = decision.turn_of
            assert self.turns[person] == before
            self.turns[person] += 1
            self.given_at[person] = self.now

    def _rounds(self) -> None:
        for number in list(self.tickets):
            ticket = self.tickets[number]
            if ticket.search is not None and ticket.search.offer is not None and self._is_away(ticket.search.offer.to, self.now):
                self._record(giving.taken_back(self._scene(ticket), ticket))
            ticket = self.tickets[number]
            if giving.is_due(ticket, self.now):
                scene = self._scene(ticket)
                given = giving.when_due(scene, ticket)
                self._record(given.decided(ticket))
        for ticket in sorted(self.tickets.values(), key=lambda t: (t.priority, t.number)):
            if ticket.search is not None and ticket.search.stage is SearchStage.WAITING:
                self._record(giving.again(self._scene(ticket), ticket).decided(ticket))
        self._nobody_waits_in_vain()

    # --- what people do

    def _people(self) -> None:
        for number in list(self.tickets):
            ticket, dice = self.tickets[number], self.dice
            offer = ticket.search.offer if ticket.search is not None else None
            said = dice.random()
            if offer is not None and said < 0.3:
                self._happen(ticket, TicketTaken(at=self.now, actor=offer.to))
            elif offer is not None and said < 0.45:
                self._happen(ticket, OfferDeclined(at=self.now, actor=offer.to, to=offer.to, n=offer.n))
            elif offer is not None and said < 0.5:
                self._happen(ticket, TicketResolved(at=self.now, actor=dice.choice(sorted(self.by_person)), code="fixed"))
            elif ticket.owner is not None and ticket.status.is_live and said > 0.8:
                self._happen(ticket, TicketResolved(at=self.now, actor=ticket.owner, code="fixed"))
        if self.dice.random() < 0.2:
            who = self.dice.choice(sorted(self.by_person))
            until = self.now + timedelta(hours=self.dice.randint(1, 60)) if self.dice.random() < 0.8 else None
            self.absences = [a for a in self.absences if a.person != who]  # said anew, or back
            if self.dice.random() < 0.6:
                self.absences.append(Absence(who, self.now, until, suspected=self.dice.random() < 0.3))

    # --- what must hold

    def _is_away(self, person: int, at: datetime) -> bool:
        return any(a.person == person and a.from_at <= at and (a.to_at is None or at < a.to_at) for a in self.absences)

    def _look(self, ticket: Ticket, event: Event) -> None:
        to = getattr(event, "to", 0)
        self.log.append((ticket.number, type(event).__name__, to or 0))
        if isinstance(event, TicketOffered | TicketPushed):
            agent, load = self.by_person[to], self.availabilities()[to].load
            if load >= agent.capacity:
                self.faults.append(f"{ticket.number}: {agent.id} has {load} of {agent.capacity}")
            if self._is_away(to, self.now):
                self.faults.append(f"{ticket.number}: {agent.id} is away")
            if to == ticket.requester:
                self.faults.append(f"{ticket.number}: {agent.id} has asked for it")

    def _nobody_waits_in_vain(self) -> None:
        staff = self.availabilities()
        for ticket in self.tickets.values():
            if ticket.search is None or ticket.search.stage is not SearchStage.WAITING:
                continue
            for id_, agent in self.by_person.items():
                needs = assignment.needs(self.policy, ticket)
                could = (
                    ticket.group in agent.groups
                    and all(agent.skills.get(skill, 0) >= level - 1 for skill, level in needs.items())
                    and staff[id_].load < agent.capacity
                    and not self._is_away(id_, self.now)
                    and not self._is_away(id_, assignment.opens(self._scene(ticket), ticket, agent) or self.now)
                    and id_ not in ticket.search.passed
                    and id_ != ticket.requester
                )
                if could:
                    self.faults.append(f"{ticket.number}: waits although {agent.id} could have it")

    def _all_ended(self) -> None:
        offered = Counter(number for number, event, _ in self.log if event == "TicketOffered")
        ended = Counter(number for number, event, _ in self.log if event in {kind.__name__ for kind in ENDS})
        if offered != ended:
            self.faults.append(f"offers without an end: {offered - ended}, ends without an offer: {ended - offered}")


def _a_policy(dice: random.Random) -> Policy:
    def hours() -> tuple[tuple[tuple[int, int], ...], ...]:
        begin = dice.randrange(0, 20) * 60
        day = ((begin, min(1440, begin + dice.randrange(2, 10) * 60)),)
        return (*(day if dice.random() < 0.8 else () for _ in range(6)), day)

    calendars = {f"c{i}": Calendar(f"c{i}", dice.choice(("Europe/Berlin", "UTC", "America/New_York")), hours()) for i in range(4)}
    groups = {
        name: Group(name, name, lead="a0", assign=dice.choice((Assign.LEAST_LOADED, Assign.ROUND_ROBIN)), mode=dice.choice((None, *Mode)))
        for name in ("it", "net")
    }
    agents = {
        f"a{i}": Agent(
            f"a{i}", f"Agent {i}", f"a{i}@example.org", groups=tuple(g for g in groups if dice.random() < 0.7), role=Role.AGENT,
            skills={skill: dice.randint(1, 3) for skill in ("net", "db") if dice.random() < 0.5},
            hours=dice.choice((None, *calendars)), capacity=dice.randint(2, 12),
        )
        for i in range(dice.randint(2, 7))
    }  # fmt: skip
    targets = {(p, Metric.FIRST_REPLY): Target(60 * p, "c0") for p in range(1, 6)}
    return Policy(
        digest="d",
        desks={"it": Desk("it", "support@example.org", "IT", "IT", "it")},
        agents=agents,
        groups=groups,
        calendars={"always": ALWAYS, **calendars},
        slas={"standard": Sla("standard", targets, calendar="c0")},
    )
