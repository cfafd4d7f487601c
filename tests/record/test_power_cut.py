"""The power goes after any system call: whatever the disk kept, each mail that was said yes to is there, and the database is whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailgate.model.installation import DatabaseSettings
from mailgate.record.store import open_store
from tests.record.builders import NOON, a_keep
from tests.record.power import Image, images, trace

pytestmark = pytest.mark.database("sqlite", because="a server answers for its own disk")

MAILS = 7
RAW = {(keep := a_keep(f"mail {number}", size=3000 * number)).digest: keep.arrival.raw for number in range(MAILS)}
KEEPING = f"""
import os, sys
from mailgate.model.installation import DatabaseSettings
from mailgate.record import sqlite, trust
from mailgate.record.store import create_store, open_store
from tests.record.builders import NOON, a_keep
settings = DatabaseSettings(sys.argv[1] + "/mailgate.db")
spoilt = sys.argv[2:]
if "unflushed commits" in spoilt:
    safe = sqlite._on_connect
    sqlite._on_connect = lambda connection, record: (safe(connection, record), connection.execute("PRAGMA synchronous = NORMAL"))
if "unflushed folder" in spoilt:
    trust._sync_folder = lambda folder: None
create_store(settings, NOON)
os.write(1, b"made ")
store = open_store(settings, NOON)
for number in range({MAILS}):
    keep = a_keep(f"mail {{number}}", size=3000 * number)
    store.inbox.keep([keep])
    os.write(1, keep.digest.encode() + b" ")
    if number % 3 == 2:
        store.look_after()  # what was committed moves from the log into the file
store.close()
"""


def cuts(tmp_path: Path, *spoilt: str, seeds: int = 1) -> list[Image]:
    folder = tmp_path / "record"
    folder.mkdir(mode=0o700)
    calls = trace(KEEPING, folder, *spoilt)
    found = [image for seed in range(seeds) for image in images(calls, folder, seed)]
    assert set(found[-1].said[1:]) == set(RAW)
    return [image for image in dict.fromkeys(found) if image.said]


def lay(image: Image, folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    for name, octets in image.files:
        if not name.endswith(("-shm", ".lock")):  # nobody needs them after a start of the machine
            (folder / name).write_bytes(octets)
            (folder / name).chmod(0o600)
    return folder / "mailgate.db"


def what_is_wrong(image: Image, folder: Path) -> str:
    path = lay(image, folder)
    if not path.exists():
        return "no database"
    try:
        with closing(sqlite3.connect(path)) as database:
            if (said := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                return str(said)
            rows = database.execute("SELECT digest, raw FROM inbox LEFT JOIN raw_mails ON raw_mails.id = inbox.mail").fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)
    if not set(image.said[1:]) <= {digest for digest, _ in rows}:
        return "a mail is lost"
    return "" if all(raw == RAW[digest] for digest, raw in rows) else "a mail has changed"


def looked_at(tmp_path: Path, *spoilt: str, seeds: int = 1) -> list[str]:
    """What is wrong with each image; "" where nothing is."""
    found = [what_is_wrong(image, tmp_path / f"{n}") for n, image in enumerate(cuts(tmp_path, *spoilt, seeds=seeds))]
    assert len(found) > 150, "there are images to look at"
    return found


def faults(tmp_path: Path, *spoilt: str) -> list[str]:
    return [one for one in looked_at(tmp_path, *spoilt) if one]


@pytest.mark.timeout(240)
def test_whatever_a_power_cut_leaves_holds_every_mail_that_was_said_yes_to(tmp_path: Path) -> None:
    """After each system call, with what was not flushed gone, there, in another order or torn: a killed program is one of these
    (faults 1, 2, 3)."""
    assert faults(tmp_path) == []


@pytest.mark.timeout(240)
def test_after_a_power_cut_the_program_starts_by_itself(tmp_path: Path) -> None:
    """None of these is taken for a log that somebody removed (faults 2 and 45)."""
    found = cuts(tmp_path)
    for n, image in enumerate(found[:: len(found) // 12]):
        settings = DatabaseSettings(str(lay(image, tmp_path / f"{n}")))
        with open_store(settings, NOON, for_serve=True) as store:
            assert {row.id for row in store.inbox.rows(None, 100)} >= set(range(1, len(image.said)))


@pytest.mark.timeout(240)
def test_commits_that_are_not_flushed_lose_mail(tmp_path: Path) -> None:
    """The control: many programs run their database like this, and no kill of a process ever shows it (fault 2)."""
    assert "a mail is lost" in faults(tmp_path, "unflushed commits")


@pytest.mark.timeout(240)
def test_a_folder_that_is_not_flushed_loses_the_database(tmp_path: Path) -> None:
    """The control (fault 3)."""
    assert "no database" in faults(tmp_path, "unflushed folder")
