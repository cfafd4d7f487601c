"""What goes into the record and what comes out of it, besides the nouns of model/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from mailgate.model.calendar import Calendar
from mailgate.model.decision import Decision, TraceLine
from mailgate.model.delivery import Settled
from mailgate.model.evidence import Evidence, Proof
from mailgate.model.letter import Letter
from mailgate.model.mail import Arrival, NoSpace
from mailgate.model.reason import Because

#: Of what one claim may hold, where nobody says otherwise. Here, so that whoever needs no database loads no library for one.
OCTETS = 8 * 1024 * 1024

IdKind = Literal["ticket", "person", "entry", "inbox"]


class Conflict(Exception):
    """Somebody else was first: nothing was written, decide again with what the record says now.
    `what` is ticket, message_id, address, lease, letter, budget, alarm, or unique (the database's own last word); `keys` say which."""

    def __init__(self, what: str, keys: tuple[object, ...] = ()) -> None:
        super().__init__(f"{what}: {', '.join(str(key) for key in keys)}" if keys else what)
        self.what = what
        self.keys = keys


class Busy(Exception):
    """The database was locked, or not to be reached, for longer than anybody should wait. Nothing was written; try again later.
    Where the connection died at the COMMIT it may have been written all the same: whoever says it again is told that it is known."""


class Broken(Exception):
    """The disk under the database failed. What was not said yes to may be lost: stop, and recover with a new start.
    After a failed fsync nobody knows what is on the disk, so it is never tried again."""


#: The database is away or full, or its disk failed: it says nothing about the mail or letter in hand.
UNAVAILABLE = (Busy, NoSpace, Broken)


@dataclass(frozen=True, slots=True)
class Keep:
    """One desk's share of an arrival. Items that hold the same Arrival object share its bytes."""

    arrival: Arrival
    desk: str
    digest: str  #: the key against duplicates
    aside: Because | None = None  #: why it is set aside at once, unread: from a junk folder, or too large to be fetched


@dataclass(frozen=True, slots=True)
class Kept:
    id: int | None  #: inbox row; None: we had it already
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that is ours to read until the lease runs out."""

    id: int
    desk: str
    arrival: Arrival
    attempts: int  #: including this one
    lease: str
    confirmed: bool = False  #: its author was asked about it, and said that it is theirs
    released: bool = False  #: a person let it through although its author is blocked


@dataclass(frozen=True, slots=True)
class Settlement:
    """An attempt on a letter, to be recorded together with what follows from it."""

    letter: str
    lease: str
    attempted: Settled
    reply: str
    lighter: Letter | None = None  #: the same letter without files that were too large: it waits in the place of the whole one


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A decision with its sealed letters, as it goes into the record. `claim` None: it came from a clock or from the relay."""

    claim: Claim | None
    decision: Decision
    letters: tuple[Letter, ...] = ()
    held: bool = False  #: letters are composed but nothing leaves until released
    message_id: str | None = None  #: of the mail itself
    known: Mapping[str, int] = field(default_factory=dict)
    """What `tickets_by_message_ids` said when this was decided. Anything else found now is a conflict."""
    settlement: Settlement | None = None
    raises: RaisedAlarm | None = None  #: the alarm that its letter tells the operator of
    hold: Mapping[str, str] = field(default_factory=dict)  #: letters that are held, and why
    together: tuple[int, ...] = ()  #: waiting notices that its letter tells of
    report: ReportSent | None = None  #: that its letter is
    policy: str | None = None  #: digest of the policy by which it was decided, where it changes a ticket's state


@dataclass(frozen=True, slots=True)
class Backlog:
    """Mails of one desk that wait to be read."""

    count: int
    arrived_at: datetime  #: the oldest of them


@dataclass(frozen=True, slots=True)
class ReportSent:
    """The report of a period (its first day) for a reader (a folded address). A second one is a conflict."""

    period: str
    reader: str


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm of one kind about one thing. It is not raised again before `every` has passed; if it was, that is a conflict."""

    kind: str
    key: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    letter: Letter
    lease: str
    attempts: int  #: on this letter, including this one
    first_at: datetime
    doubted: bool  #: the relay may have it already
    last_reply: str


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An inbox entry as the operator sees it."""

    id: int
    desk: str
    state: str
    received_at: datetime
    arrived_at: datetime
    door: str
    peer: str
    reverse_path: str | None
    recipients: tuple[str, ...]
    size: int
    attempts: int
    settled_at: datetime | None
    ticket: int | None
    message_id: str | None
    reason: Because | None
    trace: tuple[TraceLine, ...]
    evidence: tuple[Evidence, ...]
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Health:
    """The record in numbers that no amount of history makes slow: what is open, and the last day."""

    inbox: Mapping[str, int]  #: waiting, claimed, set_aside
    inbox_oldest_at: datetime | None  #: the oldest mail not yet read
    last_accepted_at: datetime | None
    accepted_day: int
    outbox: Mapping[str, int]  #: held, queued, sending, deferred, unknown, refused
    outbox_oldest_due_at: datetime | None
    sent_day: int
    reported_day: Mapping[str, int]  #: letters by what was last reported about them: delayed, relayed, delivered, bounced
    suppressed: int  #: addresses that get nothing automatic now
    tickets: Mapping[str, int]  #: live statuses and resolved
    restored: bool
    size: int  #: bytes of the database with its log
    outbox_untried_at: datetime | None = None  #: since when the oldest letter waits of which the relay has said nothing,
    outbox_deferred_at: datetime | None = None  #: and the oldest that was tried and has to wait
    outbox_said: str = ""  #: the relay's last words about it
    blocked: int = 0  #: set aside because an operator blocked their authors; not among the others
    junk: int = 0  #: set aside for nothing but the folder they lay in; not among the others
    clock_faults: int = 0  #: tickets whose clocks cannot be reviewed


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """A policy as the record keeps it. `terms` and `calendars` are empty for one that is older than they."""

    digest: str
    text: str
    terms: str
    calendars: Mapping[str, Calendar]
