"""The disk under the record fails while it runs: nobody hears 250 any more, no mail is blamed, and the program ends with 74.

The failure is real: the system refuses the program's writes above a size (RLIMIT_FSIZE), which SQLite takes for a failed disk.
"""

from __future__ import annotations

import os
import resource
import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest

from mailgate.app import wall_clock
from mailgate.record.store import open_store
from tests.journeys.served import Served
from tests.journeys.world import edit

pytestmark = pytest.mark.database("sqlite", because="a server's disk is the server's business")
linux = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit, which Linux has")
EX_IOERR = 74


def often(config: Path) -> None:
    """The watch comes by every second."""
    edit(config, "mailgate.toml", ('# watch = "1m"', 'watch = "1s"'))


def no_writes_above(served: Served, size: int) -> None:
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def ends_with_74(served: Served) -> None:
    assert served.process.wait(150) == EX_IOERR, served.log
    assert "internal error" not in served.log, served.log
    with open_store(served.settings.database, wall_clock()) as store:
        assert store.inbox.rows("set_aside", 100) == [], "nothing is set aside for the disk's fault"


def send_until_refused(served: Served) -> list[str]:
    """Mails until the door says no; those that were answered 250."""
    taken: list[str] = []
    for number in range(500):
        try:
            served.send(f"n{number}")
        except (OSError, smtplib.SMTPException) as error:
            assert not isinstance(error, smtplib.SMTPResponseException) or error.smtp_code in (421, 451), error
            return taken
        taken.append(f"n{number}@example.com")
    raise AssertionError(f"never refused: {served.log}")


@linux
def test_a_disk_that_fails_under_the_log_ends_the_program_and_keeps_what_was_answered_250(tmp_path: Path) -> None:
    """(fault 5)"""
    with Served(tmp_path, often) as served:
        served.send("before")
        log = served.config / "mailgate.db-wal"
        served.until(log.exists)
        no_writes_above(served, log.stat().st_size + 200_000)
        taken = send_until_refused(served)
        ends_with_74(served)
    with open_store(served.settings.database, wall_clock()) as store:
        assert {row.reverse_path for row in store.inbox.rows(None, 10_000)} >= {"before@example.com", *taken}


def large(served: Served, number: int) -> None:
    with smtplib.SMTP("127.0.0.1", served.port, timeout=60) as client:
        words = "\r\n".join(["x" * 70] * 20_000)
        raw = f"From: big{number}@example.com\r\nTo: support@example.org\r\nSubject: big\r\nMessage-ID: <big{number}@x>\r\n\r\n{words}\r\n"
        client.sendmail(f"big{number}@example.com", ["support@example.org"], raw.encode())


@linux
def test_a_disk_that_fails_behind_the_commits_is_seen_by_the_watch(tmp_path: Path) -> None:
    """Bringing the log into the file fails; SQLite says nothing of it at the commit, and the log would grow until the disk is full."""
    with Served(tmp_path, often) as served:
        for number in range(6):
            large(served, number)
        served.until(lambda: (served.config / "mailgate.db").stat().st_size > 6_000_000)
        served.until(lambda: not any(served.store().standing.health(wall_clock()).inbox.values()))
        no_writes_above(served, 5_500_000)  # the log is shorter, the end of the file lies above
        taken = send_until_refused(served)
        ends_with_74(served)
    with open_store(served.settings.database, wall_clock()) as store:
        assert {row.reverse_path for row in store.inbox.rows(None, 10_000)} >= {*taken}


def garbled(file: Path) -> None:
    with file.open("r+b") as database:
        size = os.fstat(database.fileno()).st_size
        for at in range(0, size, 4096):
            database.seek(at)
            database.write(b"\xa5" * min(4096, size - at))


def emptied(file: Path) -> None:
    os.truncate(file, 0)


@pytest.mark.parametrize("damage", [garbled, emptied])
def test_a_record_that_was_overwritten_while_it_ran_ends_the_program(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with Served(tmp_path, often) as served:
        for number in range(20):
            served.send(f"n{number}")
        served.until(lambda: not any(served.store().standing.health(wall_clock()).inbox.values()))
        damage(served.config / "mailgate.db")
        assert served.process.wait(150) == EX_IOERR, served.log
        assert "internal error" not in served.log, served.log
