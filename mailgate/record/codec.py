"""Frozen nouns to JSON text and back, by their type hints, so that each noun is described in one place only: model/."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mailgate.model.reason import Reason, from_json, to_json
from mailgate.record.types import clean

T = TypeVar("T")


def dump(value: object) -> str:
    """JSON text of nouns, tuples, mappings, instants and plain values. Raises TypeError for anything else."""
    text = _ENCODE(_plain(value))
    # PostgreSQL's jsonb refuses an escaped NUL, and no database takes a lone surrogate.
    if "\\u0000" in text or clean(text) is not text:
        text = _ENCODE(_cleaned(json.loads(text)))
    return text


def dump_all(values: tuple[object, ...]) -> str:
    """The same for a tuple; most are empty."""
    return dump(values) if values else "[]"


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def instant(value: datetime) -> str:
    """`2026-11-20T08:30:00Z`."""
    if value.tzinfo is None:
        raise ValueError(f"an instant without a zone: {value.isoformat()}")
    return value.astimezone(UTC).isoformat()[:19] + "Z"


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """What makes JSON of values of this type, found once: a mail is recorded with half a hundred values."""
    if issubclass(kind, Enum):
        return lambda value: value.value
    if kind in (str, int, bool, float, NoneType):
        return lambda value: value
    if kind in (tuple, list):
        return lambda value: [_plain(item) for item in value]
    if kind is datetime:
        return instant
    if kind is Reason:
        return to_json
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        return lambda value: {name: _plain(getattr(value, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(item) for key, item in value.items()}
    if issubclass(kind, (frozenset, set)):
        return lambda value: sorted(_plain(item) for item in value)
    raise TypeError(f"no JSON form for {kind.__name__}")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value


def load(kind: type[T], value: object) -> T:
    """A noun from decoded JSON. Fields that the JSON does not have keep their defaults: rows may be older than the program."""
    reader: Callable[[Any], T] = _reader(cast(Any, kind))
    return reader(value)


def load_all(kind: type[T], values: object) -> tuple[T, ...]:
    """A tuple of nouns from a decoded JSON list, empty for None."""
    reader: Callable[[Any], T] = _reader(cast(Any, kind))
    return tuple(reader(value) for value in values) if isinstance(values, list) else ()


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        inner = [arg for arg in get_args(kind) if arg is not type(None)]
        reader = _reader(inner[0])
        return lambda value: None if value is None else reader(value)
    if origin is tuple:
        args = get_args(kind)
        if len(args) == 2 and args[1] is Ellipsis:
            each = _reader(args[0])
            return lambda value: tuple(each(item) for item in value)
        readers = tuple(_reader(arg) for arg in args)
        return lambda value: tuple(read(item) for read, item in zip(readers, value, strict=True))
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is Reason:
        return from_json
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        make = cast(Callable[..., Any], kind)
        parts = tuple((field.name, _reader(hints[field.name])) for field in dataclasses.fields(kind))
        return lambda value: make(**{name: read(value[name]) for name, read in parts if name in value})
    return lambda value: value
