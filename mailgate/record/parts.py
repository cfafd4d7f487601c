"""What the parts of the store have in common: each method is one transaction, and the same work joins a transaction that runs already."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, TypeVarTuple, overload

from sqlalchemy import ColumnElement, Connection, Select, Table, insert
from sqlalchemy import Row as SqlRow

from mailgate.record.database import Database

P = ParamSpec("P")
K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
Ts = TypeVarTuple("Ts")

_MANY = 400  #: values in one IN (...); every database takes as many


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Pieces small enough for one IN (...), without repeats, in a fixed order."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), _MANY):
        yield unique[start : start + _MANY]


def among(connection: Connection, query: Select[*Ts], column: ColumnElement[Any], values: Iterable[Any]) -> Iterator[SqlRow[*Ts]]:
    """The rows of a query in which this column has one of these values, however many there are."""
    for some in chunks(values):
        yield from connection.execute(query.where(column.in_(some)))


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """The values of each key, in their order."""
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """New rows, also none."""
    if rows:
        connection.execute(insert(table), rows)


class Part:
    """Threads may share it. Every method raises NoSpace, Busy or Broken when the database cannot do it now; then nothing is written."""

    def __init__(self, database: Database) -> None:
        self._db = database


class reads(Generic[P, T]):  # noqa: N801
    """`store.people.at(keys)` is a transaction of its own; `People.at(connection, keys)` is part of the one that runs already.
    The method below it takes the connection where callers of the store give nothing, and has no use for `self`."""

    def __init__(self, work: Callable[Concatenate[Any, Connection, P], T]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, part: None, owner: type[Part]) -> Callable[Concatenate[Connection, P], T]: ...
    @overload
    def __get__(self, part: Part, owner: type[Part]) -> Callable[P, T]: ...
    def __get__(self, part: Part | None, owner: type[Part]) -> Callable[..., T]:
        return partial(self._work, None) if part is None else partial(self._alone, part._db)

    def _alone(self, database: Database, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(database, partial(self._work, None), [list(one) if isinstance(one, Iterator) else one for one in args], kwargs)

    def _run(self, database: Database, work: Callable[..., T], args: list[Any], kwargs: dict[str, Any]) -> T:
        """The work may be done twice, where the database was busy: so no argument is an iterator, which is empty the second time."""
        return database.read(lambda connection: work(connection, *args, **kwargs))


class writes(reads[P, T]):  # noqa: N801
    """The same for work that changes something (`Database.write`)."""

    def _run(self, database: Database, work: Callable[..., T], args: list[Any], kwargs: dict[str, Any]) -> T:
        return database.write(lambda connection: work(connection, *args, **kwargs))
