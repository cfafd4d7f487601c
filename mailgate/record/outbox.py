"""The outbox: sealed letters with where each stands, claimed by couriers under a lease, settled by who still holds it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, literal, or_, select, update

from mailgate.model.delivery import Fate, OutboxState
from mailgate.model.flood import AutomaticCounts
from mailgate.model.letter import Letter, OutboxRow
from mailgate.model.sender import folded
from mailgate.model.understood import LetterFacts
from mailgate.record import meta, node
from mailgate.record.claims import first_of, take, within
from mailgate.record.delivery_reports import with_reports
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, among, chunks, reads, writes
from mailgate.record.ready import Row
from mailgate.record.rows import OCTETS, ClaimedLetter, Settlement
from mailgate.record.tables import letter_aliases, letters, once
from mailgate.record.types import UtcDateTime

_S = OutboxState
_OPEN = (_S.QUEUED.value, _S.DEFERRED.value, _S.SENDING.value)  #: the courier looks at these when they are due
_TROUBLED = tuple(state.value for state in _S if state not in (_S.SENT, _S.CANCELLED))
_FINAL = frozenset({_S.SENT, _S.REFUSED, _S.UNKNOWN, _S.CANCELLED})
#: A lease on a letter that is not under way any more: it was held or cancelled meanwhile, and nobody said what the relay did.
_DOUBTED = or_(letters.c.doubted, letters.c.lease.is_not(None))


def letter_row(letter: Letter, held: bool, cause: str = "", why_held: str = "") -> Row:
    """`cause`: whose mail it follows from, folded; `why_held`: this one letter waits for a person."""
    held = held or bool(why_held)
    starts = letter.not_before or letter.made_at
    counted = letter.automatic and letter.audience.is_outside
    return row_of(letter) | {
        "address_key": letter.address.lower(),
        "counted_at": starts if counted else None,
        "counted_key": folded(letter.address) if counted else None,
        "cause": cause or None,
        "state": (OutboxState.HELD if held else OutboxState.QUEUED).value,
        "due_at": None if held else starts,
        "attempts": 0,
        "last_reply": why_held,
        "doubted": False,
    }


def outbox_row(row: Any) -> OutboxRow:
    waits = row.state in (OutboxState.QUEUED.value, OutboxState.DEFERRED.value)
    return noun_of(OutboxRow, row, letter=noun_of(Letter, row), next_attempt_at=row.due_at if waits else None, reports=())


class Outbox(Part):
    """Sealed letters, and where each stands."""

    def claim(self, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[ClaimedLetter]:
        """Letters that are due, persons' words before machines'. Those that would come too late are cancelled.
        A restored record gives none until it is released."""
        token = node.new_lease()
        if self._db.read(meta.is_restored):
            return []
        ids = self._db.write(
            lambda connection: claim(connection, token, limit, now, lease, octets), did=lambda connection: under_way(connection, token)
        )
        return self._db.read(lambda connection: claimed(connection, ids, token)) if ids else []

    @writes
    def settle(self, connection: Connection, settlement: Settlement, now: datetime) -> bool:
        """Records an attempt. False when the lease was lost: somebody else answers for the letter now.
        A letter that was held or cancelled while it was under way stays so, unless the relay took it, refused it, or may have it."""
        attempted = settlement.attempted
        state = attempted.state
        mine = update(letters).where(letters.c.id == settlement.letter, letters.c.lease == settlement.lease)
        values: dict[str, object] = {
            "lease": None,
            "last_reply": settlement.reply,
            "doubted": attempted.doubted,
            "attempts": letters.c.attempts + (1 if attempted.counts else 0),
        }
        if (lighter := settlement.lighter) is not None:
            row = row_of(lighter)
            values |= {name: row[name] for name in ("body", "parts", "boundary", "digest", "size")}
        if state in _FINAL:
            return connection.execute(mine.values(**values, state=state.value, due_at=None, settled_at=now)).rowcount == 1
        under_way = mine.where(letters.c.state == _S.SENDING.value)
        if connection.execute(under_way.values(**values, state=state.value, due_at=attempted.next_attempt_at)).rowcount == 1:
            return True
        return connection.execute(mine.values(**values)).rowcount == 1

    @writes
    def release_lease(self, connection: Connection, claims: Iterable[ClaimedLetter], now: datetime) -> None:
        """Letters that were claimed and not tried: due at once, no attempt counted."""
        tried = letters.c.attempts > 0
        state, first_at = case((tried, _S.DEFERRED.value), else_=_S.QUEUED.value), case((tried, letters.c.first_at), else_=None)
        back = update(letters).where(letters.c.state == _S.SENDING.value).values(state=state, lease=None, due_at=now, first_at=first_at)
        for claimed in claims:
            connection.execute(back.where(letters.c.id == claimed.letter.id, letters.c.lease == claimed.lease))

    @writes
    def hasten(self, connection: Connection, now: datetime) -> int:
        """The clock was set back. Letters that would only have left when it is that late again are due now: how many. Delayed ones keep
        their turn."""
        at_once = and_(letters.c.state == _S.QUEUED.value, letters.c.not_before.is_(None), letters.c.due_at > now)
        far_off = and_(letters.c.state == _S.DEFERRED.value, letters.c.due_at > now + _LONGEST_WAIT)
        return connection.execute(update(letters).where(or_(at_once, far_off)).values(due_at=now)).rowcount

    @reads
    def rows(
        self, connection: Connection, state: OutboxState | None = None, limit: int = 50, offset: int = 0, fate: Fate | None = None
    ) -> list[OutboxRow]:
        """Newest first. None: all that are neither sent nor cancelled. `fate`: those of which this was reported, whatever their state."""
        if fate is not None:
            query = select(letters).where(letters.c.fate == fate.value).order_by(letters.c.fate_at.desc(), letters.c.id)
        elif state in (_S.SENT, _S.CANCELLED):
            # These may be millions: the index has them in the order in which they were settled.
            query = select(letters).where(letters.c.state == state.value).order_by(letters.c.settled_at.desc(), letters.c.id)
        else:
            states = _TROUBLED if state is None else (state.value,)
            query = select(letters).where(letters.c.state.in_(states)).order_by(letters.c.made_at.desc(), letters.c.id)
        return [outbox_row(row) for row in connection.execute(query.limit(limit).offset(offset))]

    @reads
    def row(self, connection: Connection, id: str) -> OutboxRow | None:
        found = connection.execute(select(letters).where(letters.c.id == id.upper())).first()
        return with_reports(connection, [outbox_row(found)])[0] if found else None

    @reads
    def of_ticket(self, connection: Connection, number: int) -> list[OutboxRow]:
        """Oldest first."""
        query = select(letters).where(letters.c.ticket == number).order_by(letters.c.made_at, letters.c.id)
        return with_reports(connection, [outbox_row(row) for row in connection.execute(query)])

    @reads
    def readers(self, connection: Connection, number: int, event: str) -> tuple[int, ...]:
        """Who was written to about this on a ticket."""
        query = select(letters.c.person).where(letters.c.ticket == number, letters.c.event == event).distinct()
        return tuple(sorted(connection.execute(query).scalars()))

    @reads
    def to_address(self, connection: Connection, address: str, limit: int = 20) -> list[OutboxRow]:
        """Newest first."""
        query = select(letters).where(letters.c.address_key == address.lower()).order_by(letters.c.made_at.desc(), letters.c.id)
        return with_reports(connection, [outbox_row(row) for row in connection.execute(query.limit(limit))])

    @writes
    def retry(self, connection: Connection, id: str, now: datetime) -> bool:
        """One letter is due now, whatever came before, but for letters that were sent or are under way."""
        there = update(letters).where(letters.c.id == id, letters.c.state.not_in([_S.SENT.value, _S.SENDING.value]))
        fresh = {"attempts": 0, "first_at": None, "settled_at": None, "expires_at": None}
        again = there.values(**fresh, state=_S.QUEUED.value, due_at=now, lease=None, doubted=_DOUBTED)
        return connection.execute(again).rowcount == 1

    @writes
    def hold(self, connection: Connection, ids: Sequence[str] | None = None) -> int:
        """Nothing of these (None: of all) leaves until released: how many. A letter under way keeps its lease: that the relay took it must
        be known."""
        query = update(letters).where(letters.c.state.in_(_OPEN)).values(state=_S.HELD.value, due_at=None)
        return _each(connection, query, ids)

    @reads
    def held_of(self, connection: Connection, ticket: int) -> list[str]:
        """The letters of a ticket that wait for a person."""
        return list(connection.execute(select(letters.c.id).where(letters.c.ticket == ticket, letters.c.state == _S.HELD.value)).scalars())

    @writes
    def release(self, connection: Connection, now: datetime, ids: Sequence[str] | None = None) -> int:
        due = case((letters.c.not_before > now, letters.c.not_before), else_=literal(now, UtcDateTime()))
        held = update(letters).where(letters.c.state == _S.HELD.value)
        return _each(connection, held.values(state=_S.QUEUED.value, lease=None, doubted=_DOUBTED, due_at=due), ids)

    @writes
    def cancel(self, connection: Connection, now: datetime, because: str, ids: Sequence[str] | None = None) -> int:
        """Not tried again. One that is under way is only marked: when the relay took it already, that wins."""
        waits = update(letters).where(letters.c.state.in_((*_OPEN, _S.HELD.value, *((_S.UNKNOWN.value,) if ids is not None else ()))))
        return _each(connection, waits.values(state=_S.CANCELLED.value, due_at=None, settled_at=now, last_reply=because), ids)

    @reads
    def texts(self, connection: Connection, ids: Iterable[str]) -> dict[str, str]:
        """What letters say: their plain form, out of their own sealed octets."""
        query = select(letters.c.id, letters.c.notice, letters.c.header, letters.c.body)
        rows = among(connection, query, letters.c.id, ids)
        return {row.id: _form(row.header + b"\r\n\r\n" + row.body, "text/plain") or row.notice for row in rows}

    @reads
    def page(self, connection: Connection, id: str) -> str:
        """The HTML of a letter, out of its own sealed octets; "" where it has none, or there is no such letter."""
        row = connection.execute(select(letters.c.header, letters.c.body).where(letters.c.id == id)).one_or_none()
        return _form(row.header + b"\r\n\r\n" + row.body, "text/html") if row is not None else ""

    @reads
    def subject(self, connection: Connection, id: str) -> str:
        """Out of its own sealed octets; "" where there is no such letter."""
        header = connection.execute(select(letters.c.header).where(letters.c.id == id)).scalar()
        said = message_from_bytes(header, policy=default)["Subject"] if header else None
        return str(said or "")

    @reads
    def facts(self, connection: Connection, ids: Iterable[str]) -> dict[str, LetterFacts]:
        query = select(*(letters.c[name] for name in LetterFacts.__slots__))
        return {row.id: noun_of(LetterFacts, row) for row in among(connection, query, letters.c.id, ids)}

    @writes
    def add_alias(self, connection: Connection, message_id: str, letter: str) -> None:
        """The first letter keeps it: a relay that gives one name to two letters names neither."""
        if not Outbox.aliases(connection, [message_id]):
            connection.execute(insert(letter_aliases), {"message_id": message_id, "letter": letter})

    @reads
    def aliases(self, connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
        """Letters behind Message-IDs that a relay gave them."""
        query = select(letter_aliases.c.message_id, letter_aliases.c.letter)
        return dict(among(connection, query, letter_aliases.c.message_id, message_ids))

    @reads
    def automatic_counts(self, connection: Connection, keys: Iterable[str], now: datetime, *, by_minute: bool = True) -> AutomaticCounts:
        """Counted by when a letter may leave: one whose turn is still to come takes its place in the budget already.
        `by_minute` False: nobody asks how many letters left in the last minute. At 500 mails a second that would be a look at 30,000 rows.
        """
        hour: dict[str, int] = {}
        day: dict[str, int] = {}
        last_hour = func.sum(case((letters.c.counted_at > now - timedelta(hours=1), 1), else_=0))
        query = select(letters.c.counted_key, last_hour, func.count()).where(letters.c.counted_at > now - timedelta(days=1))
        for key, in_hour, in_day in among(connection, query.group_by(letters.c.counted_key), letters.c.counted_key, map(folded, keys)):
            hour[key], day[key] = in_hour, in_day
        by_proof: dict[bool, int] = {}
        if by_minute:
            minute = connection.execute(
                select(letters.c.proven, func.count()).where(letters.c.counted_at > now - timedelta(minutes=1)).group_by(letters.c.proven)
            )
            by_proof = {bool(proven): count for proven, count in minute}
        return AutomaticCounts(hour, day, unknown_minute=by_proof.get(False, 0), known_minute=by_proof.get(True, 0))

    @reads
    def known_once(self, connection: Connection, keys: Iterable[str]) -> set[str]:
        """Which of these keys of `decide.once` are taken."""
        return {key for (key,) in among(connection, select(once.c.key), once.c.key, keys)}

    @reads
    def asked(self, connection: Connection, people: Iterable[int], now: datetime) -> dict[int, tuple[int, int]]:
        """How often each was asked whether a mail is theirs, in the last hour and in the last day."""
        in_hour = func.sum(case((letters.c.made_at > now - timedelta(hours=1), 1), else_=0))
        query = select(letters.c.person, in_hour, func.count()).where(
            letters.c.about.is_not(None), letters.c.made_at > now - timedelta(days=1)
        )
        return {person: (hour, day) for person, hour, day in among(connection, query.group_by(letters.c.person), letters.c.person, people)}


# --- the courier's side -------------------------------------------------------------------------------------------


def claim(connection: Connection, token: str, limit: int, now: datetime, lease: timedelta, octets: int = OCTETS) -> list[str]:
    """Marks letters that are due as being sent, persons' words before machines'; those that come too late are cancelled on the way.
    Of at most so many octets together, with their files: a round of large letters would hold up all that come after it. Small letters go
    beside a large one, whatever stands between them."""
    sizes = select(letters.c.id, letters.c.size)
    while True:
        ids = take(
            connection,
            letters,
            letters.c.id,
            *(
                first_of(letters.c.id, letters.c.automatic == automatic, letters.c.due_at <= now, order=(letters.c.due_at,), limit=limit)
                for automatic in (False, True)
            ),
            limit=limit,
            weigh=within(octets, sizes, letters.c.id, in_order=False),
            values={
                "lease": token,
                "due_at": now + lease,
                # A lease that ran out: that courier may have handed the letter over before it fell silent.
                "doubted": or_(letters.c.doubted, letters.c.state == _S.SENDING.value),
                "attempts": letters.c.attempts + case((letters.c.state == _S.SENDING.value, 1), else_=0),
                "first_at": func.coalesce(letters.c.first_at, literal(now, UtcDateTime())),
                "state": _S.SENDING.value,
            },
        )
        late = _cancel_late(connection, ids, now)
        taken = [id for id in ids if id not in late]
        if taken or not ids:
            return taken  # what was cancelled leaves room for the next round


def under_way(connection: Connection, token: str) -> list[str] | None:
    """What a claim took that was committed although nobody was told; None: nothing."""
    mine = select(letters.c.id).where(letters.c.lease == token, letters.c.state == _S.SENDING.value)
    return list(connection.execute(mine.order_by(letters.c.automatic, letters.c.made_at)).scalars()) or None


def are_there(connection: Connection, ids: Sequence[str]) -> bool:
    """Whether these letters were recorded: their ids are drawn by chance, so nobody else has made them."""
    return connection.execute(select(letters.c.id).where(letters.c.id.in_(list(ids))).limit(1)).first() is not None


def _cancel_late(connection: Connection, ids: Sequence[str], now: datetime) -> set[str]:
    too_late = select(letters.c.id).where(letters.c.expires_at <= now, letters.c.doubted.is_(False))
    late = {id for (id,) in among(connection, too_late, letters.c.id, ids)}
    cancelled = {"state": _S.CANCELLED.value, "due_at": None, "lease": None, "settled_at": now, "last_reply": "would have come too late"}
    _each(connection, update(letters).values(**cancelled), late)
    return late


def claimed(connection: Connection, ids: Sequence[str], lease: str) -> list[ClaimedLetter]:
    """In the order of the ids."""
    found = {
        row.id: ClaimedLetter(noun_of(Letter, row), lease, row.attempts + 1, row.first_at, row.doubted, row.last_reply)
        for row in among(connection, select(letters).where(letters.c.lease == lease), letters.c.id, ids)
    }
    return [found[id] for id in ids if id in found]


#: Longer than any pause between two attempts (`decide.retry`), and than the lease of a courier.
_LONGEST_WAIT = timedelta(hours=5)


# --- the operator's side ------------------------------------------------------------------------------------------


def take_back(connection: Connection, ids: Sequence[str], now: datetime, because: str) -> bool:
    """Whether all of these still waited here; then none of them leaves. What is under way, or was handed over, cannot be taken back."""
    waits = (letters.c.state.in_((_S.HELD.value, _S.QUEUED.value, _S.DEFERRED.value)), letters.c.lease.is_(None))
    query = update(letters).where(*waits).values(state=_S.CANCELLED.value, due_at=None, settled_at=now, last_reply=because)
    return _each(connection, query, ids) == len(ids)


def _each(connection: Connection, query: Any, ids: Iterable[str] | None) -> int:
    if ids is None:
        return int(connection.execute(query).rowcount)
    return sum(connection.execute(query.where(letters.c.id.in_(some))).rowcount for some in chunks(ids))


def _form(letter: bytes, type_: str) -> str:
    for part in message_from_bytes(letter).walk():
        if part.get_content_type() == type_ and part.get_filename() is None:
            octets = part.get_payload(decode=True)
            return octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""
    return ""


def spend(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Their tokens no longer prove who holds them."""
    _each(connection, update(letters).where(letters.c.spent_at.is_(None)).values(spent_at=now), ids)


def answered(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Their readers have them."""
    _each(connection, update(letters).values(answered_at=now), ids)
