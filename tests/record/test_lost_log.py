"""A log that was emptied after a crash, and a database that is touched in operation, are noticed before a 250 is lost (fault 45)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mailgate.model.installation import DatabaseSettings
from mailgate.record import lost_log, sqlite
from mailgate.record.rows import Broken
from mailgate.record.store import Store, Untrusted, create_store, open_store
from mailgate.record.trust import check_file, sidecars
from tests.record.builders import NOON

pytestmark = pytest.mark.database("sqlite", because="what can become of a file")

#: A serve that keeps something and is killed.
CRASH = """
import os, signal, sys
from datetime import datetime, UTC
from mailgate.model.installation import DatabaseSettings
from mailgate.record.store import open_store
now = datetime(2026, 11, 20, 12, tzinfo=UTC)
store = open_store(DatabaseSettings(sys.argv[1]), now, for_serve=True)
for number in range(int(sys.argv[2])):
    store.standing.keep_policy(f"policy {number}", "x" * 3000, now)
os.kill(os.getpid(), signal.SIGKILL)
"""


def crashed(folder: Path, commits: int = 3) -> Path:
    """A database whose serve was killed after so many commits."""
    folder.chmod(0o700)
    path = folder / "mailgate.db"
    create_store(DatabaseSettings(str(path)), NOON)
    done = subprocess.run([sys.executable, "-c", CRASH, str(path), str(commits)], check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == -9
    return path


def cut(path: Path, size: int) -> None:
    os.truncate(sidecars(path)[0], size)


@pytest.mark.parametrize("left", [0, 31, 32, 0.5, -1], ids=str)
def test_a_log_that_ends_before_its_last_commit_is_refused_by_serve_and_by_every_command(tmp_path: Path, left: float) -> None:
    path = crashed(tmp_path)
    log = sidecars(path)[0]
    whole = log.stat().st_size
    cut(path, int(whole * left) if 0 < left < 1 else int(left) if left >= 0 else whole - 1)
    for for_serve in (True, False):
        with pytest.raises(Untrusted, match="somebody emptied or cut it") as refused:
            open_store(DatabaseSettings(str(path)), NOON, for_serve=for_serve)
        assert "accept_lost_log" in refused.value.way_out
    with open_store(DatabaseSettings(str(path), accept_lost_log=True), NOON, for_serve=True) as store:
        assert store.standing.is_restored(), "letters wait until somebody has looked"


@pytest.mark.parametrize("commits", [0, 1, 3])
def test_a_crash_alone_loses_nothing_and_is_no_reason_to_refuse(tmp_path: Path, commits: int) -> None:
    path = crashed(tmp_path, commits)
    with open_store(DatabaseSettings(str(path)), NOON, for_serve=True) as store:
        assert [store.standing.policy_text(f"policy {number}") is not None for number in range(commits)] == [True] * commits
        assert not store.standing.is_restored()


def test_the_log_of_another_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    path, other = crashed(tmp_path / "a"), crashed(tmp_path / "b")
    shutil.copyfile(sidecars(other)[0], sidecars(path)[0])
    with pytest.raises(Untrusted, match="somebody emptied or cut it"):
        open_store(DatabaseSettings(str(path)), NOON, for_serve=True)


def test_an_index_from_before_the_machine_was_started_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut an index of yesterday may lie beside a log that was emptied in peace: nobody is refused for that."""
    path = crashed(tmp_path)
    cut(path, 0)
    monkeypatch.setattr(lost_log, "this_boot", lambda: "another-boot")
    open_store(DatabaseSettings(str(path)), NOON, for_serve=True).close()


def test_what_stands_in_the_database_already_may_be_cut_from_the_log(tmp_path: Path) -> None:
    path = crashed(tmp_path)
    with open_store(DatabaseSettings(str(path)), NOON) as store:
        assert store.standing.policy_text("policy 2")
    assert not lost_log.is_cut(*sidecars(path))
    with open_store(DatabaseSettings(str(path)), NOON, for_serve=True) as store:
        assert store.standing.policy_text("policy 2")


# --- in operation ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Store:
    tmp_path.chmod(0o700)
    settings = DatabaseSettings(str(tmp_path / "mailgate.db"))
    create_store(settings, NOON)
    store = open_store(settings, NOON, for_serve=True)
    store.standing.keep_policy("one", "text", NOON)
    store.look_after()
    return store


def removed(path: Path) -> None:
    path.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def replaced_by_a_copy(path: Path) -> None:
    shutil.copyfile(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


def replaced_by_another(path: Path) -> None:
    path.rename(path.with_name("old"))
    create_store(DatabaseSettings(str(path)), NOON)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def overwritten_by_another(path: Path) -> None:
    create_store(DatabaseSettings(str(path.with_name("other.db"))), NOON)
    path.write_bytes(path.with_name("other.db").read_bytes())


def overwritten_by_noise(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def log_removed(path: Path) -> None:
    sidecars(path)[0].unlink()


def log_moved(path: Path) -> None:
    sidecars(path)[0].rename(path.with_name("log"))


@pytest.mark.parametrize(
    "happens",
    [
        removed,
        moved,
        replaced_by_a_copy,
        replaced_by_another,
        emptied,
        overwritten_by_another,
        overwritten_by_noise,
        log_removed,
        log_moved,
    ],
)
def test_a_file_that_is_touched_in_operation_is_noticed_by_the_next_look_and_ends_it(served: Store, tmp_path: Path, happens) -> None:  # type: ignore[no-untyped-def]
    ended: list[str] = []
    served.when_broken(lambda: ended.append("74"))
    happens(tmp_path / "mailgate.db")
    with pytest.raises(Broken, match="in use"):
        served.look_after()
    assert ended == ["74"] and "mailgate.db" in served.fault
    with pytest.raises(Broken):
        served.standing.keep_policy("two", "text", NOON)


def test_a_backup_put_over_the_running_database_is_noticed(served: Store, tmp_path: Path) -> None:
    served.backup(tmp_path / "backup.sqlite", NOON)
    (tmp_path / "mailgate.db").write_bytes((tmp_path / "backup.sqlite").read_bytes())
    with pytest.raises(Broken, match="was overwritten while it was in use"):
        served.look_after()


def test_the_control_a_busy_database_is_nowhere_else(served: Store) -> None:
    for number in range(600):  # past the size at which the log is begun anew, and the tidying behind every 256th commit
        served.standing.keep_policy(f"more {number}", "x" * 9000, NOON)
        if number % 50 == 0:
            served.look_after()
    served.look_after()
    assert served.fault == ""
    served.close()


# --- the true word -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        ({os.R_OK: False}, "this user may not read"),
        ({os.W_OK: False}, "is read-only: this user may not write to it"),
        ({os.W_OK | os.X_OK: False}, "is read-only"),
    ],
)
def test_a_file_that_may_not_be_read_or_written_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: dict[int, bool], words: str
) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "mailgate.db"
    create_store(DatabaseSettings(str(path)), NOON)
    monkeypatch.setattr(os, "access", lambda _, mode: allowed.get(mode, True))
    with pytest.raises(Untrusted, match=words) as refused:
        check_file(path)
    assert "backup" not in refused.value.way_out and "owns it" in refused.value.way_out


def test_a_folder_that_is_closed_to_this_user_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "mailgate.db"
    create_store(DatabaseSettings(str(path)), NOON)

    def refused(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    for name in ("lstat", "stat"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, name, refused)
            with pytest.raises(Untrusted, match="this user may not look into") as told:
                check_file(path)
        assert "owns it" in told.value.way_out


@pytest.mark.parametrize(
    ("code", "words", "way_out"),
    [
        (sqlite3.SQLITE_READONLY, "cannot be written by this user", "chown"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "cannot be written by this user", "chown"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened by this user", "chown"),
        (sqlite3.SQLITE_IOERR_READ, "the disk under", "another disk"),
        (sqlite3.SQLITE_CORRUPT, "is damaged: pages of it do not fit together", "Restore a backup"),
        (sqlite3.SQLITE_NOTADB, "is not an SQLite database", "Restore a backup"),
    ],
)
def test_only_what_is_damaged_is_called_damaged(tmp_path: Path, code: int, words: str, way_out: str) -> None:
    from mailgate.record.file_opening import _named

    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = code
    told = _named(tmp_path / "mailgate.db", error)
    assert words in told.reason and way_out in told.way_out
    assert "attempt to write" not in str(told)
    assert sqlite.meaning(error) == "broken"
