"""The form of an answer: what goes in comes out, and whatever else comes is refused, however it was made."""

from __future__ import annotations

import random
import struct
from array import array
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import partial
from typing import Any, Literal

import pytest

from mailgate.guard.form import MalformedError, WireForm, answer_of
from mailgate.model.account import Accounted
from mailgate.model.letter import Letter
from mailgate.model.mail import Reading
from mailgate.understand import account_item, open_files, read_item
from mailgate.understand.identity.dkim import SignedMail, signatures
from tests.compose.desk import a_letter
from tests.mutations import mutated, seeds

MAIL = (
    b"From: Max <max@example.com>\r\nTo: support@example.org\r\nSubject: =?utf-8?q?Stra=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\n"
    b"Date: Mon, 1 Jun 2026 10:00:00 +0530\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIt drops.\r\n"
    b"--b\r\nContent-Type: a/b; name=x.bin\r\n\r\nabc\r\n--b--\r\n"
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    colour: Colour
    at: datetime | None
    parts: tuple[Noun, ...] = ()
    octets: bytes = b""
    size: int | None = None
    true: bool = False
    long: timedelta = timedelta(0)
    word: Literal["a", "b"] = "a"


NOUN = Noun("Straße 😀", Colour.BLUE, datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=5.5))), octets=b"\0\xff", size=-7, true=True)
FORM = WireForm(Noun)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Noun, NOUN),
        (Noun, replace(NOUN, parts=(NOUN, replace(NOUN, at=None, word="b", long=timedelta(-1, 3, 5))))),
        (tuple[bytes | None, ...], (b"", None, b"x" * 70_000)),
        (tuple[int, str], (2**63 - 1, "")),
        (int | str | None, None),
    ],
)
def test_a_value_comes_out_as_it_went_in(kind: Any, value: object) -> None:
    assert WireForm(kind).unpack(WireForm(kind).pack(value)) == value


def test_readings_accounts_and_letters_come_out_as_they_went_in() -> None:
    reading = read_item((MAIL, None, True))
    assert reading.mail.attachments and reading.mail.date is not None
    assert WireForm(Reading).unpack(WireForm(Reading).pack(reading)) == reading
    told = account_item((MAIL, None, True))
    assert WireForm(Accounted).unpack(WireForm(Accounted).pack(told)) == told
    signed = signatures(b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=a; h=from; bh=YWJj; b=YWJj\r\n" + MAIL)
    assert signed.signatures and WireForm(SignedMail).unpack(WireForm(SignedMail).pack(signed)) == signed
    letter = a_letter("ticket_opened", "agent")
    assert WireForm(Letter).unpack(WireForm(Letter).pack(letter)) == letter


def test_mutated_mails_come_out_as_they_were_read() -> None:
    dice, mails, form = random.Random(3), seeds(), WireForm(Reading)
    for _ in range(150):
        reading = read_item((mutated(dice.choice(mails), dice), None, True))
        assert form.unpack(form.pack(reading)) == reading


def test_what_a_function_says_that_it_returns_is_the_form_of_its_answers() -> None:
    assert answer_of(read_item) is Reading
    assert answer_of(partial(partial(open_files))) == tuple[bytes | None, ...]


def sent(numbers: list[int], octets: bytes = b"", announced: int | None = None) -> bytes:
    return struct.pack("!I", len(numbers) if announced is None else announced) + array("q", numbers).tobytes() + octets


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param(str, b"", id="nothing"),
        pytest.param(str, sent([1]), id="a text that is not there"),
        pytest.param(str, sent([-1], b"a"), id="a text of negative length"),
        pytest.param(str, sent([2**62], b"a"), id="a text without end"),
        pytest.param(str, sent([1], b"\0"), id="a NUL"),
        pytest.param(str, sent([3], b"\xed\xa0\x80"), id="half a surrogate pair"),
        pytest.param(str, sent([1], b"\xff"), id="no UTF-8"),
        pytest.param(str, sent([1], b"ab"), id="octets that nobody asked for"),
        pytest.param(str, sent([1, 0], b"a"), id="numbers that nobody asked for"),
        pytest.param(str, sent([1], b"a", announced=2**31), id="more numbers announced than sent"),
        pytest.param(bool, sent([2]), id="neither true nor false"),
        pytest.param(Colour, sent([2]), id="no colour"),
        pytest.param(Colour, sent([-1]), id="the last colour, counted from behind"),
        pytest.param(int | None, sent([2, 0]), id="none of the types"),
        pytest.param(tuple[int, ...], sent([2**62, 1, 1]), id="a row without end"),
        pytest.param(tuple[int, ...], sent([-1]), id="a row of fewer than none"),
        pytest.param(datetime, sent([19], b"2026-06-01T08:00:00"), id="an instant without zone"),
        pytest.param(datetime, sent([4], b"noon"), id="no instant"),
        pytest.param(timedelta, sent([2**62, 0, 0]), id="a duration beyond time"),
        pytest.param(Noun, sent([0] * 3), id="half a noun"),
    ],
)
def test_what_is_not_exactly_of_the_form_is_refused(kind: Any, data: bytes) -> None:
    with pytest.raises(MalformedError):
        WireForm(kind).unpack(data)


def test_nouns_within_nouns_without_end_are_refused_and_not_followed() -> None:
    with pytest.raises(MalformedError):
        FORM.unpack(sent([0, 0, 0, 1] * 200_000))


def test_a_pickle_is_no_answer(tmp_path: Any) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "owned"), "w"))

    for kind in (Reading, str, tuple[bytes | None, ...]):
        with pytest.raises(MalformedError):
            WireForm(kind).unpack(pickle.dumps(Evil()))
    assert list(tmp_path.iterdir()) == []


def test_a_garbled_answer_is_refused_or_is_another_answer_of_the_same_type_and_nothing_else_happens() -> None:
    """Every octet of a form means something to somebody; none can do more than be a wrong value."""
    dice, form = random.Random(5), WireForm(Reading)
    whole = form.pack(read_item((MAIL, None, True)))
    refused = 0
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        try:
            found = form.unpack(bytes(data))
        except MalformedError:
            refused += 1
        else:
            assert type(found) is Reading and type(found.mail.subject) is str and type(found.mail.attachments) is tuple
    assert refused > 1_000


@pytest.mark.parametrize("value", [3, None, replace(NOUN, name=b"x"), replace(NOUN, size="3"), replace(NOUN, parts=[])])  # type: ignore[arg-type]
def test_what_has_another_type_than_it_declares_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError)):
        FORM.pack(value)
