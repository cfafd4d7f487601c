"""The bytes after DATA, without a socket: whatever the pieces, the same mail, the same end, the same refusal."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.receive.transfer import NotTaken, Transfer, hops

#: What matters to the end of a mail, and little else.
octets = st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"\r\n", b"\r\n.", b"\r\n.\r\n"]), max_size=40).map(b"".join)


def in_pieces(wire: bytes, sizes: list[int], **limits: int) -> tuple[Transfer, bytes | None]:
    transfer = Transfer(limits.get("max_size", 10_000), limits.get("max_line", 10_000))
    at, rest = 0, None
    while at < len(wire):
        size = sizes.pop(0) if sizes else len(wire)
        rest = transfer.feed(wire[at : at + size])
        at += size
        if rest is not None:
            return transfer, rest + wire[at:]
    return transfer, rest


def read_slowly(wire: bytes) -> tuple[bytes, bytes] | None:
    """The mail and what follows it, line by line as RFC 5321 4.5.2 tells it."""
    mail, rest = b"", wire
    while b"\r\n" in rest:
        line, _, rest = rest.partition(b"\r\n")
        if line == b".":
            return mail, rest
        mail += line.removeprefix(b".") + b"\r\n"
    return None


@given(octets, st.lists(st.integers(1, 9), max_size=60))
@example(b"..xx\r\n.\r\n", [4])  # a stuffed dot behind what is held back
@example(b"a\r\n..\r\n.\r\n", [7])
@example(b"abc\rd\r\n.\r\n", [6, 1])
def test_pieces_of_any_size_give_what_a_patient_reader_of_lines_gets(wire, sizes):
    expected = read_slowly(wire)
    transfer, rest = in_pieces(wire, sizes)
    assert transfer.complete is (expected is not None)
    if expected is None:
        assert rest is None
        return
    mail, after = expected
    assert rest == after
    bare = re.search(rb"\r(?!\n)|(?<!\r)\n", wire[: len(wire) - len(after)]) is not None
    assert transfer.fault is (NotTaken.BARE_LINE_END if bare else None)
    if not bare:
        assert transfer.held == len(mail) + 2
        assert transfer.mail() == mail
        assert transfer.held == 0


@given(st.lists(st.integers(0, 30), max_size=12), st.lists(st.integers(1, 9), max_size=99), st.integers(2, 32), st.integers(0, 200))
def test_a_mail_is_refused_exactly_when_a_line_or_the_whole_is_too_long(lengths, sizes, max_line, max_size):
    mail = b"".join(b"x" * length + b"\r\n" for length in lengths)
    transfer, rest = in_pieces(mail + b".\r\n", sizes, max_line=max_line, max_size=max_size)
    assert rest == b""
    longest = max((length + 2 for length in lengths), default=0)
    expected = NotTaken.LINE_TOO_LONG if longest > max_line else NotTaken.TOO_LARGE if len(mail) > max_size else None
    assert transfer.fault is expected


def test_what_is_refused_is_not_kept():
    transfer = Transfer(100, 100)
    transfer.feed(b"x\r\n" * 20)
    assert transfer.held > 0
    transfer.feed(b"x\r\n" * 40)
    assert (transfer.held, transfer.fault) == (0, NotTaken.TOO_LARGE)
    transfer.feed(b"x\r\n" * 4000)
    assert transfer.held == 0
    assert transfer.feed(b".\r\nRSET\r\n") == b"RSET\r\n"


def test_what_was_dropped_for_want_of_room_may_still_turn_out_to_be_wrong_for_good():
    transfer = Transfer(1000, 1000)
    transfer.feed(b"abc")
    transfer.drop(NotTaken.NO_ROOM)
    assert transfer.feed(b"\r\n.\r\n") == b""
    assert transfer.fault is NotTaken.NO_ROOM
    other = Transfer(1000, 1000)
    other.drop(NotTaken.NO_ROOM)
    other.feed(b"a\rb\r\n.\r\n")
    assert other.fault is NotTaken.BARE_LINE_END


@pytest.mark.parametrize(
    ("mail", "count"),
    [
        (b"", 0),
        (b"Received: a\r\nreceived: b\r\n\tReceived: folded\r\nX-Received: c\r\n\r\nReceived: d\r\n", 2),
        (b"Received: a\nRECEIVED: b\n\nReceived: text\r\n\r\n", 2),
        (b"Subject: x\r\nReceived: a", 1),
    ],
)
def test_hops_are_the_received_headers_of_the_mail_itself(mail, count):
    assert hops(mail) == count
