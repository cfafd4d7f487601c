"""The inbox: mail kept before anybody says 250, claimed by a reader, done or set aside. Nothing ever leaves it."""

import logging
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.engine import Dialect

from mailgate.model.mail import Arrival, Door
from mailgate.model.reason import Because, Reason, to_column
from mailgate.model.sender import folded
from mailgate.record import node
from mailgate.record.claims import first_of, take, within
from mailgate.record.database import Database
from mailgate.record.ids import Numbers
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, among, chunks, reads, writes
from mailgate.record.ready import Row, Statement
from mailgate.record.reasons import JUNK_FOLDER
from mailgate.record.rows import OCTETS, Backlog, Broken, Claim, InboxRow, Keep, Kept
from mailgate.record.tables import inbox, message_ids, raw_mails

log = logging.getLogger(__name__)

WAITING, CLAIMED, DONE, SET_ASIDE = "waiting", "claimed", "done", "set_aside"
STATES = (WAITING, CLAIMED, DONE, SET_ASIDE)
_FREED = {"state": WAITING, "lease": None, "lease_until": None}
_AGAIN = {**_FREED, "attempts": 0, "reason": None, "settled_at": None}


class Inbox(Part):
    """Mail kept before anybody says 250, until it is read or set aside."""

    def __init__(self, database: Database, numbers: Numbers) -> None:
        super().__init__(database)
        self._numbers = numbers

    def keep(self, items: Sequence[Keep]) -> list[Kept]:
        """Stores arrivals in one transaction; when this returns they are safe. What we have already changes nothing."""
        if not items:
            return []
        ready = Keeping(items, self._numbers.take("inbox", len(items)), self._db.dialect)
        return self._db.write(ready.keep)

    def claim(self, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[Claim]:
        """Mails to read, oldest first: waiting ones, and those whose reader's lease ran out."""
        token = node.new_lease()
        ids = self._db.write(
            lambda connection: claim(connection, token, limit, now, lease, octets), did=lambda connection: held(connection, token)
        )
        if not ids:
            return []
        found, damaged = self._db.read(lambda connection: claimed(connection, ids, token))
        for id in damaged:
            log.critical("mail %d is set aside: %s", id, DAMAGED)
            self.set_aside(id, token, DAMAGED, now)
        return found

    @writes
    def release(self, connection: Connection, claims: Sequence[Claim], *, tried: bool = False) -> None:
        """Back to waiting, for those we still hold; the attempt counts only where it was `tried`."""
        for lease in {claim.lease for claim in claims}:
            for some in chunks(claim.id for claim in claims if claim.lease == lease):
                connection.execute(
                    update(inbox)
                    .where(inbox.c.id.in_(some), inbox.c.lease == lease, inbox.c.state == CLAIMED)
                    .values(**_FREED, attempts=inbox.c.attempts - (0 if tried else 1))
                )

    @writes
    def forget_leases(self, connection: Connection) -> int:
        """Back to waiting, whoever claimed them: for the one serve that starts, when nobody else can be at work. How many."""
        return connection.execute(update(inbox).where(inbox.c.state == CLAIMED).values(**_FREED)).rowcount

    @writes
    def forget_gone(self, connection: Connection) -> int:
        """Back to waiting, what programs of this machine claimed that have ended since. Whoever lives, or is elsewhere, keeps theirs."""
        leases = connection.execute(select(inbox.c.lease).where(inbox.c.state == CLAIMED).distinct()).scalars()
        freed = update(inbox).where(inbox.c.state == CLAIMED).values(**_FREED)
        gone = chunks(lease for lease in leases if lease and node.is_gone(lease))
        return sum(connection.execute(freed.where(inbox.c.lease.in_(some))).rowcount for some in gone)

    @writes
    def retry(self, connection: Connection, id: int) -> bool:
        """A mail that was set aside is read again, whoever is blocked. False when it is not set aside."""
        aside = update(inbox).where(inbox.c.id == id, inbox.c.state == SET_ASIDE)
        return connection.execute(aside.values(**_AGAIN, released=True)).rowcount == 1

    @writes
    def put_away(self, connection: Connection, id: int, now: datetime) -> bool:
        """A person has looked at a mail that was set aside: its reason stays, nobody is asked again. False when it is not set aside."""
        aside = update(inbox).where(inbox.c.id == id, inbox.c.state == SET_ASIDE)
        return connection.execute(aside.values(state=DONE, settled_at=now)).rowcount == 1

    @reads
    def raw(self, connection: Connection, id: int) -> bytes:
        """The bytes of a mail as they came. Raises KeyError for a row that does not exist."""
        row = connection.execute(
            select(raw_mails.c.raw, raw_mails.c.checksum).join(inbox, inbox.c.mail == raw_mails.c.id).where(inbox.c.id == id)
        ).first()
        if row is None:
            raise KeyError(id)
        if zlib.crc32(row.raw) != row.checksum:
            raise Broken(DAMAGED)
        found: bytes = row.raw
        return found

    @reads
    def rows(self, connection: Connection, state: str | None = None, limit: int = 50, offset: int = 0) -> list[InboxRow]:
        """Newest first."""
        query = select(inbox, *_SHOWN).join(raw_mails, raw_mails.c.id == inbox.c.mail)
        if state is None:
            query = query.order_by(inbox.c.id.desc())
        else:
            query = query.where(inbox.c.state == state).order_by(inbox.c.received_at.desc(), inbox.c.id.desc())
        return [noun_of(InboxRow, row) for row in connection.execute(query.limit(limit).offset(offset))]

    @reads
    def backlogs(self, connection: Connection) -> dict[str, Backlog]:
        """What waits to be read, by desk; old mail that is taken over answers nothing."""
        waits = (inbox.c.state.in_((WAITING, CLAIMED)), raw_mails.c.door.not_in([door.value for door in Door if door.is_quiet]))
        query = select(inbox.c.desk, func.count(), func.min(raw_mails.c.arrived_at)).join(raw_mails, raw_mails.c.id == inbox.c.mail)
        return {desk: Backlog(count, at) for desk, count, at in connection.execute(query.where(*waits).group_by(inbox.c.desk))}

    @reads
    def row(self, connection: Connection, id: int) -> InboxRow | None:
        found = connection.execute(select(inbox, *_SHOWN).join(raw_mails, raw_mails.c.id == inbox.c.mail).where(inbox.c.id == id)).first()
        return noun_of(InboxRow, found) if found else None

    @reads
    def same_message_ids(self, connection: Connection, desk: str, ids: Iterable[str], but: Iterable[int] = ()) -> dict[str, int]:
        """Which of these Message-IDs mails of this desk have that were read before, with the first such row."""
        mine = (inbox.c.desk == desk, inbox.c.id.not_in(list(but)))
        first = select(inbox.c.message_id, func.min(inbox.c.id)).where(*mine).group_by(inbox.c.message_id)
        return dict(among(connection, first, inbox.c.message_id, ids))

    @reads
    def tickets_by_message_ids(self, connection: Connection, desk: str, ids: Iterable[str]) -> dict[str, int]:
        query = select(message_ids.c.message_id, message_ids.c.ticket).where(message_ids.c.desk == desk)
        return dict(among(connection, query, message_ids.c.message_id, ids))

    @writes
    def set_aside(self, connection: Connection, id: int, lease: str, reason: Because, now: datetime) -> bool:
        """For people to look at. False when the lease was lost."""
        held = update(inbox).where(inbox.c.id == id, inbox.c.lease == lease, inbox.c.state == CLAIMED)
        values = {"state": SET_ASIDE, "lease": None, "lease_until": None, "reason": reason, "trace": "[]", "settled_at": now}
        return connection.execute(held.values(**values)).rowcount == 1


DAMAGED = Reason("damaged")

# --- keeping ------------------------------------------------------------------------------------------------------


class Keeping:
    """Arrivals made ready before the transaction, so that inside it there is nothing left but looking and inserting."""

    def __init__(self, items: Sequence[Keep], ids: Sequence[int], dialect: Dialect) -> None:
        self._items = items
        self._ids = ids
        self._dialect = dialect
        self._desks = dict.fromkeys(item.desk for item in items)
        self._raw = {id(item.arrival): _raw_row(item.arrival) for item in items}

    def keep(self, connection: Connection) -> list[Kept]:
        """One raw row for each arrival, one inbox row for each item that is new.
        What we have already changes nothing, unless it was set aside for the junk folder that it lay in: a person took it out of there."""
        seen = {(desk, row.digest): row for desk in self._desks for row in self._known(connection, desk)}
        kept: list[Kept] = []
        rows: list[Row] = []
        raws: list[Row] = []
        replaced: list[tuple[int, int]] = []
        fresh: dict[tuple[str, str], Row] = {}  #: of this very group
        owners: dict[int, int] = {}
        for item, number in zip(self._items, self._ids, strict=True):
            key = (item.desk, item.digest)
            known = seen.get(key)
            here = fresh.get(key)
            if here is not None or (known and not _is_better(item, known)):
                if here is not None and not item.aside:
                    here.update(state=WAITING, reason=None, settled_at=None)
                kept.append(Kept(None, duplicate=True))
                continue
            arrival = id(item.arrival)
            if arrival not in owners:
                owners[arrival] = number
                raws.append({**self._raw[arrival], "id": number})
            if known:
                replaced.append((known.id, owners[arrival]))
                fresh[key] = {}
                kept.append(Kept(known.id, duplicate=False))
                continue
            rows.append(
                {
                    "id": number,
                    "desk": item.desk,
                    "digest": item.digest,
                    "mail": owners[arrival],
                    "state": SET_ASIDE if item.aside else WAITING,
                    "received_at": item.arrival.received_at,
                    "sender": folded(item.arrival.reverse_path) if item.arrival.reverse_path else None,
                    "attempts": 0,
                    "reason": item.aside,
                    "settled_at": item.arrival.received_at if item.aside else None,
                }
            )
            fresh[key] = rows[-1]
            kept.append(Kept(number, duplicate=False))
        _NEW_RAW.ready(raws, self._dialect).run(connection)
        _NEW_MAIL.ready(rows, self._dialect).run(connection)
        for row, mail in replaced:
            connection.execute(update(inbox).where(inbox.c.id == row).values(**_AGAIN, mail=mail))
        return kept

    def _known(self, connection: Connection, desk: str) -> Iterable[Any]:
        for some in chunks(item.digest for item in self._items if item.desk == desk):
            yield from connection.execute(_KNOWN_DIGESTS, {"desk": desk, "digests": some})


def _is_better(item: Keep, known: Any) -> bool:
    """Whether an arrival takes the place of the one that we have."""
    return bool(known.state == SET_ASIDE and known.reason is not None and to_column(known.reason) in JUNK_FOLDER and not item.aside)


_NEW_RAW = Statement(insert(raw_mails))
_NEW_MAIL = Statement(insert(inbox))
_KNOWN_DIGESTS = select(inbox.c.id, inbox.c.digest, inbox.c.state, inbox.c.reason).where(
    inbox.c.desk == bindparam("desk"), inbox.c.digest.in_(bindparam("digests", expanding=True))
)


def _raw_row(arrival: Arrival) -> Row:
    more = {"helo": arrival.helo or None, "insider": arrival.insider or None, "size": len(arrival.raw), "checksum": zlib.crc32(arrival.raw)}
    return row_of(arrival) | more


# --- claiming -----------------------------------------------------------------------------------------------------


def claim(connection: Connection, token: str, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[int]:
    """Marks the oldest waiting mails, and those whose reader's lease ran out, as ours. Their inbox ids.
    Of at most so many octets together: a larger mail comes alone."""
    waits = inbox.c.state == WAITING
    heavy = _heavy(connection, limit)
    share = max(1, limit // SHARE)
    order = (inbox.c.received_at, inbox.c.id)
    first = select(inbox.c.id).where(waits, inbox.c.sender.in_(heavy)).order_by(*order).limit(share)
    choices = (
        # Whoever has a backlog gets on, everybody else goes first with the rest of the room, and what is left is for the backlog again.
        (
            # It waits: asked once more, of the row itself. What the inner question saw, another node may have claimed since then.
            first_of(inbox.c.id, waits, inbox.c.id.in_(select(first.subquery().c.id)), order=order, limit=share),
            first_of(inbox.c.id, waits, or_(inbox.c.sender.is_(None), inbox.c.sender.not_in(heavy)), order=order, limit=limit),
            first_of(inbox.c.id, waits, inbox.c.sender.in_(heavy), order=order, limit=limit).offset(share),
        )
        if heavy
        else (first_of(inbox.c.id, waits, order=order, limit=limit),)
    )
    sizes = select(inbox.c.id, raw_mails.c.size).join(raw_mails, raw_mails.c.id == inbox.c.mail)
    return take(
        connection,
        inbox,
        inbox.c.id,
        first_of(inbox.c.id, inbox.c.state == CLAIMED, inbox.c.lease_until <= now, order=order, limit=limit),
        *choices,
        limit=limit,
        values={"state": CLAIMED, "lease": token, "lease_until": now + lease, "attempts": inbox.c.attempts + 1},
        weigh=within(octets, sizes, inbox.c.id),
    )


#: The part of a batch from which on one sender's mail is a backlog, and what is kept for backlogs while others wait as well.
SHARE = 4


def _heavy(connection: Connection, limit: int) -> list[str]:
    """Senders who have more than their share of the oldest waiting mails."""
    oldest = select(inbox.c.sender).where(inbox.c.state == WAITING).order_by(inbox.c.received_at, inbox.c.id).limit(limit)
    counts = Counter(connection.execute(oldest).scalars())
    return sorted(sender for sender, count in counts.items() if sender and count > max(1, limit // SHARE))


def held(connection: Connection, token: str) -> list[int] | None:
    """What a claim took that was committed although nobody was told; None: nothing."""
    return list(connection.execute(select(inbox.c.id).where(inbox.c.state == CLAIMED, inbox.c.lease == token)).scalars()) or None


def claimed(connection: Connection, ids: Sequence[int], lease: str) -> tuple[list[Claim], list[int]]:
    """The mails of these rows, oldest first, and the ids of those whose bytes are damaged.
    Read after the claim: the write lock need not wait for megabytes."""
    found: list[Claim] = []
    damaged: list[int] = []
    for some in chunks(ids):
        rows = connection.execute(
            select(inbox.c.id, inbox.c.desk, inbox.c.attempts, inbox.c.confirmed, inbox.c.released, raw_mails)
            .join(raw_mails, raw_mails.c.id == inbox.c.mail)
            .where(inbox.c.id.in_(some), inbox.c.lease == lease)
            .order_by(inbox.c.received_at, inbox.c.id)
        )
        for row in rows:
            if zlib.crc32(row.raw) != row.checksum:
                damaged.append(row[0])
            else:
                confirmed, released = row.confirmed is not None, bool(row.released)
                arrival = noun_of(Arrival, row, helo=row.helo or "", insider=bool(row.insider))
                found.append(Claim(row[0], row.desk, arrival, row.attempts, lease, confirmed, released))
    return found, damaged


def settled(connection: Connection, ids: Sequence[int]) -> bool:
    """Whether nobody has to read any of these mails any more."""
    open_ = select(inbox.c.id).where(inbox.c.id.in_(list(ids)), inbox.c.state.not_in((DONE, SET_ASIDE))).limit(1)
    return connection.execute(open_).first() is None


def confirm(connection: Connection, id: int, by: int) -> bool:
    """A mail that waits for its author's word is read once more. False when that was done before, or it is not there."""
    asked = update(inbox).where(inbox.c.id == id, inbox.c.state == DONE, inbox.c.confirmed.is_(None))
    return connection.execute(asked.values(**_AGAIN, confirmed=by)).rowcount == 1


# --- looking ------------------------------------------------------------------------------------------------------


_SHOWN = [column for column in raw_mails.c if column.name not in ("id", "raw", "checksum", "received_at")]
