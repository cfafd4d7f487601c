"""What each command of an agent does to a ticket. Whatever cannot be done is refused, and with it the whole mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailgate.decide.lifecycle import Facts, apply
from mailgate.decide.rules import Rules
from mailgate.decide.situation import Situation
from mailgate.decide.when import Unclear, parse_when
from mailgate.model.events import (
    EntryAdmitted,
    Event,
    HoldStarted,
    KindChanged,
    PriorityChanged,
    RequesterWrote,
    TicketAssigned,
    TicketClosed,
    TicketReopened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
    WatcherAdded,
    WatcherRemoved,
)
from mailgate.model.person import Person
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import Entry, HoldReason, Ticket, TicketKind, Visibility
from mailgate.model.understood import Command, Fault

#: The hint of a fault that an answer to the refusal cannot mend.
ANOTHER_NOTICE = "answer the notice of the message that is meant"


class Refused(Exception):
    """A mail that cannot be carried out as it is: nothing of it is."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


def fault(code: str, command: Command | None, hint: str = "") -> Fault:
    """Commands that an address said stand in no line."""
    return Fault(code, command.line if command and command.line > 0 else None, said(command), hint)


def said(command: Command | None) -> str:
    return " ".join((f"#{command.verb}", *command.args)) if command else ""


@dataclass
class Course:
    """Where the carrying out of one mail stands: the ticket so far, and what has happened."""

    s: Situation
    author: Person
    rules: Rules
    ticket: Ticket
    facts: Facts = field(default_factory=Facts)
    letter: str | None = None  #: the letter to the requester that this mail causes
    events: list[Event] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)  #: (what, before, after) for the receipt

    def happen(self, event: Event, command: Command | None = None, hint: str = "", facts: Facts | None = None) -> None:
        """Raises Refused where the state of the ticket does not allow it."""
        step = apply(self.ticket, event, self.rules, self.s.now, facts or self.facts)
        if step.error:
            raise Refused(fault(step.error, command, hint or self.ticket.status.value))
        self.ticket = step.ticket
        self.events.append(event)


Act = Callable[[Course, Command], None]


# --- owner -----------------------------------------------------------------------------------------------------------


def _take(c: Course, command: Command) -> None:
    c.happen(TicketTaken(at=c.s.now, actor=c.author.id, mail=c.s.inbox), command)
    c.told.append(("owner", "", c.author.name))


def _assign(c: Course, command: Command) -> None:
    whom = command.args[0]
    to = None if whom.lower() in ("none", "nobody") else c.author if whom.lower() == "me" else find_agent(c.s, whom, command)
    if to is not None and to.id == c.author.id:
        return _take(c, command)
    if to is not None and to.id in c.ticket.outsiders():
        # Whoever is given a ticket gets its internal story, and this one is about him.
        raise Refused(fault("E_STATE", command, "takes part in this ticket as the requester's side"))
    c.happen(TicketAssigned(at=c.s.now, actor=c.author.id, mail=c.s.inbox, to=to.id if to else None), command)
    c.told.append(("owner", "", to.name if to else "-"))


def find_agent(s: Situation, whom: str, command: Command) -> Person:
    """Exact id, then exact address, then the exact name, then the only name that begins so (blanks, case and punctuation aside)."""
    agents = {id_: agent for id_, agent in s.policy.agents.items() if id_ in s.agents}
    exact = next((id_ for id_ in agents if id_.lower() == whom.lower()), None) or next(
        (agent.id for agent in agents.values() if whom.lower() in agent.keys), None
    )
    if exact is not None:
        return s.agents[exact]
    wanted = _folded(whom)
    hits = [a for a in agents.values() if wanted and _folded(a.name) == wanted]
    hits = hits or [a for a in agents.values() if wanted and (_folded(a.name).startswith(wanted) or _folded(a.id).startswith(wanted))]
    if len(hits) == 1:
        return s.agents[hits[0].id]
    if hits:
        raise Refused(fault("E_AMBIGUOUS", command, ", ".join(sorted(f"{a.name} ({a.id})" for a in hits))))
    raise Refused(fault("E_VALUE", command, ", ".join(sorted(agents))))


def _folded(name: str) -> str:
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def _watch(c: Course, command: Command) -> None:
    if c.author.id not in c.ticket.watchers():
        c.happen(WatcherAdded(at=c.s.now, actor=c.author.id, mail=c.s.inbox, person=c.author.id), command)
    c.told.append(("watch", "", c.author.name))


def _unwatch(c: Course, command: Command) -> None:
    if c.author.id in c.ticket.watchers():
        c.happen(WatcherRemoved(at=c.s.now, actor=c.author.id, mail=c.s.inbox, person=c.author.id), command)
    c.told.append(("unwatch", "", c.author.name))


# --- fields ----------------------------------------------------------------------------------------------------------


def _priority(c: Course, command: Command) -> None:
    after = PRIORITY_NAMES.get(" ".join(command.args).lower())
    if after is None:
        raise Refused(fault("E_VALUE", command, "P1 P2 P3 P4 P5"))
    before = c.ticket.priority
    if after != before:
        c.happen(PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.told.append(("priority", f"P{before}", f"P{after}"))


def _kind(c: Course, command: Command) -> None:
    word = command.args[0].lower()
    if word not in tuple(TicketKind):
        raise Refused(fault("E_VALUE", command, " ".join(TicketKind)))
    before, after = c.ticket.kind, TicketKind(word)
    if after is not before:
        c.happen(KindChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.told.append(("kind", before.value, after.value))


# --- relations -------------------------------------------------------------------------------------------------------


def _admit(c: Course, command: Command) -> None:
    entry = _waiting_entry(c.s, command)
    if any(person.id == entry.author for person in c.s.agents.values()):
        # His words were never checked for what is internal, and an agent is nobody's participant.
        raise Refused(fault("E_STATE", command, "written in the name of an agent, who can answer a notice himself"))
    c.happen(EntryAdmitted(at=c.s.now, actor=c.author.id, mail=c.s.inbox, admitted=entry.id, author=entry.author), command)
    c.happen(RequesterWrote(at=entry.arrived_at, actor=entry.author, entry=entry.id), command)
    c.admitted.append(entry.id)
    c.told.append(("admit", "", entry.author_name))


def _waiting_entry(s: Situation, command: Command) -> Entry:
    """The one that the notice was about; without such a notice the only one there is. Never another one than was looked at."""
    waiting = [e for e in (s.file.entries if s.file else ()) if e.visibility is Visibility.UNVERIFIED]
    answered = s.letter is not None and (s.letter.event == "unverified_wrote" or (s.letter.event == "commands_refused" and s.letter.entry))
    if s.letter is not None and answered:
        waiting = [e for e in waiting if e.id == s.letter.entry]
    if not waiting:
        raise Refused(fault("E_STATE", command, "no unverified message waits here"))
    if len(waiting) > 1:
        raise Refused(fault("E_AMBIGUOUS", command, ANOTHER_NOTICE))
    return waiting[0]


# --- state -----------------------------------------------------------------------------------------------------------


def _wait(c: Course, command: Command) -> None:
    until = _until(c, command, command.args)
    live = c.ticket.status.is_live
    hint = "the requester has not been asked anything yet" if live else ""
    c.happen(WaitStarted(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, until=until, letter=c.letter), command, hint)
    c.told.append(("status", "", c.ticket.status.value))


def _hold(c: Course, command: Command) -> None:
    if not command.args or command.args[0].lower() not in tuple(HoldReason):
        raise Refused(fault("E_VALUE", command, " ".join(HoldReason)))
    reason = HoldReason(command.args[0].lower())
    until = _until(c, command, command.args[1:])
    c.happen(HoldStarted(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, reason=reason, until=until), command)
    c.told.append(("status", "", f"{c.ticket.status.value} ({reason.value})"))


def _until(c: Course, command: Command, args: tuple[str, ...]) -> datetime | None:
    if not args:
        return None
    home = c.s.policy.desks.get(c.ticket.desk, c.s.desk)
    when = parse_when(args, c.s.now, c.author.timezone or home.timezone, c.rules)
    if isinstance(when, Unclear):
        raise Refused(fault("E_VALUE", command, when.hint))
    return when


def _resolve(c: Course, command: Command) -> None:
    code = command.args[0] if command.args else None
    _solve(c, command, TicketResolved(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, code=code, letter=c.letter))


def _close(c: Course, command: Command) -> None:
    code = command.args[0] if command.args else None
    _solve(c, command, TicketClosed(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, code=code, letter=c.letter))


def _solve(c: Course, command: Command, event: TicketResolved | TicketClosed) -> None:
    facts = replace(c.facts, closure_text=c.facts.closure_text or bool(event.code))
    hint = ""
    if not facts.closure_text and c.ticket.status.is_live:
        # Words that would stay among colleagues are no solution: either they are for the requester, or a code says it.
        said = c.s.understood.commands
        for_nobody = not said.body.strip() or said.visibility == "note" or "note" in c.s.address_words
        hint = f"#{command.verb} CODE" if for_nobody else "#reply"
    c.happen(event, command, hint, facts)
    c.told.append(("status", "", c.ticket.status.value))


def _reopen(c: Course, command: Command) -> None:
    c.happen(TicketReopened(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox), command)
    c.told.append(("status", "", c.ticket.status.value))


def _nothing(c: Course, command: Command) -> None:
    """`#note` and `#reply` are read before; `#help` is answered by a letter."""


@dataclass(frozen=True, slots=True)
class Verb:
    """`order`: owner, fields, relations, (message,) state last, because a public message may itself move the state."""

    act: Act
    order: int
    before_message: bool = True


VERBS: Mapping[str, Verb] = {
    "note": Verb(_nothing, 0),
    "reply": Verb(_nothing, 0),
    "take": Verb(_take, 1),
    "assign": Verb(_assign, 1),
    "watch": Verb(_watch, 2),
    "unwatch": Verb(_unwatch, 2),
    "priority": Verb(_priority, 3),
    "kind": Verb(_kind, 3),
    "admit": Verb(_admit, 4),
    "wait": Verb(_wait, 9, before_message=False),
    "hold": Verb(_hold, 9, before_message=False),
    "resolve": Verb(_resolve, 9, before_message=False),
    "close": Verb(_close, 9, before_message=False),
    "reopen": Verb(_reopen, 9, before_message=False),
    "help": Verb(_nothing, 10),
}

#: Of each of these sets a mail may say one, in its text and by its address together.
EXCLUSIVE = (
    frozenset({"note", "reply"}),
    frozenset({"take", "assign"}),
    frozenset({"watch", "unwatch"}),
    frozenset({"wait", "hold", "resolve", "close", "reopen"}),
)
