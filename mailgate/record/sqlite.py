"""The one room that knows SQLite: how a connection is made safe, how a write gets its turn, what an error means."""

import contextlib
import errno
import os
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from mailgate.record.room import Meaning
from mailgate.record.trust import Untrusted, sidecars
from mailgate.record.types import already_json

#: A log larger than this is emptied at the next chance. Without long readers it stays at 4 MiB.
LOG_LIMIT = 32 * 1024 * 1024
_PAUSES = Random()  # noqa: S311  when to knock again; nothing secret
_SETTINGS = {"synchronous": 2, "foreign_keys": 1, "journal_mode": "wal"}  #: 2 is FULL: what was said yes to survives a power cut


def engine(path: Path) -> Engine:
    """An engine whose every connection is checked. Transactions are begun by `begin_write` and `begin_read` alone."""
    made = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": 0, "isolation_level": None, "check_same_thread": False},
        json_serializer=already_json,
        hide_parameters=True,  # words of mails do not belong into a log
        pool_size=8,
        max_overflow=-1,
    )
    event.listen(made, "connect", _on_connect)
    return made


def _on_connect(connection: sqlite3.Connection, record: object) -> None:
    for setting in ("synchronous = FULL", "foreign_keys = ON", "fullfsync = ON", f"journal_size_limit = {LOG_LIMIT}"):
        connection.execute(f"PRAGMA {setting}").close()
    for name, wanted in _SETTINGS.items():
        found = _patient(connection, f"PRAGMA {name}")[0]
        if found != wanted:
            raise Untrusted(
                f"SQLite says {name} = {found} where {wanted} is needed to keep mail safe",
                "Restore a backup: the file was changed by another program, or is damaged",
            )


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def pause() -> None:
    """1 to 5 ms."""
    time.sleep(_PAUSES.uniform(0.001, 0.005))


class File:
    """A record in an SQLite file: the room that `database.Database` works in."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self._identity = _identity(path)
        self._log: tuple[int, int] | None = None  #: the log that was there when we last looked
        self.instance: str | None = None  #: which record this is; known once it was found good
        self.engine = engine(path)

    def begin_write(self, connection: Connection, deadline: float) -> bool:
        """SQLite's own waiting backs off until a busy door starves; knocking every 1 to 5 ms does not."""
        while True:
            try:
                _driver(connection).execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
            if time.monotonic() >= deadline:
                return False
            pause()

    def begin_read(self, connection: Connection) -> None:
        _driver(connection).execute("BEGIN")

    def alone(self, connection: Connection) -> None:
        """Whoever writes is alone anyway."""

    def in_turn(self, connection: Connection) -> None:
        """A transaction that writes is alone from its beginning."""

    def meaning(self, error: BaseException) -> Meaning:
        what = meaning(error)
        return "busy" if what == "broken" and self._wants_descriptors() else what

    def _wants_descriptors(self) -> bool:
        """Whether SQLite cannot open its files only because this program or the machine has no file descriptor left."""
        try:
            # Not the database: closing a file of it would take away the locks that SQLite holds on it in this process.
            os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
        return False

    def words(self, error: BaseException) -> str:
        return str(error.orig if isinstance(error, DBAPIError) else error)

    def pause(self, meaning: Meaning) -> None:
        pause()

    def tidy(self) -> None:
        if log_size(self.path) > LOG_LIMIT:
            self.empty_log()

    def look_after(self) -> None:
        """SQLite empties its log after some commits and says nothing when the file does not take it: so it is done here once more.
        Raises what SQLite raises. Somebody in the way is nothing to speak of."""
        if words := self._displaced():
            raise Displaced(words)
        if not log_size(self.path):
            return
        with self.engine.connect() as connection:
            try:
                _driver(connection).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise

    def faults(self, connection: Connection) -> list[str]:
        """What SQLite finds wrong with the file, the first few: structure, indexes, and rows whose parent is gone.
        About 1.5 s for a gigabyte, hardly more than `quick_check`, which does not compare indexes with their tables. SQLite has no
        checksums: a letter changed inside a text is not seen (raw mails and letters carry digests of their own)."""
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            return found
        return [
            f"a row of {row[0]} names a row of {row[2]} that is not there"
            for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        ]

    def time(self, connection: Connection) -> datetime | None:
        return None

    def size(self, connection: Connection) -> int:
        return self.path.stat().st_size + log_size(self.path)

    def empty_log(self, seconds: float = 0.0) -> bool:
        """Brings the log into the file and empties it, outside any transaction; False when somebody was in the way for so long."""
        with self.engine.connect() as connection:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    row = _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                except sqlite3.OperationalError as error:
                    if not _is_busy(error):
                        raise
                    row = (1,)
                if row[0] == 0:
                    return True
                if time.monotonic() >= deadline:
                    return False
                pause()

    def _displaced(self) -> str:
        """Whether what is written to is no longer what stands there: then a 250 would be worth nothing after the next start."""
        at = self.path
        found = _identity(at)
        if found is None:
            return f"{at} is gone: it was removed or moved away while it was in use"
        if self._identity is not None and found != self._identity:
            return f"{at} is another file now: it was replaced while it was in use"
        log = sidecars(at)[0]
        there, held = _identity(log), _held()
        if self._log in held and there != self._log:  # ours still, and no longer at its place
            return f"{log} is gone or another file now: it was removed, moved or replaced while it was in use"
        self._log = there
        if self.instance is not None and not any(self._says(_OVERWRITTEN_PAUSE * look) for look in range(_OVERWRITTEN_LOOKS)):
            return f"{at} was overwritten while it was in use"
        return ""

    def _says(self, pause: float) -> bool:
        """Whether the file itself is still the record that was opened. While its first pages are being written nothing can be told."""
        time.sleep(pause)
        return peek(self.path, "instance") == self.instance and not peek(self.path, "untouched_copy")

    def copy(self, target: Path) -> None:
        """A copy of one moment, while others write. The log grows until it is done."""
        with self.engine.connect() as connection, contextlib.closing(sqlite3.connect(target, isolation_level=None)) as destination:
            _driver(connection).backup(destination, pages=-1)


class Displaced(Exception):
    """The file under the connections is no longer the one at its place. Says which, and how."""


_OVERWRITTEN_LOOKS, _OVERWRITTEN_PAUSE = 4, 0.1


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _held() -> set[tuple[int, int] | None]:
    """The files that this process has open, wherever they are now. Empty where the machine does not tell."""
    held: set[tuple[int, int] | None] = set()
    with contextlib.suppress(OSError):
        for descriptor in os.listdir("/proc/self/fd"):
            held.add(_identity(Path(f"/proc/self/fd/{descriptor}")))
    return held - {None}


def meaning(error: BaseException) -> Meaning:
    if isinstance(error, Displaced):
        return "broken"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return ""
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return ""
    if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID):
        return "unique"
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "busy"
        case sqlite3.SQLITE_FULL:
            return "full"
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return "broken"
        case _:
            return ""


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return meaning(error) == "busy"


def _patient(connection: sqlite3.Connection, statement: str) -> Any:
    """One row; somebody who recovers or empties the log locks everybody out for a moment."""
    deadline = time.monotonic() + 5.0
    while True:
        try:
            return connection.execute(statement).fetchone()
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise
        pause()


def prepare_new(path: Path) -> None:
    """Makes an empty private file a database with a write-ahead log."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise Untrusted(f"SQLite cannot keep a write-ahead log in {path.parent}", "Put the database on a disk of this machine")


def peek(path: Path, key: str) -> str | None:
    """A value of `meta` as the file itself has it, without its log. None when there is none, or when it is being written just now."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def log_size(path: Path) -> int:
    try:
        return sidecars(path)[0].stat().st_size
    except FileNotFoundError:
        return 0


def ensure_whole(path: Path) -> None:
    """Raises Untrusted when a file that was just finished still leans on a log of its own."""
    if log_size(path):
        raise Untrusted(f"{path} could not be finished: its log is not empty", "Try again")
