"""Rounds tick by the wall clock, and go on when nobody ticks."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from mailgate.schedule import Round, Timetable


def test_a_round_that_nobody_wakes_wakes_itself_and_says_that_ticks_are_missing() -> None:
    worked, missed = threading.Semaphore(0), threading.Semaphore(0)
    one = Round("read", worked.release, 0.01, missed.release)
    one.start()
    assert worked.acquire(timeout=60) and worked.acquire(timeout=60) and missed.acquire(timeout=60)
    assert one.stop(10)


def test_after_the_clock_was_set_back_an_hour_the_scheduler_goes_by_the_new_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What APScheduler plans is an instant of the wall clock: an hour ahead, for a clock that went back an hour."""
    timetable, ticks = Timetable(), threading.Semaphore(0)
    one = timetable.every(timedelta(seconds=60), "clocks", lambda: None)
    timetable.start()
    try:
        monkeypatch.setattr(one, "wake", ticks.release)
        (job,) = timetable._scheduler.get_jobs()
        job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1), func=one.wake)
        timetable.tick_now()
        assert ticks.acquire(timeout=60)
        assert timetable._scheduler.get_jobs()[0].next_run_time < datetime.now(UTC) + timedelta(seconds=61)
    finally:
        assert timetable.stop(10)


def test_a_round_that_fails_shows_where_once_and_counts_from_then_on(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[Exception | None] = [OSError("no room"), OSError("no room"), OSError("no room"), None, OSError("no room")]
    done = threading.Semaphore(0)

    def work() -> None:
        try:
            if (error := outcomes.pop(0)) is not None:
                raise error
        finally:
            done.release()

    one = Round("send", work)
    one.start()
    for _ in range(5):
        one.wake()
        assert done.acquire(timeout=60)
    assert one.stop(10)
    failed = [record for record in caplog.records if "failed" in record.message]
    assert [bool(record.exc_info) for record in failed] == [True, False, False, True]
    assert "3 in a row): OSError: no room" in failed[2].message
