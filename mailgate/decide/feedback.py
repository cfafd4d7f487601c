"""A requester says how good it was, from 1 to 5. A rating never changes the state of a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgate.decide import authority
from mailgate.model.decision import RatingCounted
from mailgate.model.events import Event, LowRatingGiven, RatingGiven
from mailgate.model.evidence import Proof
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.person import Capability, Person, Role
from mailgate.model.policy import ProveBy
from mailgate.model.ticket import Status, Ticket

OPEN_FOR = timedelta(days=14)  #: after closing
LOW = 2  #: up to here the lead hears of it


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a rating comes to. Not counted: the mail is an ordinary message, or with `late` at most thanked for."""

    counted: RatingCounted | None
    events: tuple[Event, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    late: bool = False
    because: str = ""


def count_rating(
    ticket: Ticket,
    score: int,
    comment: str,
    *,
    role: Role,
    person: Person,
    proof: Proof,
    prove_by: ProveBy,
    closure: int | None,
    at: datetime,
    lead: Person | None,
    previous: int | None = None,
    entry: int | None = None,
    mail: int | None = None,
) -> Feedback:
    """Counts one rating for the resolution it is about, or says why not.

    `role`, `person` and `proof`: of the mail's author, the proof from the letter that it answers (its rating address, or any token of
    a letter that asked for a rating); `closure`: of that letter, None when it asked for none; `at`: when the mail arrived; `lead`: who
    hears of low scores; `previous`: the score counted for this closure before. The last one wins; a second low score with nothing new
    to say alarms nobody again.
    """
    grant = authority.may(Capability.RATE, role, proof, prove_by, any_ticket_evidence=True)
    if role is not Role.REQUESTER or person.id != ticket.requester:
        return Feedback(None, because="only the requester's rating counts")
    if not grant.allowed:
        return Feedback(None, because=grant.because)
    if not 1 <= score <= 5:
        return Feedback(None, because="not a mark from 1 to 5")
    if closure is None or not 1 <= closure <= ticket.closure:
        return Feedback(None, because="the letter asked for no rating")
    if ticket.status in (Status.MERGED, Status.REJECTED):
        return Feedback(None, because=f"the ticket is {ticket.status.value}")
    if is_too_late(ticket, at):
        return Feedback(None, late=True, because="the ticket was closed too long ago")
    counted = RatingCounted(ticket.number, closure, person.id, score, comment, at)
    events: tuple[Event, ...] = (RatingGiven(at=at, actor=person.id, entry=entry, mail=mail, score=score, closure=closure),)
    letters: tuple[LetterWanted, ...] = ()
    known_to_be_low = previous is not None and previous <= LOW and not comment
    if score <= LOW and not known_to_be_low:
        events += (LowRatingGiven(at=at, actor=person.id, entry=entry, mail=mail, score=score, closure=closure),)
        if lead is not None:
            letters += (_to_lead(ticket, score, comment, closure, person, lead),)
    return Feedback(counted, events, letters, because=f"{score} for resolution {closure}")


def is_too_late(ticket: Ticket, at: datetime) -> bool:
    """Whether a closed ticket takes no more ratings."""
    return ticket.status is Status.CLOSED and ticket.closed_at is not None and at > ticket.closed_at + OPEN_FOR


def _to_lead(ticket: Ticket, score: int, comment: str, closure: int, person: Person, lead: Person) -> LetterWanted:
    return LetterWanted(
        event="low_rating_given",
        audience=Audience.LEAD,
        person=lead,
        ticket=ticket.number,
        desk=ticket.desk,
        facts={"score": score, "comment": comment, "closure": closure, "requester": person.name or person.address},
    )
