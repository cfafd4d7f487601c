"""An SQLite file as the record: made, looked at and opened; one `serve` at a time, and a log that must not get lost."""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from mailgate.model.installation import DatabaseSettings
from mailgate.record import lost_log, meta, sqlite
from mailgate.record.database import PATIENCE, Database
from mailgate.record.rows import Broken, Busy
from mailgate.record.schema import RESTORE, bring_up, check_schema, schema_of
from mailgate.record.trust import ServeLock, Untrusted, check_file, check_folder, new_file, sidecars

LOST_LOG = (
    "Put it back beside the database, or restore a backup. When it is lost for good, set database.accept_lost_log = true "
    "for one start: what it held is lost, and letters are held until released"
)


def path_of(settings: DatabaseSettings) -> Path:
    """The file of an SQLite database. Raises Untrusted for anything else."""
    url = settings.url
    if url.startswith("sqlite:///"):
        url = url.removeprefix("sqlite:///")
    if "://" in url or url in ("", ":memory:"):
        raise Untrusted(
            f"the record is kept in an SQLite file or in PostgreSQL, not in {url.partition('://')[0] or 'nothing'}",
            'Write the name of a file into database.url, or "postgresql://USER@HOST/DATABASE"',
        )
    return Path(url).absolute()


def create(settings: DatabaseSettings, now: datetime) -> None:
    """A new, private database, whole or not at all. Raises FileExistsError when there is one, Untrusted for a bad place."""
    path = path_of(settings)
    _make_folder(path.parent)
    check_folder(path.parent)
    with new_file(path) as draft:
        sqlite.prepare_new(draft)
        file = sqlite.File(draft)
        with closing(Database(file)) as database:
            database.write(bring_up)
            database.write(lambda connection: meta.found(connection, uuid.uuid4().hex, now))
            file.empty_log(PATIENCE)


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
        # A log that vanished can be told by the database alone; one that was cut only by its index, and before anybody opens it.
        cut = had_log and _was_cut(path, lock)
        if cut and not accept_lost_log:
            raise Untrusted(f"{log} ends before the last mail that was committed to it: somebody emptied or cut it", LOST_LOG)
        file = sqlite.File(path)
        database = Database(file)
        try:
            with _faults_named(path):
                _check_inside(database, path, lock is not None, check)
                file.instance = database.read(lambda connection: meta.get(connection, "instance")) or None
                whole = (had_log and not cut) or not database.read(lambda connection: meta.get(connection, "in_use"))
                if accept_lost_log and not whole:
                    # What became of the last letters went with the log: an operator has to look before more leave.
                    database.write(lambda connection: meta.put(connection, "restored", now.isoformat()))
                    database.write(lambda connection: meta.put(connection, "in_use", ""))
                if accept_lost_log or whole:
                    _settle_in(database, file, lock)
                    return database
        except BaseException:
            database.close()
            raise
        database.close()
        # The log may be missing only because a serve was about to make it when we looked.
        if lock is not None or time.monotonic() >= deadline or not _somebody_serves(path):
            raise Untrusted(f"{log} is missing, which held the latest mail of a gateway that did not end in peace", LOST_LOG)
        time.sleep(0.05)


def _was_cut(path: Path, lock: ServeLock | None) -> bool:
    """After a serve that crashed in this boot of the machine, and while no other one is at work."""
    if not sqlite.peek(path, "in_use"):
        return False
    mine = lock or ServeLock(path)
    if lock is None and not mine.try_acquire():
        return False
    try:
        return bool(mine.boot) and mine.boot == lost_log.this_boot() and lost_log.is_cut(*sidecars(path))
    finally:
        if lock is None:
            mine.release()


def is_served(settings: DatabaseSettings) -> bool:
    try:
        path = path_of(settings)
        return path.exists() and _somebody_serves(path)
    except (Untrusted, OSError):
        return False


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
        raise _named(path, error) from error
    except (DBAPIError, sqlite3.Error) as error:
        if sqlite.meaning(error) in ("busy", "full"):
            raise
        raise _named(path, error) from error


def _named(path: Path, error: Exception) -> Untrusted:
    """The true word for a file that does not do as it should: only what is damaged is called so."""
    cause = error.__cause__ if isinstance(error, Broken) and error.__cause__ is not None else error
    cause = getattr(cause, "orig", None) or cause
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    writable = WRITABLE.format(path=path, folder=path.parent)
    match code:
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return Untrusted(f"{path} cannot be written by this user", writable)
        case sqlite3.SQLITE_CANTOPEN:
            return Untrusted(f"{path} or its -wal and -shm files beside it cannot be opened by this user", writable)
        case sqlite3.SQLITE_IOERR:
            return Untrusted(f"the disk under {path} fails", "Look at the log of the system (dmesg), and restore a backup on another disk")
        case sqlite3.SQLITE_NOTADB:
            return Untrusted(f"{path} is not an SQLite database, or its first page is damaged", RESTORE)
        case sqlite3.SQLITE_CORRUPT:
            return Untrusted(f"{path} is damaged: pages of it do not fit together", RESTORE)
    return Untrusted(f"{path} is damaged, or was changed by another program", RESTORE)


WRITABLE = (
    "Give it to the user that mailgate runs as (chown), with chmod u+rw {path} and chmod u+rwx {folder}; "
    "a file system that is mounted read-only has to be mounted for writing"
)


def _check_inside(database: Database, path: Path, may_upgrade: bool, check: bool) -> None:
    if check and (faults := database.faults()):
        raise Untrusted(f"{path} is damaged: {faults[0]}", RESTORE)
    database.read(schema_of)
    if faults := database.read(meta.faults):
        raise Untrusted(f"{path} is damaged: {faults[0]}", RESTORE)
    check_schema(database, may_upgrade)


def _settle_in(database: Database, file: sqlite.File, lock: ServeLock | None) -> None:
    """Marks a database as in use by a serve, or, once its serve is gone, as at peace; and a copy as no longer untouched."""
    if database.read(lambda connection: meta.get(connection, "untouched_copy")):
        database.write(lambda connection: meta.put(connection, "untouched_copy", ""))
        if not file.empty_log(PATIENCE):
            raise Busy("somebody else reads the database all the time")
    in_use = bool(database.read(lambda connection: meta.get(connection, "in_use")))
    if lock is not None:
        lock.note_boot(lost_log.this_boot())
        database.write(lambda connection: meta.put(connection, "in_use", "1"))
        file.empty_log(PATIENCE)
    elif in_use:
        # A serve that crashed: its log is part of the database again as soon as it is emptied, and may vanish then.
        left = ServeLock(file.path)
        if left.try_acquire():
            try:
                make_peace(database)
            finally:
                left.release()


def make_peace(database: Database) -> None:
    """Nobody serves any more, and the log is empty: from now on its absence means nothing."""
    database.write(lambda connection: meta.put(connection, "in_use", ""))
    assert isinstance(database.room, sqlite.File)
    database.room.empty_log(2.0)
