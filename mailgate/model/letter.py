"""Letters: mail of ours. Wanted by a decision, composed and sealed, then handed to the relay unchanged."""

from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import ClassVar, Self, dataclass_transform, get_type_hints

from mailgate.model.brand import Enclosed
from mailgate.model.delivery import Fate, OutboxState, Reported
from mailgate.model.person import Person
from mailgate.model.reason import Because
from mailgate.model.ticket import Entry, Status, Visibility


class Audience(StrEnum):
    """The name of the template file: templates/<event>/<audience>.txt."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"
    AGENT = "agent"
    LEAD = "lead"
    MANAGER = "manager"  #: who reads the reports; need be no agent
    OPERATOR = "operator"

    @property
    def is_outside(self) -> bool:
        return self in (Audience.REQUESTER, Audience.PARTICIPANT)


class Voice(StrEnum):
    """In whose name a letter to agents is written, and with whose files."""

    DESK = "desk"
    AUTHOR = "author"  #: of whoever wrote the words that it carries; the requester's and the participants' letters have that of an agent
    STORY = "story"  #: the desk's: it tells all that was ever said on a ticket


class Carries(StrEnum):
    """Which files travel with a letter (docs/decisions/0061). What is too much is named in it."""

    NONE = "none"
    ANSWER = "answer"  #: those of an agent's words, to outsiders
    MAIL = "mail"  #: those of the mail that it tells agents of
    STORY = "story"  #: those of all that it tells, but the reader's own


class NoticeBudget(StrEnum):
    """What a letter to agents counts against while one sender causes many."""

    SHARED = "shared"
    OWN = "own"  #: answers to an agent's own mail: who asks for help forty times still hears that a command failed
    #: Never told together with others: what tells of a flood or of a machine; and a question, for only its own letter can be answered, a
    #: mail waits for that, and how many an agent is asked is bounded where they are asked.
    NONE = "none"


#: Beside the sample of a fact that is a requester's words: card numbers and passwords in it are masked.
QUOTED = "quoted"


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class LetterKind:
    """What is true of all letters of a kind, and in an instance the facts of one that a decision brings along (`model/letters`)."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)

    event: ClassVar[str] = ""  #: folder of templates/; its name in the policy and in the record
    audiences: ClassVar[tuple[Audience, ...]] = ()
    called: ClassVar[str] = ""  #: how agents read of it, a message of the catalogues
    explained: ClassVar[str] = ""  #: how `explain` speaks of it
    voice: ClassVar[Voice] = Voice.DESK
    carries: ClassVar[Carries] = Carries.NONE
    budget: ClassVar[NoticeBudget] = NoticeBudget.SHARED
    answer_is: ClassVar[Visibility] = Visibility.INTERNAL  #: what an agent's answer to it is by default
    shows_notes: ClassVar[bool] = True  #: colleagues' notes may stand in it
    echoes: ClassVar[bool] = False  #: repeats its reader's own mail: no words of colleagues
    missed: ClassVar[bool] = True  #: agents hear of it when nobody knows whether it arrived
    always: ClassVar[bool] = False  #: written whatever the policy says: somebody's words wait for it
    tried_again: ClassVar[bool] = True  #: sent once more when nobody knows: missing is better than twice
    about_ticket: ClassVar[bool] = True
    pictures: ClassVar[tuple[Enclosed, ...]] = ()  #: of ours, that its template shows
    round_trip: ClassVar[bool] = False  #: comes back to us, and intake knows it by its anchor
    # How its sample looks.
    words: ClassVar[str] = ""  #: whose words it carries: asked, questioned, answered, noted, intruded; "": nobody's
    wordless: ClassVar[bool] = False  #: may do without them
    speaks: ClassVar[bool] = False  #: hands a person's words on to outsiders
    replies: ClassVar[bool] = False  #: answers a mail
    status: ClassVar[Status] = Status.OPEN  #: of its ticket

    @classmethod
    @cache
    def quoted(cls) -> tuple[str, ...]:
        """Names of the facts that are a requester's words."""
        hints = get_type_hints(cls, include_extras=True)
        return tuple(f.name for f in fields(cls) if QUOTED in hints[f.name].__metadata__[1:])

    @classmethod
    def sample(cls, *, bare: bool = False) -> Self:
        """With a sample of each fact, or (`bare`) only of those that no decision leaves out."""
        hints = get_type_hints(cls, include_extras=True)
        mine = (f for f in fields(cls) if not bare or f.default is MISSING)
        return cls(**{f.name: hints[f.name].__metadata__[0] for f in mine})


@dataclass(frozen=True, slots=True)
class FileOfOurs:
    """A file that we made ourselves: it is sealed within the letter, for no mail holds it."""

    name: str
    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LetterWanted:
    """What a decision wants written: to whom, about what, carrying whose words. Composing adds the words of the template."""

    kind: LetterKind  #: with the facts that its words need besides ticket, person and entry
    audience: Audience
    person: Person
    ticket: int | None  #: None: about no ticket (operator alarms, welcome, help)
    desk: str
    entry: Entry | None = None  #: whose words it carries
    of_entry: int | None = None  #: the entry that it is about without carrying its words: a refused mail answered the notice of it
    automatic: bool = True  #: False only where a person's words travel: no Auto-Submitted, not counted
    answers: str | None = None  #: Message-ID that it replies to
    thread: tuple[str, ...] = ()  #: further References, oldest first
    expires_at: datetime | None = None
    not_before: datetime | None = None
    closure: int | None = None  #: for letters that ask for a rating
    proven: bool = True  #: the address was seen in a proven or known mail; decides which budget it counts against
    shown_title: str | None = None  #: what it may repeat of a stranger's subject; None: the title of its ticket
    unanswered: str = ""  #: tickets of which its reader got no word before
    unanswered_because: Because = ""  #: why the requester, of whom it tells an agent, got no word just now
    hold: str = ""  #: why it is held in the outbox until an operator lets it go; "" lets it leave
    id: str = ""  #: drawn by the decision where an event names the letter (AgentReplied.letter), else when it may be written
    about: int | None = None  #: inbox id of the mail that it asks about
    pictures: tuple[Enclosed, ...] = ()  #: drawn for it, that its HTML may show
    files: tuple[FileOfOurs, ...] = ()
    answered_as: Visibility | None = None  #: what an agent's answer to it is by default; None: as with all of its kind

    @property
    def event(self) -> str:
        return self.kind.event

    @property
    def answer_is(self) -> Visibility:
        return self.kind.answer_is if self.answered_as is None else self.answered_as

    @property
    def is_counted(self) -> bool:
        """Letters that carry a person's words, and letters to agents and operators, are on no budget."""
        return self.automatic and self.audience.is_outside


@dataclass(frozen=True, slots=True)
class PartRef:
    """An attachment of a letter: where its bytes are, and what they must be."""

    inbox: int  #: inbox row whose raw mail holds it
    part: str
    name: str
    type: str
    size: int
    sha256: str
    inline: bool
    content_id: str
    related: bool = False  #: a picture that stands in the HTML; those come first


@dataclass(frozen=True, slots=True)
class Letter:
    """A sealed letter. `send` puts header, body and attachments together and compares the digest; nothing is changed after sealing."""

    id: str  #: 8 symbols Crockford base32, upper case
    event: str
    audience: Audience
    ticket: int | None
    desk: str
    person: int
    address: str
    message_id: str
    header: bytes  #: complete header block, CRLF line ends, without the empty line
    body: bytes  #: text parts as bytes; with attachments: the first part(s) of the multipart
    parts: tuple[PartRef, ...]
    boundary: str  #: of the multipart/mixed, "" when there are no parts
    digest: str  #: SHA-256, hex, of header, body, and of each attachment its header and digest: compose/assemble says how
    size: int
    reverse_path: str  #: "" is the null reverse-path
    automatic: bool
    proven: bool
    answer_is: Visibility
    made_at: datetime
    entry: int | None = None
    closure: int | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    utf8: bool = False  #: needs SMTPUTF8
    notice: str = ""  #: for letters to agents: its plain text, which the residue check reads
    preheader: str = ""  #: what an inbox shows of it beside the subject; some mail programs quote it
    about: int | None = None  #: inbox id of the mail that it asks about


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A letter with where it stands."""

    letter: Letter
    state: OutboxState
    attempts: int
    first_at: datetime | None
    next_attempt_at: datetime | None
    last_reply: str
    lease: str | None = None
    settled_at: datetime | None = None
    spent_at: datetime | None = None  #: its token no longer proves its holder for commands
    doubted: bool = False  #: the relay may have it although it did not say so: a further copy may be a second one
    fate: Fate | None = None  #: what was reported about it since
    reports: tuple[Reported, ...] = ()  #: all of it, oldest first; only for a single letter, and those of a ticket
