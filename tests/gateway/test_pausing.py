"""No worker can be had: the reading pauses, says so once, and comes back by itself."""

from __future__ import annotations

import logging

import pytest

from mailgate.gateway.pausing import LONGEST, Backoff


class Hand:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_it_is_said_once_however_often_it_fails_and_once_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, told, over = Hand(), [], []  # type: ignore[var-annotated]
    pause = Backoff(clock)
    for _ in range(20):
        pause.begin("fork failed", lambda *words: told.append(words))
        clock.at += 60
    pause.end(over.append)
    pause.end(over.append)
    assert [word[0] for word in told] == ["no_reader"] and over == ["no_reader"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert not any(record.exc_info for record in caplog.records)


def test_what_wakes_the_round_meanwhile_tries_nothing_and_the_pauses_grow_to_half_a_minute() -> None:
    clock = Hand()
    pause = Backoff(clock)
    assert pause.is_over()
    waits = []
    for _ in range(8):
        pause.begin("fork failed", lambda *_: None)
        began = clock.at
        while not pause.is_over():
            clock.at += 0.5
        waits.append(clock.at - began)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30] and LONGEST == 30
    pause.end(lambda _: None)
    pause.begin("fork failed", lambda *_: None)
    clock.at += 1
    assert pause.is_over(), "after it worked it begins anew"


def test_an_alarm_that_cannot_be_written_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: str) -> None:
        raise MemoryError

    pause = Backoff(Hand())
    pause.begin("no memory", broken)
    assert not pause.is_over() and "MemoryError" in caplog.text
