"""Who comes in with a mail: the people whom a proven requester copies in take part in the ticket from then on."""

import re
from collections.abc import Mapping, Sequence

from mailgate.decide.situation import Situation
from mailgate.model.events import ParticipantJoined
from mailgate.model.evidence import Proof
from mailgate.model.mail import Address, Mail
from mailgate.model.person import Person, Role
from mailgate.model.policy import Policy
from mailgate.model.sender import is_noreply
from mailgate.model.ticket import Ticket, Visibility

#: So many new people may come in with one mail.
MOST_NEW_PEOPLE = 10

#: What can be written to without doubt. An odd address in Cc must not be able to stop the agents' letters later on.
_PLAIN = re.compile(r"[^\s<>()\[\]:;@\\,\"\x00-\x1f\x7f]{1,64}@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def copied_in(mail: Mail, policy: Policy) -> tuple[Address, ...]:
    """The addresses in To and Cc that might join: no desks, no agents, not the author, nobody twice."""
    mine = {author.key for author in mail.authors}
    found: dict[str, Address] = {}
    for address in (*mail.to, *mail.cc):
        key = address.key
        if key in mine or key in found or not can_be_written_to(key):
            continue
        if policy.is_own(key) or policy.agent_at(key) or is_noreply(key):
            continue
        found[key] = address
        if len(found) == MOST_NEW_PEOPLE:
            break
    return tuple(found.values())


def can_be_written_to(key: str) -> bool:
    """Whether an address is of the plain form that every server takes."""
    return len(key) <= 254 and _PLAIN.fullmatch(key) is not None


def unknown(addresses: Sequence[Address], known: Mapping[str, Person]) -> int:
    """How many ids are needed for people nobody has heard of."""
    return sum(address.key not in known for address in addresses)


def as_people(addresses: Sequence[Address], known: Mapping[str, Person], ids: Sequence[int]) -> tuple[Person, ...]:
    """Each as the record knows them, or new under one of these ids (those without an id stay outside)."""
    free = iter(ids)
    people: dict[int, Person] = {}
    for address in addresses:
        person = known.get(address.key)
        if person is None:
            id_ = next(free, None)
            if id_ is None:
                continue
            person = Person(id=id_, name=address.name, address=address.address)
        people.setdefault(person.id, person)
    return tuple(people.values())


def let_in_by_copy(s: Situation, proof: Proof) -> bool:
    """Whether a proven requester copied the author in, who is proven as well: then they take part in what they were shown.
    A Cc alone makes nobody a recipient: whoever may have written the first mail could name themselves in it."""
    file, key = s.file, s.author_key
    if file is None or key is None or not proof.domain or proof.failed or not can_be_written_to(key):
        return False
    return any(
        entry.author == file.ticket.requester
        and entry.visibility is Visibility.PUBLIC
        and entry.proof in ("token", "domain", "both")
        and any(address.key == key for address in entry.copied)
        for entry in file.entries
    )


def was_copied_in(s: Situation) -> bool:
    """Whether the author had a mail of this ticket in copy."""
    entries = s.file.entries if s.file else ()
    return any(address.key == s.author_key for entry in entries for address in entry.copied)


def join(s: Situation, ticket: Ticket, proof: Proof) -> tuple[Ticket, tuple[ParticipantJoined, ...], tuple[Person, ...]]:
    """The ticket with the people whom its proven requester copies in, what happened, and who they are. Nobody else's Cc counts."""
    if not proof.is_one or s.role is not Role.REQUESTER or s.author is None:
        return ticket, (), ()
    inside = {ticket.requester, ticket.owner, *(m.person for m in ticket.members)}
    fresh = tuple(p for p in s.newcomers if p.id not in inside and p.agent not in s.policy.agents)[:MOST_NEW_PEOPLE]
    events = tuple(ParticipantJoined(at=s.arrived_at, actor=s.author.id, mail=s.inbox, person=p.id) for p in fresh)
    for event in events:
        ticket = s.step(ticket, event).ticket
    return ticket, events, fresh
