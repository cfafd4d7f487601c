"""One connection for one transaction: everybody who reads or writes the record goes through `read` or `write`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from mailgate.model.mail import NoSpace
from mailgate.record import sqlite
from mailgate.record.rows import Broken, Busy

T = TypeVar("T")

PATIENCE = 30.0  #: seconds that a write waits for its turn. A client of ours waits 10 minutes for the reply to its last dot
_LOOK_AT_LOG_EVERY = 256  #: commits


class Database:
    """The engine and its manners. Threads may share it; each transaction takes a connection of its own from the pool."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self.commits = 0  #: how many write transactions were committed; tells a test what shared one
        self._patience = patience
        self._engine = sqlite.engine(path)
        self._counting = threading.Lock()

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    def write(self, work: Callable[[Connection], T], patience: float | None = None) -> T:
        """Runs `work` in one write transaction, and again from its start when the database was busy: so it must keep nothing in between.

        Raises NoSpace, Busy, Broken, and whatever `work` raises; then nothing is written.
        """
        deadline = time.monotonic() + (self._patience if patience is None else patience)
        while True:
            try:
                with self._engine.connect() as connection, connection.begin():
                    if not sqlite.begin_write(connection, deadline):
                        raise Busy("the database is locked by somebody else")
                    done = work(connection)
                break
            except Exception as error:
                if not self._again(error, deadline):
                    raise
        with self._counting:
            self.commits += 1
            look = self.commits % _LOOK_AT_LOG_EVERY == 0
        if look and sqlite.log_size(self.path) > sqlite.LOG_LIMIT:
            self.empty_log()
        return done

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` on one moment of the database. Raises Busy, Broken."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                with self._engine.connect() as connection, connection.begin():
                    sqlite.begin_read(connection)
                    return work(connection)
            except Exception as error:
                if not self._again(error, deadline):
                    raise

    def _again(self, error: Exception, deadline: float) -> bool:
        """Whether to try once more; raises what the error means where that has a name of ours."""
        match sqlite.meaning(error):
            case "busy":
                if time.monotonic() >= deadline:
                    raise Busy("the database is locked by somebody else") from error
                sqlite.pause()
                return True
            case "full":
                raise NoSpace("no room left for the database") from error
            case "broken":
                raise Broken(str(error.orig if isinstance(error, DBAPIError) else error)) from error
            case _:
                return False

    def empty_log(self, seconds: float = 0.0) -> bool:
        """Outside any transaction; False when somebody was in the way."""
        with self._engine.connect() as connection:
            return sqlite.empty_log(connection, seconds)

    def faults(self) -> list[str]:
        with self._engine.connect() as connection:
            return sqlite.faults(connection)

    def copy(self, target: Path) -> None:
        with self._engine.connect() as connection:
            sqlite.copy(connection, target)

    def size(self) -> int:
        return self.path.stat().st_size + sqlite.log_size(self.path)

    def close(self) -> None:
        self._engine.dispose()
