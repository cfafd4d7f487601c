"""Commands about where a ticket stands: wait, hold, resolve, close, reopen."""

from dataclasses import replace

from mailgate.decide.commands.course import Course, MailRefused, fault, instant
from mailgate.model.commands import Command
from mailgate.model.events import HoldStarted, TicketClosed, TicketReopened, TicketResolved, WaitStarted
from mailgate.model.reason import Reason
from mailgate.model.ticket import HoldReason


def wait(c: Course, command: Command) -> None:
    until = instant(c, command, command.args)
    live = c.ticket.status.is_live
    hint = Reason("hint.not_asked") if live else ""
    c.happen(WaitStarted(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, until=until, letter=c.letter), command, hint)
    c.done(command, c.ticket.status.value)


def hold(c: Course, command: Command) -> None:
    if not command.args or command.args[0].lower() not in tuple(HoldReason):
        raise MailRefused(fault("E_VALUE", command, " ".join(HoldReason)))
    reason = HoldReason(command.args[0].lower())
    until = instant(c, command, command.args[1:])
    c.happen(HoldStarted(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, reason=reason, until=until), command)
    c.done(command, f"{c.ticket.status.value} ({reason.value})")


def resolve(c: Course, command: Command) -> None:
    _solve(c, command, TicketResolved)


def close(c: Course, command: Command) -> None:
    _solve(c, command, TicketClosed)


def _solve(c: Course, command: Command, kind: type[TicketResolved | TicketClosed]) -> None:
    code = command.args[0] if command.args else None
    facts = replace(c.facts, closure_text=c.facts.closure_text or bool(code))
    hint = ""
    if not facts.closure_text and c.ticket.status.is_live:
        # Words that would stay among colleagues are no solution: either they are for the requester, or a code says it.
        said = c.s.understood.commands
        for_nobody = not said.body.strip() or said.visibility == "note" or "note" in c.s.address_words
        hint = f"#{command.verb} CODE" if for_nobody else "#reply"
    c.happen(kind(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox, code=code, letter=c.letter), command, hint, facts)
    c.done(command, c.ticket.status.value)


def reopen(c: Course, command: Command) -> None:
    c.happen(TicketReopened(at=c.s.arrived_at, actor=c.author.id, mail=c.s.inbox), command)
    c.done(command, c.ticket.status.value)
