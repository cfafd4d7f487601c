"""Making a database, and opening one that can be trusted. An empty one is never made silently, a doubtful one never opened."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from mailgate.model.installation import DatabaseSettings
from mailgate.record import house, migrations, sqlite
from mailgate.record.database import PATIENCE, Database
from mailgate.record.rows import Broken, Busy
from mailgate.record.trust import ServeLock, Untrusted, check_file, check_folder, new_file, sidecars

_RESTORE = "Restore a backup, and keep this file: much of it may still be readable"


def path_of(settings: DatabaseSettings) -> Path:
    """The file of an SQLite database. Raises Untrusted for anything else."""
    url = settings.url
    if url.startswith("sqlite:///"):
        url = url.removeprefix("sqlite:///")
    if "://" in url or url in ("", ":memory:"):
        raise Untrusted(
            f"this version keeps its record in an SQLite file, not in {url.partition('://')[0] or 'nothing'}", "Set database.url to a path"
        )
    return Path(url).absolute()


def create(settings: DatabaseSettings, now: datetime) -> None:
    """A new, private database, whole or not at all. Raises FileExistsError when there is one, Untrusted for a bad place."""
    path = path_of(settings)
    _make_folder(path.parent)
    check_folder(path.parent)
    with new_file(path) as draft:
        sqlite.prepare_new(draft)
        database = Database(draft)
        try:
            database.write(migrations.upgrade)
            database.write(lambda connection: house.found(connection, uuid.uuid4().hex, now))
            database.empty_log(PATIENCE)
        finally:
            database.close()


def _make_folder(folder: Path) -> None:
    """With its parents; what is new is private whatever the umask."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def open_database(settings: DatabaseSettings, now: datetime, for_serve: bool, check: bool | None) -> tuple[Database, ServeLock | None]:
    """The database, with its lock for a `serve`. Raises Untrusted, or Busy when it is locked for long."""
    path = path_of(settings)
    check_file(path)
    lock = None
    if for_serve:
        lock = ServeLock(path)
        lock.acquire()
    try:
        if check is None:
            check = for_serve or not _somebody_serves(path)
        return _open(path, now, lock, check, settings.accept_lost_log), lock
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _open(path: Path, now: datetime, lock: ServeLock | None, check: bool, accept_lost_log: bool) -> Database:
    deadline = time.monotonic() + 5
    while True:
        log, _ = sidecars(path)
        had_log = log.exists()
        if had_log and sqlite.peek(path, "untouched_copy") and sqlite.log_size(path):
            raise Untrusted(
                f"{path} is a restored copy, but {log.name} beside it belongs to the database that was there before",
                f"Remove {log} and {sidecars(path)[1]}: the copy is complete without them",
            )
        database = Database(path)
        try:
            with _faults_named(path):
                _check_inside(database, path, lock is not None, check)
                if had_log or not database.read(lambda connection: house.get(connection, "in_use")):
                    _settle_in(database, path, lock)
                    return database
                if accept_lost_log:
                    # What became of the last letters went with the log: an operator has to look before more leave.
                    database.write(lambda connection: house.put(connection, "restored", now.isoformat()))
                    database.write(lambda connection: house.put(connection, "in_use", ""))
                    _settle_in(database, path, lock)
                    return database
        except BaseException:
            database.close()
            raise
        database.close()
        # The log may be missing only because a serve was about to make it when we looked.
        if lock is not None or time.monotonic() >= deadline or not _somebody_serves(path):
            raise Untrusted(
                f"{log} is missing, which held the latest mail of a gateway that did not end in peace",
                "Put it back beside the database, or restore a backup. When it is lost for good, set database.accept_lost_log = true "
                "for one start: what it held is lost, and letters are held until released",
            )
        time.sleep(0.05)


def _somebody_serves(path: Path) -> bool:
    probe = ServeLock(path)
    free = probe.try_acquire()
    probe.release()
    return not free


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except Broken as error:
        raise Untrusted(f"{path} is damaged: {error}", _RESTORE) from error
    except (DBAPIError, sqlite3.Error) as error:
        if sqlite.meaning(error) in ("busy", "full"):
            raise
        raise Untrusted(f"{path} is damaged: {error.orig if isinstance(error, DBAPIError) else error}", _RESTORE) from error


def _check_inside(database: Database, path: Path, may_upgrade: bool, check: bool) -> None:
    if check and (faults := database.faults()):
        raise Untrusted(f"{path} is damaged: {faults[0]}", _RESTORE)
    schema = database.read(_schema)
    if faults := database.read(house.faults):
        raise Untrusted(f"{path} is damaged: {faults[0]}", _RESTORE)
    if schema in migrations.VERSIONS and schema != migrations.HEAD:
        if not may_upgrade:
            raise Untrusted(f"{path} has the older schema {schema}", "Start `mailgate serve` of this version once: it brings it up to date")
        database.write(migrations.upgrade)
    elif schema not in migrations.VERSIONS:
        raise Untrusted(
            f"{path} has the schema {schema}, which this version does not know", "Use the version of mailgate that made it, or a newer one"
        )


def _schema(connection: Connection) -> str:
    names = set(inspect(connection).get_table_names())
    if "meta" not in names or house.get(connection, "product") != house.PRODUCT:
        raise Untrusted("this database was not made by mailgate", "Correct database.url")
    version = migrations.version(connection)
    if version is None:
        raise Untrusted("this database does not say which schema it has", _RESTORE)
    return version


def _settle_in(database: Database, path: Path, lock: ServeLock | None) -> None:
    """Marks a database as in use by a serve, or, once its serve is gone, as at peace; and a copy as no longer untouched."""
    if database.read(lambda connection: house.get(connection, "untouched_copy")):
        database.write(lambda connection: house.put(connection, "untouched_copy", ""))
        if not database.empty_log(PATIENCE):
            raise Busy("somebody else reads the database all the time")
    in_use = bool(database.read(lambda connection: house.get(connection, "in_use")))
    if lock is not None:
        database.write(lambda connection: house.put(connection, "in_use", "1"))
        database.empty_log(PATIENCE)
    elif in_use:
        # A serve that crashed: its log is part of the database again as soon as it is emptied, and may vanish then.
        left = ServeLock(path)
        if left.try_acquire():
            try:
                make_peace(database)
            finally:
                left.release()


def make_peace(database: Database) -> None:
    """Nobody serves any more, and the log is empty: from now on its absence means nothing."""
    database.write(lambda connection: house.put(connection, "in_use", ""))
    database.empty_log(2.0)
