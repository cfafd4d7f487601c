"""Time has passed: which promises are nearly over or broken, which timers went off, and who must hear of it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mailgate.decide import announce, sla
from mailgate.decide.lifecycle import Effect
from mailgate.decide.scene import Scene
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import (
    AutoClosed,
    AutoResolved,
    Event,
    ReminderDue,
    SlaBreached,
    SlaWarned,
    WakeDue,
    name_of,
)
from mailgate.model.letter import LetterWanted
from mailgate.model.ticket import Cycle, Ticket, Timer, TimerKind

#: A reminder that could not leave for a day says nothing new any more.
REMINDER_KEEPS = timedelta(days=1)


def on_time(s: Scene) -> Decision:
    """What is due on the ticket of a scene, and everything that follows; an empty decision when nothing is."""
    assert s.file is not None
    before = after = s.file.ticket
    rules = s.rules_of(before)
    events: list[Event] = []
    letters: list[LetterWanted] = []

    timer = _due_timer(before.timers, s.now)
    if timer is not None:
        event = _of_timer(timer, s.now)
        step = s.step(after, event)
        after = step.ticket
        events.append(event)
        if Effect.DROP not in step.effects:
            wanted, suppressed = _told_by_timer(s, event, before, after)
            letters += wanted
            events += suppressed
    for alarm in sla.alarms(after, rules, s.now):
        after = s.step(after, alarm).ticket
        events.append(alarm)
        letters += _told_by_alarm(s, alarm, after)

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


# --- who hears of it -------------------------------------------------------------------------------------------------------------


def _told_by_timer(s: Scene, event: Event, before: Ticket, after: Ticket) -> announce.Letters:
    facts: dict[str, object]
    requester = s.file.person(after.requester) if s.file else None
    if isinstance(event, ReminderDue):
        facts = {"n": event.n, "resolves_at": _due_at(after, TimerKind.AUTO_RESOLVE), "asked_at": after.public_agent_at}
        letters, suppressed = announce.to_requester(s, "reminder_due", after, requester, facts)
        return _until(s.now + REMINDER_KEEPS, letters), suppressed
    if isinstance(event, AutoResolved):
        # No survey: who did not answer a question has not been served, and would only be asked once more.
        facts = {
            "code": after.resolution_code,
            "reopen_until": s.now + s.policy.timers.reopen_window,
            "closes_at": _due_at(after, TimerKind.AUTO_CLOSE),
        }
        return announce.to_requester(s, "auto_resolved", after, requester, facts)
    if isinstance(event, WakeDue):
        facts = {"was": before.status.value, "hold": before.hold.value if before.hold else None, "until": event.at}
        return announce.to_agents(s, "wake_due", after, people=_who_acts(s, after), facts=facts), ()
    return (), ()


def _told_by_alarm(s: Scene, alarm: SlaWarned | SlaBreached, after: Ticket) -> tuple[LetterWanted, ...]:
    cycle = next(c for c in after.cycles if c.metric is alarm.metric and c.n == alarm.cycle)
    facts, heard = _facts(s, cycle, after), _who_acts(s, after)
    if isinstance(alarm, SlaWarned):
        facts |= {"level": alarm.level}
        return _until(cycle.breach_at, announce.to_agents(s, name_of(alarm), after, people=heard, facts=facts))
    letters = announce.to_agents(s, name_of(alarm), after, people=heard, facts=facts)
    lead = s.lead(after)
    if lead is None or lead.id in heard or lead.id in after.outsiders():
        return letters
    return letters + announce.to_lead(s, name_of(alarm), after, facts)


def _who_acts(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """The owner, or the whole group: who only watches has nothing to do."""
    return announce.responsible(s, ticket, watchers=False)


def _until(expires_at: datetime, letters: tuple[LetterWanted, ...]) -> tuple[LetterWanted, ...]:
    return tuple(replace(letter, expires_at=expires_at) for letter in letters)


def _facts(s: Scene, cycle: Cycle, ticket: Ticket) -> dict[str, object]:
    left = sla.left(cycle, s.rules_of(ticket), s.now)
    owner = s.people().get(ticket.owner or 0)
    return {
        "metric": cycle.metric.value,
        "priority": cycle.priority,
        "target_s": cycle.target_s,
        "due_at": cycle.due_at,
        "breach_at": cycle.breach_at,
        "left_s": max(left, 0),
        "over_s": max(-left, 0),
        "retargeted": bool(cycle.retargets),
        "owner": owner.name if owner else "",
    }


def _due_at(ticket: Ticket, kind: TimerKind) -> datetime | None:
    return next((timer.due_at for timer in ticket.timers if timer.kind is kind), None)
