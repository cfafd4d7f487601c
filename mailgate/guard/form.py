"""The form in which a worker answers: fields in a fixed order, of the types that their classes declare, and nothing else.

A worker has read hostile mail, so what it says is hostile as well. A pickle may call whatever it names; this form can only be right
or wrong. Written are two things: a row of whole numbers (lengths, counts, places in a choice), and behind it the octets of all texts
one after the other. Whoever reads it knows the type beforehand, so no name and no type ever stands in it. Each value takes at least one
number, so nothing can grow beyond what was sent; texts are strict UTF-8 without NUL; what is left over, or missing, makes all of it wrong.
"""

import struct
import types
from array import array
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache, partial
from types import MemberDescriptorType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_HEAD = struct.Struct("!I")
_WIDTH = array("q").itemsize


class MalformedError(ValueError):
    """What came is not of the form that was agreed on."""


class _Source:
    """What was sent, and how far it is read."""

    __slots__ = ("at", "data", "next", "size")

    def __init__(self, numbers: Iterator[int], data: bytes | bytearray, at: int) -> None:
        self.next = numbers.__next__
        self.data, self.at, self.size = data, at, len(data)

    def octets(self) -> bytes | bytearray:
        size = self.next()
        start = self.at
        end = self.at = start + size
        if size < 0 or end > self.size:
            raise MalformedError("a text is longer than what was sent")
        return self.data[start:end]


Put = Callable[[Any, list[int], list[bytes]], None]
Take = Callable[[_Source], Any]


class WireForm:
    """How values of one type are written and read: `WireForm(Reading)`, `WireForm(tuple[bytes | None, ...])`."""

    def __init__(self, kind: Any) -> None:
        self._put, self._take = _ways(kind)

    def pack(self, value: object) -> bytes:
        """Raises TypeError, ValueError or AttributeError for a value that is not of this type."""
        numbers: list[int] = []
        octets: list[bytes] = []
        self._put(value, numbers, octets)
        return b"".join((_HEAD.pack(len(numbers)), array("q", numbers).tobytes(), *octets))

    def unpack(self, data: bytes | bytearray) -> Any:
        """Raises MalformedError for whatever is not exactly of this form."""
        if len(data) < _HEAD.size:
            raise MalformedError("nothing was sent")
        (count,) = _HEAD.unpack_from(data)
        end = _HEAD.size + count * _WIDTH
        if end > len(data):
            raise MalformedError("fewer numbers than announced")
        numbers = array("q")
        numbers.frombytes(data[_HEAD.size : end])
        source = _Source(iter(numbers), data, end)
        try:
            value = self._take(source)
        except (StopIteration, ValueError, OverflowError, IndexError, RecursionError) as error:
            raise MalformedError(type(error).__name__) from error
        if source.at != source.size or next(iter(source.next, None), None) is not None:
            raise MalformedError("more than was agreed on")
        return value


def answer_of(function: Callable[..., object]) -> Any:
    """What a function, or one with some of its arguments already given, says that it returns."""
    while isinstance(function, partial):
        function = function.func
    return get_type_hints(function)["return"]


@cache
def form_of(kind: Any) -> WireForm:
    return WireForm(kind)


def _put_text(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    data = str.encode(value)
    numbers.append(len(data))
    octets.append(data)


def _take_text(source: _Source) -> str:
    text = source.octets().decode()
    if "\0" in text:
        raise MalformedError("a text with NUL")
    return text


def _put_octets(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    numbers.append(len(value))
    octets.append(bytes(value))


def _take_octets(source: _Source) -> bytes:
    return bytes(source.octets())


def _put_number(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    if type(value) is not int:
        raise TypeError("no whole number")
    numbers.append(value)


def _take_number(source: _Source) -> int:
    return source.next()


def _put_truth(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    numbers.append(_TRUTHS.index(value))


def _take_truth(source: _Source) -> bool:
    return bool(_of(source.next(), _TRUTHS))


def _put_instant(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    _put_text(datetime.isoformat(value), numbers, octets)


def _take_instant(source: _Source) -> datetime:
    instant = datetime.fromisoformat(_take_text(source))
    if instant.tzinfo is None:
        raise MalformedError("an instant without its zone")
    return instant


def _put_duration(value: Any, numbers: list[int], octets: list[bytes]) -> None:
    numbers.extend((value.days, value.seconds, value.microseconds))


def _take_duration(source: _Source) -> timedelta:
    return timedelta(source.next(), source.next(), source.next())


_TRUTHS = (False, True)
_SIMPLE: dict[Any, tuple[Put, Take]] = {
    str: (_put_text, _take_text),
    bytes: (_put_octets, _take_octets),
    int: (_put_number, _take_number),
    bool: (_put_truth, _take_truth),
    datetime: (_put_instant, _take_instant),
    timedelta: (_put_duration, _take_duration),
}


def _of(place: int, choices: tuple[Any, ...]) -> Any:
    if not 0 <= place < len(choices):
        raise MalformedError("none of the choices")
    return choices[place]


@cache
def _ways(kind: Any) -> tuple[Put, Take]:
    """How a value of this type is written and read."""
    if (simple := _SIMPLE.get(kind)) is not None:
        return simple
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _row(arguments[0]) if arguments[1:] == (...,) else _fixed(arguments)
    if origin in (Union, types.UnionType):
        return _choice(arguments)
    if origin is Literal:
        return _one_of(arguments)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of(tuple(kind))
    if is_dataclass(kind):
        return _noun(kind)
    raise TypeError(f"no worker answers with {kind!r}")


def _row(kind: Any) -> tuple[Put, Take]:
    put_one, take_one = _ways(kind)

    def put(value: Any, numbers: list[int], octets: list[bytes]) -> None:
        if type(value) is not tuple:
            raise TypeError("no tuple")
        numbers.append(len(value))
        for one in value:
            put_one(one, numbers, octets)

    def take(source: _Source) -> tuple[Any, ...]:
        count = source.next()
        if count < 0:
            raise MalformedError("fewer than none")
        return tuple([take_one(source) for _ in range(count)])

    return put, take


def _fixed(kinds: tuple[Any, ...]) -> tuple[Put, Take]:
    puts, takes = zip(*map(_ways, kinds), strict=True)

    def put(value: Any, numbers: list[int], octets: list[bytes]) -> None:
        for put_one, one in zip(puts, value, strict=True):
            put_one(one, numbers, octets)

    def take(source: _Source) -> tuple[Any, ...]:
        return tuple([take_one(source) for take_one in takes])

    return put, take


def _choice(kinds: tuple[Any, ...]) -> tuple[Put, Take]:
    """One of several types, told apart by the class of the value."""
    classes = [get_origin(kind) or kind for kind in kinds]
    puts = [None if kind is type(None) else _ways(kind)[0] for kind in kinds]
    takes = tuple((lambda _: None) if kind is type(None) else _ways(kind)[1] for kind in kinds)
    place_of = {one: place for place, one in enumerate(classes)}
    if len(place_of) < len(kinds):
        raise TypeError(f"nobody could tell these apart: {kinds!r}")

    def put(value: Any, numbers: list[int], octets: list[bytes]) -> None:
        place = place_of.get(type(value), -1)
        if place < 0:
            raise TypeError(f"none of the types: {type(value).__name__}")
        numbers.append(place)
        if (put_one := puts[place]) is not None:
            put_one(value, numbers, octets)

    def take(source: _Source) -> Any:
        return _of(source.next(), takes)(source)

    return put, take


def _one_of(values: tuple[Any, ...]) -> tuple[Put, Take]:
    place_of = {value: place for place, value in enumerate(values)}

    def put(value: Any, numbers: list[int], octets: list[bytes]) -> None:
        numbers.append(place_of[value])

    def take(source: _Source) -> Any:
        return _of(source.next(), values)

    return put, take


def _noun(kind: Any) -> tuple[Put, Take]:
    """A frozen dataclass by its fields. Its members are looked up when the first value comes: a noun may hold nouns of its own kind."""
    names = tuple(field.name for field in fields(kind))
    slots = all(type(getattr(kind, name, None)) is MemberDescriptorType for name in names)
    members: list[tuple[str, Put, Take, Any]] = []

    def get_ready() -> list[tuple[str, Put, Take, Any]]:
        hints = get_type_hints(kind)
        members[:] = [(name, *_ways(hints[name]), getattr(kind, name).__set__ if slots else None) for name in names]
        return members

    def put(value: Any, numbers: list[int], octets: list[bytes]) -> None:
        if type(value) is not kind:
            raise TypeError(f"no {kind.__name__}")
        for name, put_one, _, _ in members or get_ready():
            put_one(getattr(value, name), numbers, octets)

    def take(source: _Source) -> Any:
        if not slots:
            return kind(**{name: take_one(source) for name, _, take_one, _ in members or get_ready()})
        # Past the frozen class' own __init__, which costs twice the time.
        noun = object.__new__(kind)
        for _, _, take_one, set_one in members or get_ready():
            set_one(noun, take_one(source))
        return noun

    return put, take
