"""How far each folder of a mailbox was read, who reads it, which mails are tried again, and how connecting went."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from mailgate.model.mailbox import Attempt, Connect, Cursor, FolderHealth, FolderKey, LeaseLost, Pending, Stage
from mailgate.record import node
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, add, chunks, reads, writes
from mailgate.record.tables import mailbox_connects as connects
from mailgate.record.tables import mailbox_folders as folders
from mailgate.record.tables import mailbox_pending as pending

_KEPT = timedelta(hours=1)  #: connections older than this count for nothing
_FREED = update(folders).values(holder=None, lease_until=None)


class Mailboxes(Part):
    """Whoever changes a cursor has to hold the folder's lease."""

    @writes
    def lease(self, connection: Connection, key: FolderKey, holder: str, now: datetime, until: datetime) -> bool:
        """Takes or renews the lease of a folder: by comparing and setting, so that one of many nodes has it."""
        free = or_(folders.c.holder == holder, folders.c.holder.is_(None), folders.c.lease_until < now)
        taken = connection.execute(update(folders).where(*_at(key), free).values(holder=holder, lease_until=until))
        if taken.rowcount == 1:
            return True
        if connection.execute(select(folders.c.mailbox).where(*_at(key))).first() is not None:
            return False
        new = {"mailbox": key.mailbox, "folder": key.folder, "holder": holder, "lease_until": until}
        connection.execute(insert(folders), {**new, "first_tried_at": now, "failures": 0, "error": ""})
        return True

    @writes
    def release(self, connection: Connection, key: FolderKey, holder: str) -> None:
        """Another node may take the folder at once."""
        connection.execute(_FREED.where(*_at(key), folders.c.holder == holder))

    @writes
    def forget_leases(self, connection: Connection) -> int:
        """For the one serve that starts, when nobody else can be at work. How many there were."""
        return connection.execute(_FREED.where(folders.c.holder.is_not(None))).rowcount

    @writes
    def forget_gone(self, connection: Connection) -> int:
        """The folders that programs of this machine held which have ended since. Whoever lives, or is elsewhere, keeps theirs."""
        holders = set(connection.execute(select(folders.c.holder).where(folders.c.holder.is_not(None))).scalars())
        gone = [holder for holder in holders if node.is_gone(holder)]
        return connection.execute(_FREED.where(folders.c.holder.in_(gone))).rowcount if gone else 0

    @reads
    def cursor(self, connection: Connection, key: FolderKey) -> tuple[Cursor | None, tuple[Pending, ...]]:
        """Where to go on, None for a folder that was never opened; and the mails that are not finished, in the order of their UIDs."""
        row = connection.execute(select(folders).where(*_at(key))).first()
        left = connection.execute(select(pending).where(*_of(key)).order_by(pending.c.uid))
        begun = row is not None and row.uidvalidity is not None
        return noun_of(Cursor, row) if begun else None, tuple(noun_of(Pending, r) for r in left)

    @writes
    def begin(self, connection: Connection, key: FolderKey, holder: str, cursor: Cursor, left: Sequence[Pending]) -> None:
        """A folder is begun, or begun anew: what is still to do under its old UIDs means nothing any more. Raises LeaseLost."""
        _move(connection, key, holder, cursor)
        connection.execute(delete(pending).where(*_of(key)))
        _add(connection, key, left)

    @writes
    def advance(
        self, connection: Connection, key: FolderKey, holder: str, cursor: Cursor, failed: Sequence[Pending] = (), done: Sequence[int] = ()
    ) -> None:
        """These mails are finished, those failed, and the cursor stands here. Raises LeaseLost."""
        _move(connection, key, holder, cursor)
        for some in chunks([*done, *(one.uid for one in failed)]):
            connection.execute(delete(pending).where(*_of(key), pending.c.uid.in_(some)))
        _add(connection, key, failed)

    @writes
    def went_well(self, connection: Connection, key: FolderKey, now: datetime) -> None:
        """The folder was looked through to its end."""
        connection.execute(update(folders).where(*_at(key)).values(ok_at=now, failing_since=None, failures=0, error=""))

    @writes
    def went_wrong(self, connection: Connection, key: FolderKey, error: str, now: datetime) -> int:
        """How many times in a row it has gone wrong now."""
        since = func.coalesce(folders.c.failing_since, now)
        once_more = {"failing_since": since, "failures": folders.c.failures + 1, "error": error[:500]}
        connection.execute(update(folders).where(*_at(key)).values(**once_more))
        return connection.execute(select(folders.c.failures).where(*_at(key))).scalar_one_or_none() or 0

    @reads
    def health(self, connection: Connection) -> list[FolderHealth]:
        """Of every folder that was ever tried, by name."""
        counts = select(pending.c.mailbox, pending.c.folder, func.count()).group_by(pending.c.mailbox, pending.c.folder)
        left = {(mailbox, folder): number for mailbox, folder, number in connection.execute(counts)}
        missed = (
            select(pending.c.mailbox, pending.c.folder, func.count(), func.max(pending.c.reason))
            .where(pending.c.stage == Stage.FETCH.value, pending.c.attempts > 0)
            .group_by(pending.c.mailbox, pending.c.folder)
        )
        unread = {(mailbox, folder): (number, why) for mailbox, folder, number, why in connection.execute(missed)}
        rows = connection.execute(select(folders).order_by(folders.c.mailbox, folders.c.folder))
        return [_health(row, left.get((row.mailbox, row.folder), 0), unread.get((row.mailbox, row.folder), (0, ""))) for row in rows]

    @writes
    def connecting(
        self, connection: Connection, mailbox: str, now: datetime, allowed: Callable[[Sequence[Connect], datetime], datetime]
    ) -> int | datetime:
        """A connection is about to be tried: the number under which its outcome is recorded, or when it may be tried.
        `allowed` says that from the last hour's connections (`decide.polling.next_connect`). Folders and nodes ask one after the other."""
        # The rows of the mailbox are locked where a database has such locks: two nodes must not both be the tenth.
        connection.execute(select(folders.c.folder).where(folders.c.mailbox == mailbox).order_by(folders.c.folder).with_for_update())
        connection.execute(delete(connects).where(connects.c.mailbox == mailbox, connects.c.at <= now - _KEPT))
        query = select(connects.c.at, connects.c.outcome).where(connects.c.mailbox == mailbox).order_by(connects.c.id)
        at = allowed([Connect(at, Attempt(outcome)) for at, outcome in connection.execute(query)], now)
        if at > now:
            return at
        key = connection.execute(insert(connects).values(mailbox=mailbox, at=now, outcome=Attempt.OPEN.value)).inserted_primary_key
        return int(key[0]) if key else 0

    @writes
    def connected(self, connection: Connection, number: int, outcome: Attempt) -> None:
        """How it went."""
        connection.execute(update(connects).where(connects.c.id == number).values(outcome=outcome.value))


def _at(key: FolderKey) -> tuple[ColumnElement[bool], ...]:
    return folders.c.mailbox == key.mailbox, folders.c.folder == key.folder


def _of(key: FolderKey) -> tuple[ColumnElement[bool], ...]:
    return pending.c.mailbox == key.mailbox, pending.c.folder == key.folder


def _move(connection: Connection, key: FolderKey, holder: str, cursor: Cursor) -> None:
    moved = connection.execute(update(folders).where(*_at(key), folders.c.holder == holder).values(**row_of(cursor)))
    if moved.rowcount != 1:
        raise LeaseLost(str(key))


def _add(connection: Connection, key: FolderKey, left: Sequence[Pending]) -> None:
    add(connection, pending, [row_of(one) | {"mailbox": key.mailbox, "folder": key.folder} for one in left])


def _health(row: Row[Any], left: int, unread: tuple[int, str]) -> FolderHealth:
    key = FolderKey(row.mailbox, row.folder)
    return FolderHealth(key, row.ok_at, row.failing_since, row.failures, row.error, left, row.first_tried_at, *unread)
