"""The line between the guard and a worker: a kind, a length, and behind it work (a pickle) or an answer (`form`)."""

import io
import pickle
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any

_HEAD = struct.Struct("!cQQ")  #: kind, the number of the work that it answers, octets that follow

READY, BROKEN = b"R", b"B"  #: the setup or the function itself: done, or cannot be imported
KNOWN = b"K"  #: the function was imported; told once for each, before any item is looked at
DONE, RAISED, LARGE, MEMORY = b"D", b"E", b"X", b"M"  #: answers to an item; in lower case: and this worker leaves after it
WORK = b"W"


def receive(sock: socket.socket, deadline: float | None = None) -> tuple[bytes, bytearray]:
    """One frame. Raises EOFError when the other side is gone, TimeoutError at the deadline (monotonic seconds)."""
    kind, _, size = receive_head(sock, deadline)
    return kind, receive_exactly(sock, size, deadline)


def receive_head(sock: socket.socket, deadline: float | None = None) -> tuple[bytes, int, int]:
    kind, number, size = _HEAD.unpack(receive_exactly(sock, _HEAD.size, deadline))
    return kind, number, size


def receive_exactly(sock: socket.socket, size: int, deadline: float | None) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        if deadline is not None:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
        count = sock.recv_into(view)
        if count == 0:
            raise EOFError
        view = view[count:]
    return data


class TooLongError(Exception):
    """The other side announces more than it may send."""


class UnaskedError(Exception):
    """It answers what it was not asked, or asked before."""


class Incoming:
    """What a worker answers, taken from the socket in large pieces: answers that came meanwhile cost no call of their own."""

    _PIECE = 64 * 1024

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = b""
        self._at = 0

    @property
    def holds(self) -> bool:
        return self._at < len(self._held)

    def receive(self, deadline: float, most: int, number: int = 0) -> tuple[bytes, bytes | bytearray]:
        """One frame. Raises EOFError when the other side is gone, TimeoutError at the deadline (monotonic seconds), TooLongError for a
        frame of more than `most` octets, UnaskedError for one that does not answer the work of this `number`, before any is taken."""
        kind, answered, size = _HEAD.unpack(self._take(_HEAD.size, deadline))
        if answered != number:
            raise UnaskedError
        if size > most:
            raise TooLongError
        return kind, self._take(size, deadline)

    def _take(self, size: int, deadline: float) -> bytes | bytearray:
        while (there := len(self._held) - self._at) < size:
            if size - there > self._PIECE:
                start, self._held, self._at = self._held[self._at :], b"", 0
                return start + receive_exactly(self._sock, size - there, deadline)
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            more = self._sock.recv(self._PIECE)
            if not more:
                raise EOFError
            self._held = self._held[self._at :] + more
            self._at = 0
        taken = self._held[self._at : self._at + size]
        self._at += size
        return taken


def send(sock: socket.socket, kind: bytes, payload: bytes = b"", number: int = 0) -> None:
    head = _HEAD.pack(kind, number, len(payload))
    if len(payload) < 65536:
        sock.sendall(head + payload)
    else:
        sock.sendall(head)
        sock.sendall(payload)


def pack(value: object) -> bytes:
    written = io.BytesIO()
    pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(value)
    return written.getvalue()


class _Reducers(dict[type, Callable[[Any], Any]]):
    """How a value of each type is taken apart, found once for each type."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        reducer = self[kind] = _reducer(kind)
        return reducer


def _reducer(kind: Any) -> Callable[[Any], Any]:
    if issubclass(kind, type):
        return lambda value: value.__qualname__  # a class of a class of its own, like an enumeration: by its name
    slots = _slots(kind)
    if not slots:
        return lambda value: value.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if len(slots) == 1:
        return lambda value: (_rebuilt, (kind, getattr(value, slots[0])))
    read = attrgetter(*slots)
    return lambda value: (_rebuilt, (kind, *read(value)))


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass all of which are slots, else nothing."""
    if not is_dataclass(kind):
        return ()
    names = tuple(field.name for field in fields(kind))
    return names if all(type(getattr(kind, name, None)) is MemberDescriptorType for name in names) else ()


@cache
def _setters(kind: Any) -> tuple[Callable[[Any, Any], None], ...]:
    return tuple(getattr(kind, name).__set__ for name in _slots(kind))


def _rebuilt(kind: Any, *values: object) -> object:
    noun: object = object.__new__(kind)
    for put, value in zip(_setters(kind), values, strict=True):
        put(noun, value)
    return noun


_REDUCERS = _Reducers()
