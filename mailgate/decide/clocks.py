"""Time has passed: which promises are nearly over or broken, which timers went off, and who must hear of it?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from mailgate.decide import alarms, announce, feedback, ladder, searching, sla, surveys
from mailgate.decide.scene import Scene
from mailgate.decide.transitions import Effect
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AutoClosed, AutoResolved, Event, FollowUpMissed, ReminderDue, WakeDue, name_of
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import ClosedBySilence, Reminder, SolvedBySilence, WakeUp
from mailgate.model.ticket import FollowUp, Ticket, Timer, TimerKind


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """How far the mail of a desk was read. Nothing that was due later is judged: an answer to it may be waiting (decision 0067)."""

    at: datetime
    unread_since: datetime | None = None  #: a mailbox has not been read since then, and nothing waits for that any longer


#: A reminder that could not leave for a day says nothing new any more.
REMINDER_KEEPS = timedelta(days=1)
#: Nor does anybody remember for long what they are asked about.
QUESTION_KEEPS = timedelta(days=3)


def on_time(s: Scene, read: ReadUpTo | None = None, heard: tuple[int, ...] = ()) -> Decision:
    """What is due on the ticket of a scene, and everything that follows; an empty decision when nothing is.
    `read`: how far the mail of its desk was read, where that is not all; `heard`: who was told of a broken promise on it before."""
    assert s.file is not None
    upto = min(s.now, read.at) if read else s.now
    before = after = s.file.ticket
    rules = s.rules_of(before)
    events: list[Event] = []
    letters: list[LetterWanted] = []

    timer = _due_timer(before.timers, upto)
    if timer is not None:
        event = _of_timer(timer, s.now)
        step = s.step(after, event)
        after = step.ticket
        events.append(event)
        if Effect.DROP not in step.effects:
            wanted, suppressed = _told_by_timer(s, event, before, after)
            letters += wanted
            events += suppressed
    after, happened, told = _of_ratings(s, after)
    events += happened
    letters += told
    said = ladder.alarms(after, rules, upto)
    silent, after = after, reduce(lambda ticket, event: s.step(ticket, event).ticket, said, after)
    about = alarms.of_clocks(s, silent, after, said, read.unread_since if read else None)
    unheard = alarms.unheard(s, after, said, about)
    events += said
    letters += about
    if (of_date := ladder.of_date(after, upto)) is not None:
        after = s.step(after, of_date).ticket
        events.append(of_date)
        letters += alarms.of_date(s, after, of_date)

    for annulled in sla.unfounded(after, s.now):
        after = s.step(after, annulled).ticket
        events.append(annulled)
        letters += alarms.withdrawn(s, after, annulled, heard)

    # Where nothing happened, the index may still have named an instant that no longer means anything.
    after = replace(after, next_check_at=ladder.next_check(after, rules, s.now))
    if not events and after == before:
        return Decision()
    settled = tuple(one for one in s.ratings if one.waits) if before.ratings_wait_until != after.ratings_wait_until else ()
    return Decision(
        changes=(searching.followed(s, Change(before, after, tuple(events))),),
        letters=tuple(letters),
        settled=settled,
        alarm=unheard,
        trace=tuple(TraceLine("decide", "clock", name_of(e), after.status.value) for e in events),
    )


def asks_who_heard(ticket: Ticket) -> bool:
    """Whether somebody may have been told of a breach that no longer holds, and is to hear of that."""
    return any(map(ladder.seems_unfounded, ticket.cycles))


def asks_for_ratings(ticket: Ticket, now: datetime) -> bool:
    """Whether what is due on a ticket is about ratings, which have to be looked up."""
    return any(at is not None and at <= now for at in (ticket.survey_due_at, ticket.ratings_wait_until, ticket.follow_up_due_at))


def _of_ratings(s: Scene, ticket: Ticket) -> tuple[Ticket, tuple[Event, ...], tuple[LetterWanted, ...]]:
    """The question how good it was, what was rated on the web, and whoever waits for somebody to get in touch."""
    events: tuple[Event, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    if ticket.survey_due_at is not None and ticket.survey_due_at <= s.now:
        due, asked, left_out = surveys.when_due(s, ticket)
        ticket = s.step(ticket, due).ticket
        events, letters = (due, *left_out), alarms.expiring(s.now + QUESTION_KEEPS, asked)
    if ticket.ratings_wait_until is not None and ticket.ratings_wait_until <= s.now:
        ticket, happened, told = feedback.settled(s, ticket)
        events, letters = (*events, *happened), (*letters, *told)
    if ticket.follow_up is FollowUp.OPEN and ticket.follow_up_due_at is not None and ticket.follow_up_due_at <= s.now:
        missed = FollowUpMissed(at=s.now)
        ticket = s.step(ticket, missed).ticket
        events, letters = (*events, missed), (*letters, *feedback.told_again(s, ticket))
    return ticket, events, letters


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


def _told_by_timer(s: Scene, event: Event, before: Ticket, after: Ticket) -> announce.Letters:
    requester = s.file.person(after.requester) if s.file else None
    if isinstance(event, ReminderDue):
        kinds = {timer.kind for timer in after.timers}
        is_last = event.n > 1 and TimerKind.REMIND not in kinds and TimerKind.AUTO_RESOLVE in kinds
        letters, suppressed = announce.to_requester(s, Reminder(is_last=is_last), after, requester)
        return alarms.expiring(s.now + REMINDER_KEEPS, letters), suppressed
    if isinstance(event, AutoResolved):
        # No survey: who did not answer a question has not been served, and would only be asked once more.
        return announce.to_requester(s, SolvedBySilence(), after, requester)
    if isinstance(event, AutoClosed) and s.policy.letters.get(ClosedBySilence.event):
        return announce.to_requester(s, ClosedBySilence(), after, requester)
    if isinstance(event, WakeDue):
        return announce.to_agents(s, WakeUp(hold=before.hold), after, people=_who_acts(s, after)), ()
    return (), ()


def _who_acts(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """The owner, or the whole group: who only watches has nothing to do."""
    return announce.responsible(s, ticket, watchers=False)
