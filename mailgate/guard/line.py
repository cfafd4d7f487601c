"""The line between the guard and a worker: a kind, a length, a pickle. Both ends are ours."""

from __future__ import annotations

import pickle
import socket
import struct
import time
from typing import Any

_HEAD = struct.Struct("!cQ")

READY, BROKEN = b"R", b"B"  #: the setup or the function itself: done, or cannot be imported
DONE, RAISED, LARGE, MEMORY = b"D", b"E", b"X", b"M"  #: answers to an item; in lower case: and this worker leaves after it
WORK = b"W"


def receive(sock: socket.socket, deadline: float | None = None) -> tuple[bytes, bytearray]:
    """One frame. Raises EOFError when the other side is gone, TimeoutError at the deadline (monotonic seconds)."""
    kind, size = receive_head(sock, deadline)
    return kind, receive_exactly(sock, size, deadline)


def receive_head(sock: socket.socket, deadline: float | None = None) -> tuple[bytes, int]:
    kind, size = _HEAD.unpack(receive_exactly(sock, _HEAD.size, deadline))
    return kind, size


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


def send(sock: socket.socket, kind: bytes, payload: bytes = b"") -> None:
    head = _HEAD.pack(kind, len(payload))
    if len(payload) < 65536:
        sock.sendall(head + payload)
    else:
        sock.sendall(head)
        sock.sendall(payload)


def pack(value: object) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpack(data: bytes | bytearray) -> Any:
    return pickle.loads(data)  # written by the other end of this line, which has no more rights than we have
