"""Time has passed: which promises are nearly over or broken, which timers went off, and who must hear of it?"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mailgate.decide import announce, feedback, sla, surveys
from mailgate.decide.scene import Scene
from mailgate.decide.transitions import Effect
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AutoClosed, AutoResolved, Event, FollowUpMissed, ReminderDue, SlaBreached, SlaWarned, WakeDue, name_of
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import BrokenPromise, ClosedBySilence, PromiseWarning, Reminder, SolvedBySilence, WakeUp
from mailgate.model.ticket import FollowUp, Ticket, Timer, TimerKind

#: A reminder that could not leave for a day says nothing new any more.
REMINDER_KEEPS = timedelta(days=1)
#: Nor does anybody remember for long what they are asked about.
QUESTION_KEEPS = timedelta(days=3)


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
    after, happened, told = _of_ratings(s, after)
    events += happened
    letters += told
    for alarm in sla.alarms(after, rules, s.now):
        after = s.step(after, alarm).ticket
        events.append(alarm)
        letters += _told_by_alarm(s, alarm, after)

    for annulled in sla.unfounded(after, s.now):
        after = s.step(after, annulled).ticket
        events.append(annulled)

    # Where nothing happened, the index may still have named an instant that no longer means anything.
    after = replace(after, next_check_at=sla.next_check(after, rules))
    if not events and after == before:
        return Decision()
    settled = tuple(one for one in s.ratings if one.waits) if before.ratings_wait_until != after.ratings_wait_until else ()
    return Decision(
        changes=(Change(before, after, tuple(events)),),
        letters=tuple(letters),
        settled=settled,
        trace=tuple(TraceLine("decide", "clock", name_of(e), after.status.value) for e in events),
    )


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
        events, letters = (due, *left_out), _until(s.now + QUESTION_KEEPS, asked)
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
        return _until(s.now + REMINDER_KEEPS, letters), suppressed
    if isinstance(event, AutoResolved):
        # No survey: who did not answer a question has not been served, and would only be asked once more.
        return announce.to_requester(s, SolvedBySilence(), after, requester)
    if isinstance(event, AutoClosed) and s.policy.letters.get(ClosedBySilence.event):
        return announce.to_requester(s, ClosedBySilence(), after, requester)
    if isinstance(event, WakeDue):
        return announce.to_agents(s, WakeUp(hold=before.hold), after, people=_who_acts(s, after)), ()
    return (), ()


def _told_by_alarm(s: Scene, alarm: SlaWarned | SlaBreached, after: Ticket) -> tuple[LetterWanted, ...]:
    cycle = next(c for c in after.cycles if c.metric is alarm.metric and c.n == alarm.cycle)
    left, heard = sla.left(cycle, s.rules_of(after), s.now), _who_acts(s, after)
    lead = s.lead(after)
    if lead is not None and (lead.id in heard or lead.id in after.outsiders() or not s.policy.wants(BrokenPromise.event)):
        lead = None
    by_name = lead.name if lead else ""
    # Closing times lie between where the clock on the wall says more than the one of the promise.
    unbroken = abs(cycle.due_at - s.now) - timedelta(seconds=abs(left)) < timedelta(minutes=1)
    if isinstance(alarm, SlaWarned):
        warning = PromiseWarning(
            metric=cycle.metric, due_at=cycle.due_at, target_s=cycle.target_s, left_s=max(left, 0), unbroken=unbroken, lead=by_name
        )
        return _until(cycle.breach_at, announce.to_agents(s, warning, after, people=heard))
    broken = BrokenPromise(metric=cycle.metric, due_at=cycle.due_at, over_s=max(-left, 0), unbroken=unbroken, lead=by_name)
    letters = announce.to_agents(s, broken, after, people=heard)
    return letters + announce.to_lead(s, broken, after) if lead else letters


def _who_acts(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """The owner, or the whole group: who only watches has nothing to do."""
    return announce.responsible(s, ticket, watchers=False)


def _until(expires_at: datetime, letters: tuple[LetterWanted, ...]) -> tuple[LetterWanted, ...]:
    return tuple(replace(letter, expires_at=expires_at) for letter in letters)
