"""What the record knows of itself: its first rows, whether it is a copy, and the numbers that were given out."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from mailgate.record import tables

PRODUCT = "mailgate"
#: In `meta`: the prints of the keys that sign letters, and what a `serve` says of itself, by machine.
KEYS, RUNNING = "keys", "running "

#: How far a copy's counters jump ahead: what was given out after the copy was made must not be given out again, or an answer to
#: a lost ticket would find another one of the same number.
JUMP = {"ticket": 10_000, "person": 100_000, "entry": 1_000_000, "inbox": 1_000_000}


def found(connection: Connection, instance: str, now: datetime) -> None:
    """The first rows of a new database."""
    values = {"product": PRODUCT, "instance": instance, "created_at": now.isoformat(), "in_use": "", "restored": "", "untouched_copy": ""}
    connection.execute(insert(tables.meta), [{"key": key, "value": value} for key, value in values.items()])
    connection.execute(insert(tables.counters), [{"name": kind, "value": 0} for kind in JUMP])


def is_restored(connection: Connection) -> bool:
    """Whether this is a restored copy whose letters nobody released yet."""
    return bool(get(connection, "restored"))


def get(connection: Connection, key: str) -> str:
    """A value of meta, "" when there is none."""
    return connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == key)).scalar_one_or_none() or ""


def put(connection: Connection, key: str, value: str) -> None:
    connection.execute(delete(tables.meta).where(tables.meta.c.key == key))
    connection.execute(insert(tables.meta), {"key": key, "value": value})


def mark_copy(connection: Connection, now: datetime) -> None:
    """Makes a copied file know that it is one."""
    mark_restored(connection, now)
    put(connection, "untouched_copy", "1")
    put(connection, "in_use", "")


def mark_restored(connection: Connection, now: datetime) -> None:
    """From now on letters wait until an operator has looked, and numbers go on where none was given out since the copy was made."""
    put(connection, "restored", now.isoformat())
    for kind, jump in JUMP.items():
        connection.execute(update(tables.counters).where(tables.counters.c.name == kind).values(value=tables.counters.c.value + jump))


_NUMBERED = {"ticket": tables.tickets.c.number, "person": tables.people.c.id, "entry": tables.entries.c.id, "inbox": tables.inbox.c.id}


def faults(connection: Connection) -> list[str]:
    """Counters that lag behind what they gave out: a number given twice would lead an answer to somebody else's ticket."""
    given: dict[str, int] = dict(connection.execute(select(tables.counters.c.name, tables.counters.c.value)).all())
    found = []
    for kind, column in _NUMBERED.items():
        last = connection.execute(select(func.max(column))).scalar_one() or 0
        if given.get(kind, -1) < last:
            found.append(f"the counter of {kind} numbers stands at {given.get(kind)}, but {last} is given out")
    return found
