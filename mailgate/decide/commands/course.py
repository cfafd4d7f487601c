"""Where the carrying out of one mail's commands stands, and how any of them refuses all of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailgate.decide.situation import Situation
from mailgate.decide.transitions import Facts
from mailgate.decide.when import Unclear, parse_when
from mailgate.model.assignment import Absence
from mailgate.model.commands import Command, Fault, said
from mailgate.model.decision import Change, TraceLine
from mailgate.model.events import Event
from mailgate.model.person import Person
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Ticket

#: The hint of a fault that an answer to the refusal cannot mend.
ANOTHER_NOTICE = Reason("hint.another_notice")


class MailRefused(Exception):
    """A mail that cannot be carried out as it is: nothing of it is."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


def fault(code: str, command: Command | None, hint: Because = "") -> Fault:
    """Commands that an address said stand in no line."""
    return Fault(code, command.line if command and command.line > 0 else None, said(command), hint)


def bare_name(name: str) -> str:
    """A name as it is compared with what somebody types: without case, blanks and signs."""
    return "".join(ch for ch in name.casefold() if ch.isalnum())


@dataclass
class Course:
    """Where the carrying out of one mail stands: the ticket so far, and what has happened."""

    s: Situation
    author: Person
    ticket: Ticket
    facts: Facts = field(default_factory=Facts)
    verbs: frozenset[str] = frozenset()  #: all that the mail says
    letter: str | None = None  #: the letter to the requester that this mail causes
    events: list[Event] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)  #: (verb, before, after) for the receipt
    elsewhere: dict[int, Change] = field(default_factory=dict)  #: what happens to other tickets, by number
    cancels: list[str] = field(default_factory=list)  #: letters that wait and shall not leave
    absences: list[Absence] = field(default_factory=list)  #: that its author says
    back: list[int] = field(default_factory=list)  #: whose absence is over
    traces: list[TraceLine] = field(default_factory=list)  #: what else was weighed

    def happen(
        self, event: Event, command: Command | None = None, hint: Because = "", facts: Facts | None = None, on: int | None = None
    ) -> None:
        """Raises MailRefused where the state of the ticket does not allow it. `on`: another ticket, that the command names."""
        ticket = self.ticket if on is None else self._other(on, command)
        step = self.s.step(ticket, event, facts or (self.facts if on is None else Facts()))
        if step.error:
            raise MailRefused(fault(step.error, command, hint or ticket.status.value))
        if on is None:
            self.ticket = step.ticket
            self.events.append(event)
        else:
            before = self.elsewhere.get(ticket.number, Change(ticket, ticket))
            self.elsewhere[ticket.number] = replace(before, after=step.ticket, events=(*before.events, event))

    def _other(self, number: int, command: Command | None) -> Ticket:
        """Another ticket as far as this mail has brought it; the one that a merged ticket went into."""
        file = self.s.others.get(number)
        if file is None or file.ticket.number == self.ticket.number:
            raise MailRefused(fault("E_VALUE", command))
        return self.elsewhere[file.ticket.number].after if file.ticket.number in self.elsewhere else file.ticket

    def done(self, command: Command, after: str, before: str = "") -> None:
        """What the receipt says of it."""
        self.told.append((command.verb, before, after))


def instant(c: Course, command: Command, args: tuple[str, ...], ends: bool = False) -> datetime | None:
    """What the words of a command mean in its author's zone; None: nothing was said. `ends`: a day without a time is over with it.
    Raises MailRefused."""
    if not args:
        return None
    home = c.s.policy.desks.get(c.ticket.desk, c.s.desk)
    when = parse_when(args, c.s.now, c.author.timezone or home.timezone, c.s.rules_of(c.ticket), ends)
    if isinstance(when, Unclear):
        raise MailRefused(fault("E_VALUE", command, when.hint))
    return when


Act = Callable[[Course, Command], None]
