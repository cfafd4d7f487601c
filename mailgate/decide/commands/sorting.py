"""Commands that correct how a ticket was sorted: category, queue."""

from collections.abc import Mapping

from mailgate.decide.commands.course import Course, MailRefused, bare_name, fault
from mailgate.model.commands import Command
from mailgate.model.events import CategoryChanged, GroupChanged, TicketAssigned, TicketTaken
from mailgate.model.ticket import Origin

NONE = "none"


def category(c: Course, command: Command) -> None:
    """While nobody owns it, it goes to the category's group as well; whoever works on it keeps it until somebody says where it goes."""
    known = {id_: one.name for id_, one in c.s.policy.categories.items()}
    word = command.args[0]
    after = None if word.lower() == NONE else _one_of(known, command)
    before = c.ticket.category
    if after != before or c.ticket.category_by is None:
        event = CategoryChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=after, source=Origin.AGENT)
        c.happen(event, command)
    c.done(command, known.get(after or "", NONE), known.get(before or "", before or NONE))
    group = c.s.policy.categories[after].group if after is not None else None
    if group is not None and c.ticket.owner is None and "queue" not in c.verbs:
        _move(c, command, group)


def queue(c: Course, command: Command) -> None:
    _move(c, command, _one_of({id_: one.name for id_, one in c.s.policy.groups.items()}, command))


def _move(c: Course, command: Command, group: str) -> None:
    before = c.ticket.group
    if group != before:
        event = GroupChanged(at=c.s.now, actor=c.author.id, mail=c.s.inbox, before=before, after=group, source=Origin.AGENT)
        c.happen(event, command)
        owner = c.ticket.owner
        if owner is not None and c.ticket.status.is_live and owner not in c.s.group(group) and not _given(c):
            c.happen(TicketAssigned(at=c.s.now, actor=c.author.id, mail=c.s.inbox, to=None), command)
    names = {id_: one.name for id_, one in c.s.policy.groups.items()}
    c.done(Command("queue", command.args, command.line), names.get(group, group), names.get(before, before))


def _given(c: Course) -> bool:
    """Whether this mail has said already whose it is."""
    return any(isinstance(event, TicketTaken) or (isinstance(event, TicketAssigned) and event.to is not None) for event in c.events)


def _one_of(known: Mapping[str, str], command: Command) -> str:
    """The id of what is meant: exactly so called, by id or name, else the only one that begins so. Case, blanks and signs aside."""
    word = bare_name(command.args[0])
    spelt = {id_: (bare_name(id_), bare_name(name)) for id_, name in known.items()}
    exact = [id_ for id_, forms in spelt.items() if word and word in forms]
    hits = exact or [id_ for id_, forms in spelt.items() if word and any(form.startswith(word) for form in forms)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise MailRefused(fault("E_AMBIGUOUS", command, ", ".join(sorted(hits))))
    raise MailRefused(fault("E_VALUE", command, ", ".join(sorted(known))))
