"""Two gateways on one database: they decide in the same instant, watch the same mailbox, and lose the database at the wrong moment."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.app import wall_clock
from mailgate.app.running import Running
from mailgate.app.stage import Received
from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Audience
from mailgate.record.rows import Busy
from tests.journeys.test_mailbox_down import DEAD
from tests.journeys.test_roundtrip import check
from tests.journeys.world import OPERATOR, SUPPORT, World, edit
from tests.servers.postfix import free_port

pytestmark = pytest.mark.database("postgresql", because="several nodes need a server")


def one_a_minute(config: Path) -> None:
    edit(config, "policy.toml", ("unknown_per_minute = 20", "unknown_per_minute = 1"))


def meets(store: Any, both_have_counted: threading.Barrier) -> threading.Event:
    """The first decision of this store goes on only when the other one has counted as well. Set once it has counted."""
    count, counted = store.outbox.automatic_counts, threading.Event()

    def and_wait(*given: Any, **said: Any) -> Any:
        counts = count(*given, **said)
        if not counted.is_set():
            counted.set()
            both_have_counted.wait(100)
        return counts

    store.outbox.automatic_counts = and_wait
    return counted


def test_two_that_decide_in_the_same_instant_do_not_overrun_the_minute(tmp_path: Path) -> None:
    with World(tmp_path, changes=one_a_minute) as world, Running(world.settings, world.clock) as other:
        both = threading.Barrier(2)
        counted = meets(world.store, both)
        meets(other.program.store, both)
        world.send("one@example.com", SUPPORT, "the first", "It burns.")
        assert counted.wait(100)
        world._running, here = other, world._running
        world.send("two@example.com", SUPPORT, "the second", "It burns.")
        world._running = here
        world.settle()
        other.program.gateway.read_inbox()
        assert len(world.tickets()) == 2
        rows = [row for state in OutboxState for row in world.store.outbox.rows(state)]
        turns = [row.letter.not_before for row in rows if row.letter.audience is Audience.REQUESTER]
        assert sorted(turns, key=bool) == [None, world.clock() + timedelta(minutes=1)]


def test_two_that_watch_the_same_dead_mailbox_alarm_the_operator_once(tmp_path: Path) -> None:
    def changes(config: Path) -> None:
        edit(config, "mailgate.toml", ("\n[relay]\n", DEAD.format(port=free_port()) + "\n[relay]\n"))

    with World(tmp_path, changes=changes) as world, Running(world.settings, world.clock) as other:
        programs = (world._running.program, other.program)
        for program in programs:
            [watch] = program.mailboxes.watches
            assert watch._looked_once.wait(100)
        world.clock.turn(minutes=16)
        begin = threading.Barrier(2)

        def watches(program: Any) -> None:
            begin.wait(100)
            program.watch()

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(watches, programs))
        assert len(told(world)) == 1
        world.store.mailboxes.went_well(world._running.program.mailboxes.watches[0]._reader.key, world.clock())
        for program in programs:
            program.watch()
        world.clock.turn(minutes=17)
        for program in programs:
            program.watch()
        assert len(told(world)) == 2, "it had worked meanwhile, so the next failure is news: to one of them"


def test_an_alarm_whose_letter_the_database_did_not_take_is_raised_at_the_next_look(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        record, lost = world.store.record, []

        def gone(*given: Any, **more: Any) -> None:
            if not lost:
                lost.append(given)
                raise Busy("the database cannot be reached")
            record(*given, **more)

        world.store.record = gone
        with pytest.raises(Busy):
            world.gateway.alarm("mailbox_down", "support/INBOX", "mailgate check", "support")
        for _ in range(3):
            world.gateway.alarm("mailbox_down", "support/INBOX", "mailgate check", "support")
        assert len(told(world)) == 1


def test_a_clock_that_goes_wrong_is_told_once_and_again_when_it_had_been_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with World(tmp_path) as world:
        program = world._running.program
        program.watch()
        assert check(world).exit_code == 0
        for minutes, alarms in ((-3, 1), (17, 1), (0, 1), (17, 2)):
            monkeypatch.setattr("mailgate.app.wall_clock", lambda minutes=minutes: wall_clock() + timedelta(minutes=minutes))
            monkeypatch.setattr("mailgate.app.program.wall_clock", lambda minutes=minutes: wall_clock() + timedelta(minutes=minutes))
            program.watch()
            told = [one for one in world.letters_for(OPERATOR) if "clocks of two machines" in one.header("Subject")]
            assert len(told) == alarms
        assert re.search(r"database are 10\d\d s apart", " ".join(told[-1].text.split()))
        done = check(world)
        assert done.exit_code == 1 and re.search(r"10\d\d s away from the clock", done.output)


def told(world: World) -> list[Received]:
    return [one for one in world.letters_for(OPERATOR) if "mailbox cannot be read" in one.header("Subject")]
