"""Whether the requester of a ticket that is solved is asked how good it was: with the solution, later, or not at all.

Fewer questions get more answers, so who rated or was asked lately is left alone, and who was not served by a person is not asked."""

from dataclasses import dataclass

from mailgate.decide import announce
from mailgate.decide.calendar import add
from mailgate.decide.entries import MACHINE
from mailgate.decide.scene import Scene
from mailgate.model.decision import TraceLine
from mailgate.model.events import LetterSuppressed, SurveyDue, SurveyPlanned
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import RatingQuestion
from mailgate.model.person import Person
from mailgate.model.reason import Reason
from mailgate.model.ticket import Entry, Status, Ticket


@dataclass(frozen=True, slots=True)
class Asking:
    """What a solution asks. `closure`: of the letter of the solution, where that is the one which asks."""

    closure: int | None = None
    planned: tuple[SurveyPlanned, ...] = ()
    left_out: tuple[LetterSuppressed, ...] = ()
    trace: tuple[TraceLine, ...] = ()


def with_solution(s: Scene, ticket: Ticket, *, by_requester: bool = False) -> Asking:
    """`ticket`: as it is once it is solved. Nobody is asked about what silence has solved."""
    settings, requester = s.policy.ratings, _requester(s, ticket)
    if settings.ask == "off":
        return Asking(trace=(TraceLine("decide", "survey", "", Reason("survey.off")),))
    delayed = settings.ask == "delayed"
    why_not = _never(s, ticket, requester, by_requester=by_requester) or (None if delayed else _not_now(s, requester))
    if why_not is not None:
        return Asking(left_out=(_left_out(s, ticket, why_not),), trace=(TraceLine("decide", "survey", "", why_not),))
    if not delayed:
        return Asking(closure=ticket.closure)
    due_at = add(s.rules_of(ticket).timer_calendar, s.now, int(settings.delay.total_seconds()))
    return Asking(planned=(SurveyPlanned(at=s.now, due_at=due_at),), trace=(TraceLine("decide", "survey", "", Reason("survey.later")),))


def when_due(s: Scene, ticket: Ticket) -> tuple[SurveyDue, tuple[LetterWanted, ...], tuple[LetterSuppressed, ...]]:
    """The question that was planned, unless there is a reason by now not to put it."""
    requester = _requester(s, ticket)
    due = SurveyDue(at=s.now, closure=ticket.closure)
    ended = ticket.status not in (Status.RESOLVED, Status.CLOSED)
    off = Reason("survey.off") if s.policy.ratings.ask == "off" else None
    why_not = Reason.of("rating.state", ticket.status.value) if ended else off or _not_now(s, requester)
    asked, left_out = announce.to_requester(s, RatingQuestion(), ticket, requester, why_not, closure=ticket.closure)
    return due, asked, left_out


def _requester(s: Scene, ticket: Ticket) -> Person | None:
    return s.people().get(ticket.requester)


def _never(s: Scene, ticket: Ticket, requester: Person | None, *, by_requester: bool) -> Reason | None:
    """Why this solution asks nobody, however long one waits."""
    if requester is None:
        return Reason("no_address")
    theirs = _words_of(s, ticket)
    if not by_requester and not theirs:
        return Reason("survey.no_contact")
    return Reason("survey.machine") if theirs and MACHINE in theirs[0].flags else None


def _words_of(s: Scene, ticket: Ticket) -> list[Entry]:
    return [e for e in (s.file.entries if s.file else ()) if e.author == ticket.requester and not e.hidden]


def _not_now(s: Scene, requester: Person | None) -> Reason | None:
    if requester is None:
        return Reason("no_address")
    if requester.no_surveys:
        return Reason("survey.declined")
    settings = s.policy.ratings
    rated, asked = s.surveyed.rated_at, s.surveyed.asked_at
    if rated is not None and s.now - rated < settings.rest_after_rating:
        return Reason("survey.rated")
    if settings.ask == "delayed" and asked is not None and s.now - asked < settings.rest_after_question:
        return Reason("survey.asked")
    return None


def _left_out(s: Scene, ticket: Ticket, why_not: Reason) -> LetterSuppressed:
    return LetterSuppressed(at=s.now, letter_event=RatingQuestion.event, person=ticket.requester, reason=why_not)
