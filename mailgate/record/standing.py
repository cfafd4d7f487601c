"""The record's own affairs: with which keys its letters are signed, which policies were in force, which alarms were raised, how it is."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from mailgate.model.delivery import OutboxState
from mailgate.model.ticket import Status
from mailgate.record import meta, tables
from mailgate.record.database import Database
from mailgate.record.delivery_reports import fates
from mailgate.record.flood_tables import suppressions
from mailgate.record.ids import Numbers
from mailgate.record.inbox import CLAIMED, SET_ASIDE, STATES, WAITING
from mailgate.record.parts import Part, reads, writes
from mailgate.record.reasons import BLOCKED, JUNK_FOLDER, STRANGERS_ABSENCE, begins
from mailgate.record.rows import Health
from mailgate.record.tables import inbox, letters, operator_alarms, policies, tickets
from mailgate.record.trust import Untrusted


class Standing(Part):
    """The record's own affairs: keys that it knows, policies in force, alarms that were raised, how it is."""

    def __init__(self, database: Database, numbers: Numbers) -> None:
        super().__init__(database)
        self._numbers = numbers

    def key_trouble(self, prints: Sequence[str]) -> Untrusted | None:
        """What there is to say when none of these keys (`Keyring.prints`) has signed letters of this record."""
        known = self._db.read(lambda connection: meta.get(connection, meta.KEYS)).split()
        if not known or set(known) & set(prints):
            return None
        return Untrusted(
            f"{self._db.room.place} was made with other keys than those in [keys]",
            "Put the file with the old keys back (a new key stands above an old one, and never in its place). When they are lost for good, "
            "set keys.accept_other = true for one start: then no answer to an older letter proves anybody",
        )

    def adopt_keys(self, prints: Sequence[str], accept_other: bool = False) -> None:
        """From now on the record knows these keys. Raises Untrusted when it knows others only."""
        if not accept_other and (trouble := self.key_trouble(prints)) is not None:
            raise trouble
        self._db.write(lambda connection: meta.put(connection, meta.KEYS, " ".join(prints)))

    @writes
    def note_running(self, connection: Connection, host: str, words: str) -> None:
        """What the `serve` of this machine goes by, for `status` beside it; "" when it ends."""
        meta.put(connection, f"{meta.RUNNING}{host}", words)

    @writes
    def keep_policy(self, connection: Connection, digest: str, text: str, now: datetime) -> None:
        """Every policy that was ever in force stays: cycles cite it."""
        if Standing.policy_text(connection, digest) is None:
            connection.execute(insert(policies), {"digest": digest, "text": text, "first_seen_at": now})

    @reads
    def policy_text(self, connection: Connection, digest: str) -> str | None:
        return connection.execute(select(policies.c.text).where(policies.c.digest == digest)).scalar_one_or_none()

    @reads
    def may_alarm(self, connection: Connection, kind: str, key: str, now: datetime, every: timedelta) -> bool:
        """Not again before `every` has passed, and not beside a letter that says it and still waits."""
        mine = (operator_alarms.c.kind == kind, operator_alarms.c.key == key)
        raised = connection.execute(select(operator_alarms.c.raised_at, operator_alarms.c.letter).where(*mine)).one_or_none()
        return raised is None or (raised.raised_at <= now - every and not _still_waits(connection, raised.letter))

    @writes
    def forget_alarm(self, connection: Connection, kind: str, key: str) -> bool:
        """The trouble is over: the next one is told at once. False when none was raised."""
        return connection.execute(delete(operator_alarms).where(operator_alarms.c.kind == kind, operator_alarms.c.key == key)).rowcount == 1

    @reads
    def running(self, connection: Connection) -> dict[str, str]:
        """What each `serve` said of itself when it began, by the name of its machine."""
        rows = connection.execute(select(tables.meta.c.key, tables.meta.c.value).where(tables.meta.c.key.like(f"{meta.RUNNING}%"))).all()
        return {key.removeprefix(meta.RUNNING): value for key, value in rows if value}

    def health(self, now: datetime) -> Health:
        size = self._db.size()
        return self._db.read(lambda connection: _health(connection, now, size))

    @reads
    def is_restored(self, connection: Connection) -> bool:
        """Whether this is a restored copy whose letters nobody released yet."""
        return meta.is_restored(connection)

    def mark_restored(self, now: datetime) -> None:
        """An operator put back an older state of the database: its letters wait, and no number is given a second time."""
        self._db.write(lambda connection: meta.mark_restored(connection, now))
        self._numbers.forget()

    @writes
    def release_restored(self, connection: Connection) -> None:
        meta.put(connection, "restored", "")


#: A letter that has not left yet.
_WAITING_LETTERS = tuple(state.value for state in (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEFERRED, OutboxState.HELD))


def _still_waits(connection: Connection, letter: str | None) -> bool:
    state = select(letters.c.state).where(letters.c.id == letter)
    return letter is not None and connection.execute(state).scalar_one_or_none() in _WAITING_LETTERS


def operator_alarm(connection: Connection, kind: str, key: str, now: datetime, every: timedelta, letter: str | None = None) -> bool:
    """Raises this alarm, if it may be raised now: not again before `every` has passed, also after a restart or by another node."""
    mine = (operator_alarms.c.kind == kind, operator_alarms.c.key == key)
    found = select(operator_alarms.c.raised_at, operator_alarms.c.letter).where(*mine).with_for_update()
    raised = connection.execute(found).one_or_none()
    if raised is None:
        connection.execute(insert(operator_alarms), {"kind": kind, "key": key, "raised_at": now, "letter": letter})
        return True
    if raised.raised_at > now - every or _still_waits(connection, raised.letter):
        return False
    connection.execute(update(operator_alarms).where(*mine).values(raised_at=now, letter=letter))
    return True


_OUTBOX = tuple(state.value for state in OutboxState if state not in (OutboxState.SENT, OutboxState.CANCELLED))
_TICKETS = tuple(status.value for status in Status if status.is_live or status is Status.RESOLVED)


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(*where)).scalar_one()


def _mails(connection: Connection, day: datetime) -> dict[str, Any]:
    """What `Health` says of mails. Each state by itself, for an index to answer."""
    states = {state: _count(connection, inbox.c.state == state) for state in (WAITING, CLAIMED, SET_ASIDE)}
    aside = inbox.c.state == SET_ASIDE
    # Whoever has a junk folder read has it filled every day: nobody is asked about that.
    junk, absent, blocked = (_count(connection, aside, begins(inbox.c.reason, how)) for how in (JUNK_FOLDER, STRANGERS_ABSENCE, BLOCKED))
    states[SET_ASIDE] -= junk + absent + blocked

    def ends(which: Any, among: Iterable[str]) -> list[datetime]:
        found = (connection.execute(select(which(inbox.c.received_at)).where(inbox.c.state == state)).scalar_one() for state in among)
        return [at for at in found if at is not None]

    return {
        "inbox": states,
        "inbox_oldest_at": min(ends(func.min, (WAITING, CLAIMED)), default=None),
        "last_accepted_at": max(ends(func.max, STATES), default=None),
        "accepted_day": sum(_count(connection, inbox.c.state == state, inbox.c.received_at > day) for state in STATES),
        "blocked": blocked,
        "junk": junk,
    }


def _letters(connection: Connection, now: datetime, day: datetime) -> dict[str, Any]:
    """What it says of letters."""
    due = [
        connection.execute(
            select(func.min(letters.c.due_at)).where(
                letters.c.automatic == automatic, letters.c.due_at.is_not(None), letters.c.state != OutboxState.SENDING.value
            )
        ).scalar_one()
        for automatic in (False, True)
    ]
    under_way = letters.c.state.in_((OutboxState.QUEUED.value, OutboxState.SENDING.value, OutboxState.DEFERRED.value))
    since = func.coalesce(letters.c.not_before, letters.c.made_at)
    waits = [
        connection.execute(select(since, letters.c.last_reply).where(under_way, tried, since <= now).order_by(since).limit(1)).one_or_none()
        for tried in (letters.c.attempts == 0, letters.c.attempts > 0)
    ]
    return {
        "outbox": {state: _count(connection, letters.c.state == state) for state in _OUTBOX},
        "outbox_oldest_due_at": min((at for at in due if at is not None), default=None),
        "outbox_untried_at": waits[0][0] if waits[0] else None,
        "outbox_deferred_at": waits[1][0] if waits[1] else None,
        "outbox_said": next((row.last_reply for row in waits if row and row.last_reply), ""),
        "sent_day": _count(connection, letters.c.state == OutboxState.SENT.value, letters.c.settled_at > day),
        "reported_day": fates(connection, now),
    }


def _health(connection: Connection, now: datetime, size: int) -> Health:
    """What is done and closed is not counted as a whole: that grows for ever."""
    day = now - timedelta(days=1)
    counted = select(tickets.c.status, func.count()).where(tickets.c.status.in_(_TICKETS)).group_by(tickets.c.status)
    return Health(
        **_mails(connection, day),
        **_letters(connection, now, day),
        suppressed=_count(connection, suppressions.c.until > now),
        tickets=dict.fromkeys(_TICKETS, 0) | dict(connection.execute(counted).all()),
        restored=meta.is_restored(connection),
        size=size,
    )
