"""The pipe: the exit code tells the mail server the truth, and in doubt to try again."""

from __future__ import annotations

import io

import pytest

from mailgate.model.mail import Arrival, Door, NoSpace
from mailgate.receive.pipe import EX_DATAERR, EX_NOUSER, EX_OK, EX_TEMPFAIL, TooLarge, deliver, read_standard_input
from tests.receive.doors import NOON

MAIL = b"From: alice@customer.example\nSubject: The printer is on fire\n\nIt burns.\n.\n"


class Store:
    def __init__(self, trouble: BaseException | None = None) -> None:
        self.arrivals: list[Arrival] = []
        self.trouble = trouble

    def accept(self, arrival: Arrival) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.arrivals.append(arrival)


def desk_of(recipient: str) -> str | None:
    return "it" if recipient == "support@desk.example" else None


def given(
    store: Store, mail: bytes = MAIL, sender: str | None = "alice@customer.example", to: tuple[str, ...] = (), limit: int = 1000
) -> int:
    return deliver(io.BytesIO(mail), sender, to, store.accept, desk_of, lambda: NOON, limit)


def test_a_stored_mail_is_exit_zero_and_its_bytes_are_as_the_pipe_gave_them():
    store = Store()
    assert given(store, to=("support@desk.example",)) == EX_OK
    assert store.arrivals == [Arrival(MAIL, "alice@customer.example", ("support@desk.example",), Door.PIPE, "pipe", NOON, NOON)]


@pytest.mark.parametrize(
    ("wire", "mail"),
    [
        (b"From alice@customer.example Mon May  5 12:00:00 2031\n" + MAIL, MAIL),
        (b"From alice@customer.example Mon May  5 12:00:00 2031\r\nA: b\r\n\r\n", b"A: b\r\n\r\n"),
        (MAIL, MAIL),  # a From: header is no mbox line
        (b"From a\nFrom b\n\n", b"From b\n\n"),  # one, and no more
        (b">From a\n\n", b">From a\n\n"),
        (b"A: b\n\nFrom here on it burns\n", b"A: b\n\nFrom here on it burns\n"),
        (b"A: b\r\n\r\nbare\rand\nmixed", b"A: b\r\n\r\nbare\rand\nmixed"),
        (b"From only this line", b""),
    ],
)
def test_one_mbox_line_before_the_mail_is_cut_and_nothing_else_is_touched(wire, mail):
    assert read_standard_input(io.BytesIO(wire), 1000) == mail


def test_a_mail_of_the_limit_is_taken_and_the_mbox_line_does_not_count():
    line = b"From alice@customer.example Mon May  5 12:00:00 2031\n"
    assert read_standard_input(io.BytesIO(line + b"x" * 100), 100) == b"x" * 100
    with pytest.raises(TooLarge):
        read_standard_input(io.BytesIO(line + b"x" * 101), 100)


def test_a_mail_without_end_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(TooLarge):
        read_standard_input(stream, 1000)  # type: ignore[arg-type]
    assert stream.given <= 3 * 1024 * 1024


@pytest.mark.parametrize(
    ("given_sender", "reverse_path"),
    [("a@b.example", "a@b.example"), ("<a@b.example>", "a@b.example"), ("", ""), ("<>", ""), ("MAILER-DAEMON", ""), (None, None)],
)
def test_the_null_reverse_path_is_known_in_all_its_spellings(given_sender, reverse_path):
    store = Store()
    assert given(store, sender=given_sender) == EX_OK
    assert store.arrivals[0].reverse_path == reverse_path


@pytest.mark.parametrize(
    "trouble", [RuntimeError("bug"), OSError(5, "disk"), NoSpace(), MemoryError(), TimeoutError(), KeyboardInterrupt()]
)
def test_whatever_fails_the_mail_server_keeps_the_mail(trouble):
    assert given(Store(trouble)) == EX_TEMPFAIL


def test_a_stream_that_breaks_is_tried_again():
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("gone")

    store = Store()
    assert deliver(Broken(), "", (), store.accept, desk_of, lambda: NOON, 1000) == EX_TEMPFAIL  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [b"", b"\n", b"From a@b.example Mon May  5\n"])
def test_no_mail_at_all_is_the_callers_trouble_and_opens_nothing(nothing):
    store = Store()
    assert given(store, nothing) == EX_TEMPFAIL
    assert store.arrivals == []


@pytest.mark.parametrize("to", [("nobody@desk.example",), ("support@desk.example", "nobody@desk.example"), ("support@desk.example\nx",)])
def test_a_named_recipient_who_is_not_here_is_told_and_nothing_is_stored(to):
    store = Store()
    assert given(store, to=to) == EX_NOUSER
    assert store.arrivals == []


@pytest.mark.parametrize(
    ("mail", "sender"),
    [(MAIL + b"x" * 1000, "a@b.example"), (b"Received: x\n" * 100 + b"\n", "a@b.example"), (MAIL, "a@b.example\nDATA")],
    ids=["too large", "in circles", "a line break in the sender"],
)
def test_what_trying_again_cannot_change_is_returned_for_good(mail, sender):
    store = Store()
    assert given(store, mail, sender, limit=10_000 if b"Received" in mail else 1000) == EX_DATAERR
    assert store.arrivals == []


def test_ninety_nine_hops_are_not_a_circle():
    store = Store()
    assert given(store, b"Received: x\n" * 99 + b"\n", limit=10_000) == EX_OK


def test_a_desk_that_cannot_be_looked_up_is_try_again():
    def broken(_: str) -> str | None:
        raise RuntimeError("no policy")

    store = Store()
    assert deliver(io.BytesIO(MAIL), "", ("support@desk.example",), store.accept, broken, lambda: NOON, 1000) == EX_TEMPFAIL
