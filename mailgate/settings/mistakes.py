"""A mistake in the configuration is shown with its file, its line and the way out, together with all the others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
        return f"{self.file}:{self.line:<4} {self.key:<32} {self.words}"


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
    """The line of a key, else of the nearest table around it, else 1."""
    parts = tuple(key)
    while parts:
        if parts in lines:
            return lines[parts]
        parts = parts[:-1]
    return 1


def meant(word: str, known: Iterable[str]) -> str:
    """`: did you mean "prefix"?` or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f': did you mean "{close[0]}"?' if close else ""


def from_pydantic(
    file: str, lines: Mapping[tuple[str, ...], int], errors: Sequence[Any], keys_at: Mapping[tuple[str, ...], Sequence[str]]
) -> list[Mistake]:
    """pydantic's errors in our words. `keys_at` names the known keys below a place ("*" stands for any name)."""
    mistakes = []
    for error in errors:
        place = tuple(str(part) for part in error["loc"] if not str(part).startswith("function-") and str(part) != "[key]")
        kind, words = error["type"], str(error["msg"])
        if kind == "missing":
            words = "is missing"
        elif kind == "extra_forbidden":
            words = f"no such key{meant(place[-1], _known(place[:-1], keys_at))}"
        else:
            words = words.removeprefix("Value error, ")
            words = words[0].lower() + words[1:]
        mistakes.append(Mistake(file, line_for(lines, place), ".".join(place) or "(file)", words))
    return mistakes


def _known(place: tuple[str, ...], keys_at: Mapping[tuple[str, ...], Sequence[str]]) -> Sequence[str]:
    for pattern, keys in keys_at.items():
        if len(pattern) == len(place) and all(p in ("*", q) for p, q in zip(pattern, place, strict=True)):
            return keys
    return ()
