"""Events: facts about a ticket, in the past tense. They hold ids, states, instants and numbers, never words or addresses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from mailgate.model.policy import Metric
from mailgate.model.reason import Because
from mailgate.model.ticket import HoldReason, TicketKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`at` is the instant it counts from (a mail's arrived_at, or now); `actor` the person, None for the gateway."""

    at: datetime
    actor: int | None = None
    entry: int | None = None
    mail: int | None = None  #: inbox row


# The events of the state machine. The name in history, policy and templates is the class name in snake case.


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterWrote(Event):
    """user_mail: the requester or a participant wrote publicly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReplyReceived(Event):
    """user_autoreply"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterThanked(Event):
    """user_thanks"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterClosed(Event):
    """user_close"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterReopened(Event):
    """user_reopen"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReplied(Event):
    """agent_reply; `letter`: the letter to the requester that carries it, whose refusal annuls what it stopped."""

    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """agent_note"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaken(Event):
    """cmd_take"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAssigned(Event):
    """cmd_assign; `to` None puts it back to the group."""

    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted(Event):
    """cmd_wait"""

    until: datetime | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldStarted(Event):
    """cmd_hold"""

    reason: HoldReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketResolved(Event):
    """cmd_resolve"""

    code: str | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(Event):
    """cmd_close"""

    code: str | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReopened(Event):
    """cmd_reopen"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRejected(Event):
    """cmd_spam"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMerged(Event):
    """cmd_merge"""

    into: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeDue(Event):
    """timer_wake"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDue(Event):
    """timer_remind"""

    n: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoResolved(Event):
    """timer_autoresolve"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoClosed(Event):
    """timer_autoclose"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowRatingGiven(Event):
    """rating_low"""

    score: int
    closure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRefused(Event):
    """bounce_hard: a letter reached no address of the requester. `carried_solution`: it was the letter of the resolution."""

    letter: str
    carried_solution: bool = False


# Facts that never change the status.


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(Event):
    """The first entry of every history."""

    desk: str
    kind: TicketKind
    priority: int
    requester: int
    group: str
    follows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedWrote(Event):
    """A stranger with a valid token, or somebody who did not prove who they are: agents only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAdmitted(Event):
    admitted: int  #: entry id
    author: int | None  #: person who became a participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined(Event):
    """A proven requester copied somebody in."""

    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged(Event):
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindChanged(Event):
    before: TicketKind
    after: TicketKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleChanged(Event):
    """The words themselves stand in the ticket alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherAdded(Event):
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherRemoved(Event):
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGiven(Event):
    score: int
    closure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingCameLate(Event):
    """A mark that came after the time for ratings: thanked for, and not counted."""

    score: int
    closure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsRefused(Event):
    """A mail with a faulty command: nothing was applied. `codes` are the E_ words"""

    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarned(Event):
    metric: Metric
    cycle: int
    level: int  #: percent


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaBreached(Event):
    metric: Metric
    cycle: int
    due_at: datetime
    target_s: int
    priority: int
    owner: int | None
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
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
