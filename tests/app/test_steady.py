"""A clock that jumps is not believed until it has said the same for a while; a machine that slept has not jumped (fault 50)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailgate.app.steady import SteadyClock, passed

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOLD = timedelta(seconds=30)
MONTH, HOUR = timedelta(days=30), timedelta(hours=1)


class Machine:
    """Its two clocks, turned by hand."""

    def __init__(self) -> None:
        self.seconds, self.wall = 1000.0, NOON
        self.told = 0
        self.clock = SteadyClock(HOLD, lambda: self.wall, lambda: self.seconds)
        self.clock.on_jump = self._tell

    def _tell(self) -> None:
        self.told += 1

    def waits(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def jumps(self, by: timedelta) -> None:
        self.wall += by


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_time_that_passes_is_time(machine: Machine) -> None:
    for _ in range(50):
        machine.waits(3600.5)
    assert machine.clock() == (NOON + timedelta(seconds=50 * 3600.5)).replace(microsecond=0)
    assert machine.clock.jumps() == [] and machine.told == 0


@pytest.mark.parametrize("by", [MONTH, HOUR, -HOUR, -MONTH, timedelta(minutes=1), -timedelta(minutes=1)])
def test_a_jump_is_told_at_once_and_believed_when_the_wall_has_said_the_same_for_a_while(machine: Machine, by: timedelta) -> None:
    machine.jumps(by)
    assert machine.clock() == NOON and machine.told == 1
    assert [(one.by, one.believed) for one in machine.clock.jumps()] == [(by, False)]
    machine.waits(29)
    assert machine.clock() == NOON + timedelta(seconds=29), "the old time goes on"
    machine.waits(1)
    machine.clock()
    assert machine.clock() == NOON + timedelta(seconds=30) + by and machine.told == 2
    assert [(one.by, one.believed) for one in machine.clock.jumps()] == [(by, True)]
    machine.waits(3600)
    assert machine.clock() == NOON + timedelta(seconds=3630) + by and machine.clock.jumps() == []


def test_a_clock_that_comes_back_in_time_was_never_believed(machine: Machine) -> None:
    machine.jumps(MONTH)
    machine.clock()
    machine.waits(20)
    machine.jumps(-MONTH)
    machine.waits(3600)
    assert machine.clock() == NOON + timedelta(seconds=3620)
    assert [one.believed for one in machine.clock.jumps()] == [False]


def test_a_clock_that_goes_on_jumping_is_believed_only_when_it_rests(machine: Machine) -> None:
    for _ in range(5):
        machine.jumps(HOUR)
        machine.waits(20)
        assert machine.clock() < NOON + HOUR
    machine.waits(31)
    machine.clock()
    assert machine.clock() == NOON + timedelta(seconds=131) + 5 * HOUR


def test_a_time_server_that_corrects_little_by_little_is_followed(machine: Machine) -> None:
    for _ in range(100):
        machine.waits(60)
        machine.jumps(timedelta(seconds=1))
        machine.clock()
    assert machine.clock() == NOON + timedelta(seconds=6100) and machine.clock.jumps() == []


def test_a_machine_that_slept_has_not_jumped(machine: Machine) -> None:
    machine.waits(MONTH.total_seconds())  # both clocks went on: the second counts sleep
    assert machine.clock() == NOON + MONTH and machine.clock.jumps() == []


def test_the_clock_that_nobody_sets_goes_forward() -> None:
    assert passed() <= passed()
    assert abs((SteadyClock(HOLD)() - datetime.now(UTC)).total_seconds()) < 5


def test_without_the_second_look_a_month_would_have_passed(machine: Machine) -> None:
    """The control: a clock that holds nothing back is a month ahead at once."""
    careless = SteadyClock(timedelta(0), lambda: machine.wall, lambda: machine.seconds)
    machine.jumps(MONTH)
    careless()
    assert careless() == NOON + MONTH
