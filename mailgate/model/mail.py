"""Mail coming in: the arrival (bytes at a door), the mail (bytes understood) and the reading (what kind of mail it is)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailgate.model.commands import Command, Heard
from mailgate.model.reason import Because


class Door(StrEnum):
    """Which door a mail came through."""

    SMTP = "smtp"
    LMTP = "lmtp"
    PIPE = "pipe"  #: `mailgate deliver`
    IMAP = "imap"
    IMAP_SENT = "imap_sent"  #: the sent folder of a desk's own mailbox: only colleagues who can log in put mail there
    IMPORT = "import"  #: a stored mailbox whose mails are treated like any other
    TAKEOVER = "takeover"  #: a stored mailbox: its tickets are open and their promises count from now, but no letter follows
    ARCHIVE = "archive"  #: a stored mailbox, older than that: kept as tickets that are closed, and no letter follows

    @property
    def is_quiet(self) -> bool:
        """Nobody is written to because of a mail that came through it."""
        return self in (Door.TAKEOVER, Door.ARCHIVE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Raw mail at a door with its envelope (RFC 5321): what is stored before anybody says 250."""

    raw: bytes
    reverse_path: str | None  #: MAIL FROM without brackets; "" is the null reverse-path; None: the door knows no envelope
    recipients: tuple[str, ...]  #: the accepted envelope recipients, or the mailbox's own address
    door: Door
    peer: str  #: IP address or mailbox name, for the trace
    received_at: datetime  #: ours; orders the history
    arrived_at: datetime  #: our door or INTERNALDATE; starts the clocks; never later than received_at
    helo: str = ""  #: what the peer called itself (EHLO); "": the door knows no such word
    insider: bool = False  #: came through a door that only logged-in colleagues reach


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header, decoded and cleaned: no control, bidi or zero-width characters."""

    name: str
    address: str  #: local part as written, domain in lower case, IDN as A-label

    @property
    def key(self) -> str:
        """The form in which addresses are compared and stored: all lower case."""
        return self.address.lower()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of the mail that is not its text. The bytes stay in the raw mail."""

    name: str  #: cleaned for display; never a path
    type: str  #: as declared, lower case
    size: int  #: decoded bytes
    sha256: str  #: of the decoded bytes
    inline: bool
    content_id: str  #: without brackets, "" when there is none
    part: str  #: where it is in the raw mail: "1.2" counts parts from 1, depth first


class Kind(StrEnum):
    """What a mail is. The words are public: `explain --json` prints them."""

    WRITTEN = "written"  #: by a person, as far as one can tell
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELIVERY_NOTICE = "delivery_notice"  #: delayed, relayed, delivered, read
    COMPLAINT = "complaint"  #: ARF, RFC 5965
    LIST = "list"
    LOOP = "loop"  #: a letter of our own that came back (proved by MAC)
    UNREADABLE = "unreadable"

    @property
    def is_report(self) -> bool:
        """Whether a machine says in it what became of a letter."""
        return self in (Kind.BOUNCE, Kind.DELIVERY_NOTICE, Kind.COMPLAINT)


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """An answer between the lines of the mail that it answers."""

    above: tuple[str, ...]  #: the quoted lines right above it, with their marks
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as far as it was understood. Every string is free of NUL, surrogates and unwanted control characters."""

    message_id: str | None  #: with angle brackets, white space folded out
    date: datetime | None  #: the Date: header, only kept, never believed
    subject: str  #: decoded, one line
    authors: tuple[Address, ...]  #: every mailbox of every From:
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]  #: Delivered-To, X-Original-To, Envelope-To: bare addresses
    in_reply_to: tuple[str, ...]  #: with angle brackets
    references: tuple[str, ...]  #: with angle brackets, oldest first
    headers: tuple[tuple[str, str], ...]  #: top-level, in order: lower-case name, unfolded and cleaned value
    content_type: str  #: of the whole, lower case, without parameters
    report_type: str  #: the report-type parameter of multipart/report, lower case, else ""
    text: str  #: all readable text
    html: str | None  #: the HTML body, sanitised
    new_text: str  #: what the author wrote this time
    quoted: str
    signature: str
    inline_answers: bool
    new_html: str | None  #: sanitised HTML of the new text when HTML and text were cut alike, else None
    attachments: tuple[Attachment, ...]
    language: str | None
    defects: tuple[str, ...]  #: one note for each repair
    reports: tuple[Report, ...] = ()  #: of a delivery report
    forwarded: Forwarded | None = None  #: the mail that this one passes on
    unaddressed: Address | None = None  #: what From: says where it names no address: for the eye only, it identifies nobody
    reported_ids: tuple[str, ...] = ()  #: Message-IDs, anchors of the mail that a report, or an attached original, is about
    folded: tuple[str, ...] = ()  #: where pictures are that only a quote or a signature shows (`Attachment.part`)
    says_forward: bool = False  #: the subject begins as a forward's does, and as no answer's in any language
    between: tuple[InlineAnswer, ...] = ()  #: with `inline_answers`: the new text piece by piece, each with what it answers
    language_sure: bool = False  #: its words say so; else a header, or very few words
    beside: str = ""  #: new words of the other form, HTML beside text or text beside HTML, where a number sign stands in them
    unseen: tuple[str, ...] = ()  #: words that styles hide, by element, in a mail of HTML alone

    @property
    def author(self) -> Address | None:
        """The one author, or None when From: is missing or ambiguous (then it identifies nobody)."""
        return self.authors[0] if len(self.authors) == 1 else None

    def header(self, name: str) -> str | None:
        """The first header of this (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        """All headers of this (lower-case) name, topmost first."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail that somebody passes on, as far as it tells of itself. What it says is a claim of who forwards it."""

    author: Address  #: who wrote it first
    date: str  #: as written there
    subject: str  #: without "Fwd:" and the like
    text: str
    quoted: str  #: what that mail had quoted itself
    message_id: str | None  #: only an attached mail brings its own
    above: str  #: what the forwarder wrote on top of it
    form: str  #: attached | gmail | outlook | apple | thunderbird
    attachments: tuple[Attachment, ...]  #: files of the original
    language: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says of one recipient (RFC 3464)."""

    recipient: str
    action: str  #: failed | delayed | delivered | relayed | expanded
    status: str | None  #: RFC 3463, "5.1.1"
    reply_code: str | None  #: SMTP, "550"
    hard: bool  #: the address itself does not work (no such user or host, moved)
    reason: str  #: in words of ours, then those of the host
    original: str = ""  #: the address that we wrote to, where the report says it (Original-Recipient) and it is another
    envelope_id: str = field(default="", compare=False)  #: what we called the letter when we handed it over, where servers kept it
    cause: str = field(default="", compare=False)  #: what of the reason is ours: one of the words in `understand/reports/reasons`


class Weight(StrEnum):
    """How a mail says that it matters much, or little."""

    HIGH = "high"  #: by a header
    LOW = "low"
    URGENT = "urgent"  #: by its words, from here on
    CALM = "calm"
    BREADTH = "breadth"  #: many are concerned
    OUTAGE = "outage"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of how much a mail matters, and where it stands. What it comes to, the policy says."""

    weight: Weight
    where: str  #: a header's name, `subject`, or `text`
    words: str  #: as they were found: without case and accents


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer of the reader: the mail, what it is, and whether a machine may answer it."""

    mail: Mail
    kind: Kind
    kind_because: Because
    answer: bool
    answer_because: Because
    heard: Heard = Heard()  #: commands in its new text; only an agent's are ever obeyed
    above: Heard | None = None  #: commands above a mail that it passes on
    marks: tuple[Mark, ...] = ()  #: of its headers, subject and new text
    marks_of_original: tuple[Mark, ...] = ()  #: of the mail that it passes on

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that may be obeyed of it."""
        return (*self.heard.commands, *(self.above.commands if self.above is not None else ()))


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that could not be read: set aside with its reason, its bytes kept."""

    reason: str


class NoSpace(Exception):
    """There is no room left to store a mail (disk, quota): the sender shall keep it and try again."""
