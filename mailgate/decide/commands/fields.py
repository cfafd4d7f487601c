"""Commands about what is recorded of a ticket: priority, kind."""

from __future__ import annotations

from mailgate.decide.commands.course import Course, Refused, fault
from mailgate.model.commands import Command
from mailgate.model.events import KindChanged, PriorityChanged
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import TicketKind


def priority(c: Course, command: Command) -> None:
    after = PRIORITY_NAMES.get(" ".join(command.args).lower())
    if after is None:
        raise Refused(fault("E_VALUE", command, "P1 P2 P3 P4 P5"))
    before = c.ticket.priority
    if after != before:
        c.happen(PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.done(command, f"P{after}", f"P{before}")


def kind(c: Course, command: Command) -> None:
    word = command.args[0].lower()
    if word not in tuple(TicketKind):
        raise Refused(fault("E_VALUE", command, " ".join(TicketKind)))
    before, after = c.ticket.kind, TicketKind(word)
    if after is not before:
        c.happen(KindChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.done(command, after.value, before.value)
