"""A requester says how good it was, from 1 to 5. A rating never changes the state of a ticket."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgate.decide import announce, authority
from mailgate.decide.scene import Scene
from mailgate.model.decision import RatingCounted
from mailgate.model.events import Event, LowRatingGiven, RatingCameLate, RatingGiven
from mailgate.model.evidence import Proof
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import LowRatingNotice
from mailgate.model.person import Capability, Person, Role
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Status, Ticket

LOW = 2  #: up to here the lead hears of it


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a rating comes to. Not counted: the mail is an ordinary message, or where it is `late` at most thanked for."""

    counted: RatingCounted | None
    events: tuple[Event, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    late: datetime | None = None  #: until when it would have counted
    because: Because = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A rating as it came in. `person`, `role` and `proof`: of who gave it, the proof from the letter that it answers (its rating
    address, or any token of a letter that asked for a rating)."""

    score: int
    comment: str
    closure: int | None  #: of that letter; None when it asked for no rating
    person: Person
    role: Role
    proof: Proof
    at: datetime  #: when it arrived
    previous: int | None = None  #: the score counted for this closure before
    entry: int | None = None
    mail: int | None = None


def count_rating(s: Scene, given: Given) -> Feedback:
    """Counts one rating for the resolution it is about, or says why not.
    The last one wins; a second low score with nothing new to say alarms nobody again."""
    assert s.file is not None
    ticket = s.file.ticket
    grant = authority.may(Capability.RATE, given.role, given.proof, s.prove_by, any_ticket_evidence=True)
    if given.role is not Role.REQUESTER or given.person.id != ticket.requester:
        return Feedback(None, because=Reason("rating.requester_only"))
    if not grant.allowed:
        return Feedback(None, because=grant.because)
    if not 1 <= given.score <= 5:
        return Feedback(None, because=Reason("rating.no_mark"))
    if given.closure is None or not 1 <= given.closure <= ticket.closure:
        return Feedback(None, because=Reason("rating.not_asked"))
    if ticket.status in (Status.MERGED, Status.REJECTED):
        return Feedback(None, because=Reason.of("rating.state", ticket.status.value))
    if is_too_late(ticket, given.at, s.policy.timers.rating_window):
        happened = RatingCameLate(
            at=given.at, actor=given.person.id, entry=given.entry, mail=given.mail, score=given.score, closure=given.closure
        )
        return Feedback(None, (happened,), late=counts_until(ticket, s.policy.timers.rating_window), because=Reason("rating.late"))
    return _counted(s, ticket, given, given.closure)


def _counted(s: Scene, ticket: Ticket, given: Given, closure: int) -> Feedback:
    person, score = given.person, given.score
    happened = RatingGiven(at=given.at, actor=person.id, entry=given.entry, mail=given.mail, score=score, closure=closure)
    counted = RatingCounted(ticket.number, closure, person.id, score, given.comment, given.at)
    because = Reason.of("rating.counted", score, closure)
    known_to_be_low = given.previous is not None and given.previous <= LOW and not given.comment
    if score > LOW or known_to_be_low:
        return Feedback(counted, (happened,), because=because)
    notice = LowRatingNotice(score=score, comment=given.comment, requester=person.name or person.address)
    letters = announce.to_lead(s, notice, ticket)
    low = LowRatingGiven(at=given.at, actor=person.id, entry=given.entry, mail=given.mail, score=score, closure=closure)
    return Feedback(counted, (happened, low), letters, because=because)


def counts_until(ticket: Ticket, window: timedelta) -> datetime | None:
    """When a closed ticket takes no more ratings; None for one that always does."""
    return ticket.closed_at + window if ticket.status is Status.CLOSED and ticket.closed_at is not None else None


def is_too_late(ticket: Ticket, at: datetime, window: timedelta) -> bool:
    until = counts_until(ticket, window)
    return until is not None and at > until
