"""Nouns as rows and back: a field stands in the column of its name, so that each noun is described in one place only: model/."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mailgate.record import codec
from mailgate.record.ready import Row

T = TypeVar("T")
_Convert = Callable[[Any], Any] | None


def row_of(noun: Any, *but: str) -> Row:
    """A noun as values for its columns; `but`: fields that have none of their name."""
    names, values, converts = _written(cast(Any, type(noun)), but)
    row: Row = dict(zip(names, values(noun), strict=True))
    for name, write in converts:
        row[name] = write(row[name])
    return row


def noun_of(kind: type[T], row: Any, **given: Any) -> T:
    """The noun that a row holds, with those fields `given` that no column has as they are."""
    make = cast(Callable[..., T], kind)
    for name, read in _read(cast(Any, kind)):
        if name not in given:
            given[name] = getattr(row, name) if read is None else read(getattr(row, name))
    return make(**given)


@cache
def _written(kind: type, but: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Any], Any], list[tuple[str, Callable[[Any], Any]]]]:
    """A mail is recorded with half a dozen rows: the fields of one are taken in one step, and only some are changed."""
    fields = [(name, _converts(hint)[0]) for name, hint in _fields(kind) if name not in but]
    names = tuple(name for name, _ in fields)
    return names, attrgetter(*names), [(name, write) for name, write in fields if write is not None]


@cache
def _read(kind: type) -> tuple[tuple[str, _Convert], ...]:
    return tuple((name, _converts(hint)[1]) for name, hint in _fields(kind))


def _fields(kind: type) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(cast(Any, kind))]


def _converts(hint: Any) -> tuple[_Convert, _Convert]:
    """What makes a column's value of a field, and what makes a field's of a column; None where the column's type does it."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        write, read = _converts(kinds[0]) if len(kinds) == 1 else (None, None)
        return (
            write and (lambda value: None if value is None else write(value)),
            read and (lambda value: None if value is None else read(value)),
        )
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return codec.dump_all, lambda value: codec.load_all(item, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: value.value, hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and not issubclass(hint, datetime):
        return codec.dump, lambda value: codec.load(hint, value)
    return None, None
