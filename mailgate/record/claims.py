"""Taking rows to work on, so that no two workers have the same one: a lease with an end and a token that only its holder knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, select


def first_of(key: Column[Any], *wanted: ColumnElement[bool], order: tuple[Column[Any], ...], limit: int) -> Select[Any]:
    """The first rows in an order that nobody else is taking at this moment.

    PostgreSQL steps over the rows that another node is just claiming; SQLite has one writer at a time and leaves these words out.
    """
    return select(key).where(*wanted).order_by(*order).limit(limit).with_for_update(skip_locked=True)


def take(connection: Connection, table: Table, key: Column[Any], *choices: Select[Any], limit: int, values: dict[str, Any]) -> list[Any]:
    """Keys of at most `limit` rows, from the first choice on, now marked with `values` (state, lease and its end)."""
    taken: list[Any] = []
    for choice in choices:
        if len(taken) < limit:
            taken += connection.execute(choice.limit(limit - len(taken))).scalars()
    for start in range(0, len(taken), 500):
        connection.execute(table.update().where(key.in_(taken[start : start + 500])).values(**values))
    return taken
