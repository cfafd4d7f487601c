"""Two gateways on one database that decide in the same instant: together they keep the budget that each of them would have kept alone."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.app.running import Running
from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Audience
from tests.journeys.world import SUPPORT, World, edit

pytestmark = pytest.mark.database("postgresql", because="several nodes need a server")


def one_a_minute(config: Path) -> None:
    edit(config, "policy.toml", ("unknown_per_minute = 20", "unknown_per_minute = 1"))


def meets(store: Any, both_have_counted: threading.Barrier) -> threading.Event:
    """The first decision of this store goes on only when the other one has counted as well. Set once it has counted."""
    count, counted = store.automatic_counts, threading.Event()

    def and_wait(*given: Any) -> Any:
        counts = count(*given)
        if not counted.is_set():
            counted.set()
            both_have_counted.wait(20)
        return counts

    store.automatic_counts = and_wait
    return counted


def test_two_that_decide_in_the_same_instant_do_not_overrun_the_minute(tmp_path: Path) -> None:
    with World(tmp_path, changes=one_a_minute) as world, Running(world.settings, world.clock) as other:
        both = threading.Barrier(2)
        counted = meets(world.store, both)
        meets(other.program.store, both)
        world.send("one@example.com", SUPPORT, "the first", "It burns.")
        assert counted.wait(20)
        world._running, here = other, world._running
        world.send("two@example.com", SUPPORT, "the second", "It burns.")
        world._running = here
        world.settle()
        other.program.gateway.read_inbox()
        assert len(world.tickets()) == 2
        rows = [row for state in OutboxState for row in world.store.outbox_rows(state)]
        turns = [row.letter.not_before for row in rows if row.letter.audience is Audience.REQUESTER]
        assert sorted(turns, key=bool) == [None, world.clock() + timedelta(minutes=1)]
