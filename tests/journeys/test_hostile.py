"""Mail made to break readers comes through the door: each is read with less or set aside, and the mail behind it is read."""

from __future__ import annotations

import email.policy
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from mailgate.model.installation import MIB, ReaderSettings
from tests.journeys.world import ANN, OPERATOR, SUPPORT, World

#: What a worker survives is the same on every record.
pytestmark = pytest.mark.either_database

HEAD = b"From: Eve <eve@example.net>\r\nTo: support@example.org\r\n"

#: Each of these makes Python's own parser raise, or lose itself, when its headers and parts are read with `email.policy.default`.
BREAKERS: dict[str, bytes] = {
    "an empty domain literal": HEAD + b"Message-ID: <[]@>\r\nSubject: one\r\n\r\nwords\r\n",
    "a date with too many seconds": HEAD + b"Date: Mon, 1 Jun 2026 08:00:12345678901234567890 +0000\r\nSubject: two\r\n\r\nwords\r\n",
    "a recipient that ends in the at sign": HEAD + b"Cc: b@\r\nSubject: three\r\n\r\nwords\r\n",
    "comments that never close": b"From: eve@example.net " + b"(" * 2000 + b"\r\nTo: support@example.org\r\nSubject: four\r\n\r\nwords\r\n",
    "a charset that nobody knows": HEAD + b"Subject: five\r\nContent-Type: text/plain; charset=volapuk-8\r\n\r\nw\xf6rds\r\n",
    "a charset that is no text": HEAD + b"Subject: six\r\nContent-Type: text/plain; charset=zlib\r\n\r\nwords\r\n",
    "an open domain literal": HEAD + b"Reply-To: eve@[127.0\r\nSubject: seven\r\n\r\nwords\r\n",
    "an identifier of nothing": HEAD + b"Message-ID: <>\r\nSubject: eight\r\n\r\nwords\r\n",
    "multiparts a thousand deep": HEAD
    + b"Subject: nine\r\n"
    + b"".join(b'Content-Type: multipart/mixed; boundary="x%d"\r\n\r\n--x%d\r\n' % (n, n) for n in range(1000))
    + b"\r\nwords\r\n",
    "a subject that hides a header": HEAD + b"Subject: =?utf-8?q?ten=0D=0ABcc:_ann@example.org?=\r\n\r\nwords\r\n",
}


def everything(raw: bytes) -> None:
    """What a program that trusts `policy.default` does with a mail."""
    mail = message_from_bytes(raw, policy=email.policy.default)
    for name in mail:
        for value in mail.get_all(name, []):
            str(value)
            for address in getattr(value, "addresses", ()):
                _ = (address.username, address.domain)
            _ = getattr(value, "datetime", None)
    for part in mail.walk():
        if not part.is_multipart():
            part.get_content()


def breaks(raw: bytes) -> bool:
    try:
        everything(raw)
    except Exception:
        return True
    subject = message_from_bytes(raw, policy=email.policy.default)["Subject"]
    return "\n" in str(subject) or "\r" in str(subject)


def ordinary(number: int) -> bytes:
    return (
        f"From: p{number}@example.com\r\nTo: {SUPPORT}\r\nSubject: ordinary {number}\r\n"
        f"Message-ID: <ordinary-{number}@example.com>\r\n\r\nMy screen is black, number {number}.\r\n"
    ).encode()


@pytest.mark.filterwarnings("ignore")
def test_most_of_these_mails_break_pythons_own_parser() -> None:
    broken = [name for name, raw in BREAKERS.items() if breaks(raw)]
    assert len(broken) >= 5, broken  # each Python mends some; the reader does not depend on which


def test_ten_mails_that_break_a_parser_are_each_kept_byte_for_byte_and_the_mail_behind_each_is_acknowledged(world: World) -> None:
    for number, raw in enumerate(BREAKERS.values()):
        world.deliver(raw, "eve@example.net", [SUPPORT])
        world.deliver(ordinary(number), f"p{number}@example.com", [SUPPORT])
    for number in range(len(BREAKERS)):
        assert world.letter(f"p{number}@example.com", "[IT-")
    world.settle()
    rows = world.store.inbox.rows(None, 100)
    assert len(rows) == 2 * len(BREAKERS)
    assert {row.state for row in rows} <= {"done", "set_aside"}
    assert all(row.ticket or row.reason for row in rows), "a ticket, or a reason why not"
    kept = {world.store.inbox.raw(row.id) for row in rows}
    assert kept == {*BREAKERS.values(), *(ordinary(number) for number in range(len(BREAKERS)))}
    for letter in world.mailboxes.letters:
        assert letter.header("Bcc") == ""


# --- a worker that is killed by its limits --------------------------------------------------------------------------------


def hungry(name: bytes) -> bytes:
    """A megabyte of short quotes that needs twenty-five times its size while it is read."""
    return HEAD + b"Subject: " + name + b"\r\n\r\n" + b"> x\r\n" * 200_000


def slow(name: bytes) -> bytes:
    """Addresses and HTML that take a second to read, and no mail takes longer: well over the limit, on a quicker machine as well."""
    fields = b"".join(b"%s: " % field + b"<" * 60_000 + b"\r\n" for field in (b"Cc", b"Reply-To", b"Sender"))
    return HEAD + b"Subject: " + name + b"\r\n" + fields + b"Content-Type: text/html\r\n\r\n" + b"<p>a <b>b</b></p>\r\n" * 60_000


#: What is tried is another limit, also where many share the processors.
_PATIENT = timedelta(seconds=120)


@pytest.mark.parametrize(
    ("limits", "mail", "says"),
    [
        (ReaderSettings(memory=4 * MIB, wall=_PATIENT), hungry, "memory"),
        # An ordinary mail takes a millisecond, its first letters a tenth of a second; twice that where the processors are shared.
        (ReaderSettings(cpu=timedelta(milliseconds=300), wall=_PATIENT), slow, "CPU"),
    ],
    ids=["memory", "cpu"],
)
def test_a_mail_that_exceeds_the_workers_limits_is_set_aside_and_those_behind_it_are_read(
    tmp_path: Path, limits: ReaderSettings, mail: Callable[[bytes], bytes], says: str
) -> None:
    """(fault 118)"""
    with World(tmp_path, reader=limits) as world:
        for number in range(2):
            world.deliver(mail(b"heavy %d" % number), "eve@example.net", [SUPPORT])
            world.deliver(ordinary(number), f"p{number}@example.com", [SUPPORT])
        for number in range(2):
            assert world.letter(f"p{number}@example.com", "[IT-")
        world.settle()
        aside = world.store.inbox.rows("set_aside")
        assert len(aside) == 2, world.store.inbox.rows()
        assert all(says in str(row.reason) for row in aside), [row.reason for row in aside]
        assert world.store.inbox.raw(aside[1].id) == mail(b"heavy 0")
        alarms = [one for one in world.letters_for(OPERATOR) if "set aside" in one.text]
        assert len(alarms) == 1, "once an hour is enough"
        assert f"mailgate inbox show {aside[1].id}" in alarms[0].text
        assert says in alarms[0].text
        assert not any("heavy" in one.header("Subject") for one in world.letters_for(ANN))


def test_workers_killed_from_outside_again_and_again_lose_no_mail(world: World) -> None:
    over = threading.Event()

    def killer() -> None:
        guard = world._running.program.reader.guard
        while not over.wait(0.03):
            for pid in guard.pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    for number in range(3):
        world.deliver(slow(b"heavy %d" % number), "eve@example.net", [SUPPORT])
    thread = threading.Thread(target=killer)
    thread.start()
    try:
        for number in range(10):
            world.deliver(ordinary(number), f"p{number}@example.com", [SUPPORT])
    finally:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and not world.store.inbox.rows("set_aside"):
            time.sleep(0.02)
        over.set()
        thread.join()
    world.settle()
    rows = world.store.inbox.rows(None, 100)
    assert len(rows) == 13
    for row in rows:
        if row.state == "set_aside":
            assert "went down" in str(row.reason), row
            assert world.store.inbox.retry(row.id)
    world.settle()
    rows = world.store.inbox.rows(None, 100)
    assert {row.state for row in rows} == {"done"}, [(row.state, row.reason) for row in rows]
    for number in range(10):
        assert len(world.letters_for(f"p{number}@example.com")) == 1
