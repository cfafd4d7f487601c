"""One connection for one transaction: everybody who reads or writes the record goes through `read` or `write`."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect

from mailgate.model.mail import NoSpace
from mailgate.record.room import Meaning, Room
from mailgate.record.rows import Broken, Busy

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 30.0  #: seconds that a write waits for its turn. A client of ours waits 10 minutes for the reply to its last dot
_TIDY_EVERY = 256  #: commits


class Database:
    """The record's database and our manners with it. Threads may share it; each transaction takes a connection from the pool."""

    def __init__(self, room: Room, patience: float = PATIENCE) -> None:
        self.room = room
        self.commits = 0  #: how many write transactions were committed; tells a test what shared one
        self._patience = patience
        self._counting = threading.Lock()
        self._broken: Broken | None = None
        self.on_broken: Callable[[], None] = lambda: None  #: called once when the disk has failed, by whoever met it

    @property
    def dialect(self) -> Dialect:
        return self.room.engine.dialect

    def write(
        self, work: Callable[[Connection], T], patience: float | None = None, did: Callable[[Connection], T | None] | None = None
    ) -> T:
        """Runs `work` in one write transaction, and again from its start when the database was busy: so it must keep nothing in between.

        A connection that dies at the COMMIT leaves nobody knowing whether it happened. Then `did` looks first: its answer is taken for
        the answer of `work`, None means that nothing was written. Without `did`, `work` itself must do no harm the second time.

        Another node may insert a row between our looking for it and our inserting it: then `work` runs once more, and finds it. With `did`
        it does not: what was decided without that row has to be decided anew, by the caller.

        Raises NoSpace, Busy, Broken, and whatever `work` raises; then nothing is written (but see Busy). Once it was Broken nothing is
        written any more: what SQLite keeps in memory may be other than what is on the disk."""
        if self._broken is not None:
            raise self._broken
        deadline = time.monotonic() + (self._patience if patience is None else patience)
        unsure = overtaken = False
        while True:
            committing = False
            try:
                with self.room.engine.connect() as connection, connection.begin():
                    if not self.room.begin_write(connection, deadline):
                        raise Busy("the database is locked by somebody else")
                    found = did(connection) if unsure and did is not None else None
                    done = work(connection) if found is None else found
                    committing = True
                break
            except Exception as error:
                meaning = self.room.meaning(error)
                if meaning == "unique" and did is None and not overtaken:
                    overtaken = True
                    continue
                if not self._again(error, meaning, deadline):
                    raise
                unsure = unsure or (committing and meaning == "gone")
        with self._counting:
            self.commits += 1
            tidy = self.commits % _TIDY_EVERY == 0
        if tidy:
            self._tidy_up()
        return done

    def _tidy_up(self) -> None:
        """What was committed is safe whatever becomes of the tidying behind it: nobody who waits for the commit hears of that."""
        try:
            self.room.tidy()
        except Exception as error:
            if self.room.meaning(error) == "broken":
                self._fail(error)
            else:
                log.warning("the database was not tidied up: %s", self.room.words(error))

    @property
    def broken(self) -> bool:
        """Whether the disk has failed: nothing more is written, and nothing that was read since can be believed."""
        return self._broken is not None

    @property
    def fault(self) -> str:
        """What it was, in the database's words."""
        return str(self._broken or "")

    def look_after(self) -> None:
        """Brings what was committed to where it belongs, and sees whether the disk takes it. Raises Busy, NoSpace, Broken."""
        try:
            self.room.look_after()
        except Exception as error:
            self._again(error, self.room.meaning(error), 0.0)
            raise

    def _fail(self, error: Exception) -> Broken:
        with self._counting:
            first, self._broken = self._broken is None, self._broken or Broken(self.room.words(error))
        if first:
            log.critical("the database can no longer be kept: %s", self._broken)
            self.on_broken()
        return self._broken

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` on one moment of the database. Raises Busy, Broken."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                with self.room.engine.connect() as connection, connection.begin():
                    self.room.begin_read(connection)
                    return work(connection)
            except Exception as error:
                if not self._again(error, self.room.meaning(error), deadline):
                    raise

    def _again(self, error: Exception, meaning: Meaning, deadline: float) -> bool:
        """Whether to try once more; raises what the error means where that has a name of ours."""
        match meaning:
            case "busy" | "again" | "gone":
                if time.monotonic() >= deadline:
                    why = "cannot be reached" if meaning == "gone" else "is locked by somebody else"
                    raise Busy(f"the database {why}") from error
                self.room.pause(meaning)
                return True
            case "full":
                raise NoSpace("no room left for the database") from error
            case "broken":
                raise self._fail(error) from error
            case _:
                return False

    def faults(self) -> list[str]:
        with self.room.engine.connect() as connection:
            return self.room.faults(connection)

    def size(self) -> int:
        return self.read(self.room.size)

    def close(self) -> None:
        self.room.engine.dispose()
