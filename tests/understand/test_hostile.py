"""Mail made to break a reader: each is read with less understood, at once, and nothing unclean comes out."""

from __future__ import annotations

import pickle
import random
import re
from dataclasses import fields, is_dataclass

import pytest

from mailgate.model.mail import Kind, Mail
from mailgate.model.token import Keyring
from mailgate.understand import ReadingLimits, read
from mailgate.understand.mime.tree import grow
from tests.bombs import BOMBS, HEAD, nested
from tests.growth import cost
from tests.mutations import mutated, seeds

RING = Keyring((b"a key only for tests, 32 octets!",))
SECONDS = 2.0


def strings(found: object) -> list[str]:
    if isinstance(found, str):
        return [found]
    if is_dataclass(found):
        return [text for field in fields(found) for text in strings(getattr(found, field.name))]
    if isinstance(found, tuple):
        return [text for one in found for text in strings(one)]
    return []


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_at_once_and_comes_out_clean(name: str) -> None:
    """Depth, number, length, and what grows with the square of it (faults 110, 111, 112, 117).

    CVE-2014-1474, CVE-2018-12558, CVE-2018-18898, CVE-2026-129295, gh-105802, gh-136063, gh-148518, gh-151857.
    """
    readings = []
    assert cost(lambda: readings.append(read(BOMBS[name], "", RING)), enough=SECONDS) <= SECONDS
    found = readings[-1]
    for text in strings(found):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", text)
        assert text == text.encode().decode()
    assert pickle.loads(pickle.dumps(found)) == found


def test_less_is_understood_and_the_rest_is_there() -> None:
    for name in (
        "message id",
        "unknown charset",
        "400 KB of encoded words",
        "2.4 MB of headers",
        "100k parts",
        "20k segments",
        "junk in the header",
    ):
        found = read(BOMBS[name], "", RING)
        assert found.kind is Kind.WRITTEN, name
        assert found.mail.authors[0].address == "ann@example.com", name
    assert read(BOMBS["message id"], "", RING).mail.message_id == "<[]@>"
    assert read(BOMBS["date of twenty digits"], "", RING).mail.date is None


def test_each_limit_leaves_a_note() -> None:
    small = ReadingLimits(headers=5, header_block=4000, header=2500, parts=3, depth=2, addresses=2, decoded=1000, text=50, html=50)
    cases = {
        "more than 5 header fields": HEAD + b"A: 1\r\nB: 1\r\nC: 1\r\n\r\nx",
        "header longer than 4000 bytes": HEAD + (b"A: " + b"x" * 2000 + b"\r\n") * 3 + b"\r\nx",
        "a: longer than 2500 bytes": HEAD + b"A: " + b"x" * 2600 + b"\r\n\r\nx",
        "too many parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 9,
        "multiparts deeper than 2": nested(9),
        "parts hold more than 1000 bytes": HEAD + b"Content-Type: image/png\r\n\r\n" + b"x" * 2000,
        "text longer than 50 characters": HEAD + b"\r\n" + b"x" * 60,
    }
    for note, raw in cases.items():
        assert note in read(raw, "", RING, small).mail.defects, note


def test_a_part_beyond_the_limit_is_not_listed_as_if_it_were_read() -> None:
    raw = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: image/png\r\n\r\n"
        + b"x" * 5000
        + b"\r\n--b--"
    )
    mail = read(raw, "", RING, ReadingLimits(decoded=1000)).mail
    assert (mail.text, mail.attachments) == ("hello", ())


def test_a_thousand_mutations_are_all_read() -> None:
    dice, mails = random.Random(20260303), seeds()
    for _ in range(1_000):
        raw = mutated(dice.choice(mails), dice)
        found = read(raw, dice.choice(["", "a@example.com", None]), RING)
        assert isinstance(found.mail, Mail)
        assert all(
            text == text.encode().decode() and "\0" not in text
            for text in (found.mail.subject, found.mail.text, found.mail.html or "", found.mail.new_text)
        )


def test_every_leaf_of_a_tree_has_a_path_of_its_own() -> None:
    for raw in seeds():
        paths = [leaf.path for leaf in grow(raw, ReadingLimits()).leaves()]
        assert len(paths) == len(set(paths))
