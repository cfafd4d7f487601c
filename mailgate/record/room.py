"""What each kind of database brings along, so that nobody else in the record has to know which one it is."""

from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine

#: What an error means: somebody else has it (`busy`), this transaction has to be run from its start (`again`), the connection was lost
#: or could not be made (`gone`), no room (`full`), damaged or failed storage (`broken`), somebody inserted the same (`unique`), or ""
#: for what has nothing to do with the database or with others.
Meaning = Literal["busy", "again", "gone", "full", "broken", "unique", ""]


class Room(Protocol):
    """One record's database: `sqlite.File` or `postgres.Server`."""

    @property
    def engine(self) -> Engine: ...

    @property
    def place(self) -> str:
        """What it is called in messages. Never holds a password."""

    @property
    def is_shared(self) -> bool:
        """Whether several `serve` may work on it at the same time."""

    def begin_write(self, connection: Connection, deadline: float) -> bool:
        """Whether a transaction that writes got its turn before the deadline (monotonic seconds)."""

    def begin_read(self, connection: Connection) -> None:
        """Everything read until the end shows one moment."""

    def alone(self, connection: Connection) -> None:
        """Waits until no other node changes the schema or the agents; none can before this transaction ends."""

    def in_turn(self, connection: Connection) -> None:
        """For what is counted before a commit: from here to its end nobody else is here, and what they committed is seen.
        Asked last in a transaction: whoever has the turn waits for no row of anybody who waits for the turn."""

    def meaning(self, error: BaseException) -> Meaning: ...

    def words(self, error: BaseException) -> str:
        """What the database said, for a log: without the values of a row."""

    def pause(self, meaning: Meaning) -> None:
        """Before it is tried again."""

    def tidy(self) -> None:
        """Called now and then after a commit, outside any transaction."""

    def look_after(self) -> None:
        """Called by the watch. Raises where the storage fails under what was committed, although no commit has seen it yet."""

    def faults(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong with what it keeps, the first few."""

    def time(self, connection: Connection) -> datetime | None:
        """The clock of the machine that the database is on; None: it is ours."""

    def size(self, connection: Connection) -> int:
        """Bytes on the disk, log included where it can be known."""
