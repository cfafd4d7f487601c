"""Hostile mail in worker processes: every way to go down, and the mail behind it is read all the same. Real processes throughout."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.guard import MIB, Guard, GuardError, Limit, Overrun, Raised
from tests.guard import deeds

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel enforces this on Linux only")


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(deeds.nothing, workers=1, cpu_seconds=0.3, memory_bytes=64 * MIB, wall_seconds=8) as guard:
        yield guard


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Any, seconds: float = 60.0) -> bool:
    """Waits for something that another process does."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        pause.wait(0.01)
    return True


def test_answers_come_in_the_order_of_the_items(guard: Guard) -> None:
    assert guard.run(deeds.size, [bytes(n) for n in range(100)]) == list(range(100))


def test_nothing_to_do_is_done_at_once(guard: Guard) -> None:
    assert guard.run(deeds.size, []) == []


@pytest.mark.parametrize(
    ("deed", "limit"),
    [
        pytest.param(("loop", None), Limit.CPU, id="an endless loop"),
        pytest.param(("regex", None), Limit.CPU, id="a regular expression that explodes, inside C"),
        pytest.param(("pow", None), Limit.CPU, id="a C loop that looks at no signal"),
        pytest.param(("memory", None), Limit.MEMORY, id="memory in small pieces", marks=linux),
        pytest.param(("one block", None), Limit.MEMORY, id="memory in one piece", marks=linux),
        pytest.param(("exit", 3), Limit.DIED, id="an exit past every handler"),
        pytest.param(("crash", None), Limit.DIED, id="a crash in a C library"),
        pytest.param(("large", 129 * MIB), Limit.MEMORY, id="an answer beyond memory", marks=linux),
    ],
)
def test_who_exceeds_the_budget_is_blamed_and_the_items_around_it_are_answered(guard: Guard, deed: deeds.Deed, limit: Limit) -> None:
    """(fault 118)"""
    before, bad, behind = guard.run(deeds.do, [("echo", 1), deed, ("echo", 2)])
    assert (before, behind) == (1, 2)
    assert isinstance(bad, Overrun) and bad.limit is limit, bad
    assert guard.run(deeds.do, [("echo", 3)]) == [3]


def test_an_item_that_waits_without_using_cpu_is_killed_by_the_clock() -> None:
    """(CVE-2021-36093, CVE-2026-48187, fault 118)"""
    with Guard(deeds.nothing, wall_seconds=0.4) as guard:
        before, bad, behind = guard.run(deeds.do, [("echo", 1), ("sleep", 60), ("echo", 2)])
    assert (before, behind) == (1, 2)
    assert bad == Overrun("took more than 0.4 s", Limit.WALL)


def test_two_hostile_items_in_one_chunk_are_both_blamed_and_nobody_else(guard: Guard) -> None:
    answers = guard.run(deeds.do, [("exit", 1), ("echo", 1), ("exit", 2), ("echo", 2), ("raise", "x"), ("echo", 3)])
    assert [type(answer) for answer in answers] == [Overrun, int, Overrun, int, Raised, int]


def test_a_result_too_large_to_hand_back_is_an_overrun() -> None:
    with Guard(deeds.nothing, memory_bytes=1024 * MIB) as guard:
        large, behind = guard.run(deeds.do, [("large", 129 * MIB), ("echo", 1)])
    assert isinstance(large, Overrun) and large.limit is Limit.ANSWER
    assert behind == 1


def test_an_exception_comes_back_with_its_name_and_place_and_the_worker_lives_on(guard: Guard) -> None:
    first, raised, last = guard.run(deeds.do, [("pid", None), ("raise", "two\r\nlines\0"), ("pid", None)])
    assert isinstance(raised, Raised)
    assert (raised.type, raised.message) == ("ValueError", "two lines")
    assert raised.place.startswith("deeds.py:") and raised.place.endswith("in _fail")
    assert first == last


@pytest.mark.parametrize("deed", [("polite exit", None), ("unpicklable", None)])
def test_a_function_cannot_end_its_worker_politely(guard: Guard, deed: deeds.Deed) -> None:
    first, raised, last = guard.run(deeds.do, [("pid", None), deed, ("pid", None)])
    assert isinstance(raised, Raised)
    assert first == last


def test_an_item_whose_worker_is_killed_from_outside_is_tried_once_more(guard: Guard) -> None:
    guard.run(deeds.do, [("echo", 1)])
    (pid,) = guard.pids
    assert guard.run(deeds.do, [("dies in", pid), ("echo", 1)]) == ["survived", 1]


def test_a_worker_killed_while_idle_costs_nobody_anything(guard: Guard) -> None:
    (pid,) = guard.pids
    os.kill(pid, signal.SIGKILL)
    (answer,) = guard.run(deeds.do, [("pid", None)])
    assert isinstance(answer, int) and answer != pid


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_workers_leave_the_signals_of_the_terminal_to_the_parent(guard: Guard, name: str) -> None:
    before, _, after = guard.run(deeds.do, [("pid", None), ("signalled", name), ("pid", None)])
    assert before == after


def test_cpu_is_counted_for_each_item_and_not_over_the_life_of_a_worker() -> None:
    with Guard(deeds.nothing, cpu_seconds=0.2) as guard:
        answers = guard.run(deeds.burn, [0.1] * 5)
    assert len(set(answers)) == 1, "all five in one worker"


@linux
def test_a_worker_that_keeps_what_it_took_leaves_before_the_next_item_has_to_pay(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    answers = guard.run(deeds.do, [("keep", 40), ("keep", 40), ("keep", 40)])
    assert len({answer for answer in answers if isinstance(answer, int)}) == 3, answers
    assert caplog.messages == [], "nobody fell"


def test_a_large_mail_gets_a_larger_budget() -> None:
    with Guard(deeds.nothing, memory_bytes=32 * MIB) as guard:
        assert guard.run(deeds.twice, [bytes(30 * MIB), b"x"]) == [60 * MIB, 2]


def test_several_threads_may_run_at_once_and_each_gets_its_own_answers() -> None:
    results: dict[int, list[Any]] = {}

    def ask(guard: Guard, number: int) -> None:
        results[number] = guard.run(deeds.do, [("echo", (number, n)) for n in range(40)])

    with Guard(deeds.nothing, workers=2) as two:
        threads = [threading.Thread(target=ask, args=(two, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {number: [(number, n) for n in range(40)] for number in range(4)}


def test_two_workers_share_one_run() -> None:
    with Guard(deeds.nothing, workers=2) as guard:
        assert len(set(guard.run(deeds.nap, [0.4, 0.4]))) == 2


def test_it_serves_a_thread_of_a_program_whose_main_thread_runs_an_event_loop(guard: Guard) -> None:
    async def program() -> list[Any]:
        return await asyncio.to_thread(guard.run, deeds.do, [("exit", 1), ("echo", 5)])

    dead, answer = asyncio.run(program())
    assert isinstance(dead, Overrun) and answer == 5


def test_a_worker_writes_no_file_and_prints_nothing(guard: Guard, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answers = guard.run(deeds.do, [("write", str(tmp_path / "leak")), ("print", "text of a mail")])
    assert answers == ["PermissionError", None]
    assert not (tmp_path / "leak").exists()
    assert "text of a mail" not in "".join(capfd.readouterr())


def test_workers_do_not_inherit_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGATE_KEY", "canary")
    with Guard(deeds.nothing) as guard:
        assert guard.run(deeds.do, [("environment", "MAILGATE_KEY")]) == [None]


def test_a_setup_that_fails_is_said_at_the_start_and_leaves_no_worker() -> None:
    guard = Guard(deeds.broken_setup)
    with pytest.raises(GuardError, match="RuntimeError: the zone data is missing"):
        guard.start()
    assert guard.pids == ()


def test_a_function_that_workers_cannot_import_sets_no_item_aside(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(item: bytes) -> int:
        return len(item)

    late.__qualname__ = late.__name__ = "late"
    monkeypatch.setattr(deeds, "late", late, raising=False)
    late.__module__ = deeds.__name__
    with pytest.raises(GuardError, match="cannot import the function"):
        guard.run(late, [b"x"])
    assert guard.run(deeds.size, [b"xy"]) == [2]


def test_a_partial_carries_its_arguments_along(guard: Guard) -> None:
    assert guard.run(functools.partial(deeds.between, 2, high=5), [1, 3, 9]) == [False, True, False]


def test_stop_ends_a_run_in_progress_and_leaves_no_process_behind(tmp_path: Path) -> None:
    guard = Guard(deeds.nothing, workers=2, wall_seconds=60, folders=[str(tmp_path)])
    guard.start()
    pids = guard.pids
    errors: list[GuardError] = []
    pipes = [tmp_path / str(number) for number in range(4)]
    for path in pipes:
        os.mkfifo(path)

    def ask() -> None:
        try:
            guard.run(deeds.do, [("wait on", str(path)) for path in pipes])
        except GuardError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    held = [os.open(path, os.O_WRONLY) for path in (pipes[0], pipes[2])]  # open only once one item each is in work
    begin = time.monotonic()
    guard.stop()
    thread.join()
    assert time.monotonic() - begin < 30
    for descriptor in held:
        os.close(descriptor)
    assert len(errors) == 1
    assert len(pids) == 2 and not any(lives(pid) for pid in pids), "a zombie would still be there"
    with pytest.raises(GuardError):
        guard.run(deeds.size, [b""])


def test_fifty_replacements_leak_neither_descriptors_nor_processes() -> None:
    with Guard(deeds.nothing, wall_seconds=20) as guard:
        guard.run(deeds.do, [("exit", 1)])
        before = set(os.listdir("/proc/self/fd")) if sys.platform == "linux" else set()
        pids = set(guard.pids)
        for _ in range(25):  # each falls twice
            guard.run(deeds.do, [("exit", 1)])
            pids |= set(guard.pids)
        after = set(os.listdir("/proc/self/fd")) if sys.platform == "linux" else set()
        assert guard.replaced >= 50
        assert len(after) <= len(before) + 1  # the socket of a worker that is not yet missed
        (open_files,) = guard.run(deeds.do, [("files", None)])
        assert isinstance(open_files, int) and open_files <= 7
    assert not any(lives(pid) for pid in pids)


@pytest.mark.parametrize("deed", ["('sleep', 600)", "('loop', None)", "('echo', 1)"])
def test_workers_die_with_a_parent_that_is_killed(deed: str) -> None:
    program = (
        f"import sys, threading; sys.path[:] = {sys.path!r}\n"
        "from mailgate.guard import Guard\n"
        "from tests.guard import deeds\n"
        "guard = Guard(deeds.nothing, workers=2, cpu_seconds=600, wall_seconds=600)\n"
        "guard.start()\n"
        f"threading.Thread(target=guard.run, args=(deeds.do, [{deed}] * 2), daemon=True).start()\n"
        "print(*guard.pids, flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    assert wait_until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    """Whether the process still runs. Who was orphaned may be a zombie of a lazy init; that is dead enough."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return lives(pid) if not Path("/proc/self").exists() else False
