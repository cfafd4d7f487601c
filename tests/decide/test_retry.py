"""When a letter is tried again, and when it is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide.retry import GIVE_UP_AFTER, Settled, after_unknown, next_attempt, settle
from mailgate.model.delivery import Deferred, Delivered, Delivery, OutboxState, Refused

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
END = NOON + timedelta(days=5)

YES = Delivered("250 2.0.0 queued")
NO = Refused("550 5.1.1 no such user")
LATER = Deferred("451 4.3.0 later")
LOST = Deferred("connection lost", uncertain=True)
DOWN = Deferred("connection refused", relay_down=True)


def settled(
    delivery: Delivery,
    *,
    state: OutboxState = OutboxState.SENDING,
    attempts: int = 1,
    now: datetime = NOON,
    resend_unknown: bool = True,
    doubted: bool = False,
) -> Settled:
    return settle(state, delivery, attempts, NOON, now, 0.5, resend_unknown, doubted)


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(1, MINUTE), (2, 5 * MINUTE), (3, 15 * MINUTE), (4, 30 * MINUTE), (5, HOUR), (6, 3 * HOUR), (7, 3 * HOUR), (40, 3 * HOUR)],
)
def test_pauses_grow_from_a_minute_to_hours(attempts: int, pause: timedelta) -> None:
    assert next_attempt(attempts, NOON, NOON, 0.5) == NOON + pause


def test_letters_that_failed_together_do_not_come_back_together() -> None:
    early, late = (next_attempt(6, NOON, NOON, spread) for spread in (0.0, 0.999))
    assert early == NOON + 2 * HOUR
    assert late is not None and NOON + 3 * HOUR + 59 * MINUTE < late <= NOON + 4 * HOUR
    first = {next_attempt(1, NOON, NOON, spread / 10) for spread in range(10)}
    assert len(first) > 5


def test_a_letter_never_tried_is_due_at_once() -> None:
    assert next_attempt(0, NOON, NOON, 0.5) == NOON


def test_the_last_attempt_is_made_when_the_five_days_end_and_none_after() -> None:
    assert next_attempt(30, NOON, END - MINUTE, 0.5) == END
    assert next_attempt(31, NOON, END, 0.5) is None
    assert next_attempt(1, NOON, END + HOUR, 0.5) is None


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 10**6))
def test_every_letter_is_tried_at_a_sane_pace_and_given_up_after_five_days(spread: float, micro: int) -> None:
    """(fault 29)"""
    first = NOON.replace(microsecond=micro % 10**6)
    now, attempts = first, 1
    while (due := next_attempt(attempts, first, now, spread)) is not None:
        assert due > now and due.microsecond == 0
        now, attempts = due, attempts + 1
    assert 30 < attempts < 70
    assert GIVE_UP_AFTER <= now - first < GIVE_UP_AFTER + timedelta(seconds=1)


def test_a_clock_set_back_does_not_give_up_early() -> None:
    assert next_attempt(2, NOON, NOON - 30 * timedelta(days=1), 0.5) is not None


QUEUED, SENDING, HELD = OutboxState.QUEUED, OutboxState.SENDING, OutboxState.HELD
SENT, DEFERRED, REFUSED = OutboxState.SENT, OutboxState.DEFERRED, OutboxState.REFUSED
UNKNOWN, CANCELLED = OutboxState.UNKNOWN, OutboxState.CANCELLED


@pytest.mark.parametrize(
    ("state", "yes", "no", "later", "lost"),
    [
        (QUEUED, SENT, REFUSED, DEFERRED, DEFERRED),
        (SENDING, SENT, REFUSED, DEFERRED, DEFERRED),
        (DEFERRED, SENT, REFUSED, DEFERRED, DEFERRED),
        (HELD, SENT, REFUSED, HELD, HELD),  # held while the relay had it: no retry until it is released
        (UNKNOWN, SENT, UNKNOWN, UNKNOWN, UNKNOWN),
        (CANCELLED, SENT, CANCELLED, CANCELLED, UNKNOWN),  # taken back too late, perhaps
        (SENT, SENT, SENT, SENT, SENT),  # the words of a worker that was paused past its lease
        (REFUSED, SENT, REFUSED, REFUSED, REFUSED),
    ],
)
def test_every_state_has_an_answer_to_every_outcome(
    state: OutboxState, yes: OutboxState, no: OutboxState, later: OutboxState, lost: OutboxState
) -> None:
    answers = [settled(delivery, state=state) for delivery in (YES, NO, LATER, LOST)]
    assert [answer.state for answer in answers] == [yes, no, later, lost]
    assert [answer.next_attempt_at is not None for answer in answers] == [answer.state is DEFERRED for answer in answers]


def test_a_deferred_letter_comes_back_after_the_pause_of_its_attempts() -> None:
    assert settled(LATER, attempts=3) == Settled(DEFERRED, NOON + 15 * MINUTE, doubted=False, counts=True)


def test_after_a_lost_reply_there_is_one_more_attempt_in_fifteen_minutes_and_then_the_state_is_unknown() -> None:
    """(fault 31)"""
    first = settled(LOST)
    assert first == Settled(DEFERRED, NOON + 15 * MINUTE, doubted=True, counts=True)
    assert first.next_attempt_at == after_unknown(NOON)
    assert settled(LOST, attempts=2, doubted=first.doubted) == Settled(UNKNOWN, None, doubted=True, counts=True)


def test_a_rating_letter_is_rather_missing_than_there_twice() -> None:
    assert settled(LOST, resend_unknown=False) == Settled(UNKNOWN, None, doubted=True, counts=True)


def test_a_doubted_letter_that_finds_the_relay_down_still_gets_its_one_attempt() -> None:
    waiting = settled(DOWN, attempts=1, doubted=True)
    assert waiting.state is DEFERRED and waiting.doubted
    assert settled(YES, attempts=2, doubted=True) == Settled(SENT, None, doubted=True, counts=True)


def test_a_relay_that_is_down_costs_no_attempt_and_is_asked_again_soon() -> None:
    answer = settled(DOWN, attempts=20, now=NOON + 40 * HOUR)
    assert answer == Settled(DEFERRED, NOON + 40 * HOUR + 5 * MINUTE, doubted=False, counts=False)


@pytest.mark.parametrize("delivery", [LATER, DOWN])
def test_after_five_days_a_letter_is_given_up_whoever_is_to_blame(delivery: Delivery) -> None:
    answer = settled(delivery, attempts=3, now=END)
    assert (answer.state, answer.next_attempt_at) == (REFUSED, None)


def test_who_gives_up_a_letter_that_may_have_arrived_says_unknown() -> None:
    assert settled(LATER, now=END, doubted=True).state is UNKNOWN
    assert settled(LOST, now=END).state is UNKNOWN


def test_lost_replies_win_over_a_relay_that_went_down_in_the_same_breath() -> None:
    assert settled(Deferred("reset", uncertain=True, relay_down=True)).doubted
    assert settled(Deferred("reset", uncertain=True, relay_down=True)).counts
