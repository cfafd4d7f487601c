"""Faults of the machine, with their figures: a clock that jumps over sixty tickets, and a node frozen in a transaction."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from bench import measured
from mailgate.record.store import open_store
from tests.databases import a_database
from tests.databases import database_kind as database_kind
from tests.fakes.smtp_sink import CONNECT
from tests.journeys.jumping import HOLD, JumpingWorld
from tests.journeys.test_hanging_relay import PLACES, hung
from tests.record.builders import LEASE, NOON, some_keeps
from tests.record.test_crashes import a_program, lines_until
from tests.record.test_server import FROZEN

pytestmark = pytest.mark.exam
TICKETS = 60


def letters_after_a_jump(folder: Path, by: timedelta, hold: timedelta) -> int:
    """Letters about broken promises that leave while the clock is wrong for 25 seconds."""
    with JumpingWorld(folder, hold) as world:
        world.open(TICKETS)
        world.machine.jump(by)
        for _ in range(5):
            world.rounds()
            world.machine.wait(5)
        world.machine.jump(-by)
        world.machine.wait(60)
        world.rounds()
        return world.told("sla_breached") + world.told("sla_warned")


@pytest.mark.either_database
def test_a_clock_that_is_wrong_for_some_seconds_makes_no_letter_about_sixty_tickets(tmp_path: Path) -> None:
    ahead = letters_after_a_jump(tmp_path / "ahead", timedelta(days=30), HOLD)
    back = letters_after_a_jump(tmp_path / "back", timedelta(hours=-1), HOLD)
    measured.write("clock-jumps", n=2 * TICKETS, failed=ahead + back)
    assert (ahead, back) == (0, 0)


@pytest.mark.either_database
def test_without_the_second_look_the_same_jump_makes_letters(tmp_path: Path) -> None:
    letters = letters_after_a_jump(tmp_path, timedelta(days=30), timedelta(0))
    measured.write("clock-jumps-negative-control", n=TICKETS, failed=letters)
    assert letters >= TICKETS


@pytest.mark.either_database
def test_a_relay_that_hangs_anywhere_keeps_nothing_for_ever_and_is_told_once(tmp_path: Path) -> None:
    found = [hung(tmp_path / str(number), place) for number, place in enumerate(PLACES)]
    failed = sum(arrived < 1 or alarms > 1 or left > 0 for arrived, alarms, left in found)
    measured.write("hanging-relay", n=len(found), failed=failed, alarms=sum(alarms for _, alarms, _ in found))
    assert failed == 0
    control = hung(tmp_path / "control", CONNECT, recovers=False)
    measured.write("hanging-relay-negative-control", n=1, failed=int(control[2] > 0))
    assert control[2] > 0


@pytest.mark.database("postgresql", because="several nodes need a server")
def test_a_frozen_node_holds_the_others_up_for_seconds(tmp_path: Path, database_kind: str) -> None:
    settings, longest, late = a_database(tmp_path), 0.0, 0
    with open_store(settings, NOON) as store:
        for n in range(6):
            store.inbox.keep(some_keeps(1, n))
            claimed = store.inbox.claim(1, NOON, LEASE)
            program = a_program(FROZEN, settings.url, ("plain", "pipeline")[n % 2])
            try:
                lines_until(program, 1)
                began = time.monotonic()
                store.inbox.release(claimed)
                took = time.monotonic() - began
            finally:
                program.kill()
                program.communicate()
            longest, late = max(longest, took), late + (took > 25)
            store.inbox.claim(100, NOON, LEASE)
    measured.write("frozen-node", n=6, failed=late, longest_s=round(longest, 1))
    assert late == 0
