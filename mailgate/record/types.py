"""Column types: instants that know their zone, words without what a database chokes on, and JSON that was written beforehand."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from mailgate.model.reason import Because, from_column, to_column

_UNFIT = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Text without NUL and lone surrogates: PostgreSQL refuses the first, SQLite's driver the second. They become U+FFFD.
    Reading a mail should have removed them long before; this is the last guard."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNFIT.sub("\ufffd", text) if _UNFIT.search(text) else text


def _instant(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"an instant without a zone: {value.isoformat()}")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(microsecond=0)


@lru_cache(512)
def _instant_as_text(value: datetime | None) -> str | None:
    """A mail is recorded with some forty instants, and most of them are the same one."""
    found = _instant(value)
    return None if found is None else found.isoformat(" ")[:19]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, whole seconds. A naive one raises ValueError: it would be a guess.
    SQLite has no such type: there it is text that sorts like time, `2026-11-20 08:30:00`."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(19) if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _instant_as_text if dialect.name == "sqlite" else _instant

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        instant: datetime = value
        return instant.astimezone(UTC)


class WordsColumn(TypeDecorator[str]):
    """Text that people or mail wrote."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        return lambda value: None if value is None else clean(value)


class ReasonColumn(TypeDecorator[Because]):
    """A reason as its code with its values, in a column of text. Sentences of versions before codes come back as they stand."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Because | None], str | None]:
        return lambda value: None if value is None else clean(to_column(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Because | None:
        return None if value is None else from_column(value)


def json_column() -> JSON:
    """A JSON column. What goes in is text already (`codec.dump`), so that nothing is serialised while the write lock is held."""
    return JSON(none_as_null=True)


def already_json(value: object) -> str:
    """The engine's serialiser: checks that the work was done before the transaction."""
    if not isinstance(value, str):
        raise TypeError(f"JSON columns take text made by codec.dump, not {type(value).__name__}")
    return value
