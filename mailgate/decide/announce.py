"""Who hears of it: turns what happened on a ticket into the letters that should be written, one for each person."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailgate.decide import authority
from mailgate.decide.budget import shown_subject
from mailgate.decide.scene import Scene
from mailgate.decide.situation import Situation
from mailgate.model.events import (
    AgentReplied,
    Event,
    GroupChanged,
    LetterSuppressed,
    TicketAssigned,
    TicketClosed,
    TicketResolved,
    TicketTaken,
)
from mailgate.model.letter import Audience, LetterKind, LetterWanted
from mailgate.model.letters import GroupNews, LostTicketNotice
from mailgate.model.mail import Door, Kind
from mailgate.model.person import Person
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Entry, Ticket, Visibility


def responsible(s: Scene, ticket: Ticket, *, watchers: bool = True) -> tuple[int, ...]:
    """The owner and the watchers; while nobody owns the ticket (or its owner left), whom it is offered to or its whole group.
    Not its requester or a participant, even an agent: of their own ticket they read what everybody outside reads. Only where nobody
    else is there do they hear of it, for somebody must be able to work on it."""
    known = {person.id for person in s.agents.values()}
    outside = ticket.outsiders()
    watching = tuple(w for w in ticket.watchers() if w in known) if watchers else ()
    first = (ticket.owner,) if ticket.owner is not None and ticket.owner in known and ticket.owner not in outside else unowned(s, ticket)
    ids = tuple(dict.fromkeys((*first, *watching)))
    return tuple(id_ for id_ in ids if id_ not in outside) or ((ticket.owner,) if ticket.owner in known else ids)


def unowned(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """Who hears of a ticket that nobody owns: its group. Where somebody is looked for, the one who is asked, and until then the lead."""
    if ticket.search is None and not s.policy.assigns(ticket.group):
        return s.group(ticket.group)
    if ticket.search is not None and ticket.search.offer is not None:
        return (ticket.search.offer.to,)
    lead = s.lead(ticket)
    return (lead.id,) if lead is not None else s.group(ticket.group)


def hearers_of_a_new_one(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """Who is told of a ticket as soon as it is there: nobody, where one is asked instead."""
    return () if s.policy.assigns(ticket.group) else responsible(s, ticket)


def hearers(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """Who hears what somebody says on a ticket: the responsible, and the groups whose desks the mail was written to as well."""
    also = (id_ for group in s.also for id_ in s.group(group))
    return tuple(dict.fromkeys((*responsible(s, ticket), *also)))


def hearers_of_a_note(s: Scene, ticket: Ticket) -> tuple[int, ...]:
    """Those, and whoever has written notes there: who answers a note answers its author. But for whom the ticket is about."""
    writers = (e.author for e in (s.file.entries if s.file else ()) if e.visibility is Visibility.INTERNAL and not e.hidden)
    return tuple(dict.fromkeys((*hearers(s, ticket), *(id_ for id_ in writers if id_ is not None and id_ not in ticket.outsiders()))))


def to_agents(
    s: Scene,
    kind: LetterKind,
    ticket: Ticket,
    entry: Entry | None = None,
    *,
    people: Iterable[int] | None = None,
    without: int | None = None,
) -> tuple[LetterWanted, ...]:
    """A notice for each responsible agent (or the people named), never for the one who caused it and has proven to be it.
    What is internal never goes to the ticket's requester or a participant who is an agent as well, except their own words."""
    if not (kind.always or s.policy.wants(kind.event)):
        return ()
    by_id = {person.id: person for person in s.agents.values()}
    ids = hearers(s, ticket) if people is None else tuple(dict.fromkeys(people))
    is_internal, outside = entry is not None and entry.visibility is not Visibility.PUBLIC, ticket.outsiders()
    return tuple(
        LetterWanted(
            kind=kind,
            audience=Audience.AGENT,
            person=by_id[id_],
            ticket=ticket.number,
            desk=ticket.desk,
            entry=entry,
            # A notice carries a person's words, but a machine decided to send it: it must never start a loop.
            automatic=True,
        )
        for id_ in ids
        if id_ in by_id and id_ != without and not (is_internal and id_ in outside and entry is not None and entry.author != id_)
    )


def newcomers(s: Scene, before: Ticket, after: Ticket, author: int) -> tuple[int, ...]:
    """Who hears of a ticket for the first time: the group that it has gone to, where nobody owns it and nobody is asked instead."""
    if before.group == after.group or after.owner is not None or not after.status.is_live or s.policy.assigns(after.group):
        return ()
    heard = (*s.group(before.group), *before.watchers(), *after.outsiders(), author)
    return tuple(id_ for id_ in s.group(after.group) if id_ not in heard)


#: What the group hears of a ticket in one line, and the word for it. Of several, a solution says more than the answer that brought it.
_NEWS: Mapping[type[Event], str] = {
    GroupChanged: "moved",
    TicketTaken: "taken",
    TicketAssigned: "given",
    AgentReplied: "answered",
    TicketResolved: "resolved",
    TicketClosed: "closed",
}


def to_group(
    s: Scene, before: Ticket, after: Ticket, events: Iterable[Event], author: Person | None, told: Iterable[LetterWanted]
) -> tuple[LetterWanted, ...]:
    """One line for everybody in the group who hears of it by no other letter, and for who has lost the ticket: who did what.
    Nobody answers twice what a colleague has answered, or works on what is no longer theirs."""
    heard = {letter.person.id for letter in told} | ({author.id} if author else set())
    names = {p.id: p.name for p in s.agents.values()}
    news = tuple((word, _whom(s, e, names)) for e, word in _news_in(events))
    if not news:
        return ()
    by = author.name if author else ""
    lost = before.owner if before.owner is not None and before.owner != after.owner else None
    letters: tuple[LetterWanted, ...] = ()
    if lost is not None and lost not in heard:
        letters = to_agents(s, LostTicketNotice(by=by, news=news), after, people=(lost,))
    heard |= {letter.person.id for letter in letters} | set(after.outsiders())
    # Where one after the other is asked, the others have never heard of it.
    groups = dict.fromkeys((*s.group(after.group), *s.group(before.group)))
    knows = groups if before.search is None and not s.policy.assigns(after.group) else _asked(before)
    return letters + to_agents(s, GroupNews(by=by, news=news), after, people=(id_ for id_ in knows if id_ not in heard))


def _asked(ticket: Ticket) -> tuple[int, ...]:
    """Who was asked to take a ticket."""
    search = ticket.search
    return (*search.passed, *((search.offer.to,) if search.offer is not None else ())) if search is not None else ()


def _whom(s: Scene, event: Event, names: Mapping[int, str]) -> str:
    """Whom it went to."""
    if isinstance(event, GroupChanged):
        return s.group_name(event.after)
    return names.get(event.to, "") if isinstance(event, TicketAssigned) and event.to is not None else ""


def _news_in(events: Iterable[Event]) -> tuple[tuple[Event, str], ...]:
    found = [(event, _NEWS[type(event)]) for event in events if type(event) in _NEWS]
    kinds = {type(event) for event, _ in found}
    done, moved = bool(kinds & {TicketResolved, TicketClosed}), GroupChanged in kinds
    unsaid = {"answered"} if done else set()
    # What goes to another group is nobody's: that says it already.
    return tuple((e, word) for e, word in found if word not in unsaid and not (moved and isinstance(e, TicketAssigned) and e.to is None))


def to_lead(s: Scene, kind: LetterKind, ticket: Ticket) -> tuple[LetterWanted, ...]:
    lead = s.lead(ticket)
    letters = to_agents(s, kind, ticket, people=(lead.id,)) if lead is not None else ()
    return tuple(replace(letter, audience=Audience.LEAD) for letter in letters)


def answer_agent(s: Situation, kind: LetterKind, agent: Person, ticket: Ticket | None) -> LetterWanted:
    """To one agent about their own mail: an error, a receipt, help."""
    return LetterWanted(
        kind=kind,
        audience=Audience.AGENT,
        person=agent,
        ticket=ticket.number if ticket else None,
        desk=ticket.desk if ticket else s.desk.id,
        answers=s.mail.message_id,
        thread=s.mail.references,
    )


def notice_without_a_ticket(s: Situation, kind: LetterKind, lead: Person) -> LetterWanted:
    """To a lead about one of theirs."""
    return LetterWanted(kind=kind, audience=Audience.LEAD, person=lead, ticket=None, desk=s.desk.id)


def to_outsiders(
    s: Situation,
    kind: LetterKind,
    ticket: Ticket,
    entry: Entry | None,
    *,
    letter: str = "",
    closure: int | None = None,
    also_at: frozenset[str] = frozenset(),
) -> tuple[LetterWanted, ...]:
    """What an agent wrote or did, for the requester and the participants. Who got the agent's mail directly is not written to again.
    Without `entry` no words travel, only that it happened. Raises ValueError for an entry that is not public."""
    if entry is not None and entry.visibility is not Visibility.PUBLIC:
        raise ValueError(f"an entry that is {entry.visibility.value} never leaves")
    wanted, people = [], s.people()
    for index, id_ in enumerate(ticket.outsiders()):
        person = people.get(id_)
        if person is None or person.keys & also_at:
            continue
        wanted.append(
            LetterWanted(
                kind=kind,
                audience=Audience.REQUESTER if index == 0 else Audience.PARTICIPANT,
                person=person,
                ticket=ticket.number,
                desk=ticket.desk,
                entry=entry,
                automatic=entry is None,
                thread=_thread_of(s, id_),
                closure=closure if index == 0 else None,
                proven=entry is not None or is_known(s, person),
                id=letter if index == 0 else "",
            )
        )
    return tuple(wanted)


Letters = tuple[tuple[LetterWanted, ...], tuple[LetterSuppressed, ...]]  #: those that are wanted, and why others are not


def to_requester(
    s: Scene, kind: LetterKind, ticket: Ticket, requester: Person | None, why_not: Because | None = None, *, closure: int | None = None
) -> Letters:
    """What a machine tells the requester. Or why it tells nothing: `why_not`, where the caller knows a reason."""
    reason = Reason("no_address") if requester is None else why_not if s.policy.wants(kind.event) else Reason("switched_off")
    if requester is None or reason is not None:
        return (), (LetterSuppressed(at=s.now, letter_event=kind.event, person=ticket.requester, reason=reason or ""),)
    letter = LetterWanted(
        kind=kind,
        audience=Audience.REQUESTER,
        person=requester,
        ticket=ticket.number,
        desk=ticket.desk,
        thread=_thread_of(s, requester.id),
        closure=closure,
        # Whoever never answered us may never have written: then these letters are on the budget of strangers.
        proven=s.knows(requester),
    )
    return (letter,), ()


def answer_requester(s: Situation, kind: LetterKind, ticket: Ticket, requester: Person | None, *, closure: int | None = None) -> Letters:
    """A machine's answer to the requester's own mail: acknowledgement, status, help, thanks for a rating. Or why there is none.
    It carries nobody's words, and of the title only what may be repeated to an address that never proved anything."""
    known, authenticated = requester is not None and is_known(s, requester), s.verdict.passed
    shown = shown_subject(ticket.title, known=known, verdict_source=s.verdict_source, authenticated=authenticated)
    letters, suppressed = to_requester(s, kind, ticket, requester, why_no_answer(s))
    answers = (
        replace(
            letter,
            answers=s.mail.message_id,
            # What a stranger says their mail answers is theirs to choose, up to kilobytes of it.
            thread=s.mail.references if known or authenticated else (),
            closure=closure,
            # On a ticket that there was, somebody known reads the subject that they write under by now.
            shown_title=None if s.file is not None and (known or authenticated) else shown or "",
            proven=known or authenticated,
        )
        for letter in letters
    )
    return tuple(answers), suppressed


def is_known(s: Situation, person: Person) -> bool:
    """Whether somebody is known, by what was before or by this very mail."""
    return s.knows(person) or now_proven(s) == person.id


def now_proven(s: Situation) -> int | None:
    """Who shows by this mail that somebody reads and writes under the address.
    Only what a person wrote shows it: a vacation notice comes back with our token although nobody has seen our letter."""
    if s.reading.kind is not Kind.WRITTEN or not s.reading.answer or s.author is None:
        return None
    if s.arrival.door is Door.IMAP_SENT:
        return None  # whoever is logged in to the desk's mailbox wrote it, under whichever name
    proof, _ = authority.proof_in(s)
    return s.author.id if proof.token and not proof.failed else None


def why_no_answer(s: Situation) -> Because | None:
    """Why no automatic letter may go to the author of this mail; None when one may. The history keeps it, so it repeats no word."""
    if not s.reading.answer:
        # What a rule has seen names addresses; the trace has the whole.
        because = s.reading.answer_because
        return because.bare if isinstance(because, Reason) else because
    if s.arrival.door.is_quiet:
        return Reason("taken_over")
    if s.verdict.failed:
        return Reason("proof.failed_author")  # it would go to whose name was misused
    if s.is_stale:
        return Reason("too_old")
    if s.same_message_id:
        return Reason("answered_before")
    return None


def _thread_of(s: Scene, person: int) -> tuple[str, ...]:
    """The Message-IDs of what this person wrote on the ticket, so that their mail client shows one thread."""
    entries = s.file.entries if s.file else ()
    return tuple(e.message_id for e in entries if e.author == person and e.message_id and e.visibility is Visibility.PUBLIC)
