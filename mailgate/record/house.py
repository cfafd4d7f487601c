"""The record's own affairs: what it knows of itself, which policies it has seen, which alarms were raised, how it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from mailgate.model.delivery import OutboxState
from mailgate.model.mail import BLOCKED, STRANGERS_ABSENCE
from mailgate.model.mailbox import JUNK
from mailgate.model.ticket import Status
from mailgate.record import reports
from mailgate.record.flood_tables import suppressions
from mailgate.record.inbox import CLAIMED, SET_ASIDE, STATES, WAITING
from mailgate.record.rows import Health
from mailgate.record.tables import counters, entries, inbox, letters, meta, operator_alarms, people, policies, tickets

PRODUCT = "mailgate"
#: In `meta`: the prints of the keys that sign letters, and what a `serve` says of itself, by machine.
KEYS, RUNNING = "keys", "running "

#: How far a copy's counters jump ahead: what was given out after the copy was made must not be given out again, or an answer to
#: a lost ticket would find another one of the same number.
JUMP = {"ticket": 10_000, "person": 100_000, "entry": 1_000_000, "inbox": 1_000_000}


def found(connection: Connection, instance: str, now: datetime) -> None:
    """The first rows of a new database."""
    values = {"product": PRODUCT, "instance": instance, "created_at": now.isoformat(), "in_use": "", "restored": "", "untouched_copy": ""}
    connection.execute(insert(meta), [{"key": key, "value": value} for key, value in values.items()])
    connection.execute(insert(counters), [{"name": kind, "value": 0} for kind in JUMP])


def get(connection: Connection, key: str) -> str:
    """A value of meta, "" when there is none."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none() or ""


def put(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta), {"key": key, "value": value})


def running(connection: Connection) -> dict[str, str]:
    """What each `serve` said of itself when it began, by the name of its machine."""
    rows = connection.execute(select(meta.c.key, meta.c.value).where(meta.c.key.like(f"{RUNNING}%"))).all()
    return {key.removeprefix(RUNNING): value for key, value in rows if value}


def mark_copy(connection: Connection, now: datetime) -> None:
    """Makes a copied file know that it is one."""
    mark_restored(connection, now)
    put(connection, "untouched_copy", "1")
    put(connection, "in_use", "")


def mark_restored(connection: Connection, now: datetime) -> None:
    """From now on letters wait until an operator has looked, and numbers go on where none was given out since the copy was made."""
    put(connection, "restored", now.isoformat())
    for kind, jump in JUMP.items():
        connection.execute(update(counters).where(counters.c.name == kind).values(value=counters.c.value + jump))


_NUMBERED = {"ticket": tickets.c.number, "person": people.c.id, "entry": entries.c.id, "inbox": inbox.c.id}


def faults(connection: Connection) -> list[str]:
    """Counters that lag behind what they gave out: a number given twice would lead an answer to somebody else's ticket."""
    given: dict[str, int] = dict(connection.execute(select(counters.c.name, counters.c.value)).all())
    found = []
    for kind, column in _NUMBERED.items():
        last = connection.execute(select(func.max(column))).scalar_one() or 0
        if given.get(kind, -1) < last:
            found.append(f"the counter of {kind} numbers stands at {given.get(kind)}, but {last} is given out")
    return found


def keep_policy(connection: Connection, digest: str, text: str, now: datetime) -> None:
    """Every policy that was ever in force stays: cycles cite it."""
    if policy_text(connection, digest) is None:
        connection.execute(insert(policies), {"digest": digest, "text": text, "first_seen_at": now})


def policy_text(connection: Connection, digest: str) -> str | None:
    return connection.execute(select(policies.c.text).where(policies.c.digest == digest)).scalar_one_or_none()


#: A letter that has not left yet.
_WAITING_LETTERS = tuple(state.value for state in (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEFERRED, OutboxState.HELD))


def may_alarm(connection: Connection, kind: str, key: str, now: datetime, every: timedelta) -> bool:
    """Not again before `every` has passed, and not beside a letter that says it and still waits."""
    mine = (operator_alarms.c.kind == kind, operator_alarms.c.key == key)
    raised = connection.execute(select(operator_alarms.c.raised_at, operator_alarms.c.letter).where(*mine)).one_or_none()
    return raised is None or (raised.raised_at <= now - every and not _still_waits(connection, raised.letter))


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


def forget_alarm(connection: Connection, kind: str, key: str) -> bool:
    """The trouble is over: the next one is told at once. False when none was raised."""
    return connection.execute(delete(operator_alarms).where(operator_alarms.c.kind == kind, operator_alarms.c.key == key)).rowcount == 1


_OUTBOX = tuple(state.value for state in OutboxState if state not in (OutboxState.SENT, OutboxState.CANCELLED))
_TICKETS = tuple(status.value for status in Status if status.is_live or status is Status.RESOLVED)


def health(connection: Connection, now: datetime, size: int) -> Health:
    """What is done and closed is not counted as a whole: that grows for ever."""
    day = now - timedelta(days=1)
    mails = dict.fromkeys((WAITING, CLAIMED, SET_ASIDE), 0)
    for state in mails:
        mails[state] = connection.execute(select(func.count()).where(inbox.c.state == state)).scalar_one()
    # Whoever has a junk folder read has it filled every day: nobody is asked about that.
    junk = connection.execute(select(func.count()).where(inbox.c.state == SET_ASIDE, inbox.c.reason == JUNK)).scalar_one()
    absent, blocked = (
        connection.execute(
            select(func.count()).where(inbox.c.state == SET_ASIDE, inbox.c.reason.startswith(reason, autoescape=True))
        ).scalar_one()
        for reason in (STRANGERS_ABSENCE, BLOCKED)
    )
    mails[SET_ASIDE] -= junk + absent + blocked
    oldest = [
        connection.execute(select(func.min(inbox.c.received_at)).where(inbox.c.state == state)).scalar_one() for state in (WAITING, CLAIMED)
    ]
    newest = [connection.execute(select(func.max(inbox.c.received_at)).where(inbox.c.state == state)).scalar_one() for state in STATES]
    accepted = [
        connection.execute(select(func.count()).where(inbox.c.state == state, inbox.c.received_at > day)).scalar_one() for state in STATES
    ]
    outgoing = {state: connection.execute(select(func.count()).where(letters.c.state == state)).scalar_one() for state in _OUTBOX}
    due = [
        connection.execute(
            select(func.min(letters.c.due_at)).where(
                letters.c.automatic == automatic, letters.c.due_at.is_not(None), letters.c.state != OutboxState.SENDING.value
            )
        ).scalar_one()
        for automatic in (False, True)
    ]
    under_way = (OutboxState.QUEUED.value, OutboxState.SENDING.value, OutboxState.DEFERRED.value)
    since = func.coalesce(letters.c.not_before, letters.c.made_at)
    waits = [
        connection.execute(
            select(since, letters.c.last_reply).where(letters.c.state.in_(under_way), tried, since <= now).order_by(since).limit(1)
        ).one_or_none()
        for tried in (letters.c.attempts == 0, letters.c.attempts > 0)
    ]
    sent = connection.execute(
        select(func.count()).where(letters.c.state == OutboxState.SENT.value, letters.c.settled_at > day)
    ).scalar_one()
    statuses = dict.fromkeys(_TICKETS, 0)
    counted = select(tickets.c.status, func.count()).where(tickets.c.status.in_(_TICKETS)).group_by(tickets.c.status)
    statuses.update((status, count) for status, count in connection.execute(counted))
    return Health(
        inbox=mails,
        inbox_oldest_at=min((at for at in oldest if at is not None), default=None),
        last_accepted_at=max((at for at in newest if at is not None), default=None),
        accepted_day=sum(accepted),
        outbox=outgoing,
        outbox_oldest_due_at=min((at for at in due if at is not None), default=None),
        outbox_untried_at=waits[0][0] if waits[0] else None,
        outbox_deferred_at=waits[1][0] if waits[1] else None,
        outbox_said=next((row.last_reply for row in waits if row and row.last_reply), ""),
        sent_day=sent,
        reported_day=reports.counts(connection, now),
        suppressed=connection.execute(select(func.count()).where(suppressions.c.until > now)).scalar_one(),
        tickets=statuses,
        restored=bool(get(connection, "restored")),
        size=size,
        blocked=blocked,
        junk=junk,
    )
