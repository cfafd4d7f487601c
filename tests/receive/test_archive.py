"""Stored mailboxes are read as they are: each mail once, byte for byte, in the order in which it came."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailgate.receive.archive import NoMailbox, Stored, find, mails

LIMIT = 100_000
MONDAY = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
FIRST = b"From: max@home.example\nSubject: one\n\nIt hangs.\n"
SECOND = b"From: pia@home.example\nSubject: two\n\nFrom the beginning it was slow.\n\n>From here on, too.\n"


def an_mbox(path: Path, *bodies: bytes, line: bytes = b"From max@home.example Mon Mar  2 10:15:00 2026\n") -> Path:
    path.write_bytes(b"".join(line + body + b"\n" for body in bodies))
    return path


def a_maildir(path: Path, **files: tuple[bytes, datetime]) -> Path:
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(parents=True, exist_ok=True)
    for name, (raw, came) in files.items():
        file = path / "cur" / f"{name}:2,S"
        file.write_bytes(raw)
        os.utime(file, (came.timestamp(), came.timestamp()))
    return path


def all_of(path: Path, limit: int = LIMIT) -> list[Stored]:
    return [stored for mailbox in find(path) for stored in mails(mailbox, limit)]


def test_the_mails_of_an_mbox_come_out_as_they_went_in(tmp_path: Path) -> None:
    quoted = SECOND.replace(b"\n>From", b"\n>>From").replace(b"\nFrom the", b"\n>From the")
    found = all_of(an_mbox(tmp_path / "mbox", FIRST, quoted))
    assert [one.raw for one in found] == [FIRST, SECOND]
    assert [one.came_at for one in found] == [MONDAY, MONDAY]
    assert found[-1].end == (tmp_path / "mbox").stat().st_size


@pytest.mark.parametrize(
    "prose",
    [
        b"From the beginning it was slow.\n",
        b"text\nFrom max@home.example Mon Mar  2 10:15:00 2026\n",  # no blank line before it
        b"\nFrom: a header that somebody pasted\n",
        b"\nFrom now on we pay later\n",
    ],
)
def test_prose_that_begins_with_from_does_not_cut_a_mail_in_two(tmp_path: Path, prose: bytes) -> None:
    raw = b"Subject: x\n\nHello,\n" + prose
    assert [one.raw for one in all_of(an_mbox(tmp_path / "mbox", raw, FIRST))] == [raw, FIRST]


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"From - Mon Mar 02 10:15:00 2026\n", MONDAY),  # Thunderbird
        (b"From max@home.example Mon Mar  2 10:15:00 2026 +0100\n", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        (b"From max@home.example Mon Mar  2 10:15:00 CET 2026\n", MONDAY),  # RFC 4155 says UTC, whatever zone is written
        (b"From max@home.example Mon Foo 32 99:99:99 2026\n", None),
    ],
)
def test_an_mbox_tells_when_a_mail_came(tmp_path: Path, line: bytes, at: datetime | None) -> None:
    [one] = all_of(an_mbox(tmp_path / "mbox", FIRST, line=line))
    assert (one.raw, one.came_at) == (FIRST, at)


def test_without_a_date_of_the_mailbox_the_last_server_tells_and_never_the_author(tmp_path: Path) -> None:
    head = (
        b"Received: from a.example by mx.example; Mon, 2 Mar 2026\n\t11:15:00 +0100\n"
        b"Received: by a.example; Sun, 1 Mar 2026 01:00:00 +0000\nDate: Thu, 1 Jan 2099 00:00:00 +0000\n"
    )
    (tmp_path / "a.eml").write_bytes(head + FIRST)
    (tmp_path / "b.eml").write_bytes(b"Date: Thu, 1 Jan 2099 00:00:00 +0000\n" + FIRST + b"\nReceived: x; Mon, 2 Mar 2026 10:15:00 +0000\n")
    assert [one.came_at for one in all_of(tmp_path)] == [MONDAY, None]


def test_a_maildir_is_read_with_its_folders_in_the_order_of_delivery(tmp_path: Path) -> None:
    later = MONDAY.replace(hour=12)
    root = a_maildir(tmp_path / "Maildir", b=(FIRST, MONDAY), a=(SECOND, later))
    a_maildir(root / ".Done", c=(FIRST + b"again\n", MONDAY))
    (root / "tmp" / "half").write_bytes(b"From: half of a mail")
    (root / "dovecot.index").write_bytes(b"no mail")
    found = all_of(root)
    assert [one.raw for one in found] == [FIRST, SECOND, FIRST + b"again\n"]
    assert [one.came_at for one in found] == [MONDAY, later, MONDAY]


def test_a_link_in_a_maildir_is_no_mail(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"root: for our eyes only\n")
    root = a_maildir(tmp_path / "Maildir", a=(FIRST, MONDAY))
    (root / "new" / "b").symlink_to(tmp_path / "secret")
    assert [one.raw for one in all_of(root)] == [FIRST]


def test_a_mail_over_the_limit_is_told_and_not_read_and_the_next_one_is_whole(tmp_path: Path) -> None:
    huge = b"Subject: huge\n\n" + b"x" * 999 + b"\n" * 200
    assert [one.raw for one in all_of(an_mbox(tmp_path / "mbox", huge * 2, FIRST), 1_000)] == [None, FIRST]
    a_maildir(tmp_path / "Maildir", a=(huge, MONDAY), b=(FIRST, MONDAY))
    assert [one.raw for one in all_of(tmp_path / "Maildir", 1_000)] == [None, FIRST]


@pytest.mark.parametrize("what", ["nowhere", "empty", "notes.txt"])
def test_what_is_no_mailbox_is_said_to_be_none(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_bytes(b"From here we go\n")
    with pytest.raises(NoMailbox, match=what):
        find(tmp_path / what)
