"""A requester says how good it was, from 1 to 5, by mail or on the web. A rating never changes the state of a ticket.

By mail somebody has pressed *Send*, so everything follows at once. On the web a program may have done it: what follows waits until
nothing else has come for half a minute (`SCANNERS_TAKE`)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailgate.decide import announce, authority
from mailgate.decide.calendar import add_days
from mailgate.decide.scene import Scene
from mailgate.model.decision import Change, Decision, TraceLine
from mailgate.model.events import Event, LowRatingGiven, RatingCameLate, RatingGiven, RatingsSettled, RatingsVoided
from mailgate.model.evidence import Proof
from mailgate.model.letter import LetterWanted
from mailgate.model.letters import LowRatingNotice, RatingComment, RatingThanks
from mailgate.model.person import Capability, Person, Role
from mailgate.model.rating import LONGEST_COMMENT, LOW, SCANNERS_TAKE, GivenRating, Rated, RatedOutcome, RatingWay, counting
from mailgate.model.reason import Because, Reason
from mailgate.model.ticket import Status, Ticket
from mailgate.model.understood import LetterFacts

REFUSED = Rated(RatedOutcome.REFUSED)
#: Nobody changes their mind so often; a program that comes again and again fills no table.
MOST_ON_THE_WEB = 50
#: Instants are kept in whole seconds: one more, and nothing can come that still belongs together.
SETTLES_AFTER = SCANNERS_TAKE + timedelta(seconds=1)
#: Up to here words such as "still not solved" are taken at their word.
MIDDLING = 3


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a rating comes to. Not counted: only what stands beside it is told, or where it is `late` it is at most thanked for."""

    counted: GivenRating | None
    events: tuple[Event, ...] = ()
    letters: tuple[LetterWanted, ...] = ()
    follow_up_due_at: datetime | None = None  #: by when somebody gets in touch
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
    entry: int | None = None
    mail: int | None = None
    letter: str | None = None
    by_address: bool = False  #: written to one of the five addresses of that letter: they prove its reader even when others have seen them


def count_rating(s: Scene, given: Given) -> Feedback:
    """Counts one rating for the resolution it is about, or says why not.
    The last one wins; a second low score with nothing new to say alarms nobody again."""
    assert s.file is not None
    ticket = s.file.ticket
    if given.person.id != ticket.requester or given.role is not Role.REQUESTER:
        return Feedback(None, because=Reason("rating.requester_only"))
    grant = authority.may(Capability.RATE, given.role, given.proof, s.prove_by, any_ticket_evidence=True)
    if not grant.allowed and (not given.by_address or given.proof.failed):
        return Feedback(None, because=grant.because)
    why_not = _cannot(ticket, given.score, given.closure)
    if why_not is not None or given.closure is None:
        return Feedback(None, because=why_not or "")
    if is_too_late(ticket, given.at, s.policy.timers.rating_window):
        happened = RatingCameLate(
            at=given.at, actor=given.person.id, entry=given.entry, mail=given.mail, score=given.score, closure=given.closure
        )
        return Feedback(None, (happened,), late=counts_until(ticket, s.policy.timers.rating_window), because=Reason("rating.late"))
    return _counted(s, ticket, given, given.closure)


def _cannot(ticket: Ticket, score: int, closure: int | None) -> Reason | None:
    """Why nothing of a ticket can be rated so."""
    if not 1 <= score <= 5:
        return Reason("rating.no_mark")
    if closure is None or not 1 <= closure <= ticket.closure:
        return Reason("rating.not_asked")
    return Reason.of("rating.state", ticket.status.value) if ticket.status in (Status.MERGED, Status.REJECTED) else None


def _counted(s: Scene, ticket: Ticket, given: Given, closure: int) -> Feedback:
    score = given.score
    happened = RatingGiven(at=given.at, actor=given.person.id, entry=given.entry, mail=given.mail, score=score, closure=closure)
    rating = GivenRating(ticket.number, closure, ticket.requester, score, given.comment, given.at, given.mail, letter=given.letter)
    before = _of(s.ratings, closure)
    because = Reason.of("rating.counted", score, closure)
    if counting((rating, *before)) is not rating:
        # A mail that was long on its way: it is kept, and what was said after it stands.
        return Feedback(rating, (happened,), because=Reason("rating.overtaken"))
    if not _is_news(rating, before):
        due_at = ticket.follow_up_due_at if score <= LOW else None
        return Feedback(rating, (happened,), follow_up_due_at=due_at, because=because)
    low, letters = _alarm(s, ticket, rating)
    return Feedback(rating, (happened, replace(low, entry=given.entry, mail=given.mail)), letters, low.due_at, because=because)


def _of(ratings: Iterable[GivenRating], closure: int) -> tuple[GivenRating, ...]:
    return tuple(rating for rating in ratings if rating.closure == closure)


def _is_news(rating: GivenRating, before: Iterable[GivenRating]) -> bool:
    """Whether a low rating says something that the lead does not know from the one before it."""
    told = counting(one for one in before if not one.waits)
    return rating.score <= LOW and (told is None or told.score > LOW or bool(rating.comment))


def _alarm(s: Scene, ticket: Ticket, rating: GivenRating) -> tuple[LowRatingGiven, tuple[LetterWanted, ...]]:
    due_at = get_in_touch_by(s, ticket, rating.at if rating.way is RatingWay.WEB else s.now)
    low = LowRatingGiven(at=rating.at, actor=rating.person, score=rating.score, closure=rating.closure, due_at=due_at)
    notice = LowRatingNotice(score=rating.score, comment=rating.comment, requester=_whose(s, ticket), due_at=due_at)
    return low, announce.to_lead(s, notice, ticket)


def get_in_touch_by(s: Scene, ticket: Ticket, at: datetime) -> datetime | None:
    """By when somebody gets in touch after a low rating. None where no lead hears of it: then nothing is promised."""
    if s.lead(ticket) is None:
        return None
    return add_days(s.rules_of(ticket).timer_calendar, at, s.policy.ratings.follow_up)


def _whose(s: Scene, ticket: Ticket) -> str:
    requester = s.people().get(ticket.requester)
    return (requester.name or requester.address) if requester is not None else ""


def counts_until(ticket: Ticket, window: timedelta) -> datetime | None:
    """When a closed ticket takes no more ratings; None for one that always does."""
    return ticket.closed_at + window if ticket.status is Status.CLOSED and ticket.closed_at is not None else None


def is_too_late(ticket: Ticket, at: datetime, window: timedelta) -> bool:
    until = counts_until(ticket, window)
    return until is not None and at > until


def with_comment(
    s: Scene, ticket: Ticket, score: int, comment: str, told: Iterable[int], *, whose: str = "", counts: bool = True
) -> tuple[LetterWanted, ...]:
    """What stands beside a rating, for the owner (else the group) or the lead, by the policy; not for who reads it in another letter."""
    wanted, heard = s.policy.rating_comments_to, {*told, ticket.requester}
    lead = s.lead(ticket) if "lead" in wanted else None
    owner = announce.responsible(s, replace(ticket, members=())) if "owner" in wanted else ()
    people = (id_ for id_ in (*owner, *((lead.id,) if lead is not None else ())) if id_ not in heard)
    notice = RatingComment(score=score, comment=comment, requester=whose or _whose(s, ticket), counts=counts)
    return announce.to_agents(s, notice, ticket, people=people)


# --- on the web ---------------------------------------------------------------------------------------------------------------


def on_the_web(s: Scene, letter: LetterFacts, score: int, comment: str) -> tuple[Decision, Rated]:
    """What a score that was sent by the page of a letter comes to, and what its sender is told. `s.ratings`: all of the ticket."""
    ticket, closure = s.ticket, letter.closure
    if ticket is None or closure is None or not can_be_rated(s, letter, score):
        return Decision(), REFUSED
    mine = _of(s.ratings, closure)
    if is_too_late(ticket, s.now, s.policy.timers.rating_window):
        return Decision(), _answer(RatedOutcome.LATE, mine)
    here = [one for one in mine if one.letter == letter.id and one.way is RatingWay.WEB]
    if len(here) >= MOST_ON_THE_WEB:
        return Decision(), _answer(RatedOutcome.REFUSED, mine)
    by_program = any(one.score != score and s.now - one.at <= SCANNERS_TAKE for one in here)
    words = comment.strip()[:LONGEST_COMMENT].rstrip()
    given = GivenRating(ticket.number, closure, letter.person, score, words, s.now, way=RatingWay.WEB, letter=letter.id)
    new = replace(given, void=by_program, waits=not by_program)
    if by_program:
        voided = tuple(one for one in _in_one_go(here, s.now) if not one.void)
        event: Event = RatingsVoided(at=s.now, score=score, closure=closure, count=len(voided) + 1)
        line, outcome = Reason("rating.scanner"), RatedOutcome.VOID
        left = (*(one for one in mine if one not in voided), new)
    else:
        voided, left = (), (*mine, new)
        event = RatingGiven(at=s.now, actor=letter.person, score=score, closure=closure, waits_until=s.now + SETTLES_AFTER)
        line, outcome = Reason.of("rating.waits", score, closure), RatedOutcome.COUNTED
    decision = Decision(
        changes=(Change(ticket, s.step(ticket, event).ticket, (event,)),),
        ratings=(new,),
        voided=voided,
        trace=(TraceLine("decide", "rating", Reason("rated.web"), line),),
    )
    answer = _answer(outcome, left)
    if score <= LOW and outcome is RatedOutcome.COUNTED:
        # The page says the same as the letter that follows when it is certain.
        due_at = get_in_touch_by(s, ticket, s.now) if _is_news(new, mine) else ticket.follow_up_due_at
        answer = replace(answer, due_at=due_at)
    return decision, answer


def _in_one_go(ratings: Iterable[GivenRating], now: datetime) -> list[GivenRating]:
    """Those that came one soon after the other, up to now: what pressed the last button pressed the first."""
    found: list[GivenRating] = []
    for one in sorted(ratings, key=lambda one: one.at, reverse=True):
        if (found[-1].at if found else now) - one.at > SCANNERS_TAKE:
            break
        found.append(one)
    return found


def can_be_rated(s: Scene, letter: LetterFacts, score: int = 5) -> bool:
    """Whether the page of a letter may take scores: it asked its ticket's requester about a solution."""
    ticket = s.ticket
    if ticket is None or letter.ticket != ticket.number or letter.person != ticket.requester:
        return False
    return _cannot(ticket, score, letter.closure) is None


def counts_now(s: Scene, letter: LetterFacts) -> Rated | None:
    """What counts of the resolution that a letter asked about; None where nothing can be rated by it."""
    if s.ticket is None or letter.closure is None or not can_be_rated(s, letter):
        return None
    late = is_too_late(s.ticket, s.now, s.policy.timers.rating_window)
    return _answer(RatedOutcome.LATE if late else RatedOutcome.COUNTED, _of(s.ratings, letter.closure))


def _answer(outcome: RatedOutcome, ratings: Iterable[GivenRating]) -> Rated:
    found = counting(ratings)
    return Rated(outcome, found.score, found.comment) if found is not None else Rated(outcome)


def settled(s: Scene, ticket: Ticket) -> tuple[Ticket, tuple[Event, ...], tuple[LetterWanted, ...]]:
    """What was rated on the web has stood long enough: what has waited for that is told. The ticket after it, and what else follows."""
    done = RatingsSettled(at=s.now)
    ticket = s.step(ticket, done).ticket
    events: tuple[Event, ...] = (done,)
    letters: tuple[LetterWanted, ...] = ()
    for closure in sorted({one.closure for one in s.ratings if one.waits}):
        mine = _of(s.ratings, closure)
        last = counting(mine)
        if last is None or not last.waits:
            continue  # void, or another one came by mail
        due_at = None
        heard: tuple[LetterWanted, ...] = ()
        if _is_news(last, mine):
            low, heard = _alarm(s, ticket, last)
            ticket, due_at = s.step(ticket, low).ticket, low.due_at
            events = (*events, low)
        if last.comment:
            heard += with_comment(s, ticket, last.score, last.comment, {letter.person.id for letter in heard})
        letters += heard
        unsolved = last.unsolved and last.score <= MIDDLING
        if last.score <= LOW or unsolved:
            # Whoever is content has read the page; whoever is not reads by when somebody gets in touch, and can answer that.
            sorry = RatingThanks(score=last.score, unsolved=unsolved, follow_up_due_at=due_at)
            thanks, suppressed = announce.to_requester(s, sorry, ticket, s.people().get(ticket.requester))
            letters, events = (*letters, *thanks), (*events, *suppressed)
    return ticket, events, letters


def told_again(s: Scene, ticket: Ticket) -> tuple[LetterWanted, ...]:
    """Nobody got in touch with whoever gave a low rating: the lead reads it once more."""
    rating = max((one for one in s.ratings if not one.void and one.score <= LOW), key=lambda one: (one.at, one.id or 0), default=None)
    if rating is None:
        return ()
    notice = LowRatingNotice(
        score=rating.score, comment=rating.comment, requester=_whose(s, ticket), due_at=ticket.follow_up_due_at, again=True
    )
    return announce.to_lead(s, notice, ticket)
