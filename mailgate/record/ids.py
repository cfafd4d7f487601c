"""Numbers for tickets, people, entries and inbox rows: reserved in blocks, never given out twice, gaps allowed."""

import threading
from collections import deque

from sqlalchemy import Connection, select, update

from mailgate.record.database import Database
from mailgate.record.rows import IdKind
from mailgate.record.tables import counters

KINDS: tuple[IdKind, ...] = ("ticket", "person", "entry", "inbox")
#: Numbers of a block. Tickets' are short, because people see their gaps; each block is a commit of its own, with its wait for the disk.
BLOCKS: dict[IdKind, int] = {"ticket": 100, "person": 1000, "entry": 1000, "inbox": 1000}


class Numbers:
    """What is left of the blocks that this program reserved. A restart forgets them: that makes the gaps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._left: dict[str, deque[int]] = {kind: deque() for kind in KINDS}
        self._lock = threading.Lock()

    def take(self, kind: IdKind, n: int) -> list[int]:
        """`n` numbers, rising. Reserves a new block in a transaction of its own when the old one does not reach."""
        if n < 1:
            return []
        with self._lock:
            left = self._left[kind]
            missing = n - len(left)
            if missing > 0:
                left.extend(self._database.write(lambda connection: reserve(connection, kind, max(BLOCKS[kind], missing))))
            return [left.popleft() for _ in range(n)]

    def forget(self) -> None:
        """The record's counters have jumped: what is left of the old blocks is not given out."""
        with self._lock:
            for left in self._left.values():
                left.clear()


def reserve(connection: Connection, kind: str, n: int) -> range:
    """The next `n` numbers; nobody else will get them."""
    raised = connection.execute(update(counters).where(counters.c.name == kind).values(value=counters.c.value + n))
    if raised.rowcount != 1:
        raise KeyError(kind)
    last = connection.execute(select(counters.c.value).where(counters.c.name == kind)).scalar_one()
    return range(last - n + 1, last + 1)
