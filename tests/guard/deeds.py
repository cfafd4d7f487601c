"""What the workers of the tests are asked to do. Importable by name, as the guard demands."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any

Deed = tuple[str, Any]


def nothing() -> None:
    """A setup that needs nothing."""


def broken_setup() -> None:
    raise RuntimeError("the zone data is missing")


def size(item: bytes) -> int:
    return len(item)


def twice(item: bytes) -> int:
    return len(item + item)


def between(low: int, item: int, high: int) -> bool:
    return low <= item <= high


def nap(seconds: float) -> int:
    """Keeps its worker for so long and says which it was."""
    time.sleep(seconds)
    return os.getpid()


def burn(seconds: float) -> int:
    """Uses CPU for so long and says in which worker."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return os.getpid()


Answer = int | str | bytes | bool | None | tuple[int, int]  #: all that a deed may come back with


def do(deed: Deed) -> Answer:
    verb, value = deed
    return _DEEDS[verb](value)


def _loop(_: Any) -> None:
    while True:
        pass


def _dies_in(pid: int) -> str:
    """Dies of a SIGKILL in this worker, and in no other."""
    if os.getpid() == pid:
        os.kill(pid, signal.SIGKILL)
    return "survived"


def _wait_on(path: str) -> None:
    """Says that it began, by opening a pipe that has a name, and waits for what nobody writes into it."""
    with open(path, "rb") as pipe:
        pipe.read()


def _open_descriptors(_: Any) -> int:
    return sum(_is_open(number) for number in range(256))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _write(path: str) -> str:
    try:
        with open(path, "wb") as file:
            file.write(b"text of a mail")
    except OSError as error:
        return type(error).__name__
    return "written"


def _keep(mebibytes: int) -> int:
    _KEPT.append(bytearray(mebibytes << 20))
    return os.getpid()


def _fail(text: str) -> None:
    raise ValueError(text)


def _exit(_: Any) -> None:
    raise SystemExit(3)


_KEPT: list[bytearray] = []
_DEEDS: dict[str, Callable[[Any], Any]] = {
    "echo": lambda value: value,
    "pid": lambda _: os.getpid(),
    "loop": _loop,
    "regex": lambda _: re.match(r"(a+)+$", "a" * 64 + "b"),
    "pow": lambda _: pow(7, 10**9),
    "memory": lambda _: len([bytearray(1 << 20) for _ in range(4096)]),
    "one block": lambda _: len(bytes(1 << 34)),
    "keep": _keep,
    "exit": lambda code: os._exit(code),
    "polite exit": _exit,
    "crash": lambda _: ctypes.memset(0, 1, 1),
    "raise": _fail,
    "sleep": lambda seconds: time.sleep(seconds),
    "wait on": _wait_on,
    "dies in": _dies_in,
    "unpicklable": lambda _: lambda: None,
    "large": lambda count: bytes(count),
    "write": _write,
    "print": lambda text: print(text),
    "environment": lambda name: os.environ.get(name),
    "signalled": lambda name: os.kill(os.getpid(), getattr(signal, name)),
    "files": _open_descriptors,
}
