"""What mails said about letters of ours: kept once for each letter and mail, and what is believed of the letter since."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from mailgate.model.delivery import Fate, OutboxState, Reported
from mailgate.model.letter import Audience, OutboxRow
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, among, grouped, reads
from mailgate.record.tables import delivery_reports, letters

#: The relay may have these or not; a report says that it has.
_OPEN_ENDS = (OutboxState.DEFERRED.value, OutboxState.UNKNOWN.value)


class DeliveryReports(Part):
    """What mails said about letters of ours."""

    @reads
    def since_answers(
        self, connection: Connection, addresses: Iterable[str], since: datetime
    ) -> dict[str, tuple[datetime | None, frozenset[str]]]:
        """For each address (lower case): when a letter to it was last answered, and which letters to it were reported dead, or called spam,
        after that and after `since`."""
        keys = list(dict.fromkeys(addresses))
        newest = select(letters.c.address_key, func.max(letters.c.answered_at)).where(letters.c.answered_at.is_not(None))
        last: dict[str, datetime] = dict(among(connection, newest.group_by(letters.c.address_key), letters.c.address_key, keys))
        bounced = and_(delivery_reports.c.hard, delivery_reports.c.fate == Fate.BOUNCED.value)
        told = (
            select(letters.c.address_key, letters.c.id, delivery_reports.c.at)
            .join(letters, letters.c.id == delivery_reports.c.letter)
            .where(or_(bounced, delivery_reports.c.action == "complained"), delivery_reports.c.at > since)
        )
        reported = among(connection, told, letters.c.address_key, keys)
        dead = grouped((key, letter) for key, letter, at in reported if key not in last or at > last[key])
        return {key: (last.get(key), frozenset(dead.get(key, ()))) for key in keys}

    @reads
    def reached_otherwise(self, connection: Connection, ids: Iterable[str]) -> set[str]:
        """Of these letters those whose words the same requester also got at another address, as far as anybody knows."""
        other = letters.alias("other")
        arrived = exists().where(
            and_(
                other.c.ticket == letters.c.ticket,
                other.c.entry == letters.c.entry,
                other.c.person == letters.c.person,
                other.c.audience == Audience.REQUESTER.value,
                other.c.address_key != letters.c.address_key,
                other.c.state == OutboxState.SENT.value,
                func.coalesce(other.c.fate, "") != Fate.BOUNCED.value,
            )
        )
        mine = select(letters.c.id).where(letters.c.entry.is_not(None), arrived)
        return {id for (id,) in among(connection, mine, letters.c.id, ids)}


def record(connection: Connection, mail: int, reported: Sequence[Reported], now: datetime) -> None:
    """Keeps what a mail says. A letter of which nobody knew whether the relay has it has left: no further copy is sent."""
    for one in reported:
        known = select(delivery_reports.c.mail).where(delivery_reports.c.letter == one.letter, delivery_reports.c.mail == mail)
        if connection.execute(known).first() is not None:
            continue
        connection.execute(insert(delivery_reports), row_of(one) | {"mail": mail})
        mine = letters.c.id == one.letter
        if one.fate is not None:
            connection.execute(update(letters).where(mine).values(fate=one.fate.value, fate_at=one.at))
        connection.execute(
            update(letters)
            .where(mine, letters.c.doubted, letters.c.lease.is_(None), letters.c.state.in_(_OPEN_ENDS))
            .values(state=OutboxState.SENT.value, due_at=None, settled_at=now)
        )


def with_reports(connection: Connection, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The same rows with everything that was reported about each, oldest first."""
    query = select(delivery_reports).order_by(delivery_reports.c.mail)
    reported = among(connection, query, delivery_reports.c.letter, (row.letter.id for row in rows))
    found = grouped((one.letter, noun_of(Reported, one)) for one in reported)
    return [replace(row, reports=tuple(found.get(row.letter.id, ()))) for row in rows]


def fates(connection: Connection, now: datetime) -> dict[str, int]:
    """How many letters were last reported as what, within a day."""
    since = now - timedelta(days=1)
    return {
        fate.value: connection.execute(select(func.count()).where(letters.c.fate == fate.value, letters.c.fate_at > since)).scalar_one()
        for fate in Fate
    }
