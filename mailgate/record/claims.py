"""Taking rows to work on, so that no two workers have the same one: a lease with an end and a token that only its holder knows."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, select

from mailgate.record.parts import chunks

#: Of these keys the first ones that there is room for.
Weigh = Callable[[Connection, list[Any]], list[Any]]


def within(octets: int, weights: Select[Any], key: ColumnElement[Any], *, in_order: bool = True) -> Weigh:
    """The first keys that weigh no more than so many octets together, and the first one in any case. `weights`: selects key and octets.
    `in_order` False: what there is no room for is stepped over, and smaller ones behind it are taken, also beside a first that is larger.
    """

    def weigh(connection: Connection, keys: list[Any]) -> list[Any]:
        found: dict[Any, int] = {}
        for some in chunks(keys):
            found.update((row[0], row[1] or 0) for row in connection.execute(weights.where(key.in_(some))))
        kept: list[Any] = []
        left = octets
        for one in keys:
            if kept and found.get(one, 0) > left:
                if in_order:
                    break
                continue
            kept.append(one)
            if in_order or found.get(one, 0) <= left:
                left -= found.get(one, 0)
        return kept

    return weigh


def first_of(key: Column[Any], *wanted: ColumnElement[bool], order: tuple[Column[Any], ...], limit: int) -> Select[Any]:
    """The first rows in an order that nobody else is taking at this moment.
    PostgreSQL steps over the rows that another node is just claiming; SQLite has one writer at a time and leaves these words out."""
    return select(key).where(*wanted).order_by(*order).limit(limit).with_for_update(skip_locked=True)


def take(
    connection: Connection,
    table: Table,
    key: Column[Any],
    *choices: Select[Any],
    limit: int,
    values: dict[str, Any],
    weigh: Weigh = lambda _, keys: keys,
) -> list[Any]:
    """Keys of at most `limit` rows, from the first choice on, now marked with `values` (state, lease and its end).
    `weigh` leaves those that there is room for."""
    taken: list[Any] = []
    for choice in choices:
        if len(taken) < limit:
            taken += connection.execute(choice.limit(limit - len(taken))).scalars()
    taken = weigh(connection, list(dict.fromkeys(taken)))
    for some in chunks(taken):
        connection.execute(table.update().where(key.in_(some)).values(**values))
    return taken
