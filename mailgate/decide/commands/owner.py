"""Commands about who works on a ticket, and who hears of it: take, decline, assign, watch, unwatch."""

from mailgate.decide.commands.course import Course, MailRefused, bare_name, fault
from mailgate.decide.situation import Situation
from mailgate.model.commands import Command
from mailgate.model.events import OfferDeclined, TicketAssigned, TicketTaken, WatcherAdded, WatcherRemoved
from mailgate.model.person import Person
from mailgate.model.reason import Reason


def take(c: Course, command: Command) -> None:
    c.happen(TicketTaken(at=c.s.now, actor=c.author.id, mail=c.s.inbox), command)
    c.done(command, c.author.name)


def decline(c: Course, command: Command) -> None:
    offer = c.ticket.search.offer if c.ticket.search is not None else None
    if offer is None or offer.to != c.author.id:
        raise MailRefused(fault("E_STATE", command, Reason("hint.not_offered")))
    c.happen(OfferDeclined(at=c.s.now, actor=c.author.id, mail=c.s.inbox, to=offer.to, n=offer.n), command)
    c.done(command, "")


def assign(c: Course, command: Command) -> None:
    whom = command.args[0]
    to = None if whom.lower() in ("none", "nobody") else c.author if whom.lower() == "me" else find_agent(c.s, whom, command)
    if to is not None and to.id == c.author.id:
        return take(c, command)
    if to is not None and to.id in c.ticket.outsiders():
        # Whoever is given a ticket gets its internal story, and this one is about them.
        raise MailRefused(fault("E_STATE", command, Reason("hint.outside")))
    c.happen(TicketAssigned(at=c.s.now, actor=c.author.id, mail=c.s.inbox, to=to.id if to else None), command)
    c.done(command, to.name if to else "-")


def find_agent(s: Situation, whom: str, command: Command) -> Person:
    """Exact id, then exact address, then the exact name, then the only name that begins so (blanks, case and punctuation aside)."""
    agents = {id_: agent for id_, agent in s.policy.agents.items() if id_ in s.agents}
    exact = next((id_ for id_ in agents if id_.lower() == whom.lower()), None) or next(
        (agent.id for agent in agents.values() if whom.lower() in agent.keys), None
    )
    if exact is not None:
        return s.agents[exact]
    wanted = bare_name(whom)
    hits = [a for a in agents.values() if wanted and bare_name(a.name) == wanted]
    hits = hits or [a for a in agents.values() if wanted and (bare_name(a.name).startswith(wanted) or bare_name(a.id).startswith(wanted))]
    if len(hits) == 1:
        return s.agents[hits[0].id]
    if hits:
        raise MailRefused(fault("E_AMBIGUOUS", command, ", ".join(sorted(f"{a.name} ({a.id})" for a in hits))))
    raise MailRefused(fault("E_VALUE", command, ", ".join(sorted(agents))))


def watch(c: Course, command: Command) -> None:
    if c.author.id not in c.ticket.watchers():
        c.happen(WatcherAdded(at=c.s.now, actor=c.author.id, mail=c.s.inbox, person=c.author.id), command)
    c.done(command, c.author.name)


def unwatch(c: Course, command: Command) -> None:
    if c.author.id in c.ticket.watchers():
        c.happen(WatcherRemoved(at=c.s.now, actor=c.author.id, mail=c.s.inbox, person=c.author.id), command)
    c.done(command, c.author.name)
