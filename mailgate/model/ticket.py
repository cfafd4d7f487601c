"""The ticket: the formal record of an issue or request, its clocks, its people and its entries."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailgate.model.assignment import OwnerSearch
from mailgate.model.mail import Address, Attachment
from mailgate.model.person import Person, Role
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason

#: An empty subject still needs a line that people can point at. Letters say it in their reader's language.
NO_SUBJECT = "(no subject)"


class TicketKind(StrEnum):
    INCIDENT = "incident"
    REQUEST = "request"
    PROBLEM = "problem"


class Status(StrEnum):
    NEW = "new"  #: nobody has accepted it yet
    OPEN = "open"
    PENDING_USER = "pending_user"  #: waiting for the requester; the resolution clock stands still
    ON_HOLD = "on_hold"  #: waiting for somebody else
    RESOLVED = "resolved"  #: the solution was sent; the requester may still say no
    CLOSED = "closed"
    MERGED = "merged"
    REJECTED = "rejected"  #: spam, or not for us

    @property
    def is_live(self) -> bool:
        return self in (Status.NEW, Status.OPEN, Status.PENDING_USER, Status.ON_HOLD)


class HoldReason(StrEnum):
    VENDOR = "vendor"
    CHANGE = "change"
    PROBLEM = "problem"
    SCHEDULED = "scheduled"  #: a date agreed with the requester: pauses `resolution`
    USER = "user"


@dataclass(frozen=True, slots=True)
class Pause:
    began_at: datetime
    ended_at: datetime | None
    cause: str  #: pending_user, hold:vendor, resolved, ...
    letter: str | None = None  #: the letter whose refusal would take this pause back


class Speaker(StrEnum):
    """Who spoke publicly."""

    REQUESTER = "requester"
    AGENT = "agent"
    SOLUTION = "solution"  #: an agent's as well: it answers what was asked, and nobody is kept informed by it any more


@dataclass(frozen=True, slots=True)
class Said:
    """The first message of the requester's side that nobody had answered then, or an answer."""

    at: datetime
    by: Speaker
    letter: str | None = None  #: that carries an answer; whose refusal takes it back


class Outcome(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Retarget:
    at: datetime
    by: str
    from_s: int
    to_s: int
    cause: str


#: The level of a breach among the percentages of the ladder of alarms.
BREACH = 100


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of one clock. Durations are whole seconds of business time."""

    metric: Metric
    n: int
    policy: str  #: digest of the policy it was counted with
    calendar: str
    priority: int
    target_s: int
    started_at: datetime
    due_at: datetime  #: what people read: the earliest instant at which the budget is used up
    breach_at: datetime  #: when the alarm may fire: the latest such instant
    outcome: Outcome = Outcome.RUNNING
    pauses: tuple[Pause, ...] = ()
    stopped_at: datetime | None = None
    stopped_by: str | None = None  #: the letter whose refusal annuls the stop
    elapsed_s: int | None = None  #: filled when stopped
    breached_at: datetime | None = None
    original_due_at: datetime | None = None
    retargets: tuple[Retarget, ...] = ()
    warned: tuple[int, ...] = ()  #: percent levels that were said, the breach as 100
    alarmed_at: datetime | None = None  #: when somebody last heard that the promise is broken
    cancel_reason: str | None = None
    annulled_by: str | None = None
    calendar_digest: str | None = None  #: of the calendar it was counted on; None: older than that
    breach_annulled_by: str | None = None  #: what changed so that the breach no longer holds

    @property
    def is_on(self) -> bool:
        return self.outcome in (Outcome.RUNNING, Outcome.PAUSED)


class TimerKind(StrEnum):
    REMIND = "remind"
    AUTO_RESOLVE = "auto_resolve"
    AUTO_CLOSE = "auto_close"
    WAKE = "wake"  #: the end of `#wait until` or `#hold until`


@dataclass(frozen=True, slots=True)
class Timer:
    kind: TimerKind
    due_at: datetime
    n: int = 1  #: the how-manieth reminder


class Origin(StrEnum):
    """Whence a priority, a category or a group has its value."""

    AGENT = "agent"  #: set by hand: nothing but a hand changes it again
    MATRIX = "matrix"  #: it follows from impact and urgency
    KIND = "kind"  #: what the policy says of requests
    REQUESTER = "requester"  #: asked for in one word
    ADDRESS = "address"  #: the one that was written to
    SUBJECT = "subject"  #: a category's name in brackets
    RULE = "rule"  #: one of the policy's
    WORDS = "words"  #: those of its mail


class FollowUp(StrEnum):
    """What became of a low rating: somebody gets in touch with whoever gave it."""

    OPEN = "open"
    MISSED = "missed"  #: nobody did in time, and the lead has heard of it again
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Member:
    """Who takes part in a ticket besides its owner."""

    person: int
    role: Role  #: REQUESTER, PARTICIPANT, or AGENT for a watcher


@dataclass(frozen=True, slots=True)
class Ticket:
    number: int
    desk: str
    title: str
    kind: TicketKind
    status: Status
    priority: int
    requester: int  #: person id
    group: str
    created_at: datetime
    arrived_at: datetime
    owner: int | None = None  #: person id of an agent
    language: str | None = None
    members: tuple[Member, ...] = ()
    version: int = 0  #: compare-and-set; record raises it by one
    history: int = 0  #: how many history rows there are
    hold: HoldReason | None = None
    cycles: tuple[Cycle, ...] = ()
    timers: tuple[Timer, ...] = ()
    waiting_since: datetime | None = None  #: the oldest unanswered public message of the requester's side
    public_agent_at: datetime | None = None  #: the last public human message of an agent
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    closure: int = 0  #: the how-manieth resolution; ratings are counted by it
    resolution_code: str | None = None
    reopened: int = 0
    merged_into: int | None = None
    follows: int | None = None  #: the closed ticket that this one continues
    next_check_at: datetime | None = None  #: the earliest instant at which a clock or timer wants attention
    pages_void_before: datetime | None = None  #: links to its page that were made before this are void
    survey_due_at: datetime | None = None  #: when its requester is asked for a rating, where that is not done with the solution
    ratings_wait_until: datetime | None = None  #: until then a rating on the web may turn out to be a scanner's
    follow_up: FollowUp | None = None
    follow_up_since: datetime | None = None  #: when the low rating came
    follow_up_due_at: datetime | None = None  #: by when somebody gets in touch
    promised_at: datetime | None = None  #: the solution, as said by hand beside what the policy promises
    promise_check_at: datetime | None = None  #: when somebody is to hear of that date next
    policy: str | None = None  #: digest of the policy by which it was last decided; the record sets it, and None is older than that
    impact: int | None = None  #: 1 high to 3 low; None: older than the word
    urgency: int | None = None  #: the same
    priority_by: int | None = None  #: who set it by hand; None: nobody, so that it follows from impact and urgency
    impact_by: int | None = None
    urgency_by: int | None = None
    urgency_asked_at: datetime | None = None  #: when its requester said in one word that it is urgent: once counts
    category: str | None = None  #: its id in the policy; None: nobody has said yet what it is about
    category_source: Origin | None = None
    category_by: int | None = None  #: the agent, where one said it
    vip: bool = False  #: its requester's standing, as it is now
    organisation: str | None = None  #: that of its requester, by its id in the policy
    why: tuple[Reason, ...] = ()  #: what its impact, urgency, category and group followed from when it was opened
    waits: tuple[Pause, ...] = ()  #: all times in which it waited for somebody or was solved, whatever was promised then
    turns: tuple[Said, ...] = ()  #: who spoke publicly, in the order of recording
    queued_at: datetime | None = None  #: since when its group has it, without an owner
    search: OwnerSearch | None = None  #: for somebody who works on it; None: it has an owner, or its group is only told
    offers: int = 0  #: how often it was ever offered to somebody

    def watchers(self) -> tuple[int, ...]:
        return tuple(m.person for m in self.members if m.role is Role.AGENT)

    def outsiders(self) -> tuple[int, ...]:
        """The requester first, then the participants."""
        return (self.requester, *(m.person for m in self.members if m.role is Role.PARTICIPANT))

    def cycle(self, metric: Metric) -> Cycle | None:
        """The cycle of a metric that is on, else the latest."""
        found = [c for c in self.cycles if c.metric is metric]
        return next((c for c in found if c.is_on), found[-1] if found else None)


class Visibility(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    UNVERIFIED = "unverified"  #: a stranger with a valid token: agents see it, nobody else, until admitted


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a ticket's record. The words live here; the raw mail stays in the inbox."""

    id: int
    ticket: int
    visibility: Visibility
    author: int | None  #: person id; None: the gateway itself
    author_role: Role
    author_name: str
    text: str
    html: str | None
    quoted: str
    signature: str
    attachments: tuple[Attachment, ...]
    inbox: int | None  #: the inbox row whose raw mail holds the parts
    message_id: str | None
    recorded_at: datetime
    arrived_at: datetime
    hidden: bool = False  #: auto-replies: kept, shown on request
    flags: tuple[str, ...] = ()  #: same_message_id, inline_answers, proof:token, ...
    reverse: str | None = None  #: address it was written from
    subject: str | None = None  #: that its author gave it, where it is not the ticket's title
    copied: tuple[Address, ...] = ()  #: who else had it, besides our desks: named, and nobody's recipient by that

    @property
    def proof(self) -> str:
        """How far it was proven who wrote it: token, domain, both, mailbox, forwarded, failed or none; "" where nobody asked."""
        said = {flag.partition(":")[2] for flag in self.flags if flag.startswith("proof:")}
        return "both" if len(said) > 1 else next(iter(said), "")


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A ticket with what a decision about it may need to know."""

    ticket: Ticket
    people: tuple[Person, ...]  #: requester, owner, members, and authors who wait to be admitted
    entries: tuple[Entry, ...]  #: oldest first
    notices: tuple[str, ...] = ()  #: full texts of notices to agents; loaded only for an agent's mail

    def person(self, id: int) -> Person | None:
        return next((p for p in self.people if p.id == id), None)
