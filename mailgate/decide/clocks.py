"""Time has passed: which promises are nearly over or broken, which timers went off, and who must hear of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide import sla
from mailgate.decide.lifecycle import Effect, apply
from mailgate.decide.rules import Rules, rules_for
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import (
    AutoClosed,
    AutoResolved,
    Event,
    LetterSuppressed,
    ReminderDue,
    SlaBreached,
    SlaWarned,
    WakeDue,
    name_of,
)
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.ticket import Cycle, Ticket, TicketFile, Timer, TimerKind, Visibility

#: A reminder that could not leave for a day says nothing new any more.
REMINDER_KEEPS = timedelta(days=1)


def on_time(file: TicketFile, policy: Policy, agents: Mapping[str, Person], now: datetime) -> Decision:
    """What is due on one ticket, and everything that follows; an empty decision when nothing is. `agents` by their id in the policy."""
    rules = rules_for(policy, file.ticket.desk)
    tick = Tick(file, rules, agents, now)
    before = after = file.ticket
    events: list[Event] = []
    letters: list[LetterWanted] = []

    timer = _due_timer(before.timers, now)
    if timer is not None:
        event = _of_timer(timer, now)
        step = apply(after, event, rules, now)
        after = step.ticket
        events.append(event)
        if Effect.DROP not in step.effects:
            wanted, suppressed = tick.told_by_timer(event, before, after)
            letters += wanted
            events += suppressed
    for alarm in sla.alarms(after, rules, now):
        after = apply(after, alarm, rules, now).ticket
        events.append(alarm)
        letters += tick.told_by_alarm(alarm, after)

    # Where nothing happened, the index may still have named an instant that no longer means anything.
    after = replace(after, next_check_at=sla.next_check(after, rules))
    if not events and after == before:
        return Decision()
    return Decision(
        changes=(Change(before, after, tuple(events)),),
        letters=tuple(letters),
        trace=tuple(TraceLine("decide", "clock", name_of(e), after.status.value) for e in events),
    )


def _due_timer(timers: Iterable[Timer], now: datetime) -> Timer | None:
    """The one that counts. Where several were missed, what comes later in a ticket's life makes the earlier ones pointless:
    nobody is reminded of a question that is closed in the same minute."""
    due = [timer for timer in timers if timer.due_at <= now]
    return max(due, key=lambda timer: (LIFE.index(timer.kind), timer.n), default=None)


LIFE = (TimerKind.REMIND, TimerKind.AUTO_RESOLVE, TimerKind.WAKE, TimerKind.AUTO_CLOSE)


def _of_timer(timer: Timer, now: datetime) -> Event:
    if timer.kind is TimerKind.WAKE:
        # The date was agreed: clocks run on from it, also when nobody was there to see it.
        return WakeDue(at=timer.due_at)
    if timer.kind is TimerKind.REMIND:
        return ReminderDue(at=now, n=timer.n)
    return AutoResolved(at=now) if timer.kind is TimerKind.AUTO_RESOLVE else AutoClosed(at=now)


@dataclass(frozen=True, slots=True)
class Tick:
    """One look at one ticket: turns what was due into letters."""

    file: TicketFile
    rules: Rules
    agents: Mapping[str, Person]
    now: datetime

    def told_by_timer(self, event: Event, before: Ticket, after: Ticket) -> tuple[list[LetterWanted], list[Event]]:
        facts: dict[str, object]
        if isinstance(event, ReminderDue):
            facts = {"n": event.n, "resolves_at": _due_at(after, TimerKind.AUTO_RESOLVE), "asked_at": after.public_agent_at}
            return self._to_requester("reminder_due", after, facts, self.now + REMINDER_KEEPS)
        if isinstance(event, AutoResolved):
            # No survey: who did not answer a question has not been served, and would only be asked once more.
            facts = {
                "code": after.resolution_code,
                "reopen_until": self.now + self.rules.timers.reopen_window,
                "closes_at": _due_at(after, TimerKind.AUTO_CLOSE),
            }
            return self._to_requester("auto_resolved", after, facts, None)
        if isinstance(event, WakeDue):
            facts = {"was": before.status.value, "hold": before.hold.value if before.hold else None, "until": event.at}
            people = self._owner_or_group(after)
            return [self._to_agent("wake_due", Audience.AGENT, p, after, facts) for p in people if self.rules.policy.wants("wake_due")], []
        return [], []

    def told_by_alarm(self, alarm: SlaWarned | SlaBreached, after: Ticket) -> list[LetterWanted]:
        name = name_of(alarm)
        cycle = next(c for c in after.cycles if c.metric is alarm.metric and c.n == alarm.cycle)
        if not self.rules.policy.wants(name):
            return []
        facts = self._facts(cycle, after)
        if isinstance(alarm, SlaWarned):
            facts |= {"level": alarm.level}
            return [self._to_agent(name, Audience.AGENT, person, after, facts, cycle.breach_at) for person in self._owner_or_group(after)]
        heard = self._owner_or_group(after)
        lead = self._lead(after)
        letters = [self._to_agent(name, Audience.AGENT, person, after, facts) for person in heard]
        if lead is not None and lead.id not in {person.id for person in heard}:
            letters.append(self._to_agent(name, Audience.LEAD, lead, after, facts))
        return letters

    def _facts(self, cycle: Cycle, ticket: Ticket) -> dict[str, object]:
        left = sla.left(cycle, self.rules, self.now)
        return {
            "metric": cycle.metric.value,
            "priority": cycle.priority,
            "target_s": cycle.target_s,
            "due_at": cycle.due_at,
            "breach_at": cycle.breach_at,
            "left_s": max(left, 0),
            "over_s": max(-left, 0),
            "retargeted": bool(cycle.retargets),
            "owner": next((p.name for p in self._known().values() if p.id == ticket.owner), ""),
        }

    def _known(self) -> dict[int, Person]:
        return {p.id: p for p in (*self.file.people, *self.agents.values())}

    def _owner_or_group(self, ticket: Ticket) -> tuple[Person, ...]:
        """Whoever has to act: the owner, or everybody in the group while nobody owns the ticket (or its owner left).

        Not who asked, or takes part as one outside, unless nobody else is there.
        """
        outside = ticket.outsiders()
        owner = next((p for p in self.agents.values() if p.id == ticket.owner), None)
        if owner is not None and owner.id not in outside:
            return (owner,)
        members = (self.agents.get(agent.id) for agent in self.rules.policy.members(ticket.group))
        known = {p.id: p for p in members if p is not None}
        return tuple(p for p in known.values() if p.id not in outside) or ((owner,) if owner is not None else tuple(known.values()))

    def _lead(self, ticket: Ticket) -> Person | None:
        lead = self.rules.policy.lead_of(ticket.group)
        person = self.agents.get(lead.id) if lead else None
        return person if person is not None and person.id not in ticket.outsiders() else None

    def _to_agent(
        self,
        event: str,
        audience: Audience,
        person: Person,
        ticket: Ticket,
        facts: Mapping[str, object],
        expires_at: datetime | None = None,
    ) -> LetterWanted:
        return LetterWanted(
            event=event,
            audience=audience,
            person=person,
            ticket=ticket.number,
            desk=ticket.desk,
            facts=facts,
            # What somebody answers to an alarm is meant for colleagues until he says otherwise.
            answer_is=Visibility.INTERNAL,
            expires_at=expires_at,
        )

    def _to_requester(
        self, event: str, ticket: Ticket, facts: Mapping[str, object], expires_at: datetime | None
    ) -> tuple[list[LetterWanted], list[Event]]:
        person = self.file.person(ticket.requester)
        reason = "no address on file" if person is None else "" if self.rules.policy.wants(event) else "switched off in the policy"
        if person is None or reason:
            return [], [LetterSuppressed(at=self.now, letter_event=event, person=ticket.requester, reason=reason)]
        wrote = (e for e in self.file.entries if e.author == person.id and e.visibility is Visibility.PUBLIC and e.message_id)
        letter = LetterWanted(
            event=event,
            audience=Audience.REQUESTER,
            person=person,
            ticket=ticket.number,
            desk=ticket.desk,
            facts=facts,
            thread=tuple(e.message_id for e in wrote if e.message_id),
            expires_at=expires_at,
            # Whoever never answered us may never have written: then these letters are on the budget of strangers.
            proven=person.agent in self.rules.policy.agents or person.is_proven(self.now, self.rules.policy.budgets.proof_lasts),
        )
        return [letter], []


def _due_at(ticket: Ticket, kind: TimerKind) -> datetime | None:
    return next((timer.due_at for timer in ticket.timers if timer.kind is kind), None)
