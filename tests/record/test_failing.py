"""The disk fails behind a commit, or no file descriptor is left: what was committed stays so, and only a failed disk is one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from mailgate.record.rows import Broken, Busy
from tests.record.builders import a_keep, a_store, some_keeps

pytestmark = pytest.mark.database("sqlite", because="a server has its own descriptors and disk")
ROOT = Path(__file__).parents[2]


def failed_disk(*_: object) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    raise OperationalError("PRAGMA wal_checkpoint", None, error)


@pytest.fixture
def store(tmp_path: Path):
    with a_store(tmp_path, for_serve=True) as made:
        yield made


def test_a_committed_mail_never_hears_of_a_disk_that_fails_in_the_tidying_behind_it(store, monkeypatch):
    """(fault 5)"""
    told = []
    store.when_broken(lambda: told.append(True))
    store.inbox.keep([a_keep("the first")])
    monkeypatch.setattr("mailgate.record.database._TIDY_EVERY", 1)
    monkeypatch.setattr(type(store._db.room), "tidy", failed_disk)
    (kept,) = store.inbox.keep([a_keep("the one that was safe")])
    assert kept.id is not None and told == [True]
    with pytest.raises(Broken):
        store.inbox.keep([a_keep("the next")])
    assert len(store.inbox.rows(None)) == 2
    assert told == [True], "told once"


def test_tidying_that_is_only_in_somebodys_way_is_nothing(store, monkeypatch):
    def busy(*_):
        raise Busy("later")

    monkeypatch.setattr("mailgate.record.database._TIDY_EVERY", 1)
    monkeypatch.setattr(type(store._db.room), "tidy", busy)
    assert [kept.duplicate for kept in store.inbox.keep(some_keeps(3))] == [False] * 3
    assert [kept.duplicate for kept in store.inbox.keep(some_keeps(3, 3))] == [False] * 3


def test_the_watch_sees_a_file_that_takes_nothing_any_more(store, monkeypatch):
    told = []
    store.when_broken(lambda: told.append(True))
    store.look_after()
    assert told == []
    monkeypatch.setattr(type(store._db.room), "look_after", failed_disk)
    with pytest.raises(Broken):
        store.look_after()
    assert told == [True]


NO_DESCRIPTOR_LEFT = """
import os, resource, sys
from pathlib import Path
from mailgate.record.rows import Broken, Busy
from tests.record.builders import NOON, a_keep, a_store
store = a_store(Path(sys.argv[1]))
store.inbox.keep([a_keep("before")])
store._db.room.engine.dispose()  # no connection is open: the next has to be made
store._db._patience = 0.1
hoard = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
try:
    while True:
        hoard.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
try:
    store.inbox.keep([a_keep("during")])
    print("kept")
except Busy:
    print("busy")
except Broken:
    print("broken")
for one in hoard:
    os.close(one)
print(store.inbox.keep([a_keep("after")])[0].duplicate, store._db.broken)
"""


def test_without_a_file_descriptor_the_database_is_busy_and_works_again_once_there_is_one(tmp_path):
    """(fault 7)"""
    done = subprocess.run(
        [sys.executable, "-c", NO_DESCRIPTOR_LEFT, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.stdout.split() == ["busy", "False", "False"], done.stdout + done.stderr


def test_a_failed_disk_is_not_taken_for_a_lack_of_descriptors(store):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    assert store._db.room.meaning(error) == "broken"
