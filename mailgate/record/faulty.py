"""Tickets whose clocks could not be looked at: they wait for an operator and are tried again, and delay no other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from mailgate.record.clock_tables import clock_faults
from mailgate.record.parts import Part, chunks, reads, writes

#: When it is tried again: after so long, then after twice that, and so on up to a day.
FIRST, LONGEST = timedelta(minutes=5), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockFault:
    ticket: int
    since_at: datetime
    again_at: datetime
    tries: int
    reason: str  #: what kind of error it was, and nothing of its words: they may quote a mail


class ClockFaults(Part):
    """Tickets that wait for an operator."""

    @writes
    def note(self, connection: Connection, ticket: int, reason: str, now: datetime) -> bool:
        """True when that is news."""
        mine = clock_faults.c.ticket == ticket
        tries = connection.execute(select(clock_faults.c.tries).where(mine)).scalar_one_or_none()
        again_at = now + min(FIRST * 2 ** min(tries or 0, 20), LONGEST)
        if tries is None:
            row = {"ticket": ticket, "since_at": now, "again_at": again_at, "tries": 1, "reason": reason}
            connection.execute(insert(clock_faults), row)
            return True
        connection.execute(update(clock_faults).where(mine).values(again_at=again_at, tries=tries + 1, reason=reason))
        return False

    @writes
    def mended(self, connection: Connection, tickets: Iterable[int]) -> None:
        for some in chunks(tickets):
            connection.execute(delete(clock_faults).where(clock_faults.c.ticket.in_(some)))

    @writes
    def try_again(self, connection: Connection, now: datetime) -> None:
        """All of them at once: another policy, or another version of the program, may do better."""
        connection.execute(update(clock_faults).where(clock_faults.c.again_at > now).values(again_at=now))

    @reads
    def waiting(self, connection: Connection) -> list[ClockFault]:
        rows = connection.execute(select(clock_faults).order_by(clock_faults.c.ticket))
        return [ClockFault(row.ticket, row.since_at, row.again_at, row.tries, row.reason) for row in rows]
