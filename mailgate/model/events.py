"""Events: facts about a ticket, in the past tense. They hold ids, states, instants and numbers, never words or addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import dataclass_transform

from mailgate.model.assignment import HeardBy
from mailgate.model.policy import Metric
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import HoldReason, Origin, TicketKind


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Event:
    """`at` is the instant it counts from (a mail's arrived_at, or now); `actor` the person, None for the gateway.
    Each kind of event is a frozen dataclass."""

    at: datetime
    actor: int | None = None
    entry: int | None = None
    mail: int | None = None  #: inbox row

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


# The events of the state machine. The name in history, policy and templates is the class name in snake case.


class RequesterWrote(Event):
    """user_mail: the requester or a participant wrote publicly."""


class AutoReplyReceived(Event):
    """user_autoreply"""


class RequesterThanked(Event):
    """user_thanks"""


class RequesterClosed(Event):
    """user_close"""


class RequesterReopened(Event):
    """user_reopen"""


class AgentReplied(Event):
    """agent_reply; `letter`: the letter to the requester that carries it, whose refusal annuls what it stopped."""

    letter: str | None = None


class NoteAdded(Event):
    """agent_note"""


class TicketTaken(Event):
    """cmd_take"""


class TicketAssigned(Event):
    """cmd_assign; `to` None puts it back to the group."""

    to: int | None


class TicketPushed(Event):
    """owner_pushed: given to somebody by the rules of its group, who does not ask first."""

    to: int
    n: int
    reason: Because


class WaitStarted(Event):
    """cmd_wait"""

    until: datetime | None = None
    letter: str | None = None


class HoldStarted(Event):
    """cmd_hold"""

    reason: HoldReason
    until: datetime | None = None


class TicketResolved(Event):
    """cmd_resolve"""

    code: str | None = None
    letter: str | None = None


class TicketClosed(Event):
    """cmd_close"""

    code: str | None = None
    letter: str | None = None


class TicketReopened(Event):
    """cmd_reopen"""


class TicketRejected(Event):
    """cmd_spam"""


class TicketMerged(Event):
    """cmd_merge"""

    into: int


class WakeDue(Event):
    """timer_wake"""


class ReminderDue(Event):
    """timer_remind"""

    n: int = 1


class AutoResolved(Event):
    """timer_autoresolve"""


class AutoClosed(Event):
    """timer_autoclose"""


class LowRatingGiven(Event):
    """rating_low; `due_at`: by when somebody gets in touch, None where nobody was asked to."""

    score: int
    closure: int
    due_at: datetime | None = None


class LetterRefused(Event):
    """bounce_hard: a letter reached no address of the requester. `carried_solution`: it was the letter of the resolution."""

    letter: str
    carried_solution: bool = False


# Facts that never change the status.


class TicketOpened(Event):
    """The first entry of every history."""

    desk: str
    kind: TicketKind
    priority: int
    requester: int
    group: str
    follows: int | None = None
    impact: int | None = None
    urgency: int | None = None
    category: str | None = None
    category_source: Origin | None = None
    vip: bool = False
    organisation: str | None = None
    why: tuple[Reason, ...] = ()
    by_agent: bool = False  #: an agent wrote to the requester first: no first reply is owed


class UnverifiedWrote(Event):
    """A stranger with a valid token, or somebody who did not prove who they are: agents only."""


class EntryAdmitted(Event):
    admitted: int  #: entry id
    author: int | None  #: person who became a participant


class ParticipantJoined(Event):
    """A proven requester copied somebody in."""

    person: int


class OwnerSought(Event):
    """Somebody is looked for who works on it. `passed`: who gave it back; `first`: who is asked before all others."""

    passed: tuple[int, ...] = ()
    first: int | None = None


class TicketOffered(Event):
    """`reason`: why this agent."""

    to: int
    n: int
    until: datetime
    reason: Because


class OfferAccepted(Event):
    """The one who was asked has it; what they did stands beside it."""

    to: int
    n: int


class OfferDeclined(Event):
    to: int
    n: int


class OfferExpired(Event):
    """Nobody said anything until its end."""

    to: int
    n: int


class OfferWithdrawn(Event):
    """`cause`: taken, moved, away, or the status that the ticket went into."""

    to: int
    n: int
    cause: str


class NobodyTook(Event):
    """There is nobody to ask, or (`over`) enough were asked. `told`: who has heard of it; `until`: when the next one will."""

    over: bool
    told: HeardBy
    until: datetime | None


class PriorityChanged(Event):
    before: int
    after: int
    source: Origin = Origin.AGENT


class ImpactChanged(Event):
    before: int | None
    after: int
    source: Origin


class UrgencyChanged(Event):
    before: int | None
    after: int
    source: Origin


class UrgencyAsked(Event):
    """The requester says in one word that it is urgent. `counts`: whether that changed anything."""

    counts: bool


class CategoryChanged(Event):
    """Each by hand is a correction of how mail is sorted."""

    before: str | None
    after: str | None
    source: Origin


class GroupChanged(Event):
    before: str
    after: str
    source: Origin


class StandingChanged(Event):
    """Its requester is of another organisation now, or a VIP, or none any more."""

    vip: bool
    organisation: str | None


class KindChanged(Event):
    before: TicketKind
    after: TicketKind


class DuePromised(Event):
    """An agent has promised the solution for a date, beside what the policy promises; `until` None: no longer."""

    until: datetime | None


class TitleChanged(Event):
    """The words themselves stand in the ticket alone."""


class WatcherAdded(Event):
    person: int


class WatcherRemoved(Event):
    person: int


class RatingGiven(Event):
    """`waits_until`: until then it may turn out to be a scanner's; None for one by mail."""

    score: int
    closure: int
    waits_until: datetime | None = None


class RatingCameLate(Event):
    """A mark that came after the time for ratings: thanked for, and not counted."""

    score: int
    closure: int


class RatingsVoided(Event):
    """Different scores of one letter came within seconds: no person gave them."""

    score: int  #: the one that made it certain
    closure: int
    count: int  #: how many of them are void


class RatingsSettled(Event):
    """What was rated on the web has stood long enough to be a person's."""


class FollowUpMissed(Event):
    """Nobody got in touch in time with whoever gave a low rating."""


class SurveyPlanned(Event):
    """The requester is asked some time after the solution how good it was."""

    due_at: datetime


class SurveyDue(Event):
    closure: int


class SurveysDeclined(Event):
    """The requester does not want to be asked for ratings."""


class CommandsRefused(Event):
    """A mail with a faulty command: nothing was applied. `codes` are the E_ words"""

    codes: tuple[str, ...] = ()


class SlaWarned(Event):
    metric: Metric
    cycle: int
    level: int  #: percent


class SlaBreached(Event):
    metric: Metric
    cycle: int
    due_at: datetime
    target_s: int
    priority: int
    owner: int | None
    group: str


class OutageNoted(Event):
    """A service failed from one instant to another, or (None) until the ticket is solved. The last word about it counts."""

    service: str
    began_at: datetime
    ended_at: datetime | None = None


class PolicyChanged(Event):
    """From now on another policy counts: clocks that run were counted anew by it."""

    policy: str  #: its digest
    sla: str  #: which of its promises


class BreachAnnulled(Event):
    """A breach that was told no longer holds, because of what changed since."""

    metric: Metric
    cycle: int
    cause: str  #: priority, policy, or in_time


class SlaEscalated(Event):
    """A broken promise has gone on for so long that others hear of it."""

    metric: Metric
    cycle: int
    level: int  #: percent, above 100


class SlaRepeated(Event):
    """A promise is still broken a day after it was last told."""

    metric: Metric
    cycle: int


class PromisedDateNear(Event):
    """Most of the time until a date that was promised by hand is over."""


class PromisedDatePassed(Event):
    """The ticket is not solved by the date that was promised by hand."""


class PageLinksWithdrawn(Event):
    """The links to its page that stand in letters of before lead nowhere any more."""


class LetterSuppressed(Event):
    """An automatic letter that was not written, and why."""

    letter_event: str
    person: int | None
    reason: Because


_BOUNDARY = re.compile(r"(?<!^)(?=[A-Z])")


def name_of(event: Event | type[Event]) -> str:
    """`TicketOpened` -> `ticket_opened`: the one word for code, history, policy and templates."""
    kind = event if isinstance(event, type) else type(event)
    return _BOUNDARY.sub("_", kind.__name__).lower()


def facts_of(event: Event) -> Mapping[str, object]:
    """What the history row keeps besides name, instant, actor, entry and mail."""
    common = {"at", "actor", "entry", "mail"}
    return {f.name: getattr(event, f.name) for f in fields(event) if f.name not in common}


#: Every event by its name.
EVENTS: Mapping[str, type[Event]] = {
    name_of(kind): kind for kind in tuple(globals().values()) if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event as the history keeps it."""

    ticket: int
    seq: int
    name: str
    at: datetime
    recorded_at: datetime
    actor: int | None
    entry: int | None
    mail: int | None
    facts: Mapping[str, object] = field(default_factory=dict)
    policy: str | None = None  #: digest of the policy by which it was decided; None: older than that, or no program that runs decided it


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event of a history, as it was when it happened."""

    event: Event
    recorded_at: datetime
    policy: str | None
