"""The life of a worker: set up once, then answer one item after the other until the guard hangs up."""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from mailgate.guard import line
from mailgate.guard.budget import Limits

#: Objects between two looks for garbage that holds itself; a mail makes a few hundred, and hardly any of that kind.
_GARBAGE = 10_000


def work(descriptor: int, parent: int) -> NoReturn:
    """The life of a worker: set up, then answer item after item until the parent hangs up. Only ever called by `Guard`."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):  # the parent decides when we end
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # an ignored or blocked signal survives exec
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGPROF,))
    _die_with(parent)
    sock = socket.socket(fileno=descriptor)
    try:
        _, payload = line.receive(sock)
        setup, limits, niceness = line.unpack(payload)
        try:
            if niceness:
                os.nice(niceness)
            line.unpack(setup)()
        except BaseException as error:  # whatever it is, the guard has to hear of it
            line.send(sock, line.BROKEN, f"{type(error).__name__}: {_one_line(error)}".encode("utf-8", "replace"))
            os._exit(1)
        _close_in()
        _answer(sock, limits)
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone


def _die_with(parent: int) -> None:
    """Ends this process with its parent, even when the parent is killed while we are busy (Linux; elsewhere the pipe's end has to do)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # 1 is PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(0)


def _close_in() -> None:
    """Nothing of a mail may leave by another way than the answer: no output, no file, no core dump."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


class _Memory:
    """The limit on address space, counted from what the worker needs when it is ready."""

    def __init__(self, budget: int) -> None:
        try:
            self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:  # not Linux: there is no trustworthy baseline, and the kernel would not enforce it
            self._statm = -1
        self._page = resource.getpagesize()
        self._hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        self._budget = budget
        self.baseline = self._size()
        self.limit(budget)

    def _size(self) -> int:
        return 0 if self._statm < 0 else int(os.pread(self._statm, 32, 0).split()[0]) * self._page

    def limit(self, growth: int) -> None:
        if self._statm >= 0:
            most = self.baseline + growth
            if self._hard != resource.RLIM_INFINITY:  # somebody limited the whole program already
                most = min(most, self._hard)
            resource.setrlimit(resource.RLIMIT_AS, (most, self._hard))

    def worn(self) -> bool:
        """Whether so much stayed allocated that the next mail would have to pay for the last one."""
        return self._size() - self.baseline > self._budget // 2


def _answer(sock: socket.socket, limits: Limits) -> NoReturn:
    memory = _Memory(limits.memory_bytes)
    functions: dict[bytes, Callable[[Any], object]] = {}
    line.send(sock, line.READY)
    while True:
        try:
            _, size = line.receive_head(sock)
            memory.limit(limits.memory(size))  # a mail over 1 MiB always comes alone
            pickled, items = line.unpack(line.receive_exactly(sock, size, None))
            if pickled not in functions:
                functions[pickled] = _function(sock, pickled)
            for index in range(len(items)):
                item, items[index] = items[index], None  # its bytes are let go as soon as they are an object
                signal.setitimer(signal.ITIMER_PROF, limits.cpu(len(item)))
                kind, answer = _one(functions[pickled], item, limits)
                worn = memory.worn()
                line.send(sock, kind.lower() if worn else kind, answer)
                if worn:
                    os._exit(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except MemoryError:
            line.send(sock, line.MEMORY.lower())
            os._exit(0)


def _function(sock: socket.socket, pickled: bytes) -> Callable[[Any], object]:
    try:
        function: Callable[[Any], object] = line.unpack(pickled)
    except BaseException as error:  # our own mistake: it must not set a single mail aside
        line.send(sock, line.BROKEN, f"{type(error).__name__}: {_one_line(error)}".encode("utf-8", "replace"))
        os._exit(1)
    return function


def _one(function: Callable[[Any], object], item: bytes, limits: Limits) -> tuple[bytes, bytes]:
    try:
        answer = line.pack(function(line.unpack(item)))
    except MemoryError:
        raise
    except BaseException as error:  # SystemExit too: a mail must not be able to end the worker politely
        return line.RAISED, line.pack((type(error).__name__, _one_line(error), _place(error.__traceback__)))
    if len(answer) > limits.answer_bytes:
        return line.LARGE, b""
    return line.DONE, answer


def _one_line(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # an exception whose own text raises is still reported, by its name
        text = ""
    text = text[:1000].encode("utf-8", "replace").decode()
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]


def _place(traceback: TracebackType | None) -> str:
    place = ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{traceback.tb_lineno} in {code.co_name}"
        traceback = traceback.tb_next
    return place
