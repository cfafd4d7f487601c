"""A letter did not arrive, or nobody knows whether it did: it shows on the ticket, and whoever can do something hears of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailgate.decide import announce
from mailgate.decide.scene import Scene
from mailgate.model.decision import Alarm, Change, Decision, TraceLine
from mailgate.model.delivery import OutboxState, Suppression, SuppressionKind
from mailgate.model.events import Event, LetterRefused
from mailgate.model.letter import Audience, Letter, LetterWanted, PartRef
from mailgate.model.letters import LightenedNotice, Solution, UndeliveredNotice, letter_kind
from mailgate.model.mail import Report
from mailgate.model.person import Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Entry, Ticket, Visibility
from mailgate.model.understood import LetterFacts

_ENDS = frozenset({OutboxState.REFUSED.value, OutboxState.UNKNOWN.value})
#: A letter that was just handed over, or is only on file.
Sent = Letter | LetterFacts


@dataclass(frozen=True, slots=True)
class NonDelivery:
    """A letter that reached nobody, or of which nobody knows."""

    letter: Sent
    how: str  #: one word for people: refused, unknown, bounced
    reply: str
    reached: bool = False  #: the requester had the same words at another address, so no clock is turned back
    known_dead: bool = False  #: that an address of a colleague does not work was told before
    at: datetime | None = None  #: of the mail that says so
    inbox: int | None = None  #: the same

    @property
    def lost(self) -> bool:
        return self.how != OutboxState.UNKNOWN.value


def on_settled(s: Scene, end: NonDelivery, entry_id: int, report: Report | None = None) -> Decision | None:
    """What follows from the end of a letter's journey at the relay; None when nothing does (it went, it waits, nobody misses it).
    `report`: what the relay's refusal says about the address, read like a bounce."""
    missed = letter_kind(end.letter.event, end.letter.audience).missed
    if end.how not in _ENDS or not (end.lost or missed):
        return None
    suppress = suppression_for(s, end.letter, report) if report is not None and end.lost else ()
    trace = (TraceLine("send", end.letter.event, end.reply, end.how),)
    return replace(undelivered(s, end, entry_id), suppress=suppress, trace=trace)


def undelivered(s: Scene, end: NonDelivery, entry_id: int) -> Decision:
    letter, whom = end.letter, end.letter.address
    inside = letter.audience in (Audience.AGENT, Audience.LEAD)
    alarm = None
    if inside and end.lost and not end.known_dead:
        alarm = Alarm("agent_unreachable", f"{whom}: {end.reply}", f"mailgate people show {whom}", whom.lower())
    ticket = s.ticket
    if ticket is None:
        return Decision(alarm=alarm)
    said = f"{letter.event} -> {whom}: {end.how}. {end.reply}"
    entry = a_remark(said, ticket.number, entry_id, s.now, at=end.at, inbox=end.inbox)
    events: tuple[Event, ...] = ()
    after = ticket
    if end.lost and letter.audience is Audience.REQUESTER and not end.reached and letter.ticket == ticket.number:
        # Only a letter that reached no address of the requester turns clocks back; a lost notice to an agent does not.
        # Where the letter's ticket was merged into another one, its clocks are over.
        # A solution that was given up since, and replaced by another, does not take the new one back.
        solution = letter.event == Solution.event and letter.closure == ticket.closure
        event = LetterRefused(at=end.at or s.now, entry=entry.id, mail=end.inbox, letter=letter.id, carried_solution=solution)
        after = s.step(ticket, event).ticket
        events = (event,)
    told: tuple[int, ...] = ()
    # Where that one does not arrive either, it ends there.
    if letter.event != UndeliveredNotice.event and not (inside and end.known_dead):
        told = _told(s, letter, after) if inside else announce.responsible(s, after)
    by = _whose_words(s, letter)
    notice = UndeliveredNotice(whom=whom, what=letter.event, reply=end.reply, state=end.how, by=by, undone=bool(events and by))
    letters = announce.to_agents(s, notice, after, people=told, without=letter.person)
    return Decision(changes=(Change(ticket, after, events, (entry,)),), letters=letters, alarm=alarm)


def sent_without(s: Scene, letter: Sent, left: Sequence[PartRef], reply: str, entry_id: int) -> Decision:
    """A letter that was too large leaves without these files. It shows on its ticket; of an answer to the outside its agents hear as well.
    A notice names to its own reader what it comes without."""
    assert s.file is not None
    ticket = s.file.ticket
    names = ", ".join(part.name for part in left)
    entry = a_remark(f"{letter.event} -> {letter.address}: leaves without {names}. {reply}", ticket.number, entry_id, s.now)
    letters: tuple[LetterWanted, ...] = ()
    if letter.audience.is_outside:
        authors = (e.author for e in s.file.entries if e.id == letter.entry and e.author is not None)
        kind = LightenedNotice(whom=letter.address, what=letter.event, left=tuple((part.name, part.size) for part in left))
        letters = announce.to_agents(s, kind, ticket, people=(*authors, *announce.responsible(s, ticket)))
    line = TraceLine("send", letter.event, reply, Reason.of("leaves_without", len(left)))
    return Decision(changes=(Change(ticket, ticket, (), (entry,)),), letters=letters, trace=(line,))


def _whose_words(s: Scene, letter: Sent) -> str:
    """The agent whose words a letter carried outside; "" for one that carried nobody's."""
    entries = s.file.entries if s.file and letter.audience.is_outside else ()
    return next((e.author_name for e in entries if e.id == letter.entry and e.author_role.is_agent), "")


def _told(s: Scene, letter: Sent, ticket: Ticket) -> tuple[int, ...]:
    """Who hears that a colleague cannot be reached: the lead, or where that is the one (or nobody), the others of the ticket."""
    lead = s.lead(ticket)
    return (lead.id,) if lead is not None and lead.id != letter.person else announce.responsible(s, ticket)


def a_remark(
    text: str, ticket: int, id: int, now: datetime, *, at: datetime | None = None, inbox: int | None = None, hidden: bool = False
) -> Entry:
    """An internal entry of the gateway's own."""
    return Entry(
        id=id,
        ticket=ticket,
        visibility=Visibility.INTERNAL,
        author=None,
        author_role=Role.OPERATOR,
        author_name="mailgate",
        text=text,
        html=None,
        quoted="",
        signature="",
        attachments=(),
        inbox=inbox,
        message_id=None,
        recorded_at=now,
        arrived_at=at or now,
        hidden=hidden,
    )


def suppression_for(s: Scene, letter: Sent, report: Report) -> tuple[Suppression, ...]:
    """An address that does not work gets nothing automatic for a while. The operator's is always tried: nobody else hears the alarms."""
    if not report.hard or report.action != "failed" or letter.audience is Audience.OPERATOR:
        return ()
    # Histories repeat the reason, so it holds no word of a mail.
    reason = Reason(f"dead.{report.cause}" if report.cause else "dead")
    return (Suppression(letter.address.lower(), SuppressionKind.BOUNCE, reason, s.now, s.now + s.policy.budgets.suppress_for),)
