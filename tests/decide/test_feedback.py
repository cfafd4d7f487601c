"""Ratings: whose count, until when, and who hears of a bad one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from mailgate.decide.feedback import Feedback, Given, count_rating
from mailgate.model.decision import RatingCounted
from mailgate.model.events import LowRatingGiven, RatingGiven, name_of
from mailgate.model.evidence import Proof
from mailgate.model.letter import Audience
from mailgate.model.person import Person, Role
from mailgate.model.policy import Timers
from mailgate.model.ticket import Status, Ticket, TicketFile, TicketKind
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
) -> Feedback:
    file = TicketFile(ticket or a_ticket(), (MAX,), ())
    return count_rating(
        a_scene(file, at, policy=a_policy(lead=lead, timers=timers)),
        Given(score, comment, closure, person, role, proof, at, previous, entry=20, mail=30),
    )


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_a_proven_rating_of_the_requester_counts_for_its_resolution(score: int):
    feedback = rated(score, "quick")
    assert feedback.counted == RatingCounted(7, 1, MAX.id, score, "quick", NOON)
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
def test_an_unproven_rating_is_an_ordinary_message(proof: Proof):
    feedback = rated(proof=proof)
    assert (feedback.counted, feedback.events, feedback.letters, feedback.late) == (None, (), (), None)
    assert feedback.because


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
