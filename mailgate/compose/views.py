"""What a template sees of ticket, entry, desk and reader: plain values to print, and links that carry their tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from mailgate.compose.data import Safe
from mailgate.compose.names import is_called_like_us
from mailgate.compose.words import FIRST_NAMES, SCORES, WISHES, Say
from mailgate.model.mail import Attachment
from mailgate.model.marker import RATING_HINTS
from mailgate.model.masking import holds_secret, masked, masked_quotes
from mailgate.model.person import Person
from mailgate.model.policy import Desk, FilesCarried, Metric, Policy
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Entry, HoldReason, Outcome, Status, Ticket, TicketFile, TicketKind, TimerKind, Visibility
from mailgate.model.token import Keyring, action_detail, page_detail, rating_detail, reply_detail, split_address


@dataclass(slots=True)  # a frozen one of so many fields takes twice as long to make
class TicketView:
    """A ticket as letters speak of it. Instants are None when there is nothing to say."""

    number: int
    kind: TicketKind
    status: Status
    priority: int
    category: str  #: its name, "" where it has none
    why: Because | None  #: what its priority, category and group followed from; None: nothing spoke for another
    requester: str  #: name, "" when it is not known
    called: str  #: the requester, as agents read it: by name, else by address
    first_name: str  #: the same, shorter
    participants: tuple[str, ...]  #: names, else addresses, of who reads every public answer as well
    readers: tuple[str, ...]  #: the same, the requester first
    owner: str
    group: str
    hold: HoldReason | None
    arrived_at: datetime
    waiting_since: datetime | None
    asked_at: datetime | None  #: the last public words of an agent
    first_reply_due_at: datetime | None
    next_reply_due_at: datetime | None
    resolution_due_at: datetime | None
    promised_at: datetime | None  #: the solution, as an agent said it
    expected_at: datetime | None  #: the same while it lies ahead
    resolved_at: datetime | None
    closed_at: datetime | None
    reopen_until: datetime | None
    auto_resolve_at: datetime | None
    kept_until: datetime | None  #: until when an answer opens it again, were it resolved at `auto_resolve_at`
    remind_at: datetime | None
    wake_at: datetime | None  #: the end of waiting that was agreed
    next_step: str  #: what the requester hears next: a metric, "" where no clock says so, or none that lies ahead
    next_due_at: datetime | None


#: What a requester notices of a promise.
_HEARD = (Metric.FIRST_REPLY, Metric.NEXT_REPLY, Metric.UPDATE)


def ticket_view(ticket: Ticket, policy: Policy, people: Mapping[int, Person], now: datetime) -> TicketView:
    due = {cycle.metric: cycle.due_at for cycle in ticket.cycles if cycle.outcome is Outcome.RUNNING}
    timers = {timer.kind: timer.due_at for timer in sorted(ticket.timers, key=lambda timer: timer.due_at, reverse=True)}
    # A time that has passed is no promise any more: what is said of it is that nobody knows when.
    ahead = ((due[metric], metric.value) for metric in _HEARD if metric in due and due[metric] > now)
    next_due_at, next_step = min(ahead, default=(None, ""))
    resolve_at = timers.get(TimerKind.AUTO_RESOLVE)
    promised_at = ticket.promised_at if ticket.status.is_live else None
    requester, owner = people.get(ticket.requester), people.get(ticket.owner) if ticket.owner is not None else None
    outside = tuple(_reader(person, policy) for id_ in ticket.outsiders() if (person := people.get(id_)) is not None)
    asker = outside[0] if requester else ""
    group = policy.groups.get(ticket.group)
    category = policy.categories.get(ticket.category or "")
    reopen_until = ticket.resolved_at + policy.timers.reopen_window if ticket.resolved_at else None
    return TicketView(
        number=ticket.number,
        kind=ticket.kind,
        status=ticket.status,
        priority=ticket.priority,
        category=category.name if category else ticket.category or "",
        why=Reason("why.all", ticket.why) if ticket.why else None,
        requester=requester.name if requester else "",
        called=asker,
        first_name=asker if "@" in asker else first_name(asker),
        participants=outside[1:] if requester else outside,
        readers=outside,
        owner=owner.name if owner else "",
        group=group.name if group else ticket.group,
        hold=ticket.hold,
        arrived_at=ticket.arrived_at,
        waiting_since=ticket.waiting_since,
        asked_at=ticket.public_agent_at,
        first_reply_due_at=due.get(Metric.FIRST_REPLY),
        next_reply_due_at=due.get(Metric.NEXT_REPLY),
        resolution_due_at=due.get(Metric.RESOLUTION),
        promised_at=promised_at,
        expected_at=promised_at if promised_at is not None and promised_at > now else None,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        reopen_until=reopen_until if reopen_until is not None and reopen_until >= now else None,
        auto_resolve_at=resolve_at,
        kept_until=resolve_at + policy.timers.reopen_window if resolve_at else None,
        remind_at=timers.get(TimerKind.REMIND),
        wake_at=timers.get(TimerKind.WAKE),
        next_step=next_step,
        next_due_at=next_due_at,
    )


def _reader(person: Person, policy: Policy) -> str:
    """The name of somebody outside; the address of who has none, or one that passes for somebody else's."""
    is_one_of_us = person.agent in policy.agents
    return _honest(person.name, person.address) if is_one_of_us or not is_called_like_us(person.name, policy) else person.address


def _honest(name: str, address: str) -> str:
    """The name, unless it holds an address: beside the real one nobody could tell which is which."""
    return name if name and "@" not in name else address


@dataclass(frozen=True, slots=True)
class AttachmentView:
    name: str
    size: int


@dataclass(slots=True)  # a frozen one of so many fields takes twice as long to make
class EntryView:
    author: str
    first_name: str
    text: str
    visibility: Visibility
    at: datetime
    address: str  #: that it was written from, "" where that is not known
    called: str  #: the author's name, else the address
    sender: str  #: name and address, as agents read them
    proof: str  #: how far it is proven who wrote it; "" where nobody asked
    copied: tuple[str, ...]  #: who else had it
    signature: str  #: of a requester or a stranger
    by_agent: bool
    attachments: tuple[AttachmentView, ...]  #: that travel with the letter
    subject: str  #: that its author, who is proven, writes under now; "" where it is the ticket's
    mail: int | None  #: its number in the inbox, for agents
    masked: bool  #: card numbers or passwords in it are not shown
    left_out: tuple[AttachmentView, ...] = ()  #: the first of those that do not
    unnamed: int = 0  #: how many more of these there are


#: Files that stay behind and are named in a letter.
_NAMED = 50


def carried(files: Sequence[Attachment], limits: FilesCarried) -> tuple[list[Attachment], list[Attachment]]:
    """The files that one letter takes along, and those that it only names. Pictures in the text go before all others."""
    room = limits.octets_per_letter
    taken: set[int] = set()
    for place in sorted(range(len(files)), key=lambda place: not files[place].inline):
        if len(taken) < limits.per_letter and files[place].size <= room:
            taken.add(place)
            room -= files[place].size
    return [f for i, f in enumerate(files) if i in taken], [f for i, f in enumerate(files) if i not in taken]


def entry_view(entry: Entry, limits: FilesCarried, people: Mapping[int, Person], author: str | None = None) -> EntryView:
    """`author`: how the author is called, where the name in the mail could be mistaken for somebody else's.
    Card numbers and passwords in the words of anybody but an agent are masked."""
    along, left = carried(entry.attachments, limits)
    name = entry.author_name if author is None else author
    by_agent = entry.author_role.is_agent
    person = people.get(entry.author) if entry.author is not None else None
    address = entry.reverse or (person.address if person is not None else "")
    return EntryView(
        author=name,
        first_name=first_name(entry.author_name),
        text=masked_quotes(entry.text) if by_agent else masked(entry.text),
        visibility=entry.visibility,
        at=entry.arrived_at,
        address=address,
        called=_honest(name, address),
        sender=_sender(name, address),
        proof=entry.proof,
        copied=tuple(_sender(one.name, one.address) for one in entry.copied),
        signature="" if by_agent else masked(_bare(entry.signature)),
        by_agent=by_agent,
        attachments=tuple(AttachmentView(a.name, a.size) for a in along),
        subject="" if entry.proof in ("", "none", "failed") else masked(entry.subject or ""),
        mail=entry.inbox,
        masked=not by_agent and holds_secret(entry.text, entry.signature),
        left_out=tuple(AttachmentView(a.name, a.size) for a in left[:_NAMED]),
        unnamed=max(0, len(left) - _NAMED),
    )


def _bare(signature: str) -> str:
    """Without the line that begins it: mail programs fold whatever stands below such a line, in a notice the rest of it."""
    return "\n".join(row for row in signature.splitlines() if row.strip() not in ("--", "---", "__")).strip("\n")


def _sender(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address and name != address else address or name


def last_words(file: TicketFile, limits: FilesCarried, people: Mapping[int, Person]) -> EntryView | None:
    """The newest public entry that has words."""
    entry = next((e for e in reversed(file.entries) if e.visibility is Visibility.PUBLIC and e.text and not e.hidden), None)
    return entry_view(entry, limits, people) if entry else None


def first_name(name: str) -> str:
    """`Ann` of "Ann Berg" and of "Berg, Ann"; the whole where no name can be made out."""
    if "," in name:
        name = name.partition(",")[2].strip() or name
    words = [word for word in name.split() if not word.endswith(".")]
    return words[0] if words else name.strip()


def called(name: str, language: str) -> str:
    """How requesters read of an agent; "" where there is nothing but an address."""
    return "" if "@" in name else first_name(name) if language in FIRST_NAMES else name


@dataclass(frozen=True, slots=True)
class DeskView:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ReaderView:
    name: str
    first_name: str


@dataclass(frozen=True, slots=True)
class Rating:
    score: int
    link: Safe


class Links:
    """`mailto:` links to the desk, signed for one letter. Nothing happens until the reader sends the mail that such a link opens.
    With a web door the ratings and the requester's page are links to it."""

    __slots__ = ("_base", "_desk", "_domain", "_language", "_letter", "_page", "_ring", "_say", "_tag", "_web")

    def __init__(
        self, desk: Desk, ring: Keyring, letter: str, tag: str, language: str, say: Say, web: str = "", page: bool = False
    ) -> None:
        """`web`: what links to the web door begin with, "" without one; `page`: its reader may see the requester's page."""
        self._web, self._page = web, page
        self._desk, self._ring, self._letter, self._language, self._say = desk, ring, letter, language, say
        self._base, self._domain = _quoted_desk(desk.address)
        self._tag = tag.replace("[", "%5B").replace("]", "%5D")

    def _to(self, detail: str, about: str, body: str) -> Safe:
        to = f"{self._base}+{detail}" if self._desk.subaddress == "plus" else self._base
        return Safe(f"mailto:{to}@{self._domain}?subject={self._tag}%20{about}&body={body}")

    def _command(self, word: str) -> Safe:
        return self._to(action_detail(self._ring, self._letter, word), word, f"%23{word}%0D%0A%0D%0A")

    def _reply(self, about: str, body: str) -> Safe:
        """To the address that an answer to the letter goes to: what it asks for stands in its text, where it is read as in any other."""
        return self._to(reply_detail(self._ring, self._letter), about, body)

    def _wish(self, word: str) -> Safe:
        said = quote(self._say(WISHES[word]), safe="")
        return self._to(action_detail(self._ring, self._letter, word), said, said)

    # What agents may do: the command stands in the mail as well, for those who look at what they send.

    @property
    def take(self) -> Safe:
        return self._command("take")

    @property
    def note(self) -> Safe:
        return self._command("note")

    @property
    def watch(self) -> Safe:
        return self._command("watch")

    @property
    def answer(self) -> Safe:
        """An empty mail to where answers go."""
        to = f"{self._base}+{reply_detail(self._ring, self._letter)}" if self._desk.subaddress == "plus" else self._base
        return Safe(f"mailto:{to}@{self._domain}?subject=Re%3A%20{self._tag}")

    # What wants words of the agent's as well, or is about this very letter.

    @property
    def reply(self) -> Safe:
        return self._reply("reply", "%23reply%0D%0A%0D%0A")

    @property
    def wait(self) -> Safe:
        return self._reply("wait", "%23wait%20for%203d%0D%0A%0D%0A")

    @property
    def resolve(self) -> Safe:
        return self._reply("resolve", "%23resolve%0D%0A%0D%0A")

    @property
    def open_again(self) -> Safe:
        return self._reply("reopen", "%23reopen%0D%0A%0D%0A")

    @property
    def decline(self) -> Safe:
        return self._reply("decline", "%23decline%0D%0A%0D%0A")

    @property
    def admit(self) -> Safe:
        return self._reply("admit", "%23admit%0D%0A%0D%0A")

    @property
    def confirm(self) -> Safe:
        return self._reply("yes", "yes%0D%0A")

    # What requesters may ask for, in the words that they may also simply write.

    @property
    def status(self) -> Safe:
        return self._wish("status")

    @property
    def close(self) -> Safe:
        return self._wish("close")

    @property
    def reopen(self) -> Safe:
        return self._wish("reopen")

    @property
    def web(self) -> bool:
        """Whether a rating is given on a page."""
        return bool(self._web)

    @property
    def page(self) -> Safe:
        """To the requester's page; "" where this letter brings none."""
        return Safe(f"{self._web}/t/{page_detail(self._ring, self._letter)}" if self._web and self._page else "")

    @property
    def ratings(self) -> tuple[Rating, ...]:
        hint = f"%0D%0A%0D%0A{_hint(self._language)}"
        details = {score: rating_detail(self._ring, self._letter, score) for score in SCORES}
        if self._web:
            return tuple(Rating(score, Safe(f"{self._web}/r/{details[score]}")) for score in SCORES)
        bodies = {score: hint if self._desk.subaddress == "plus" else f"{score}{hint}" for score in SCORES}
        return tuple(Rating(score, self._to(details[score], f"{score}/5", bodies[score])) for score in SCORES)


@lru_cache(256)
def _quoted_desk(address: str) -> tuple[str, str]:
    base, _, domain = split_address(address)
    return quote(base, safe="!$&'*+-.=_~"), domain


@lru_cache(64)
def _hint(language: str) -> str:
    return quote(RATING_HINTS.get(language, RATING_HINTS["en"]), safe="")


#: What templates may look into without the sandbox asking each time: no template can assign to them, and nothing in them can be called.
VIEWS = frozenset({TicketView, AttachmentView, EntryView, DeskView, ReaderView, Rating, Links})
