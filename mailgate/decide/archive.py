"""A mail out of a stored mailbox: a record of what was, so nobody is written to and nothing in it commands.

A `TAKEOVER` is work that goes on: its ticket is open, and what we promise counts from now, since nobody promised anything before.
An `ARCHIVE` is history: its ticket is closed, and what belongs to that ticket is only filed."""

from dataclasses import replace

from mailgate.decide.entries import an_entry, goes_outside
from mailgate.decide.opening import open_ticket, own_ids
from mailgate.decide.situation import Situation
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import AgentReplied, Event, NoteAdded, RequesterWrote, TicketClosed, UnverifiedWrote
from mailgate.model.mail import Door, Kind
from mailgate.model.person import Person, Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Entry, Status, Visibility

#: Why these tickets are closed, in the place where an agent's `#close` has its code.
CODE = "archived"
_FILED = frozenset({Kind.WRITTEN, Kind.LIST})


def archived(s: Situation) -> Decision:
    """What a stored mail leaves behind: an entry on its ticket, or a ticket of its own. Never a letter."""
    if s.reading.kind is Kind.UNREADABLE:
        return Decision(set_aside=s.reading.kind_because)
    if s.reading.kind not in _FILED:
        return _kept(Reason("archive.machine"))
    if s.author_key is None:
        return _kept(Reason("archive.nobody"))
    came = s.arrived_at
    # Clocks never start in the past: the wait before we were there is not ours. The entry keeps when its mail came.
    s = replace(s, arrival=replace(s.arrival, arrived_at=s.now))
    decision = _filed(s) if s.ticket is not None else _opened(s)
    changes = (replace(one, entries=tuple(replace(entry, arrived_at=came) for entry in one.entries)) for one in decision.changes)
    return replace(decision, changes=tuple(changes), letters=())


def _kept(because: Reason) -> Decision:
    return Decision(trace=(TraceLine("decide", "archive", because, Reason("kept")),))


def _opened(s: Situation) -> Decision:
    if s.policy.is_own(s.author_key or ""):
        return _kept(Reason("archive.own"))
    decision = open_ticket(s)
    if s.arrival.door is Door.TAKEOVER:
        return decision
    (change,) = decision.changes
    closed = TicketClosed(at=s.now, mail=s.inbox, code=CODE)
    after = s.step(change.after, closed).ticket
    return replace(decision, changes=(replace(change, after=after, events=(*change.events, closed)),))


def _filed(s: Situation) -> Decision:
    """On the ticket that it belongs to. By whom it is, only `From:` says, which is enough for a record and for nothing else."""
    assert s.file is not None
    ticket = s.file.ticket
    kind, entry, new = _entry(s)
    if s.arrival.door is Door.ARCHIVE or ticket.status in (Status.REJECTED, Status.MERGED):
        events: tuple[Event, ...] = ()
        after = ticket
    else:
        event = kind(at=s.now, actor=entry.author, entry=entry.id, mail=s.inbox)
        events, after = (event,), s.step(ticket, event).ticket
    return Decision(
        changes=(Change(ticket, after, events, (entry,)),),
        people=new,
        message_ids=() if entry.visibility is Visibility.UNVERIFIED else own_ids(s),
        trace=(TraceLine("decide", "archive", s.role.value, Reason.of("entry", entry.visibility.value)),),
    )


def _entry(s: Situation) -> tuple[type[Event], Entry, tuple[Person, ...]]:
    """What kind of fact it is, its entry, and who is new by it."""
    assert s.file is not None
    ticket = s.file.ticket
    if s.role.is_agent or s.policy.is_own(s.author_key or ""):
        # Colleagues among themselves, or an answer: whom it was written to tells.
        went_out = goes_outside(s)
        visibility = Visibility.PUBLIC if went_out else Visibility.INTERNAL
        role = s.role if s.role.is_agent else Role.AGENT
        return AgentReplied if went_out else NoteAdded, an_entry(s, visibility, ticket.number, author=s.author, role=role), ()
    if s.role in (Role.REQUESTER, Role.PARTICIPANT):
        return RequesterWrote, an_entry(s, Visibility.PUBLIC, ticket.number, author=s.author, role=s.role), ()
    author, new = s.writer()
    return UnverifiedWrote, an_entry(s, Visibility.UNVERIFIED, ticket.number, author=author, role=Role.STRANGER), new
