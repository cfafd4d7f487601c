"""How far each folder of a mailbox was read, who reads it, which mails are tried again, and how connecting went."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from mailgate.model.mailbox import Attempt, Connect, Cursor, FolderHealth, FolderKey, LeaseLost, Pending, Stage
from mailgate.record import node
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, chunks
from mailgate.record.tables import mailbox_connects as connects
from mailgate.record.tables import mailbox_folders as folders
from mailgate.record.tables import mailbox_pending as pending

_KEPT = timedelta(hours=1)  #: connections older than this count for nothing


class Mailboxes(Part):
    """Whoever changes a cursor has to hold the folder's lease."""

    # --- the lease ---------------------------------------------------------------------------------------------------

    def lease(self, key: FolderKey, holder: str, now: datetime, until: datetime) -> bool:
        """Takes or renews the lease of a folder: by comparing and setting, so that one of many nodes has it."""

        def work(connection: Connection) -> bool:
            free = or_(folders.c.holder == holder, folders.c.holder.is_(None), folders.c.lease_until < now)
            taken = connection.execute(update(folders).where(*_at(key), free).values(holder=holder, lease_until=until))
            if taken.rowcount == 1:
                return True
            if connection.execute(select(folders.c.mailbox).where(*_at(key))).first() is not None:
                return False
            new = {"mailbox": key.mailbox, "folder": key.folder, "holder": holder, "lease_until": until}
            connection.execute(insert(folders), {**new, "first_tried_at": now, "failures": 0, "error": ""})
            return True

        return self._db.write(work)

    def release(self, key: FolderKey, holder: str) -> None:
        """Another node may take the folder at once."""
        mine = (*_at(key), folders.c.holder == holder)
        self._db.write(lambda connection: connection.execute(update(folders).where(*mine).values(holder=None, lease_until=None)))

    def forget_leases(self) -> int:
        """For the one serve that starts, when nobody else can be at work. How many there were."""

        def work(connection: Connection) -> int:
            held = update(folders).where(folders.c.holder.is_not(None))
            return int(connection.execute(held.values(holder=None, lease_until=None)).rowcount)

        return self._db.write(work)

    def forget_gone(self) -> int:
        """The folders that programs of this machine held which have ended since. Whoever lives, or is elsewhere, keeps theirs."""

        def work(connection: Connection) -> int:
            holders = set(connection.execute(select(folders.c.holder).where(folders.c.holder.is_not(None))).scalars())
            gone = [holder for holder in holders if node.is_gone(holder)]
            held = update(folders).where(folders.c.holder.in_(gone))
            return int(connection.execute(held.values(holder=None, lease_until=None)).rowcount) if gone else 0

        return self._db.write(work)

    # --- the cursor --------------------------------------------------------------------------------------------------

    def cursor(self, key: FolderKey) -> tuple[Cursor | None, tuple[Pending, ...]]:
        """Where to go on, None for a folder that was never opened; and the mails that are not finished, in the order of their UIDs."""

        def work(connection: Connection) -> tuple[Cursor | None, tuple[Pending, ...]]:
            row = connection.execute(select(folders).where(*_at(key))).first()
            left = connection.execute(select(pending).where(*_of(key)).order_by(pending.c.uid))
            return _cursor(row), tuple(noun_of(Pending, r) for r in left)

        return self._db.read(work)

    def begin(self, key: FolderKey, holder: str, cursor: Cursor, left: Sequence[Pending]) -> None:
        """A folder is begun, or begun anew: what is still to do under its old UIDs means nothing any more. Raises LeaseLost."""

        def work(connection: Connection) -> None:
            _move(connection, key, holder, cursor)
            connection.execute(delete(pending).where(*_of(key)))
            _add(connection, key, left)

        self._db.write(work)

    def advance(self, key: FolderKey, holder: str, cursor: Cursor, failed: Sequence[Pending] = (), done: Iterable[int] = ()) -> None:
        """These mails are finished, those failed, and the cursor stands here. Raises LeaseLost."""
        finished = [*done, *(one.uid for one in failed)]

        def work(connection: Connection) -> None:
            _move(connection, key, holder, cursor)
            for some in chunks(finished):
                connection.execute(delete(pending).where(*_of(key), pending.c.uid.in_(some)))
            _add(connection, key, failed)

        self._db.write(work)

    # --- how it goes -------------------------------------------------------------------------------------------------

    def went_well(self, key: FolderKey, now: datetime) -> None:
        """The folder was looked through to its end."""
        fine = {"ok_at": now, "failing_since": None, "failures": 0, "error": ""}
        self._db.write(lambda connection: connection.execute(update(folders).where(*_at(key)).values(**fine)))

    def went_wrong(self, key: FolderKey, error: str, now: datetime) -> int:
        """How many times in a row it has gone wrong now."""

        def work(connection: Connection) -> int:
            connection.execute(
                update(folders)
                .where(*_at(key))
                .values(failing_since=func.coalesce(folders.c.failing_since, now), failures=folders.c.failures + 1, error=error[:500])
            )
            return connection.execute(select(folders.c.failures).where(*_at(key))).scalar_one_or_none() or 0

        return self._db.write(work)

    def health(self) -> list[FolderHealth]:
        """Of every folder that was ever tried, by name."""

        def work(connection: Connection) -> list[FolderHealth]:
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

        return self._db.read(work)

    # --- connections -------------------------------------------------------------------------------------------------

    def connecting(self, mailbox: str, now: datetime, allowed: Callable[[Sequence[Connect], datetime], datetime]) -> int | datetime:
        """A connection is about to be tried: the number under which its outcome is recorded, or when it may be tried.
        `allowed` says that from the last hour's connections (`decide.polling.next_connect`). Folders and nodes ask one after the other."""

        def work(connection: Connection) -> int | datetime:
            # The rows of the mailbox are locked where a database has such locks: two nodes must not both be the tenth.
            connection.execute(select(folders.c.folder).where(folders.c.mailbox == mailbox).order_by(folders.c.folder).with_for_update())
            connection.execute(delete(connects).where(connects.c.mailbox == mailbox, connects.c.at <= now - _KEPT))
            query = select(connects.c.at, connects.c.outcome).where(connects.c.mailbox == mailbox).order_by(connects.c.id)
            at = allowed([Connect(at, Attempt(outcome)) for at, outcome in connection.execute(query)], now)
            if at > now:
                return at
            key = connection.execute(insert(connects).values(mailbox=mailbox, at=now, outcome=Attempt.OPEN.value)).inserted_primary_key
            return int(key[0]) if key else 0

        return self._db.write(work)

    def connected(self, number: int, outcome: Attempt) -> None:
        """How it went."""
        mine = update(connects).where(connects.c.id == number).values(outcome=outcome.value)
        self._db.write(lambda connection: connection.execute(mine))


def _at(key: FolderKey) -> tuple[ColumnElement[bool], ...]:
    return folders.c.mailbox == key.mailbox, folders.c.folder == key.folder


def _of(key: FolderKey) -> tuple[ColumnElement[bool], ...]:
    return pending.c.mailbox == key.mailbox, pending.c.folder == key.folder


def _cursor(row: Row[Any] | None) -> Cursor | None:
    if row is None or row.uidvalidity is None:
        return None
    return noun_of(Cursor, row)


def _move(connection: Connection, key: FolderKey, holder: str, cursor: Cursor) -> None:
    moved = connection.execute(update(folders).where(*_at(key), folders.c.holder == holder).values(**row_of(cursor)))
    if moved.rowcount != 1:
        raise LeaseLost(str(key))


def _add(connection: Connection, key: FolderKey, left: Sequence[Pending]) -> None:
    if left:
        connection.execute(insert(pending), [row_of(one) | {"mailbox": key.mailbox, "folder": key.folder} for one in left])


def _health(row: Row[Any], left: int, unread: tuple[int, str]) -> FolderHealth:
    key = FolderKey(row.mailbox, row.folder)
    return FolderHealth(key, row.ok_at, row.failing_since, row.failures, row.error, left, row.first_tried_at, *unread)
