"""Letters: mail of ours. Wanted by a decision, composed and sealed, then handed to the relay unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailgate.model.delivery import Fate, OutboxState, Reported
from mailgate.model.person import Person
from mailgate.model.ticket import Entry, Visibility


class Audience(StrEnum):
    """The name of the template file: templates/<event>/<audience>.txt."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"
    AGENT = "agent"
    LEAD = "lead"
    OPERATOR = "operator"

    @property
    def is_outside(self) -> bool:
        return self in (Audience.REQUESTER, Audience.PARTICIPANT)


@dataclass(frozen=True, slots=True)
class LetterWanted:
    """What a decision wants written: to whom, about what, carrying whose words. Composing adds the words of the template."""

    event: str  #: folder of templates/
    audience: Audience
    person: Person
    ticket: int | None  #: None: about no ticket (operator alarms, welcome, help)
    desk: str
    entry: Entry | None = None  #: whose words it carries
    of_entry: int | None = None  #: the entry that it is about without carrying its words: a refused mail answered the notice of it
    facts: Mapping[str, object] = field(default_factory=dict)  #: what the template needs besides ticket, person and entry
    automatic: bool = True  #: False only where a person's words travel: no Auto-Submitted, not counted
    answers: str | None = None  #: Message-ID that it replies to
    thread: tuple[str, ...] = ()  #: further References, oldest first
    answer_is: Visibility = Visibility.INTERNAL  #: for letters to agents: what an agent's answer to it is by default
    expires_at: datetime | None = None
    not_before: datetime | None = None
    closure: int | None = None  #: for letters that ask for a rating
    proven: bool = True  #: the address was seen in a proven or known mail; decides which budget it counts against
    subject_allowed: bool = True  #: may the letter show the stranger's subject
    hold: str = ""  #: why it is held in the outbox until an operator lets it go; "" lets it leave
    id: str = ""  #: drawn by the decision where an event names the letter (AgentReplied.letter), else when it may be written
    about: int | None = None  #: inbox id of the mail that it asks about

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
