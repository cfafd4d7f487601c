"""Commands about what is recorded of a ticket: priority, kind, promised date, title."""

from dataclasses import replace

from mailgate.decide import leaving
from mailgate.decide.commands.course import Course, MailRefused, fault, instant
from mailgate.decide.opening import LONGEST_TITLE
from mailgate.model.commands import Command
from mailgate.model.events import DuePromised, KindChanged, PriorityChanged, TitleChanged
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import TicketKind
from mailgate.model.token import signed_forms


def priority(c: Course, command: Command) -> None:
    after = PRIORITY_NAMES.get(" ".join(command.args).lower())
    if after is None:
        raise MailRefused(fault("E_VALUE", command, "P1 P2 P3 P4 P5"))
    before = c.ticket.priority
    if after != before:
        c.happen(PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.done(command, f"P{after}", f"P{before}")


def kind(c: Course, command: Command) -> None:
    word = command.args[0].lower()
    if word not in tuple(TicketKind):
        raise MailRefused(fault("E_VALUE", command, " ".join(TicketKind)))
    before, after = c.ticket.kind, TicketKind(word)
    if after is not before:
        c.happen(KindChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.done(command, after.value, before.value)


def due(c: Course, command: Command) -> None:
    """The promise as it was said, beside what the policy promises, which is measured as before."""
    if not c.ticket.status.is_live:
        raise MailRefused(fault("E_STATE", command, c.ticket.status.value))
    until = None if command.args[0].lower() == "none" else instant(c, command, command.args, ends=True)
    if until != c.ticket.promised_at:
        c.happen(DuePromised(at=c.s.now, actor=c.author.id, mail=c.s.inbox, until=until), command)
    c.done(command, "" if until else "-")


def title(c: Course, command: Command) -> None:
    """It is the subject of every letter from now on, so it may hold nothing that an answer may not, whatever this mail is."""
    before, after = c.ticket.title, " ".join(command.args[0].split())[:LONGEST_TITLE]
    residue = leaving.residue_in(c.s, after, None)
    if residue or not leaving.signed_for_others(c.s).isdisjoint(signed_forms(after)):
        raise MailRefused(fault("E_QUOTE", command, residue[0].why if residue else leaving.SIGNED_FOR_ANOTHER))
    if after != before:
        c.happen(TitleChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox), command)
        c.ticket = replace(c.ticket, title=after)
    c.done(command, after, before)
