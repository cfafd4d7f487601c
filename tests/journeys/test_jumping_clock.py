"""The clock of the machine jumps a month ahead, or an hour back: no promise is broken by it, and the operator hears of it (fault 50)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys.jumping import JumpingWorld
from tests.journeys.world import OPERATOR

pytestmark = pytest.mark.either_database
MONTH, HOUR = timedelta(days=30), timedelta(hours=1)
BREACHES = ("sla_breached", "alarms_combined")


def test_a_clock_that_is_a_month_ahead_for_some_seconds_breaks_no_promise_and_is_told(tmp_path: Path) -> None:
    with JumpingWorld(tmp_path) as world:
        world.open(12)
        world.machine.jump(MONTH)
        world.rounds()
        world.machine.wait(20)
        world.rounds()
        assert world.told(*BREACHES) == 0
        alarm = world.letter(OPERATOR, "jumped ahead by 30 days 0 h")
        assert "NTP" in alarm.text
        world.machine.jump(-MONTH)
        world.machine.wait(60)
        world.rounds()
        assert world.told(*BREACHES) == 0 and world.told("operator_alarmed") == 1
        world.send("late@example.com", "support@example.org", "Still there?", "Are you still there after all of this?")
        assert world.letter("late@example.com", "Still there?")


def test_a_clock_that_stays_where_it_jumped_to_is_believed_after_the_operator_was_told(tmp_path: Path) -> None:
    """The control of the test above as well: what was held back would have left."""
    with JumpingWorld(tmp_path) as world:
        world.open(3)
        world.machine.jump(MONTH)
        world.rounds()
        assert (world.told("operator_alarmed"), world.told(*BREACHES)) == (1, 0)
        world.machine.wait(31)
        world.rounds()
        assert world.told(*BREACHES) == 0, "the first round by the new time only says what it would tell"
        world.rounds()
        assert world.told(*BREACHES) > 0


def test_without_a_second_look_a_jump_breaks_every_promise(tmp_path: Path) -> None:
    with JumpingWorld(tmp_path, hold=timedelta(0)) as world:
        world.open(3)
        world.machine.jump(MONTH)
        for _ in range(3):
            world.rounds()
        assert world.told(*BREACHES) > 0


def test_after_an_hour_back_letters_leave_at_once_and_not_an_hour_later(tmp_path: Path) -> None:
    with JumpingWorld(tmp_path) as world:
        world.open(1)
        world.machine.jump(-HOUR)
        world.rounds()
        world.machine.wait(31)
        world.rounds()
        world.rounds()
        world.send("after@example.com", "support@example.org", "After it", "What I write after the clock went back an hour.")
        assert world.letter("after@example.com", "After it")


def test_a_machine_that_slept_for_a_day_goes_on_where_it_was(tmp_path: Path) -> None:
    with JumpingWorld(tmp_path) as world:
        world.open(2)
        world.machine.wait(24 * 3600)  # both clocks count sleep
        world.rounds()
        assert world.told("operator_alarmed") == 0
        assert world.told(*BREACHES) > 0, "time did pass, and the promises are late"
