"""The record of this installation: every mail, ticket and letter, and the only way to them. Each method of its parts is one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import IntegrityError

from mailgate.model.installation import DatabaseSettings
from mailgate.record import backup, file_opening, opening
from mailgate.record.assignments import Assignments
from mailgate.record.database import Database
from mailgate.record.delivery_reports import DeliveryReports
from mailgate.record.faulty import ClockFaults
from mailgate.record.figures import Figures
from mailgate.record.ids import Numbers
from mailgate.record.inbox import Inbox
from mailgate.record.mailboxes import Mailboxes
from mailgate.record.outbox import Outbox
from mailgate.record.people import People
from mailgate.record.policies import Policies
from mailgate.record.ratings import Ratings
from mailgate.record.rows import Broken, Busy, Claim, Conflict, Keep, Kept, Settlement, ToRecord
from mailgate.record.shown import PageWords
from mailgate.record.standing import Standing
from mailgate.record.tickets import Tickets
from mailgate.record.traffic import TrafficRecord
from mailgate.record.trust import ServeLock, Untrusted

if TYPE_CHECKING:
    from mailgate.record.recording import Overrun

__all__ = [
    "Broken",
    "Busy",
    "Claim",
    "Conflict",
    "Keep",
    "Kept",
    "Settlement",
    "Store",
    "ToRecord",
    "Untrusted",
    "create_store",
    "is_served",
    "open_store",
]

log = logging.getLogger(__name__)

#: Makes a new database: see `opening.create`.
create_store = opening.create
#: Whether a `serve` works on it now, as far as this machine can tell.
is_served = opening.is_served


def open_store(settings: DatabaseSettings, now: datetime, *, for_serve: bool = False, check: bool | None = None) -> Store:
    """The record, if it can be trusted; `for_serve` may bring its schema up to date.
    It then holds the lock of a file's one `serve` until `close`. A file is walked through as a whole (1.5 s for a gigabyte) unless a
    serve works on it, which did that; `check` False leaves it out in any case: for `deliver`, which opens the record for each mail.
    Raises Untrusted, Busy."""
    database, lock = opening.open_database(settings, now, for_serve, check)
    return Store(database, lock)


class Store:
    """Threads may share it. Every method raises NoSpace, Busy or Broken when the database cannot do it now; then nothing is written."""

    def __init__(self, database: Database, lock: ServeLock | None = None) -> None:
        self._db = database
        self._lock = lock
        self.numbers = Numbers(database)
        self.inbox = Inbox(database, self.numbers)
        self.outbox = Outbox(database)
        self.tickets = Tickets(database)
        self.assignments = Assignments(database)  #: who is given work
        self.shown = PageWords(database)  #: what the page of a request may show
        self.ratings = Ratings(database)
        self.figures = Figures(database)  #: what reports are counted from
        self.people = People(database, self.numbers)
        self.delivery_reports = DeliveryReports(database)  #: what mails said about letters of ours
        self.traffic = TrafficRecord(database)  #: what tells floods and loops from people
        self.mailboxes = Mailboxes(database)  #: how far the folders of IMAP mailboxes were read
        self.standing = Standing(database, self.numbers)  #: the record's own affairs
        self.policies = Policies(database)  #: which policy counted when
        self.clock_faults = ClockFaults(database)  #: tickets whose clocks could not be looked at

    @property
    def place(self) -> str:
        """Where the record is, in words that hold no password."""
        return self._db.room.place

    def when_broken(self, tell: Callable[[], None]) -> None:
        """`tell` is called once when the disk fails, whoever met it, in that thread: nothing can be kept from then on."""
        self._db.on_broken = tell

    def look_after(self) -> None:
        """To be called now and then: finds a disk that fails behind the commits. Raises NoSpace, Busy, Broken."""
        self._db.look_after()

    @property
    def fault(self) -> str:
        """Why nothing can be kept any more, "" while all is well."""
        return self._db.fault

    def close(self) -> None:
        """Brings the log into the file. After this the database is one file.
        Not where the disk has failed: then the connections stay open, for closing the last one would bring the log into the file, through
        a memory that may differ from the disk, and take it away. The next start recovers from it; the process has to end at once."""
        if self._db.broken:
            return
        try:
            if self._lock is not None:
                file_opening.make_peace(self._db)
        except Exception:
            # The next start recovers from the log; closing goes on.
            log.warning("the database was not closed in peace: its log stays", exc_info=True)
        finally:
            self._db.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def server_time(self) -> datetime | None:
        """What time the database has; None for a file. Leases of several nodes mean something only where all clocks say about the same."""
        return self._db.read(self._db.room.time)

    def forget_leases(self) -> int:
        """Mails that a serve had in work when it died wait again. How many there were.
        In a file that is whatever is claimed, and only the holder of the serve lock may say so. In a database that nodes share, it is
        what dead programs of this machine had claimed; for a dead machine the end of its leases decides."""
        if self._db.room.is_shared:
            self.mailboxes.forget_gone()
            return self.inbox.forget_gone()
        if self._lock is None:
            return 0
        self.mailboxes.forget_leases()
        return self.inbox.forget_leases()

    def record(self, outcomes: Sequence[ToRecord], now: datetime, overrun: Overrun | None = None) -> None:
        """All of these decisions, or none. Raises Conflict when somebody else was first: decide again.
        `overrun`: looks once more, with the letters in the record, whether they are within their budgets."""
        if not outcomes:
            return
        from mailgate.record.recording import Recording  # commands that only look need nothing of it

        ready = Recording(outcomes, now, self._db.room, overrun)
        try:
            self._db.write(ready.write, did=ready.is_written)
        except IntegrityError as error:
            if self._db.room.meaning(error) == "unique":
                raise Conflict("unique", (self._db.room.words(error),)) from error
            raise

    def backup(self, target: Path, now: datetime) -> None:
        """A copy of one moment in a new private file: see `backup.backup`."""
        backup.backup(self._db, target, now)
