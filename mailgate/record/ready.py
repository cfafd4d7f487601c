"""Statements that run for every mail, made ready outside the transaction: compiled once, their values already as the driver wants them.

SQLAlchemy does the same inside `execute`, but then the write lock waits for it, and doors wait for the lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.engine import Dialect

Row = dict[str, object]


class _Compiled:
    """One statement for one dialect and one set of columns."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str], dialect: Dialect) -> None:
        made = statement.compile(dialect=dialect, column_keys=list(columns))
        self.sql = str(made)
        self.positional = bool(made.positional)
        binds: Mapping[str, Any] = made.binds
        names: Sequence[str] = made.positiontup if made.positional and made.positiontup is not None else tuple(binds)
        if unknown := set(names) - set(columns):
            raise KeyError(f"no value for {sorted(unknown)}")
        self.fields: list[tuple[str, Callable[[Any], Any] | None]] = [
            (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
        ]

    def values(self, row: Row) -> Any:
        if self.positional:
            return tuple([row[name] if convert is None else convert(row[name]) for name, convert in self.fields])
        return {name: row[name] if convert is None else convert(row[name]) for name, convert in self.fields}


class Statement:
    """An INSERT or UPDATE for many rows. Every row has the same columns, and an UPDATE names a bindparam for each."""

    def __init__(self, statement: Insert | Update, behind: str = "") -> None:
        """`behind`: what else both dialects understand at its end."""
        self._statement, self._behind = statement, behind
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}

    def ready(self, rows: Sequence[Row], dialect: Dialect) -> Ready:
        """Rows as the driver takes them. Raises KeyError, ValueError and TypeError for rows that do not fit."""
        if not rows:
            return Ready("", [])
        key = (dialect.name, tuple(rows[0]))
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _Compiled(self._statement, key[1], dialect)
        return Ready(compiled.sql + self._behind, [compiled.values(row) for row in rows])


class Ready:
    """Nothing left but to run it."""

    def __init__(self, sql: str, rows: list[Any]) -> None:
        self._sql = sql
        self._rows = rows

    def run(self, connection: Connection) -> None:
        if self._rows:
            connection.exec_driver_sql(self._sql, self._rows)
