"""Who owes whom a word: what was said publicly, as far as it arrived, and what a ticket waited for.

Both are kept whatever is promised at the time, so that a promise that comes later counts as if it had always been there."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailgate.model.ticket import Pause, Said, Speaker, Status, Ticket

#: What a ticket waits for, and why it is nobody's turn.
PENDING_USER, RESOLVED, REJECTED = "pending_user", "resolved", "rejected"
HOLD = "hold:"  #: followed by the reason of the hold


# --- what was said ---------------------------------------------------------------------------------------------------


def asked(ticket: Ticket, at: datetime) -> Ticket:
    """The requester's side wrote. Of what nobody has answered yet the oldest counts, and mail may come out of order."""
    return _with(ticket, _runs((*ticket.turns, Said(at, Speaker.REQUESTER))))


def answered(ticket: Ticket, at: datetime, by: Speaker, letter: str | None) -> Ticket:
    return _with(ticket, (*ticket.turns, Said(at, by, letter)))


def done(ticket: Ticket) -> Ticket:
    """The ticket is solved: what was not answered until then needs no answer any more."""
    if ticket.turns and ticket.turns[-1].by is Speaker.REQUESTER:
        return _with(ticket, ticket.turns[:-1])
    return ticket


def answers(ticket: Ticket) -> tuple[Said, ...]:
    return tuple(turn for turn in ticket.turns if turn.by is not Speaker.REQUESTER)


def taken_back(ticket: Ticket, letter: str, reopens: bool) -> Ticket:
    """A letter reached nobody: it was never said, and what the ticket waited for because of it was not waited for.
    `reopens`: it carried the solution, and the ticket is not solved any more."""
    said = (turn for turn in ticket.turns if turn.letter != letter)
    waits = tuple(replace(w, ended_at=w.began_at) if w.letter == letter and _is_void(w, reopens) else w for w in ticket.waits)
    return _with(replace(ticket, waits=waits), _runs(said))


def _is_void(wait: Pause, reopens: bool) -> bool:
    return wait.cause != RESOLVED or wait.ended_at is not None or reopens


def since(ticket: Ticket, letter: str) -> tuple[Said | None, Said | None]:
    """What the requester wrote after the answer in a letter, before the next one; and the next answer."""
    places = [n for n, turn in enumerate(ticket.turns) if turn.letter == letter]
    later = ticket.turns[places[-1] + 1 :] if places else ()
    question = later[0] if later and later[0].by is Speaker.REQUESTER else None
    return question, next((turn for turn in later if turn.by is not Speaker.REQUESTER), None)


def _runs(turns: Iterable[Said]) -> tuple[Said, ...]:
    """Two messages of the requester's side with no answer between them are one question, the older one."""
    found: list[Said] = []
    for turn in turns:
        if found and turn.by is found[-1].by is Speaker.REQUESTER:
            found[-1] = replace(turn, at=min(turn.at, found[-1].at))
        else:
            found.append(turn)
    return tuple(found)


def _with(ticket: Ticket, turns: tuple[Said, ...]) -> Ticket:
    waiting = turns[-1].at if turns and turns[-1].by is Speaker.REQUESTER else None
    words = max((turn.at for turn in turns if turn.by is Speaker.AGENT), default=None)
    return replace(ticket, turns=turns, waiting_since=waiting, public_agent_at=words)


# --- what it waited for ----------------------------------------------------------------------------------------------


def wait(ticket: Ticket, cause: str, at: datetime, letter: str | None = None) -> Ticket:
    """From now on it waits for this, and for nothing else. A second question goes on with the same wait."""
    if ticket.waits and ticket.waits[-1].ended_at is None and ticket.waits[-1].cause == cause:
        return ticket
    return replace(ticket, waits=(*run_on(ticket, at).waits, Pause(at, None, cause, letter)))


def run_on(ticket: Ticket, at: datetime) -> Ticket:
    """It waits no longer; a wait never ends before it began."""
    return replace(ticket, waits=tuple(w if w.ended_at is not None else replace(w, ended_at=max(at, w.began_at)) for w in ticket.waits))


# --- tickets that are older than this --------------------------------------------------------------------------------


def recalled(ticket: Ticket) -> Ticket:
    """A ticket that was recorded before either was kept: what its clocks and its last instants say of it."""
    if ticket.history == 0:
        return ticket
    if ticket.turns or ticket.waits:
        return _caught_up(ticket)
    known = ((ticket.public_agent_at, Speaker.AGENT), (ticket.waiting_since, Speaker.REQUESTER))
    waits: list[Pause] = []
    pauses = {pause for cycle in ticket.cycles for pause in cycle.pauses}
    for pause in sorted(pauses, key=lambda p: (p.began_at, p.ended_at is None, p.ended_at or p.began_at)):
        if not waits or (waits[-1].ended_at is not None and waits[-1].ended_at <= pause.began_at):
            waits.append(pause)
    stood = {Status.RESOLVED: RESOLVED, Status.CLOSED: RESOLVED, Status.REJECTED: REJECTED}.get(ticket.status)
    ends = [cycle.stopped_at for cycle in ticket.cycles if cycle.cancel_reason == stood and cycle.stopped_at is not None]
    since = ticket.resolved_at or max(ends, default=None)
    if stood is not None and since is not None and not (waits and waits[-1].ended_at is None):
        waits.append(Pause(since, None, stood))
    return replace(ticket, turns=tuple(Said(at, by) for at, by in known if at is not None), waits=tuple(waits))


def _caught_up(ticket: Ticket) -> Ticket:
    """A ticket whose last words a node of the version before has recorded: it keeps the last instants, and no turns."""
    said, kept = _with(ticket, ticket.turns), ticket.turns
    agent, requester = ticket.public_agent_at, ticket.waiting_since
    if agent is not None and (said.public_agent_at is None or agent > said.public_agent_at):
        kept = (*kept, Said(agent, Speaker.AGENT))
    if requester is not None and not (kept and kept[-1].by is Speaker.REQUESTER):
        kept = (*kept, Said(requester, Speaker.REQUESTER))
    elif requester is None and kept and kept[-1].by is Speaker.REQUESTER and ticket.status is not Status.MERGED:
        kept = kept[:-1]
    return ticket if kept == ticket.turns else _with(ticket, kept)
