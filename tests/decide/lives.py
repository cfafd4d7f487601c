"""Random lives of tickets: events of every kind, mail that comes late, letters that are refused, priorities up and down, policies edited.

A life is lived by several tickets at once: one with everything that happens, and twins for whom another priority or policy held from the
start. Nobody here knows how a clock is kept: what is compared is what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from mailgate.decide import sla
from mailgate.decide.calendar import Boundary, add, elapsed
from mailgate.decide.lifecycle import apply
from mailgate.decide.rules import rules_for
from mailgate.decide.transitions import Facts
from mailgate.model.calendar import ALWAYS, Calendar
from mailgate.model.events import (
    AgentReplied,
    AutoClosed,
    AutoReplyReceived,
    AutoResolved,
    Event,
    HoldStarted,
    KindChanged,
    LetterRefused,
    NoteAdded,
    PolicyChanged,
    PriorityChanged,
    ReminderDue,
    RequesterClosed,
    RequesterReopened,
    RequesterThanked,
    RequesterWrote,
    SlaBreached,
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketRejected,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
    WakeDue,
)
from mailgate.model.policy import Metric, Policy, Sla, Target, When
from mailgate.model.ticket import Cycle, HoldReason, Outcome, Status, Ticket, TicketKind
from tests.decide.life import BOB, BUSINESS, CIM, MAX, a_blank, a_policy, when

ALLOWED = Facts(public_text=True, closure_text=True, merge_target=True)
#: What nothing is promised for: whoever comes from there comes from nowhere.
NOTHING = 5

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def policies(dice: Random, n: int) -> list[Policy]:
    """Editions of one policy: other targets, other hours under the same name, holidays added, other reasons of a hold that pause."""
    found = []
    for edition in range(n):
        promises = {
            (priority, metric): Target(dice.choice((30, 60, 240, 480, 1440)), dice.choice(("business", "business", "always")))
            for priority in (1, 2, 3, 4)
            for metric in Metric
            if dice.random() < 0.85
        }
        calendar = Calendar(
            "business",
            "Europe/Berlin",
            BUSINESS.hours if dice.random() < 0.5 else (((540, 780), (840, 1020)),) * 5 + (((600, 720),), ()),
            frozenset(date(2026, 6, day) for day in dice.sample(range(1, 29), dice.randrange(4))),
        )
        pausing = frozenset(dice.sample(("vendor", "change", "problem", "scheduled", "user"), dice.randrange(4)))
        requests = Sla("requests", {(3, Metric.RESOLUTION): Target(2400, "business")}, when=When(kind=frozenset({"request"})))
        policy = a_policy(promises=promises, calendar=calendar, pause_on_hold=pausing, more=(requests,))
        found.append(replace(policy, digest=f"d{edition}"))
    return found


class Played:
    """One ticket of a life, under the policy and at the priority that hold for it."""

    def __init__(self, policy: Policy, priority: int) -> None:
        self.policy = policy
        self.ticket = a_blank(priority)
        self.history: list[tuple[Event, datetime, Policy]] = []
        self.was: list[tuple[Event, Status, Status]] = []  #: and the status before and after

    def happens(self, event: Event, now: datetime) -> None:
        step = apply(self.ticket, event, rules_for(self.policy, self.ticket), now, ALLOWED)
        if step.error is None:
            self.was.append((event, self.ticket.status, step.ticket.status))
            self.ticket = step.ticket
            self.history.append((event, now, self.policy))

    def round(self, now: datetime) -> None:
        """What the clock's round would find, told."""
        for event in sla.unfounded(self.ticket, now):
            self.happens(event, now)
        for c in self.ticket.cycles:
            if c.outcome is Outcome.RUNNING and (c.breached_at is None or c.breach_annulled_by) and now >= c.breach_at:
                told = SlaBreached(
                    at=c.breach_at,
                    metric=c.metric,
                    cycle=c.n,
                    due_at=c.due_at,
                    target_s=c.target_s,
                    priority=c.priority,
                    owner=None,
                    group="it",
                )
                self.happens(told, now)


class RandomLife:
    """`seed` says everything."""

    def __init__(self, seed: int, length: int = 18) -> None:
        self.dice = Random(seed)
        self.editions = policies(self.dice, 3)
        self.now = when("mon 8:00") + self.dice.randrange(7 * 1440) * MINUTE
        self.priority = self.dice.choice((1, 2, 3, 4))
        self.letters: list[str] = []
        self.whole = Played(self.editions[0], self.priority)
        #: Nothing was promised at first, or other things were: and then the same as for the whole.
        self.poor = Played(self.editions[0], NOTHING)
        self.always = Played(self.editions[-1], self.priority)
        self.played = (self.whole, self.poor, self.always)
        self.rich_from = self.dice.randrange(length)
        self._open()
        self.steps = self._live(length)

    def _open(self) -> None:
        for one in self.played:
            opened = TicketOpened(
                at=self.now, actor=MAX, desk="it", kind=TicketKind.INCIDENT, priority=one.ticket.priority, requester=MAX, group="it"
            )
            one.happens(opened, self.now)

    def _live(self, length: int) -> Iterator[str]:
        """Yields what happened, after each step."""
        edited = sorted(self.dice.sample(range(length), 2))
        for n in range(length):
            self.now += self.dice.choice((MINUTE, 20 * MINUTE, 60 * MINUTE, 300 * MINUTE, DAY, 3 * DAY)) * self.dice.randrange(1, 4)
            if n == self.rich_from:
                self.poor.happens(PriorityChanged(at=self.now, before=NOTHING, after=self.priority), self.now)
            if n in edited:
                edition = self.editions[1 + edited.index(n)]
                for one in (self.whole, self.poor):
                    one.policy = edition
                    one.happens(PolicyChanged(at=self.now, policy=edition.digest, sla="standard"), self.now)
                yield "policy edited"
            for event in self._something():
                for one in self.played:
                    if one is self.poor and n < self.rich_from and isinstance(event, PriorityChanged):
                        continue
                    one.happens(event, self.now)
            if self.dice.random() < 0.4:
                for one in self.played:
                    one.round(self.now)
            yield self.whole.history[-1][0].__class__.__name__
        for one in (self.poor, self.whole):
            if one.policy is not self.editions[-1]:
                one.policy = self.editions[-1]
                one.happens(PolicyChanged(at=self.now, policy=one.policy.digest, sla="standard"), self.now)
        if self.poor.ticket.priority != self.priority:
            self.poor.happens(PriorityChanged(at=self.now, before=self.poor.ticket.priority, after=self.priority), self.now)
        yield "the end"

    def _arrived(self) -> datetime:
        """Mail may have waited: with us, or on its way."""
        return self.now - (self.dice.randrange(600) * MINUTE if self.dice.random() < 0.15 else 0 * MINUTE)

    def _letter(self) -> str | None:
        if self.dice.random() < 0.2:
            return None
        self.letters.append(f"L{len(self.letters)}")
        return self.letters[-1]

    def _something(self) -> tuple[Event, ...]:
        kind = self.dice.choices(list(KINDS), weights=list(KINDS.values()))[0]
        at, dice = self._arrived(), self.dice
        fields: dict[str, Any] = {"at": at, "actor": MAX if kind.__name__.startswith("Requester") else BOB}
        if kind is WaitStarted:
            letter, until = self._letter(), self.now + dice.randrange(1, 5) * DAY if dice.random() < 0.3 else None
            waits = WaitStarted(**fields, letter=letter, until=until)
            return (AgentReplied(**fields, letter=letter), waits) if dice.random() < 0.8 else (waits,)
        if kind is TicketResolved:
            letter = self._letter()
            solved = TicketResolved(**fields, letter=letter)
            return (AgentReplied(**fields, letter=letter), solved) if dice.random() < 0.6 else (solved,)
        if kind is LetterRefused:
            if not self.letters:
                return ()
            letter = dice.choice(self.letters[-4:])
            carried = any(isinstance(e, TicketResolved) and e.letter == letter for e, _, _ in self.whole.history)
            return (LetterRefused(at=self.now, letter=letter, carried_solution=carried),)
        if kind is PriorityChanged:
            before, self.priority = self.priority, dice.choice((1, 2, 3, 4))
            return (PriorityChanged(**fields, before=before, after=self.priority),) if before != self.priority else ()
        if kind is KindChanged:
            after = dice.choice((TicketKind.INCIDENT, TicketKind.REQUEST))
            return (KindChanged(**fields, before=self.whole.ticket.kind, after=after),)
        more: dict[type[Event], dict[str, Any]] = {
            AgentReplied: {"letter": self._letter() if kind is AgentReplied else None},
            HoldStarted: {"reason": dice.choice(tuple(HoldReason))},
            TicketAssigned: {"to": dice.choice((None, BOB, CIM))},
        }
        return (kind(**fields, **more.get(kind, {})),)


#: How often what happens.
KINDS: dict[type[Event], int] = {
    RequesterWrote: 20, RequesterThanked: 2, RequesterClosed: 2, RequesterReopened: 3, AutoReplyReceived: 1, AgentReplied: 18, NoteAdded: 1,
    TicketTaken: 3, TicketAssigned: 4, WaitStarted: 9, HoldStarted: 6, TicketResolved: 7, TicketClosed: 3, TicketReopened: 3,
    TicketRejected: 2, LetterRefused: 9, PriorityChanged: 5, KindChanged: 2, WakeDue: 3, ReminderDue: 1, AutoResolved: 2, AutoClosed: 2,
}  # fmt: skip


def running(ticket: Ticket) -> set[tuple[object, ...]]:
    """What the clocks that are on say."""
    return {
        (c.metric, c.started_at, c.target_s, c.calendar_digest, c.outcome, c.pauses, c.due_at, c.breach_at)
        for c in ticket.cycles
        if c.is_on
    }


def spoken(one: Played) -> dict[Metric, datetime | None]:
    """Since when answers are owed, from all that was ever said, counted here: what nobody heard is struck out of the list."""
    said: list[tuple[str, datetime, str | None]] = []
    for event, before, after in one.was:
        solves = before.is_live and after in (Status.RESOLVED, Status.CLOSED)
        reopens = isinstance(event, RequesterReopened) and not before.is_live
        if isinstance(event, AgentReplied):
            said.append(("answer", event.at, event.letter))
        elif isinstance(event, TicketResolved) and solves:
            said.append(("solution", event.at, event.letter))
        elif isinstance(event, LetterRefused):
            said = [word for word in said if word[2] != event.letter]
        elif isinstance(event, TicketOpened | RequesterWrote | RequesterThanked) or reopens:
            said += [("question", event.at, None)] if after.is_live else []
        if (solves and not isinstance(event, TicketResolved)) or (isinstance(event, LetterRefused) and not after.is_live):
            while said and said[-1][0] == "question":
                said.pop()
    answers = [n for n, word in enumerate(said) if word[0] != "question"]
    questions = [at for _, at, _ in said[answers[-1] + 1 :]] if answers else []
    words = [at for what, at, _ in said if what == "answer"]
    opened = one.was[0][0].at
    return {
        Metric.FIRST_REPLY: None if answers else opened,
        Metric.NEXT_REPLY: min(questions, default=None),
        Metric.UPDATE: max(words, default=opened),
        Metric.RESOLUTION: opened,
        Metric.WORK: opened,
    }


def waited(one: Played) -> set[tuple[datetime, datetime | None]]:
    """In which times the solution stood still, from the statuses alone."""
    causes = {Status.PENDING_USER: "pending_user", Status.RESOLVED: "solved", Status.CLOSED: "solved", Status.REJECTED: "rejected"}
    found: list[tuple[str, datetime, datetime | None, str | None]] = []
    hold = ""
    for event, before, after in one.was:
        if isinstance(event, LetterRefused):
            reopens = after.is_live and not before.is_live
            found = [w for w in found if w[3] != event.letter or (w[0] == "solved" and w[2] is None and not reopens)]
        hold = event.reason.value if isinstance(event, HoldStarted) else hold
        cause = hold if after is Status.ON_HOLD else causes.get(after, "")
        lasting = found[-1] if found and found[-1][2] is None else None
        if cause != (lasting[0] if lasting else ""):
            if lasting:
                found[-1] = (*lasting[:2], max(event.at, lasting[1]), lasting[3])
            if cause:
                letter = event.letter if isinstance(event, WaitStarted | TicketResolved | TicketClosed) else None
                found.append((cause, event.at, None, letter))
    still = {"pending_user", "solved", "rejected", *rules_for(one.policy, one.ticket).sla.pause_on_hold}
    opened = one.was[0][0].at
    return {(max(a, opened), b) for cause, a, b, _ in found if cause in still and a != b and (b is None or b > opened)}


def differ(one: Ticket, other: Ticket) -> bool:
    """Whether two tickets that live owe something else. What is solved owes nothing until it is opened again."""
    return one.status is not other.status or (one.status.is_live and running(one) != running(other))


def wrong(one: Played, calendars: dict[str, Calendar], before: set[Cycle]) -> Iterator[str]:
    """What must hold of every ticket at every instant."""
    ticket, rules = one.ticket, rules_for(one.policy, one.ticket)
    on = [c.metric for c in ticket.cycles if c.is_on]
    if len(on) != len(set(on)):
        yield f"two clocks of one metric: {on}"
    if {Metric.FIRST_REPLY, Metric.NEXT_REPLY} <= set(on):
        yield "first_reply and next_reply together"
    if ticket.status.is_live:
        owed = spoken(one) | {Metric.PICKUP: ticket.queued_at if ticket.owner is None else None}
        for metric, since in owed.items():
            expected = since if rules.target(ticket.priority, metric) is not None else None
            begun = next((c.started_at for c in ticket.cycles if c.metric is metric and c.is_on), None)
            if metric is Metric.RESOLUTION and begun is not None and {(a, b) for a, b in _pauses(ticket, metric) if a != b} != waited(one):
                yield f"it stood still in {_pauses(ticket, metric)}, and not in {waited(one)}"
            if begun != expected:
                yield f"{metric.value} counts from {begun}, and not from {expected}"
    elif set(on) - {Metric.UPDATE}:
        yield f"on, and nobody works on it: {on}"
    for c in set(ticket.cycles) - before:
        yield from _wrong_about(c, calendars[c.calendar_digest or ""])


def _pauses(ticket: Ticket, metric: Metric) -> list[tuple[datetime, datetime | None]]:
    return [(p.began_at, p.ended_at) for c in ticket.cycles if c.metric is metric and c.is_on for p in c.pauses]


def _wrong_about(c: Cycle, calendar: Calendar) -> Iterator[str]:
    pauses = [(p.began_at, p.ended_at) for p in c.pauses]
    if c.elapsed_s is not None:
        assert c.stopped_at is not None
        if c.elapsed_s != elapsed(calendar, c.started_at, c.stopped_at, pauses):
            yield f"{c.metric.value} {c.n}: not so many seconds were used"
        if (c.outcome is Outcome.MISSED) != (c.elapsed_s > c.target_s):
            yield f"{c.metric.value} {c.n}: {c.outcome.value} with {c.elapsed_s} of {c.target_s} s"
        if (c.outcome is Outcome.MISSED) != (c.stopped_at > c.breach_at):
            yield f"{c.metric.value} {c.n}: {c.outcome.value} at {c.stopped_at}, and breach_at is {c.breach_at}"
    if c.is_on:
        closed = [(a, b) for a, b in pauses if b is not None]
        if (c.due_at, c.breach_at) != tuple(add(calendar, c.started_at, c.target_s, closed, b) for b in (Boundary.CLOSE, Boundary.NEXT)):
            yield f"{c.metric.value} {c.n}: due {c.due_at}, and it is not"


def faults_of(seed: int) -> list[str]:
    """Lives one life; what was wrong about it."""
    life = RandomLife(seed)
    calendars = {ALWAYS.digest: ALWAYS, **{p.calendars["business"].digest: p.calendars["business"] for p in life.editions}}
    found: list[str] = []
    before: set[Cycle] = set()  #: clocks that were looked at as they are
    for what in life.steps:
        found += [f"after {what}: {fault}" for one in life.played for fault in wrong(one, calendars, before)]
        before = {cycle for one in life.played for cycle in one.ticket.cycles}
        if life.poor.ticket.priority == life.whole.ticket.priority and differ(life.poor.ticket, life.whole.ticket):
            found.append(f"after {what}: what was promised late says something else")
        if found:
            return found
    if differ(life.always.ticket, life.whole.ticket):
        found.append("an edited policy says something else than one that was so from the start")
    for one in life.played:
        again = a_blank(one.ticket.priority)
        for event, now, policy in one.history:
            again = apply(again, event, rules_for(policy, again), now, ALLOWED).ticket
        if again != one.ticket:
            found.append("rebuilt from its history it is another ticket")
    return found
