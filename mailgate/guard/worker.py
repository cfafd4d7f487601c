"""The life of a worker: set up once, then answer one item after the other until the guard hangs up."""

import gc
import json
import os
import pickle
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from mailgate.guard import line
from mailgate.guard.budget import LARGEST, Limits
from mailgate.guard.confine import Confined, confine, readable
from mailgate.guard.form import WireForm, answer_of, form_of
from mailgate.guard.memory import give_back
from mailgate.model.overrun import Raised

#: Objects between two looks for garbage that holds itself; a mail makes a few hundred, and hardly any of that kind.
_GARBAGE = 10_000


def work(descriptor: int, parent: int) -> NoReturn:
    """The life of a worker: set up, then answer item after item until the parent hangs up. Only ever called by `Guard`."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):  # the parent decides when we end
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # an ignored or blocked signal survives exec
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGPROF,))
    _die_with(parent)
    give_back()
    sock = socket.socket(fileno=descriptor)
    try:
        _, payload = line.receive(sock)
        setup, limits, niceness, folders = _given(payload)
        try:
            if niceness:
                os.nice(niceness)
            _given(setup)()
        except BaseException as error:  # whatever it is, the guard has to hear of it
            line.send(sock, line.BROKEN, f"{type(error).__name__}: {_one_line(error)}".encode("utf-8", "replace"))
            os._exit(1)
        _close_in(descriptor)
        memory = _Memory(limits)
        _answer(sock, limits, memory, confine((*readable(), *folders)) if folders is not None else Confined())
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone


def nothing() -> None:
    """A setup for a worker that is only looked at: it imports no more than this."""


def _die_with(parent: int) -> None:
    """Ends this process with its parent, even when the parent is killed while we are busy (Linux; elsewhere the pipe's end has to do)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # 1 is PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(0)


def _given(data: bytes | bytearray) -> Any:
    """What the parent sent. It has all the rights that we have, and more."""
    return pickle.loads(data)  # noqa: S301


def _close_in(descriptor: int) -> None:
    """Nothing of a mail may leave by another way than the answer: no output, no file, no core dump, nothing that is still open."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, max(descriptor + 2, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
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

    def __init__(self, limits: Limits) -> None:
        try:
            self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:  # not Linux: there is no trustworthy baseline, and the kernel would not enforce it
            self._statm = -1
        self._page = resource.getpagesize()
        self._hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        self._budget = limits.memory_bytes
        self.baseline = self._size()
        if self._statm >= 0:
            # For good: whoever takes this process over cannot have more than the largest mail may.
            most = self.baseline + limits.memory(LARGEST)
            self._hard = most if self._hard == resource.RLIM_INFINITY else min(most, self._hard)
            resource.setrlimit(resource.RLIMIT_AS, (self._hard, self._hard))
        self.limit(self._budget)

    def _size(self) -> int:
        return 0 if self._statm < 0 else int(os.pread(self._statm, 32, 0).split()[0]) * self._page

    def limit(self, growth: int) -> None:
        if self._statm >= 0:
            resource.setrlimit(resource.RLIMIT_AS, (min(self.baseline + growth, self._hard), self._hard))

    def worn(self) -> bool:
        """Whether so much stayed allocated that the next mail would have to pay for the last one."""
        return self._size() - self.baseline > self._budget // 2


def _answer(sock: socket.socket, limits: Limits, memory: _Memory, confined: Confined) -> NoReturn:
    functions: dict[bytes, tuple[Callable[[Any], object], WireForm]] = {}
    line.send(sock, line.READY, json.dumps([confined.no_new_privs, confined.seccomp, confined.landlock]).encode())
    while True:
        try:
            number = 0
            _, number, size = line.receive_head(sock)
            memory.limit(limits.memory(size))  # a mail over 1 MiB always comes alone
            pickled, items = _given(line.receive_exactly(sock, size, None))
            if pickled not in functions:
                functions[pickled] = _function(sock, pickled, number)
            for index in range(len(items)):
                item, items[index] = items[index], None  # its bytes are let go as soon as they are an object
                signal.setitimer(signal.ITIMER_PROF, limits.cpu(len(item)))
                kind, answer = _one(*functions[pickled], item, limits)
                worn = memory.worn()
                line.send(sock, kind.lower() if worn else kind, answer, number)
                if worn:
                    os._exit(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except MemoryError:
            line.send(sock, line.MEMORY.lower(), number=number)
            os._exit(0)


def _function(sock: socket.socket, pickled: bytes, number: int) -> tuple[Callable[[Any], object], WireForm]:
    try:
        function: Callable[[Any], object] = _given(pickled)
        form = form_of(answer_of(function))
        line.send(sock, line.KNOWN, number=number)  # before the first item: what is said after it is the word of whoever wrote that item
        return function, form
    except BaseException as error:  # our own mistake: it must not set a single mail aside
        line.send(sock, line.BROKEN, f"{type(error).__name__}: {_one_line(error)}".encode("utf-8", "replace"), number)
        os._exit(1)


def _one(function: Callable[[Any], object], form: WireForm, item: bytes, limits: Limits) -> tuple[bytes, bytes]:
    try:
        answer = form.pack(function(_given(item)))
    except MemoryError:
        raise
    except BaseException as error:  # SystemExit too: a mail must not be able to end the worker politely
        return line.RAISED, form_of(Raised).pack(Raised(type(error).__name__, _one_line(error), _place(error.__traceback__)))
    if len(answer) > limits.answer(len(item)):
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
