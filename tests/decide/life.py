"""A ticket's life, played with the clock turned by hand. Says only what the test is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailgate.decide.lifecycle import Effect, Facts, Step, apply
from mailgate.decide.rules import Rules, rules_for
from mailgate.decide.scene import Scene
from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.events import (
    AgentReplied,
    Event,
    HoldStarted,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketRejected,
    TicketResolved,
    TicketTaken,
    WaitStarted,
)
from mailgate.model.person import Person, Role
from mailgate.model.policy import Agent, Desk, Group, Hearer, Metric, Policy, Sla, Target, Timers
from mailgate.model.ticket import Cycle, HoldReason, Status, Ticket, TicketFile, TicketKind, Timer

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

MAX, ANN, BOB, CIM = 1, 11, 12, 13  #: the requester, the lead, two agents

PEOPLE = {
    MAX: Person(MAX, "Max Muster", "max@example.net"),
    ANN: Person(ANN, "Ann Berg", "ann@example.org", agent="ann"),
    BOB: Person(BOB, "Bob Frey", "bob@example.org", agent="bob"),
    CIM: Person(CIM, "Cim Oz", "cim@example.org", agent="cim"),
}
AGENTS = {p.agent: p for p in PEOPLE.values() if p.agent}

BUSINESS = Calendar("business", "Europe/Berlin", (((480, 1080),),) * 5 + ((), ()))

#: Minutes of the promises: (priority, metric).
PROMISES = {
    (1, Metric.FIRST_REPLY): Target(15, "always"),
    (1, Metric.RESOLUTION): Target(240, "always"),
    (2, Metric.FIRST_REPLY): Target(60, "business"),
    (2, Metric.RESOLUTION): Target(480, "business"),
    (4, Metric.FIRST_REPLY): Target(480, "business"),
    (4, Metric.RESOLUTION): Target(2400, "business"),
    (5, Metric.FIRST_REPLY): Target(960, "business"),
}

#: Who hears of a breach, and nobody else later.
TOLD_ONCE = {100: (Hearer.OWNER, Hearer.LEAD)}


def a_policy(
    *,
    promises: dict[tuple[int, Metric], Target] | None = None,
    timers: Timers | None = None,
    letters: dict[str, bool] | None = None,
    lead: str | None = "ann",
    pause_on_hold: frozenset[str] = frozenset({"scheduled"}),
    calendar: Calendar = BUSINESS,
    from_first_message: bool = False,
    more: Iterable[Sla] = (),
    escalate: Mapping[int, tuple[Hearer, ...]] = TOLD_ONCE,
    again: int | None = None,
) -> Policy:
    """What follows a breach (`escalate`, `again`) is the matter of few tests."""
    standard = Sla(
        "standard",
        PROMISES if promises is None else promises,
        pause_on_hold=pause_on_hold,
        next_reply_from_first_message=from_first_message,
        escalate=escalate,
        again=again,
    )
    return Policy(
        digest="d1",
        desks={"it": Desk("it", "support@example.org", "IT", "IT Support", "it", timezone="Europe/Berlin")},
        agents={
            "ann": Agent("ann", "Ann Berg", "ann@example.org", groups=("it",), role=Role.LEAD),
            "bob": Agent("bob", "Bob Frey", "bob@example.org", groups=("it",)),
            "cim": Agent("cim", "Cim Oz", "cim@example.org", groups=("network",)),
        },
        groups={"it": Group("it", "IT", lead), "network": Group("network", "Network")},
        calendars={"always": ALWAYS, calendar.id: calendar},
        slas={one.id: one for one in (standard, *more)},
        timers=timers or Timers(),
        letters=letters or {},
    )


def when(text: str | datetime) -> datetime:
    """`mon 9:15` of the first week of June 2026 in Berlin, `mon2 9:15` of the next one."""
    if isinstance(text, datetime):
        return text
    day, _, clock = text.partition(" ")
    week = int(day[3:] or 1) - 1
    hour, _, minute = clock.partition(":")
    number = 1 + ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day[:3])
    at = datetime(2026, 6, number, int(hour), int(minute or 0), tzinfo=BERLIN) + timedelta(weeks=week)
    return at.astimezone(UTC)


def a_blank(priority: int = 4) -> Ticket:
    start = when("mon 8:00")
    return Ticket(1042, "it", "Printer", TicketKind.INCIDENT, Status.NEW, priority, MAX, "it", start, start)


def a_scene(
    file: TicketFile | None, now: datetime | None = None, *, policy: Policy | None = None, agents: Mapping[str, Person] = AGENTS
) -> Scene:
    return Scene(file=file, policy=policy or a_policy(), agents=agents, now=now or when("mon 12:00"))


class Life:
    """`life.at("mon 9:00", AgentReplied, actor=BOB)`: what happened when; the ticket is what it is by then."""

    def __init__(self, opened: str | datetime = "mon 9:00", *, priority: int = 4, policy: Policy | None = None) -> None:
        self.policy = policy or a_policy()
        self.history: list[tuple[Event, datetime]] = []
        self.ticket = a_blank(priority)
        self.effects: tuple[Effect, ...] = ()
        self.at(opened, TicketOpened, actor=MAX, desk="it", kind=TicketKind.INCIDENT, priority=priority, requester=MAX, group="it")

    @property
    def rules(self) -> Rules:
        return rules_for(self.policy, self.ticket)

    def step(self, event: Event, now: datetime, facts: Facts) -> Step:
        step = apply(self.ticket, event, self.rules, now, facts)
        if step.error is None:
            self.history.append((event, now))
            self.ticket, self.effects = step.ticket, step.effects
        return step

    def at(
        self, text: str | datetime, kind: type[Event], /, *, now: str | datetime | None = None, facts: Facts | None = None, **fields: object
    ) -> Life:
        at = when(text)
        event = kind(at=at, **fields)  # type: ignore[arg-type]
        step = self.step(event, when(now) if now else at, facts or Facts(public_text=True, closure_text=True))
        assert step.error is None, step.error
        return self

    def refused(self, text: str, kind: type[Event], /, *, facts: Facts | None = None, **fields: object) -> str | None:
        before = self.ticket
        step = self.step(kind(at=when(text), **fields), when(text), facts or Facts())  # type: ignore[arg-type]
        assert step.error is None or step.ticket is before
        return step.error

    def cycle(self, metric: Metric = Metric.RESOLUTION) -> Cycle:
        found = self.ticket.cycle(metric)
        assert found is not None
        return found

    @property
    def timers(self) -> dict[str, str]:
        return {f"{t.kind.value}{t.n if t.kind.value == 'remind' else ''}": said(t.due_at) for t in self.ticket.timers}

    @property
    def file(self) -> TicketFile:
        inside = {self.ticket.requester, self.ticket.owner, *(m.person for m in self.ticket.members)}
        return TicketFile(self.ticket, tuple(p for id_, p in PEOPLE.items() if id_ in inside), ())


def said(at: datetime | None) -> str:
    """The opposite of `when`."""
    if at is None:
        return "-"
    local = at.astimezone(BERLIN)
    weeks = (local.date() - datetime(2026, 6, 1, tzinfo=BERLIN).date()).days // 7 + 1
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
    return f"{name}{weeks if weeks != 1 else ''} {local.hour}:{local:%M}" + (f":{local:%S}" if local.second else "")


def timer(ticket: Ticket, kind: str) -> Timer | None:
    return next((t for t in ticket.timers if t.kind.value == kind), None)


def with_ticket(file: TicketFile, **changes: object) -> TicketFile:
    return replace(file, ticket=replace(file.ticket, **changes))  # type: ignore[arg-type]


def replay(blank: Ticket, history: Iterable[tuple[Event, datetime]], rules: Rules) -> Ticket:
    """The ticket again, from its history alone: (event, recorded_at) from TicketOpened on. Refused commands are no history."""
    ticket = blank
    facts = Facts(public_text=True, closure_text=True, merge_target=True)  # what was recorded was allowed
    for event, recorded_at in history:
        ticket = apply(ticket, event, rules, recorded_at, facts).ticket
    return ticket


def in_status(status: str, **options: Any) -> Life:
    """A ticket that has come to this status by the shortest way."""
    life = Life(**options)
    match status:
        case "open":
            life.at("mon 9:30", TicketTaken, actor=BOB)
        case "pending_user":
            life.at("mon 9:30", AgentReplied, actor=BOB).at("mon 9:30", WaitStarted, actor=BOB)
        case "on_hold":
            life.at("mon 9:30", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
        case "resolved":
            life.at("mon 9:30", TicketResolved, actor=BOB)
        case "closed":
            life.at("mon 9:30", TicketResolved, actor=BOB).at("mon 9:31", TicketClosed, actor=BOB)
        case "rejected":
            life.at("mon 9:30", TicketRejected, actor=BOB)
        case "merged":
            life.at("mon 9:30", TicketMerged, actor=BOB, into=7, facts=Facts(merge_target=True))
    assert life.ticket.status.value == status
    return life


def paused(life: Life) -> list[tuple[str, str, str]]:
    """Cause, beginning and end of each pause of the resolution."""
    return [(p.cause, said(p.began_at), said(p.ended_at)) for p in life.cycle().pauses]
