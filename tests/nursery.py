"""Workers for tests, forked from one interpreter that has imported everything: 20 ms of CPU for each in place of half a second.

What a worker is stays as it is: a process of its own under its limits, confined, killed and reaped by its guard. Only its birth is
another; how a worker is born in a real program, `tests/guard` and everything that starts `mailgate serve` go through. A folder of
tests has its workers from here when its `conftest.py` imports `workers_are_forked`. Elsewhere than on Linux they are born as always.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from mailgate import understand
from mailgate.app import checks, explainer, program, scribe
from mailgate.compose.templates import Templates
from mailgate.guard import child
from mailgate.guard.worker import work
from mailgate.settings import Settings, brought_templates
from tests.letters import hook

_CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine()) if sys.platform == "linux" else None
#: The child of our child is ours: its guard waits for it, and it ends with the process that its guard is in.
_CLONE_PARENT = 0x8000
_PID = struct.Struct("=i")


@pytest.fixture(autouse=True, scope="session")
def workers_are_forked() -> Iterator[None]:
    if _CLONE is None:
        yield
        return
    # Made by the main thread: what is forked goes with the thread that made the one it is forked from.
    with Nursery() as nursery, pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "process", nursery.process)
        yield


@pytest.fixture(autouse=True, scope="session")
def letters_are_compiled_once() -> Iterator[None]:
    """Each gateway of these tests writes from the sample's templates: compiling all of them is most of its start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "build_templates", _of_settings(program.build_templates))
        yield


@pytest.fixture(autouse=True, scope="session")
def letters_are_tried_once() -> Iterator[None]:
    """`mailgate check` writes each letter for each desk in each language, which says the same of the same words and desks as it did;
    and `explain` has no other templates than it had. What they write so is a sample: `tests/letters` reads all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "load_templates", _remembered(checks.load_templates))
        patch.setattr(checks, "render_all", _remembered(hook.unseen(checks.render_all)))
        patch.setattr(explainer, "load_templates", _remembered(explainer.load_templates))
        patch.setattr(explainer, "build_templates", _of_settings(explainer.build_templates))
        yield


def _of_settings(build: Callable[[Settings], Templates]) -> Callable[[Settings], Templates]:
    compiled: dict[tuple[object, ...], Templates] = {}

    def once(settings: Settings) -> Templates:
        key = (*sorted(settings.templates.items()), *sorted(settings.catalogues.items()))
        if key not in compiled:
            compiled[key] = build(settings)
        return compiled[key]

    return once


def _remembered(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Arguments are compared, never named: another template, policy or sentence is looked at anew. What raises is, each time."""
    known: list[tuple[object, Any]] = []

    def asked(*given: Any, **more: Any) -> Any:
        key = (given, more)
        for before, said in known:
            if before == key:
                return said
        said = ask(*given, **more)
        known.append((key, said))
        return said

    return asked


class Nursery:
    """The interpreter that all workers are forked from."""

    def __enter__(self) -> Nursery:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair()
        code = f"import sys; sys.path[:] = {sys.path!r}; from tests.nursery import bear; bear({theirs.fileno()}, {os.getpid()})"
        with theirs:
            self._mother = subprocess.Popen([sys.executable, "-P", "-c", code], pass_fds=(theirs.fileno(),), env=child.environment())
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._mother.wait()

    def process(self, descriptor: int) -> Any:
        with self._lock:
            socket.send_fds(self._line, [b"w"], [descriptor])
            (pid,) = _PID.unpack(self._line.recv(_PID.size))
        return Forked(pid)


class Forked:
    """What a guard needs of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        return self._reap(os.WNOHANG)

    def kill(self) -> None:
        with self._lock:
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int | None:
        if timeout is None:
            return self._reap(0)
        ended = os.pidfd_open(self.pid) if self.poll() is None else None
        if ended is not None:
            waiting = select.poll()
            waiting.register(ended, select.POLLIN)
            waiting.poll(timeout * 1000)
            os.close(ended)
            if self.poll() is None:
                raise subprocess.TimeoutExpired("a worker", timeout)
        return self.returncode

    def _reap(self, how: int) -> int | None:
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, how)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode


def bear(descriptor: int, parent: int) -> NoReturn:
    """The life of the nursery: a worker for each descriptor that comes, until the tests hang up."""
    understand.prepare()
    # What the first mail and the first letter load.
    understand.read_item((b"From: ann@example.org\r\nSubject: x\r\n\r\nHello\r\n", "", True))
    scribe.prepare(*brought_templates(None))
    gc.collect()
    gc.freeze()
    line = socket.socket(fileno=descriptor)
    # It keeps the interpreter while it is called: nobody else is here, and the child goes on where we are.
    fork = ctypes.PyDLL(None).syscall
    fork.restype = ctypes.c_long
    while True:
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        if not descriptors:
            os._exit(0)
        pid = fork(ctypes.c_long(_CLONE or 0), ctypes.c_long(_CLONE_PARENT | signal.SIGCHLD), *map(ctypes.c_long, (0, 0, 0, 0)))
        if pid == 0:
            line.close()
            os.setpgid(0, 0)
            work(descriptors[0], parent)
        os.close(descriptors[0])
        line.sendall(_PID.pack(pid))
