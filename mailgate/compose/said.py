"""What letters repeat of what people said: titles, subjects, facts that are their words; card numbers and passwords are masked."""

from collections.abc import Mapping
from typing import Any

from mailgate.compose.catalogue import Catalogue
from mailgate.compose.subjects import bare
from mailgate.model.letter import LetterKind, LetterWanted
from mailgate.model.masking import holds_secret, masked
from mailgate.model.person import Person
from mailgate.model.ticket import NO_SUBJECT, Entry, TicketFile, Visibility

#: How a mail was proven whose subject is repeated to its author: whoever forges one must not choose what stands above an answer of ours.
_PROVEN = frozenset({"token", "domain", "both"})


def facts_of(kind: LetterKind) -> dict[str, object]:
    """The facts of a letter by their names, as its template sees them."""
    return {**vars(kind), **{name: _masked(getattr(kind, name)) for name in kind.quoted()}}


def _masked(fact: Any) -> Any:
    if isinstance(fact, str):
        return masked(fact)
    if isinstance(fact, Mapping):
        return {name: _masked(value) for name, value in fact.items()}
    return tuple(map(_masked, fact)) if isinstance(fact, tuple) else fact


def title_for(
    wanted: LetterWanted, file: TicketFile | None, people: Mapping[int, Person], prefixes: frozenset[str], book: Catalogue
) -> str:
    """What of the ticket's title this letter may show; "" when nothing. Somebody who writes under another subject by now reads that: their
    mail program keeps together what has one subject."""
    if file is None:
        return ""
    if wanted.shown_title is not None:
        said = wanted.shown_title
    else:
        said = (subject_now(file, wanted.person.id) if wanted.audience.is_outside else None) or file.ticket.title
    title = bare(said, prefixes)
    if title == NO_SUBJECT:
        title = book.say(title)
    return masked(title if wanted.audience.is_outside else _without_addresses(title, file, people))


def subject_now(file: TicketFile, person: int) -> str | None:
    """The subject under which this outsider wrote last, by a mail that is proven to be theirs; None: that of the ticket."""
    mine = (e for e in reversed(file.entries) if e.author == person and e.visibility is Visibility.PUBLIC and not e.author_role.is_agent)
    last = next((entry for entry in mine if entry.proof in _PROVEN), None)
    return last.subject if last is not None else None


def _without_addresses(title: str, file: TicketFile, people: Mapping[int, Person]) -> str:
    """The title without the addresses of the ticket's outsiders: subjects of notices are headers, too."""
    if "@" not in title:
        return title
    for id_ in file.ticket.outsiders():
        person = people.get(id_)
        for key in person.keys if person else ():
            while (at := title.lower().find(key)) >= 0:
                title = f"{title[:at]}…{title[at + len(key) :]}"
    return title


def is_told_of_masking(wanted: LetterWanted, file: TicketFile | None) -> bool:
    """Whether this letter is the first to its reader after a mail of theirs in which something had to be masked: they are told kindly.
    What answers a mail at once tells of that mail; an answer, of all mails since the answer before it that nothing answered at once."""
    if file is None or not wanted.audience.is_outside:
        return False
    mine: list[Entry] = []
    for entry in reversed(file.entries):
        if wanted.entry is not None and entry.id >= wanted.entry.id and entry.author_role.is_agent:
            continue
        if entry.author_role.is_agent and entry.visibility is Visibility.PUBLIC:
            break
        if entry.author == wanted.person.id and not entry.author_role.is_agent:
            mine.append(entry)
    if wanted.kind.replies:
        mine = mine[:1]
    elif wanted.kind.speaks and wanted.entry is not None:
        mine = [entry for entry in mine if entry is not file.entries[0]]  # that was acknowledged
    else:
        return False
    return any(holds_secret(entry.text, entry.signature, entry.subject or "") for entry in mine)
