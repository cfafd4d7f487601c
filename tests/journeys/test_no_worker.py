"""A worker that cannot be started, and one that never answers: mail is taken in, nothing is blamed, and all of it is read in the end."""

from __future__ import annotations

import errno
import logging
import os
import signal
import time
from pathlib import Path

import pytest

import mailgate.guard
from tests.journeys.served import Served
from tests.journeys.world import ANN, MAX, OPERATOR, SUPPORT, World


@pytest.mark.either_database
@pytest.mark.parametrize("pool", ["guard", "writers"])
@pytest.mark.parametrize(
    "error", [OSError(errno.EAGAIN, "Resource temporarily unavailable"), OSError(errno.EMFILE, "Too many open files"), MemoryError()]
)
def test_while_no_worker_can_be_started_the_reading_pauses_and_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, pool: str, error: Exception
) -> None:
    """No mail is set aside for it, no traceback is written, and the operator hears of it once (fault 7)."""

    def fails(*_: object) -> None:
        raise error

    clock = [1000.0]
    world.gateway._pause._clock = lambda: clock[0]
    with monkeypatch.context() as broken:
        broken.setattr(mailgate.guard, "Worker", fails)
        broken.setattr(mailgate.guard, "_START_PAUSES", ())
        for pid in getattr(world.gateway._reading.reader, pool).pids:
            os.kill(pid, signal.SIGKILL)
        for number in range(5):
            world.send(MAX, SUPPORT, f"printer {number}", "It prints nothing.")
        for _ in range(5):
            world.gateway.read_inbox()
        assert {row.state for row in world.store.inbox.rows()} == {"waiting"}
        clock[0] += 60
        world.gateway.read_inbox()
        assert {row.state for row in world.store.inbox.rows()} == {"waiting"}
    clock[0] += 60
    for number in range(5):
        world.letter(ANN, f"printer {number}")
    assert {row.state for row in world.store.inbox.rows()} == {"done"}
    said = [record for record in caplog.records if record.levelno >= logging.ERROR and "the reading pauses" in record.message]
    assert len(said) == 1
    assert not any(record.exc_info for record in caplog.records)
    assert len([one for one in world.letters_for(OPERATOR) if "no worker can be started" in one.text]) == 1


@pytest.mark.either_database
def test_sigterm_ends_within_ten_seconds_while_every_worker_hangs(tmp_path: Path) -> None:
    """A frozen worker is a parse that takes for ever. What it had in work is read at the next start."""
    with Served(tmp_path) as served:
        served.send("first")
        served.until(lambda: served.boxes.letters and any("first" in one.header("Subject") for one in served.boxes.letters))
        frozen = [pid for thread in Path(f"/proc/{served.process.pid}/task").iterdir() for pid in _children(thread)]
        assert len(frozen) == 3, "two that read, one that writes"
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        for number in range(3):
            served.send(f"late{number}")
        began = time.monotonic()
        served.signal(signal.SIGTERM)
        assert served.process.wait(100) == 0
        assert time.monotonic() - began < 10
        assert not any(Path(f"/proc/{pid}").exists() for pid in frozen)
        served.__enter__()
        served.until(lambda: all(any(f"late{n}" in one.header("Subject") for one in served.boxes.letters) for n in range(3)), 60)


def _children(thread: Path) -> list[int]:
    return [int(name) for name in (thread / "children").read_text().split()]
