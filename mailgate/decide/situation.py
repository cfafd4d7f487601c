"""What is known when a mail is decided: the mail, its author, its ticket, and the ids that may be given out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.decide.scene import Scene
from mailgate.model.commands import Parsed
from mailgate.model.evidence import EvidenceKind, Verdict
from mailgate.model.mail import Arrival, InlineAnswer, Mail, Reading
from mailgate.model.person import Person, Role
from mailgate.model.policy import Desk, ProveBy
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Ticket, TicketFile
from mailgate.model.understood import LetterFacts, RatingRead, Thread


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids drawn beforehand, so that deciding stays pure. What is not used is a gap, and gaps are allowed."""

    ticket: int
    person: int
    entries: tuple[int, ...]  #: two: a mail makes at most an entry and a remark of ours
    letter: str  #: for the letter to the requester, which what happens names
    people: tuple[int, ...] = ()  #: for those whom the author copied in, and for who passes a mail on, as far as they are not known


@dataclass(frozen=True, slots=True)
class Understood:
    """What the reader found in the new text. All of it is only a suggestion until authority is checked."""

    commands: Parsed
    rating: RatingRead | None
    thanks: bool
    word: str | None  #: self-service word of a requester: status, close, reopen, help
    above: Parsed | None = None  #: what an agent wrote above a mail that they pass on
    absence: frozenset[str] = frozenset()  #: what speaks for an absence that no header calls so: subject, sentence, goes_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Scene):
    inbox: int
    arrival: Arrival
    desk: Desk
    reading: Reading
    understood: Understood
    thread: Thread
    letter: LetterFacts | None  #: the letter it answers
    author: Person | None  #: known under the address of the only From:
    ids: Ids
    attached: tuple[tuple[str, str, bool], ...] = ()  #: an agent's text attachments: name, text, whether it is HTML
    in_files: tuple[tuple[str, tuple[str, ...]], ...] = ()  #: of an agent's files: name, and the forms in it that we may have signed
    letter_subject: str = ""  #: of the letter that it answers, where the mail has another than the ticket
    refusal: str = ""  #: what the refusal said that an agent's mail with files answers
    below: tuple[InlineAnswer, ...] = ()  #: what stands within an unmarked quote and is none of its lines, each run with what it answers
    signed: Mapping[str, int | None] = field(default_factory=dict)  #: forms that we did sign, and the person of their letter
    same_message_id: bool = False  #: another mail with this Message-ID and other content was read before
    read_elsewhere: bool = False  #: another desk to which it was sent as well has read it, and this one has not
    taken_ids: frozenset[str] = frozenset()  #: Message-IDs of this desk that already lead to a ticket
    original: Person | None = None  #: who first wrote a mail that is passed on, where we know them
    suppressed: Mapping[str, Because] = field(default_factory=dict)  #: addresses that get nothing automatic now, and why
    null_path: bool = False  #: nobody is to be answered: the reverse-path is <>, as that of every report has to be (RFC 3464, 5321)
    last_answer: datetime | None = None  #: when somebody last answered a letter of ours to the address that the answered letter went to
    dead_letters: frozenset[str] = frozenset()  #: letters to that address which were reported dead, or spam, since then
    reached_otherwise: frozenset[str] = frozenset()  #: reported letters whose words their requester also got at another address
    newcomers: tuple[Person, ...] = ()  #: people in To and Cc who might join (`joining.copied_in`), known ones and new ones
    elsewhere: Ticket | None = None  #: another desk's ticket that the mail names; that desk has the mail, too, and sees to it
    follow_up: TicketFile | None = None  #: the ticket that goes on where this one ended
    pressed: int = 0  #: how often its requester has said `urgent` in 30 days
    others: Mapping[int, TicketFile] = field(default_factory=dict)  #: those that its commands name, merges followed; none that is missing
    verdict: Verdict = Verdict()  #: what a configured server, or our own check, says of the author
    blocked: Reason | None = None  #: an operator wants mail of its author set aside, and why
    loop: Because = ""  #: why it is taken for a machine's that does not say so
    loop_certain: bool = False  #: no person can have written it
    verdict_source: bool = False  #: whether anybody could have said that a stranger's mail is authentic
    once: frozenset[str] = frozenset()  #: of the keys of this mail (`once.keys_of`) those that the record has
    confirmed: bool = False  #: its author was asked whether it is theirs, and said so
    away: bool = False  #: it is known of its author, an agent, that they are away
    asked: tuple[int, int] = (0, 0)  #: how often they were asked such a thing in the last hour, and in the last day

    @property
    def mail(self) -> Mail:
        return self.reading.mail

    @property
    def arrived_at(self) -> datetime:
        return self.arrival.arrived_at

    @property
    def author_key(self) -> str | None:
        author = self.mail.author
        return author.key if author and author.address else None

    def writer(self) -> tuple[Person, tuple[Person, ...]]:
        """The author as a person, and as somebody new where nobody knew them."""
        if self.author is not None:
            return self.author, ()
        address = self.mail.authors[0]
        language = self.mail.language if self.mail.language_sure else None
        person = Person(id=self.ids.person, name=address.name, address=address.address, language=language)
        return person, (person,)

    @property
    def by_agent(self) -> bool:
        """Whether its author claims to be an agent."""
        return self.author is not None and self.author.agent in self.policy.agents

    @property
    def is_stale(self) -> bool:
        """Old mail (a rescan, our own outage) opens tickets but causes no automatic letter to outsiders."""
        return self.arrival.received_at - self.arrival.arrived_at > self.policy.budgets.stale_after

    @property
    def role(self) -> Role:
        """What the author claims to be to this ticket. A claim only: authority weighs the proof."""
        person, ticket = self.author, self.ticket
        if person is None:
            return Role.STRANGER
        agent = self.policy.agents.get(person.agent) if person.agent else None
        if agent is not None and not (ticket and ticket.requester == person.id and not self._answers_a_notice):
            return agent.role
        if ticket is None:
            return Role.STRANGER
        if ticket.requester == person.id:
            return Role.REQUESTER
        if any(m.person == person.id and m.role is Role.PARTICIPANT for m in ticket.members):
            return Role.PARTICIPANT
        return Role.STRANGER

    @property
    def _answers_a_notice(self) -> bool:
        return self.letter is not None and not self.letter.audience.is_outside

    @property
    def names_the_ticket(self) -> bool:
        """Whether evidence that counts led to the ticket: bad signatures and unknown Message-IDs are none."""
        return self.thread.ticket is not None

    @property
    def home(self) -> Desk:
        """The desk of the ticket, whichever desk took the mail in."""
        return self.policy.desks.get(self.ticket.desk, self.desk) if self.ticket else self.desk

    @property
    def prove_by(self) -> ProveBy:
        return self.home.agents_prove_by

    @property
    def address_words(self) -> tuple[str, ...]:
        """What the action addresses of the letter that it answers say: `support+<letter>.take.<mac>@`."""
        if self.letter is None:
            return ()
        mine = (e for e in self.thread.evidence if e.kind is EvidenceKind.REPLY_ADDRESS and e.valid and e.letter == self.letter.id)
        return tuple(dict.fromkeys(e.word for e in mine if e.purpose == "action"))
