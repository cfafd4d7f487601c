"""Ratings: whose count, until when, and who hears of a bad one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, product

import pytest

from mailgate.decide import clocks, csat, feedback
from mailgate.decide.feedback import MOST_ON_THE_WEB, Feedback, Given, count_rating
from mailgate.decide.scene import Scene
from mailgate.model.decision import Decision
from mailgate.model.events import AgentReplied, FollowUpMissed, LowRatingGiven, NoteAdded, RatingGiven, RatingsVoided, name_of
from mailgate.model.evidence import Proof
from mailgate.model.letter import Audience
from mailgate.model.person import Person, Role
from mailgate.model.policy import Policy, RatingSettings, Timers
from mailgate.model.rating import CountedRating, GivenRating, Rated, RatedOutcome, SurveyPut, counting
from mailgate.model.ticket import FollowUp, Status, Ticket, TicketFile, TicketKind, Visibility
from mailgate.model.understood import LetterFacts
from tests.decide.life import AGENTS, a_policy, a_scene

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MAX = Person(3, "Max", "max@home.example")
PROVEN = Proof(token=True)
LEAD = AGENTS["ann"]


def a_ticket(status: Status = Status.RESOLVED, *, closure: int = 1, closed_at: datetime | None = None) -> Ticket:
    return Ticket(
        7, "it", "Printer", TicketKind.INCIDENT, status, 4, MAX.id, "it", NOON, NOON, closure=closure, resolved_at=NOON, closed_at=closed_at
    )


def rated(
    score: int = 5,
    comment: str = "",
    *,
    ticket: Ticket | None = None,
    role: Role = Role.REQUESTER,
    person: Person = MAX,
    proof: Proof = PROVEN,
    closure: int | None = 1,
    at: datetime = NOON,
    lead: str | None = "ann",
    previous: int | None = None,
    timers: Timers | None = None,
    by_address: bool = False,
) -> Feedback:
    file = TicketFile(ticket or a_ticket(), (MAX,), ())
    before = (a_rating(previous, at - timedelta(hours=1)),) if previous is not None else ()
    return count_rating(
        replace(a_scene(file, at, policy=a_policy(lead=lead, timers=timers)), ratings=before),
        Given(score, comment, closure, person, role, proof, at, entry=20, mail=30, by_address=by_address),
    )


ids = count(1)


def a_rating(score: int, at: datetime = NOON, comment: str = "", **more: object) -> GivenRating:
    return replace(GivenRating(7, 1, MAX.id, score, comment, at, id=next(ids)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_a_proven_rating_of_the_requester_counts_for_its_resolution(score: int):
    feedback = rated(score, "quick")
    assert feedback.counted == GivenRating(7, 1, MAX.id, score, "quick", NOON, mail=30)
    given = feedback.events[0]
    assert isinstance(given, RatingGiven) and (given.score, given.closure, given.actor, given.entry, given.mail) == (
        score,
        1,
        MAX.id,
        20,
        30,
    )


@pytest.mark.parametrize(("score", "low"), [(1, True), (2, True), (3, False), (5, False)])
def test_the_lead_hears_of_low_scores_and_of_no_others(score: int, low: bool):
    feedback = rated(score, "slow")
    assert [type(e) for e in feedback.events] == ([RatingGiven, LowRatingGiven] if low else [RatingGiven])
    assert [(x.event, x.audience, x.person) for x in feedback.letters] == ([(name_of(LowRatingGiven), Audience.LEAD, LEAD)] if low else [])
    assert all(x.kind.score == score and x.kind.comment == "slow" and x.automatic for x in feedback.letters)


def test_a_low_score_without_a_lead_is_still_an_event():
    feedback = rated(1, lead=None)
    assert feedback.letters == () and any(isinstance(e, LowRatingGiven) for e in feedback.events)


@pytest.mark.parametrize(
    ("previous", "score", "comment", "alarms"),
    [(None, 1, "", True), (5, 1, "", True), (2, 1, "", False), (2, 1, "it fell apart again", True), (1, 5, "", False)],
)
def test_the_last_rating_wins_and_the_same_complaint_alarms_once(previous: int | None, score: int, comment: str, alarms: bool):
    feedback = rated(score, comment, previous=previous)
    assert feedback.counted is not None and feedback.counted.score == score
    assert bool(feedback.letters) == alarms


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REQUESTER])
def test_nobody_else_rates(role: Role):
    """(fault 121)"""
    assert rated(role=role).counted is None


@pytest.mark.parametrize("proof", [Proof(), Proof(token=True, failed=True)])
def test_an_unproven_rating_counts_only_where_it_went_to_an_address_of_the_letter_that_asked(proof: Proof):
    feedback = rated(proof=proof)
    assert (feedback.counted, feedback.events, feedback.letters, feedback.late) == (None, (), (), None)
    assert feedback.because
    assert (rated(proof=proof, by_address=True).counted is None) is proof.failed


def test_a_requester_of_another_ticket_does_not_rate_this_one():
    assert rated(person=Person(4, "Eve", "eve@elsewhere.example")).counted is None


@pytest.mark.parametrize(("closure", "counts"), [(1, True), (2, True), (3, False), (0, False), (None, False)])
def test_a_rating_counts_for_the_resolution_whose_letter_asked_for_it(closure: int | None, counts: bool):
    feedback = rated(ticket=a_ticket(closure=2), closure=closure)
    assert (feedback.counted is not None) is counts
    assert feedback.counted is None or feedback.counted.closure == closure


@pytest.mark.parametrize("days", [14, 30])
@pytest.mark.parametrize(("later", "counts"), [(timedelta(seconds=-1), True), (timedelta(0), True), (timedelta(seconds=1), False)])
def test_ratings_are_taken_until_fourteen_days_after_closing_or_as_long_as_the_policy_says(days: int, later: timedelta, counts: bool):
    """(fault 121)"""
    timers = None if days == 14 else Timers(rating_window=timedelta(days=days))
    feedback = rated(ticket=a_ticket(Status.CLOSED, closed_at=NOON), at=NOON + timedelta(days=days) + later, timers=timers)
    assert ((feedback.counted is not None), feedback.late) == (counts, None if counts else NOON + timedelta(days=days))


def test_a_ticket_that_is_not_closed_takes_ratings_as_long_as_it_is_not():
    for status in (Status.RESOLVED, Status.OPEN, Status.PENDING_USER):
        assert rated(ticket=a_ticket(status), at=NOON + timedelta(days=400)).counted is not None


@pytest.mark.parametrize("status", [Status.MERGED, Status.REJECTED])
def test_a_ticket_that_went_elsewhere_takes_none(status: Status):
    assert rated(ticket=a_ticket(status)).counted is None


@pytest.mark.parametrize("score", [0, 6, -1])
def test_marks_go_from_one_to_five(score: int):
    assert rated(score).counted is None


def test_a_rating_never_changes_the_state():
    # There is nothing in a feedback that could: no ticket, no event of the state machine but rating_low.
    for status, score in product(Status, range(1, 6)):
        assert {type(e) for e in rated(score, ticket=a_ticket(status)).events} <= {RatingGiven, LowRatingGiven}


def test_a_mail_that_was_long_on_its_way_is_kept_and_what_came_after_it_stands():
    file = TicketFile(a_ticket(), (MAX,), ())
    scene = replace(a_scene(file, NOON), ratings=(a_rating(5, NOON),))
    late = count_rating(scene, Given(1, "slow", 1, MAX, Role.REQUESTER, PROVEN, NOON - timedelta(minutes=1)))
    assert late.counted is not None and late.letters == () and [type(e) for e in late.events] == [RatingGiven]


# --- on the web ---------------------------------------------------------------------------------------------------------------

SECOND = timedelta(seconds=1)


class Page:
    """What happens to one ticket whose requester rates on the web and by mail, and whose clocks are reviewed."""

    def __init__(self, ticket: Ticket | None = None, policy: Policy | None = None) -> None:
        self.ticket, self.policy, self.now = ticket or a_ticket(), policy or a_policy(), NOON
        self.ratings: tuple[GivenRating, ...] = ()
        self.letters: list[tuple[str, int]] = []  #: event and score
        self.events: list[str] = []
        self.letter = LetterFacts(
            "K7QF3M9X", 7, MAX.id, MAX.address, Audience.REQUESTER, "ticket_resolved", 1, None, Visibility.INTERNAL, NOON, None, "<x@y>"
        )

    def scene(self) -> Scene:
        return replace(a_scene(TicketFile(self.ticket, (MAX,), ()), self.now, policy=self.policy), ratings=self.ratings)

    def after(self, seconds: float) -> Page:
        self.now += timedelta(seconds=seconds)
        return self

    def posts(self, score: int, comment: str = "", letter: str | None = None) -> Rated:
        facts = replace(self.letter, id=letter) if letter else self.letter
        decision, answer = feedback.on_the_web(self.scene(), facts, score, comment)
        self._learn(decision)
        return answer

    def mails(self, score: int, comment: str = "") -> Feedback:
        result = count_rating(self.scene(), Given(score, comment, 1, MAX, Role.REQUESTER, PROVEN, self.now, letter=self.letter.id))
        for event in result.events:
            self.ticket = self.scene().step(self.ticket, event).ticket
            self.events.append(name_of(event))
        self.letters += [(x.event, x.kind.score) for x in result.letters]  # type: ignore[attr-defined]
        self.ratings += (replace(result.counted, id=next(ids)),) if result.counted else ()
        return result

    def reviewed(self) -> Page:
        if self.ticket.next_check_at is not None and self.ticket.next_check_at <= self.now:
            decision = clocks.on_time(self.scene())
            self.letters += [(x.event, x.kind.score) for x in decision.letters if hasattr(x.kind, "score")]
            self._learn(decision)
        return self

    def _learn(self, decision: Decision) -> None:
        for change in decision.changes:
            self.ticket = change.after
            self.events += [name_of(event) for event in change.events]
        void, settled = {one.id for one in decision.voided}, {one.id for one in decision.settled}
        self.ratings = tuple(
            replace(one, void=one.void or one.id in void, waits=one.waits and one.id not in void | settled) for one in self.ratings
        ) + tuple(replace(one, id=next(ids)) for one in decision.ratings)

    @property
    def counts(self) -> int | None:
        found = counting(self.ratings)
        return found.score if found else None


def test_a_score_on_the_web_counts_at_once_and_nobody_hears_of_it_until_nothing_else_came_for_half_a_minute():
    page = Page()
    assert page.posts(1, " It broke again. ") == Rated(RatedOutcome.COUNTED, 1, "It broke again.", NOON + timedelta(days=1))
    assert page.after(30).reviewed().letters == [] and page.counts == 1
    page.after(1).reviewed()
    assert page.letters == [("low_rating_given", 1), ("rating_commented", 1), ("rating_given", 1)]
    assert page.ticket.status is Status.RESOLVED and page.ticket.follow_up is FollowUp.OPEN
    assert page.ticket.follow_up_due_at == NOON + timedelta(days=1)
    page.after(60).reviewed()
    assert len(page.letters) == 3 and not any(one.waits for one in page.ratings)


@pytest.mark.parametrize("seconds", [0, 1, 30])
@pytest.mark.parametrize("scores", [(1, 5), (5, 1), (1, 2, 3, 4, 5), (4, 4, 3)])
def test_different_scores_of_one_letter_within_half_a_minute_are_a_programs_and_none_counts(scores: tuple[int, ...], seconds: int):
    page = Page()
    for score in scores:
        answer = page.posts(score)
        page.after(seconds if score != scores[-1] else 0)
    assert answer.outcome is RatedOutcome.VOID and answer.score is None and page.counts is None
    assert all(one.void for one in page.ratings) and len(page.ratings) == len(scores)
    assert page.after(31).reviewed().after(99).reviewed().letters == []


def test_a_change_of_mind_after_half_a_minute_counts_and_the_same_score_again_is_one():
    page = Page()
    page.posts(5), page.after(10).posts(5), page.after(31).posts(2)
    assert page.counts == 2 and not any(one.void for one in page.ratings)
    page.after(31).reviewed()
    assert page.letters == [("low_rating_given", 2), ("rating_given", 2)]


def test_what_a_program_did_takes_nothing_away_and_its_victim_can_still_rate():
    page = Page()
    page.mails(4)
    for score in range(1, 6):
        answer = page.posts(score)
    assert (answer.outcome, answer.score, page.counts) == (RatedOutcome.VOID, 4, 4)
    assert page.after(31).posts(3).outcome is RatedOutcome.COUNTED
    page.after(1).mails(2, "it took a week")
    assert page.counts == 2
    page.after(40).reviewed()
    assert page.letters == [("low_rating_given", 2)]


def test_two_letters_of_one_solution_are_not_one_program():
    page = Page()
    page.posts(5), page.posts(4, letter="OTHER")
    assert page.counts == 4 and not any(one.void for one in page.ratings)


def test_a_low_score_that_waits_does_not_hide_a_low_mail_and_neither_alarms_twice():
    page = Page()
    page.posts(1), page.after(5).mails(1)
    page.after(60).reviewed()
    assert page.letters == [("low_rating_given", 1)]
    page.posts(1), page.after(60).reviewed()
    assert page.letters[1:] == [("rating_given", 1)]  # the requester's page says nothing of it, so a letter does


def test_a_letter_that_posts_without_end_fills_no_table():
    page = Page()
    outcomes = [page.after(40).posts(3).outcome for _ in range(MOST_ON_THE_WEB + 2)]
    assert outcomes == [RatedOutcome.COUNTED] * MOST_ON_THE_WEB + [RatedOutcome.REFUSED] * 2 and page.counts == 3


def test_what_cannot_be_rated_is_refused_and_what_is_late_is_thanked_for():
    for page in (
        Page(a_ticket(Status.MERGED)),
        Page(a_ticket(Status.REJECTED)),
        Page(a_ticket(closure=0)),
        Page(replace(a_ticket(), requester=11)),
    ):
        assert page.posts(5) == feedback.REFUSED and feedback.counts_now(page.scene(), page.letter) is None
    assert Page().posts(0) == Page().posts(6) == feedback.REFUSED
    page = Page(a_ticket(Status.CLOSED, closed_at=NOON - timedelta(days=14)))
    assert page.posts(5).outcome is RatedOutcome.COUNTED
    assert page.after(1).posts(1) == Rated(RatedOutcome.LATE, 5) == feedback.counts_now(page.scene(), page.letter)


def test_still_not_solved_on_the_web_is_answered_with_the_way_back():
    page = Page(replace(a_ticket(), owner=12))
    page.posts(3, "still not solved")
    page.ratings = tuple(replace(one, unsolved=True) for one in page.ratings)
    assert page.after(31).reviewed().letters == [("rating_commented", 3), ("rating_given", 3)]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_comes_by_mail_and_on_the_web_the_last_valid_one_counts(seed: int):
    """Beside an account of its own that knows nothing of rows: what was said when, and what a program spoils."""
    draw, page = random.Random(seed), Page()
    said: list[tuple[datetime, str, int]] = []
    void: set[int] = set()
    for _ in range(draw.randint(1, 25)):
        page.after(draw.choice((0, 1, 5, 29, 30, 31, 45, 600))).reviewed()
        score = draw.choice((1, 1, 2, 3, 4, 5, 5))
        if draw.random() < 0.3:
            page.mails(score, draw.choice(("", "words")))
            said.append((page.now, "mail", score))
        else:
            page.posts(score, draw.choice(("", "words")))
            web = [(at, i) for i, (at, way, _) in enumerate(said) if way == "web"]
            said.append((page.now, "web", score))
            if any(said[i][2] != score for at, i in web if page.now - at <= 30 * SECOND):
                void.add(len(said) - 1)
                last = page.now
                for at, i in reversed(web):
                    if last - at > 30 * SECOND:
                        break
                    void.add(i)
                    last = at
    valid = [(at, index, score) for index, (at, _, score) in enumerate(said) if index not in void]
    assert page.counts == (max(valid)[2] if valid else None)
    page.after(100).reviewed()
    assert not any(one.waits for one in page.ratings) and page.ticket.ratings_wait_until is None
    assert page.ticket.status is Status.RESOLVED
    if valid and max(valid)[2] <= 2:
        assert ("low_rating_given", max(valid)[2]) in page.letters or any(score <= 2 for _, score in page.letters)


# --- somebody gets in touch -------------------------------------------------------------------------------------------------------


def test_a_low_rating_opens_a_follow_up_one_business_day_on_and_the_lead_hears_once_more_when_nobody_did_it():
    page = Page()
    page.mails(2, "slow")
    due_at = page.ticket.follow_up_due_at
    assert page.ticket.follow_up is FollowUp.OPEN and due_at == NOON + timedelta(days=1) == page.ticket.next_check_at
    page.now = due_at - SECOND
    assert page.reviewed().letters == [("low_rating_given", 2)]
    page.after(1).reviewed()
    assert page.letters == [("low_rating_given", 2)] * 2 and page.ticket.follow_up is FollowUp.MISSED
    assert page.events[-1] == name_of(FollowUpMissed)
    assert page.after(10**6).reviewed().letters == [("low_rating_given", 2)] * 2 and page.ticket.next_check_at is None
    assert clocks.on_time(page.scene()).letters == ()  # whatever else may be due on it


def test_a_weekend_is_no_business_day():
    page = Page()
    page.now = datetime(2026, 6, 5, 12, tzinfo=UTC)  # a Friday
    page.mails(1)
    assert page.ticket.follow_up_due_at == datetime(2026, 6, 8, 12, tzinfo=UTC)
    page = Page(policy=replace(a_policy(), ratings=RatingSettings(follow_up=3)))
    page.mails(1)
    assert page.ticket.follow_up_due_at == NOON + timedelta(days=3)


@pytest.mark.parametrize("missed", [False, True])
def test_whoever_writes_to_the_requester_after_it_has_got_in_touch(missed: bool):
    page = Page()
    page.mails(2)
    if missed:
        page.after(86_400).reviewed()
    for event, state in (
        (NoteAdded(at=page.now, actor=11), FollowUp.MISSED if missed else FollowUp.OPEN),
        (AgentReplied(at=NOON - SECOND, actor=12), FollowUp.MISSED if missed else FollowUp.OPEN),  # it crossed with the rating
        (AgentReplied(at=page.now, actor=12), FollowUp.DONE),
    ):
        page.ticket = page.scene().step(page.ticket, event).ticket
        assert page.ticket.follow_up is state
    page.after(200_000).reviewed()
    assert len([x for x in page.letters if x[0] == "low_rating_given"]) == 1 + missed


def test_where_no_lead_is_nothing_is_promised():
    page = Page(policy=a_policy(lead=None))
    assert page.mails(1).follow_up_due_at is None and page.ticket.follow_up is None


def test_a_program_opens_no_follow_up():
    page = Page()
    page.posts(1), page.posts(5)
    assert page.after(100).reviewed().ticket.follow_up is None and name_of(RatingsVoided) in page.events


# --- sums -------------------------------------------------------------------------------------------------------------------------


def test_few_ratings_say_little():
    """The interval of Wilson, from his formula by hand: 4 of 5 lie between 37.6 and 96.4 of a hundred."""
    low, high = csat.wilson(4, 5)
    assert (round(low, 4), round(high, 4)) == (0.3755, 0.9638)
    assert csat.wilson(0, 1)[0] == 0 and csat.wilson(3, 3)[1] == pytest.approx(1)


def test_desks_and_owners_with_enough_ratings_are_summed_up():
    counted = [CountedRating(n, 1, score, "", NOON, "it", 12 if n < 5 else 13) for n, score in enumerate((5, 4, 4, 1, 2, 3))]
    asked = [SurveyPut(n, "it", 12, n < 5, NOON) for n in range(10)]
    whole = csat.summed(counted, asked)
    assert (whole.rated, whole.content, whole.share, whole.mean, whole.response) == (6, 3, 0.5, pytest.approx(19 / 6), 0.5)
    owners = csat.by(lambda one: one.owner, counted, asked)
    assert list(owners) == [12] and (owners[12].rated, owners[12].asked) == (5, 10)
    assert csat.summed([], []).interval is None and csat.summed([], []).response is None
