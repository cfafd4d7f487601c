"""The line between the guard and a worker: what goes in comes out, whole and in order, however the socket cuts it."""

from __future__ import annotations

import pickle
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from mailgate.guard import line
from mailgate.model.letter import Audience, LetterWanted
from mailgate.model.letters import NewTicketNotice
from mailgate.model.person import Person


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    colour: Colour
    at: datetime
    parts: tuple[Noun, ...] = ()


@dataclass(frozen=True, slots=True)
class One:
    value: int


@dataclass
class Loose:
    value: int


@dataclass(frozen=True, slots=True)
class Heir(One):
    more: str = ""


NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
NOUN = Noun("a", Colour.RED, NOW, (Noun("b", Colour.RED, NOW),))


@pytest.mark.parametrize(
    "value", [NOUN, One(3), Heir(1, "x"), Loose(4), Colour.RED, Colour, [NOUN, One], {"a": (NOW, None)}, b"x" * 70_000]
)
def test_a_value_comes_out_as_it_went_in(value: object) -> None:
    out = pickle.loads(line.pack(value))
    assert out == value and type(out) is type(value)


def test_a_letter_wanted_keeps_every_field() -> None:
    wanted = LetterWanted(NewTicketNotice(follows="IT-7"), Audience.AGENT, Person(7, "Ann", "ann@example.org"), 1042, "support")
    assert pickle.loads(line.pack(wanted)) == wanted
    assert pickle.loads(pickle.dumps(wanted)) == wanted


def test_what_is_one_object_before_is_one_behind() -> None:
    first, second = pickle.loads(line.pack((NOUN, NOUN)))
    assert first is second


def frames(*payloads: bytes) -> bytes:
    """What `line.send` writes."""

    class Written(bytearray):
        def sendall(self, data: bytes) -> None:
            self.extend(data)

    written = Written()
    for payload in payloads:
        line.send(written, line.DONE, payload)  # type: ignore[arg-type]
    return bytes(written)


@pytest.mark.parametrize("cut", [1, 7, 9, 10, 4096, 65536, 10**6])
def test_answers_are_whole_wherever_the_socket_cuts_them(cut: int) -> None:
    payloads = [b"", b"a", b"b" * 20_000, b"c" * 65_536, b"d" * 300_000, b"e"]
    stream = frames(*payloads)
    if cut < 16:
        payloads, stream = payloads[:3], frames(*payloads[:3])
    ours, theirs = socket.socketpair()

    def say() -> None:
        for start in range(0, len(stream), cut):
            ours.sendall(stream[start : start + cut])

    with ours, theirs:
        speaker = threading.Thread(target=say)
        speaker.start()
        incoming = line.Incoming(theirs)
        got = [incoming.receive(time.monotonic() + 30, 10**6) for _ in payloads]
        speaker.join()
        assert [(kind, bytes(payload)) for kind, payload in got] == [(line.DONE, payload) for payload in payloads]
        assert not incoming.holds


def test_answers_that_came_together_need_one_look_at_the_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for number in range(3):
            line.send(ours, line.DONE, bytes([number]))
        incoming = line.Incoming(theirs)
        assert incoming.receive(time.monotonic() + 30, 10**6)[1] == b"\0"
        assert incoming.holds
        theirs.close()
        assert [bytes(incoming.receive(time.monotonic() + 30, 10**6)[1]) for _ in range(2)] == [b"\1", b"\2"]


def test_a_worker_that_goes_in_the_middle_of_an_answer_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(frames(b"abcdefghij")[:-7])
        with pytest.raises(EOFError):
            line.Incoming(theirs).receive(time.monotonic() + 30, 10**6)


def test_an_answer_that_trickles_does_not_outlast_its_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frames(b"abcdefghij")[:-7])
        with pytest.raises(TimeoutError):
            line.Incoming(theirs).receive(time.monotonic() + 0.05, 10**6)


def test_a_frame_longer_than_agreed_is_refused_before_any_room_is_made_for_it() -> None:
    """Eight octets may announce any length; what is taken is what was agreed on."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"D" + bytes(8) + (2**62).to_bytes(8, "big"))
        with pytest.raises(line.TooLongError):
            line.Incoming(theirs).receive(time.monotonic() + 30, 10**6)
