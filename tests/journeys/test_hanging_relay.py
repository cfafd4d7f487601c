"""A relay that hangs, wherever it hangs: the operator hears of it once, nothing is lost, and it is over without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.smtp_sink import CONNECT, Silence, SmtpSink
from tests.journeys.test_operations import Elsewhere, of
from tests.journeys.world import MAX, OPERATOR, SUPPORT, edit

#: Before the greeting, at a command, at DATA, and after the last dot.
PLACES = (CONNECT, "EHLO", "MAIL", "RCPT", "DATA", ".")


def impatient(config: Path) -> None:
    edit(config, "mailgate.toml", ('# timeout = "1m" ', 'timeout = "1s" '), ('# final_timeout = "10m"', 'final_timeout = "1s"'))


def hung(folder: Path, place: str, *, recovers: bool = True) -> tuple[int, int, int]:
    """Letters to the requester that arrived once the relay was well again, alarms that were written, and letters that never left.

    One that does not recover is the control: then letters are left.
    """
    with SmtpSink({place: [Silence()] * (8 if recovers else 1000)}) as sink, Elsewhere(folder, sink, impatient) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        for _ in range(4):
            world.clock.turn(minutes=6)
            world.settle()
        if recovers:
            sink.act(place)
        for _ in range(4):
            world.clock.turn(minutes=16)
            world.settle()
        waiting = world.store.standing.health(world.clock()).outbox
        alarms = sum("relay" in taken.data.decode(errors="replace") for taken in sink.taken if taken.recipient == OPERATOR)
        return len(of(sink, MAX)), alarms, sum(waiting.get(state, 0) for state in ("queued", "deferred", "sending"))


@pytest.mark.either_database
@pytest.mark.parametrize("place", PLACES)
def test_a_relay_that_hangs_is_told_once_and_everything_leaves_when_it_is_well_again(tmp_path: Path, place: str) -> None:
    arrived, alarms, left = hung(tmp_path, place)
    assert arrived >= 1, "the acknowledgement"
    assert left == 0
    assert alarms <= 1
    if place in (CONNECT, "EHLO"):
        assert alarms == 1, "where no letter can be begun, the relay is down, and that is told"
