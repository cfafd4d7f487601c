"""Commands about what is recorded of a ticket: priority, impact, urgency, kind, promised date, title."""

from dataclasses import replace

from mailgate.decide import leaving
from mailgate.decide.commands.course import Course, MailRefused, fault, instant
from mailgate.decide.opening import LONGEST_TITLE
from mailgate.decide.priority import degrees_of, follows
from mailgate.model.commands import Command
from mailgate.model.events import DuePromised, ImpactChanged, KindChanged, PriorityChanged, TitleChanged, UrgencyChanged
from mailgate.model.policy import PRIORITY_NAMES
from mailgate.model.ticket import Origin, TicketKind
from mailgate.model.token import signed_forms


def priority(c: Course, command: Command) -> None:
    after = PRIORITY_NAMES.get(" ".join(command.args).lower())
    if after is None:
        raise MailRefused(fault("E_VALUE", command, "P1 P2 P3 P4 P5"))
    before = c.ticket.priority
    if after != before:
        c.happen(PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
    c.done(command, f"P{after}", f"P{before}")


def impact(c: Course, command: Command) -> None:
    before = degrees_of(c.s.policy, c.ticket).impact
    after = int(command.args[0])
    if after != before or c.ticket.impact_by is None:
        event = ImpactChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=c.ticket.impact, after=after, source=Origin.AGENT)
        c.happen(event, command)
    c.done(command, str(after), str(before))


def urgency(c: Course, command: Command) -> None:
    before = degrees_of(c.s.policy, c.ticket).urgency
    after = int(command.args[0])
    if after != before or c.ticket.urgency_by is None:
        event = UrgencyChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=c.ticket.urgency, after=after, source=Origin.AGENT)
        c.happen(event, command)
    c.done(command, str(after), str(before))


def follow_the_matrix(c: Course) -> None:
    """Once all fields are said: the priority follows from impact and urgency, unless it is set by hand, in this mail or before."""
    if not any(isinstance(event, ImpactChanged | UrgencyChanged) for event in c.events):
        return
    before, after = c.ticket.priority, follows(c.s.policy, c.ticket)
    if after is None:
        return
    event = PriorityChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after, source=Origin.MATRIX)
    c.happen(event)
    c.done(Command("priority", (), 0), f"P{after}", f"P{before}")


def kind(c: Course, command: Command) -> None:
    word = command.args[0].lower()
    if word not in tuple(TicketKind):
        raise MailRefused(fault("E_VALUE", command, " ".join(TicketKind)))
    before, after = c.ticket.kind, TicketKind(word)
    if after is not before:
        c.happen(KindChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after), command)
        _as_kind(c, before, after)
    c.done(command, after.value, before.value)


def _as_kind(c: Course, before: TicketKind, after: TicketKind) -> None:
    """A request waits longer than what is broken: impact and urgency become those of its priority, and of a new ticket's when it is
    none any more. What an agent has set by hand stays."""
    policy = c.s.policy
    if TicketKind.REQUEST not in (before, after):
        return
    impact, urgency = policy.priority.cell(policy.request_priority if after is TicketKind.REQUEST else policy.default_priority)
    now = degrees_of(policy, c.ticket)
    if c.ticket.impact_by is None and impact != now.impact:
        was = c.ticket.impact
        c.happen(ImpactChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=was, after=impact, source=Origin.KIND))
    if c.ticket.urgency_by is None and urgency != now.urgency:
        was = c.ticket.urgency
        c.happen(UrgencyChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=was, after=urgency, source=Origin.KIND))


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
