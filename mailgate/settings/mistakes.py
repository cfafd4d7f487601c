"""A mistake in the configuration is shown with its file, its line and the way out, together with all the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailgate.settings.words import meant, of_value

_TABLE = re.compile(r"\s*(\[\[?)([^\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


@dataclass(frozen=True, slots=True)
class Mistake:
    """`file` is the name as people know it; `line` 0 where the file as a whole is meant."""

    file: str
    line: int
    key: str  #: dotted
    words: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place:<18} {self.key:<32} {self.words}"


class Mistaken(Exception):
    """The configuration cannot be used. Holds every mistake at once."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(m) for m in mistakes))
        self.mistakes = tuple(mistakes)


def lines_of(text: str) -> Mapping[tuple[str, ...], int]:
    """Dotted key -> line number, for tables and plain keys of a TOML text. Elements of [[arrays]] carry their index."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line):
            parts = _parts(match[2])
            if match[1] == "[[":
                index = seen.get(parts, 0)
                seen[parts] = index + 1
                parts = (*parts, str(index))
            table = parts
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault((*table, *_parts(match[1])), number)
    return found


def _parts(key: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _PART.findall(key))


def line_for(lines: Mapping[tuple[str, ...], int], key: Sequence[str]) -> int:
    """The line of a key, else of the nearest table around it, else 0: the file as a whole."""
    parts = tuple(key)
    while parts:
        if parts in lines:
            return lines[parts]
        parts = parts[:-1]
    return 0


def key_in(line: str) -> str | None:
    """The key that a line gives a value to, as it is written there."""
    match = _KEY.match(line)
    return match[1] if match else None


def from_pydantic(
    file: str,
    lines: Mapping[tuple[str, ...], int],
    errors: Sequence[Any],
    keys_at: Mapping[tuple[str, ...], Sequence[str]],
    data: Mapping[str, Any],
) -> list[Mistake]:
    """pydantic's errors in our words, one for each place. `keys_at` names the known keys below a place ("*" stands for any name)."""
    said: dict[tuple[str, ...], list[str]] = {}
    for error in errors:
        kind, loc = error["type"], tuple(str(part) for part in error["loc"])
        if kind == "extra_forbidden":
            place, words = loc, f"no such key{_elsewhere(loc, keys_at)}"
        else:
            place = loc if kind == "missing" else _real(loc, data)
            words = of_value(kind, error.get("ctx") or {}, error.get("input"), str(error["msg"]))
        known = said.setdefault(place, [])
        if words not in known:
            known.append(words)
    return [Mistake(file, line_for(lines, place), ".".join(place) or "(file)", ", or ".join(words)) for place, words in said.items()]


def _real(place: tuple[str, ...], data: Any) -> tuple[str, ...]:
    """The part of a place that stands in the file: behind it pydantic names which kind of value it tried."""
    found: list[str] = []
    for step in place:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step.isdigit() and int(step) < len(data):
            data = data[int(step)]
        else:
            break
        found.append(step)
    return tuple(found)


def _elsewhere(place: tuple[str, ...], keys_at: Mapping[tuple[str, ...], Sequence[str]]) -> str:
    """What an unknown key may have been meant to be: a key of this table, else the table in which there is such a key."""
    known = _known(place[:-1], keys_at)
    if guess := meant(place[-1], known):
        return guess
    tables = [".".join(pattern) or "the top, above all tables" for pattern, keys in keys_at.items() if place[-1] in keys]
    if tables:
        return f" here: it belongs to {' or '.join(f'[{one}]' if '.' in one or one.isidentifier() else one for one in tables)}"
    return f": there are {', '.join(known)}" if known else ""


def _known(place: tuple[str, ...], keys_at: Mapping[tuple[str, ...], Sequence[str]]) -> Sequence[str]:
    for pattern, keys in keys_at.items():
        if len(pattern) == len(place) and all(p in ("*", q) for p, q in zip(pattern, place, strict=True)):
            return keys
    return ()
