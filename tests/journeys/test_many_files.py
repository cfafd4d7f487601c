"""A mail with more files than anybody carries: its letters leave all the same, and no raw mail is parsed where everybody waits for it."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from email.policy import SMTP
from pathlib import Path

import pytest

from mailgate.app.stage import Received
from mailgate.understand.mime import attachments, tree
from tests.journeys.test_attached import a_notice, an_answer
from tests.journeys.world import ANN, MAX, SUPPORT, World, edit

HEAD = b"From: Eve <eve@example.net>\r\nTo: support@example.org\r\nSubject: many files\r\nMessage-ID: <many@example.net>\r\n"
MIXED = HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the files.\r\n"


def uuencoded(number: int) -> bytes:
    return b"begin 644 f%d.bin\r\n#86)C\r\n`\r\nend\r\n" % number


def yencoded(number: int) -> bytes:
    return b"=ybegin line=128 size=3 name=y%d.bin\r\n\x8b\x8c\x8d\r\n=yend size=3\r\n" % number


def winmail(count: int) -> bytes:
    def attribute(number: int, value: bytes) -> bytes:
        return struct.pack("<BII", 2, number, len(value)) + value + b"\0\0"

    one = attribute(0x9002, b"\0" * 14) + attribute(0x8010, b"f.bin\0") + attribute(0x800F, b"abc")
    return b"\x78\x9f\x3e\x22\0\0" + one * count


def in_texts(form) -> bytes:  # type: ignore[no-untyped-def]
    """20,000 of them, a hundred to a text."""
    parts = (b"--b\r\n\r\nx\r\n" + b"".join(form(n) for n in range(start, start + 100)) for start in range(0, 20_000, 100))
    return MIXED + b"".join(parts) + b"--b--\r\n"


def as_parts() -> bytes:
    return MIXED + b"".join(b"--b\r\nContent-Type: a/b; name=p%d.bin\r\n\r\nabc\r\n" % n for n in range(20_000)) + b"--b--\r\n"


def nested() -> bytes:
    within = b"Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n" + b"--i\r\nContent-Type: a/b\r\n\r\nabc\r\n" * 900
    return MIXED + (b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + within + b"\r\n--i--\r\n") * 20 + b"--b--\r\n"


def packed() -> bytes:
    return MIXED + (b"--b\r\nContent-Type: application/ms-tnef\r\n\r\n" + winmail(450) + b"\r\n") * 40 + b"--b--\r\n"


def with_huge_names() -> bytes:
    return MIXED + b"".join(b"--b\r\nContent-Type: a/b; name=%b%d.bin\r\n\r\nabc\r\n" % (b"n" * 600, n) for n in range(900)) + b"--b--\r\n"


MANY = {
    "uuencoded": lambda: in_texts(uuencoded),
    "yencoded": lambda: in_texts(yencoded),
    "parts": as_parts,
    "mails within": nested,
    "winmail.dat": packed,
    "huge names": with_huge_names,
}


@pytest.fixture
def parse_forbidden(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever parses a raw mail in this process, outside a worker, raises."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a raw mail was parsed outside a worker")

    monkeypatch.setattr(tree, "grow", forbidden)
    monkeypatch.setattr(attachments, "grow", forbidden)
    yield


def files_of(letter: Received) -> list[str]:
    return [name for part in letter.message.walk() if (name := part.get_filename())]


@pytest.mark.either_database
@pytest.mark.parametrize("form", MANY)
def test_a_mail_with_twenty_thousand_files_costs_its_letters_nothing(world: World, parse_forbidden: None, form: str) -> None:
    """No courier opens it itself, the rest is named, and whoever comes behind is served (fault 111)."""
    raw = MANY[form]()
    began = time.process_time()
    world.deliver(raw, "eve@example.net", [SUPPORT])
    notice = world.letter(ANN, "many files")
    world.send(MAX, SUPPORT, "printer", "It prints nothing.")
    world.letter(ANN, "printer")
    spent = time.process_time() - began
    assert len(files_of(notice)) == 50 or (form in ("mails within", "winmail.dat") and 20 <= len(files_of(notice)) <= 50)
    if len(files_of(notice)) == 50:
        assert "Not attached:\nThere are too many of these files" in notice.text and " more" in notice.text
    assert spent < 10, "processor time of this process, in which nothing is parsed"


@pytest.mark.either_database
def test_what_one_letter_takes_along_is_bounded_in_octets(tmp_path: Path) -> None:
    """The rest is named with its size: nothing is dropped silently."""
    limit = ('octets_per_letter = "25MiB" ', 'octets_per_letter = "1MiB" ')
    with World(tmp_path, changes=lambda folder: edit(folder, "policy.toml", limit)) as world:
        sizes = {"a.bin": 700_000, "b.bin": 700_000, "c.bin": 300_000}
        files = b"".join(b"--b\r\nContent-Type: a/b; name=%b\r\n\r\n%b\r\n" % (n.encode(), b"x" * s) for n, s in sizes.items())
        world.deliver(MIXED + files + b"--b--\r\n", "eve@example.net", [SUPPORT])
        notice = world.letter(ANN, "many files")
        assert files_of(notice) == ["a.bin", "c.bin"]
        assert "b.bin, 700 KB" in notice.text.split("Not attached")[1]


@pytest.mark.either_database
def test_who_forges_an_agent_has_none_of_his_files_opened(world: World, parse_forbidden: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """From: alone opens nothing, nor does the requester's own token: authority comes first."""
    a_notice(world)
    letter = world.letter(MAX)
    opened: list[object] = []
    reader = world.gateway._reading.reader
    texts = reader.texts
    monkeypatch.setattr(reader, "texts", lambda asked: opened.extend(asked) or texts(asked))
    mail = an_answer(letter, "I am Ann.")
    for number in range(200):
        mail.add_attachment("some words", filename=f"{number}.txt")
    world.deliver(mail.as_bytes(policy=SMTP), MAX, [letter.reply_address])
    world.settle()
    assert opened == []


@pytest.mark.either_database
def test_a_proven_agents_text_files_are_opened_in_one_reading(world: World, parse_forbidden: None, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = a_notice(world)
    opened: list[object] = []
    reader = world.gateway._reading.reader
    texts = reader.texts
    monkeypatch.setattr(reader, "texts", lambda asked: opened.extend(asked) or texts(asked))
    mail = an_answer(notice, "See the logs.")
    for number in range(30):
        mail.add_attachment(f"line of log {number}", filename=f"{number}.log", subtype="plain")
    world.deliver(mail.as_bytes(policy=SMTP), ANN, [notice.reply_address])
    answer = world.letter(MAX, "See the logs")
    assert len(opened) == 1 and len(files_of(answer)) == 30
