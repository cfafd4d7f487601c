"""A mail that says its author is away, although no header calls it automatic: some programs set none, and some relays strip them.

From an agent it is no answer: it stays inside, is answered to nobody and takes no ticket, and the group hears of it once a day. From the
requester's side it opens nothing again and starts no clock."""

from datetime import timedelta

from mailgate.decide import absence, announce
from mailgate.decide.entries import an_entry
from mailgate.decide.returned import outsiders_who_have_it
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AutoReplyReceived
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import NoteNotice
from mailgate.model.mail import Kind
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility

FLAG = "absence"
#: Nobody reads a letter, thinks and writes so quickly; a program does.
AT_ONCE = timedelta(minutes=2)
#: A colleague's absence is told so often, for each ticket.
TOLD_AGAIN = timedelta(days=1)


def kept_inside(s: Situation) -> Decision | None:
    """What follows from an absence on a ticket; None: the mail is none."""
    because = _because(s)
    if s.file is None or because is None:
        return None
    ticket, author = s.file.ticket, s.author
    known = author is not None and any(
        e.author == author.id and FLAG in e.flags and e.arrived_at > s.arrived_at - TOLD_AGAIN for e in s.file.entries
    )
    hidden = known or not s.role.is_agent
    entry = an_entry(s, Visibility.INTERNAL, ticket.number, author=author, role=s.role, hidden=hidden, flag=FLAG)
    event = AutoReplyReceived(at=s.arrived_at, actor=author.id if author else None, entry=entry.id, mail=s.inbox)
    step = s.step(ticket, event)
    letters: tuple[LetterWanted, ...] = ()
    if not hidden and author is not None:
        told = [id_ for id_ in announce.responsible(s, ticket) if id_ != author.id]
        told = told or list(s.group(ticket.group))
        letters = announce.to_agents(
            s, NoteNotice(absent=True, direct=outsiders_who_have_it(s)), step.ticket, entry, people=told, without=author.id
        )
    also = absence.suspected(s) if s.by_agent and s.role.is_agent and not known else Decision()
    return Decision(
        changes=(Change(ticket, step.ticket, (event,), (entry,)),),
        letters=(*letters, *also.letters),
        absences=also.absences,
        trace=(TraceLine("decide", "absence", because, Reason("kept_inside")),),
    )


def _because(s: Situation) -> Reason | None:
    """What says that its author is away, None when nothing says so clearly enough.
    An agent's words are kept inside on less: they come to the colleagues' eyes at once, and #reply sends them. A requester's words that
    were hidden would reach nobody."""
    signs = s.understood.absence
    if s.reading.kind not in (Kind.WRITTEN, Kind.LIST) or not signs:
        return None
    said = s.understood.commands
    if s.role.is_agent:
        if said.commands or said.errors or said.visibility != "default" or s.address_words:
            return None  # no program writes commands
        enough = "subject" in signs or signs >= {"sentence", "goes_on"} or ("sentence" in signs and _came_at_once(s))
    else:
        enough = signs >= {"subject", "sentence"}
    return Reason("codes", tuple(Reason(f"absence.{sign}") for sign in sorted(signs))) if enough else None


def _came_at_once(s: Situation) -> bool:
    """Whether it came within moments of the letter that it answers, and quotes nothing of it."""
    letter = s.letter
    left = (letter.first_at or letter.made_at) if letter is not None else None
    return left is not None and not s.mail.quoted.strip() and timedelta(0) <= s.arrived_at - left <= AT_ONCE
