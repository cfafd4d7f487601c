"""How an account looks on a terminal: short lines, aligned columns, and nothing of a mail that could command it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

WIDTH = 100  #: columns
INDENT = "  "
#: Signed names: the ticket or letter may be seen, the signature behind it may not, for whoever has it can use it. Evidence of a rule is
#: cut short, so that the bracket and some of the signature may be missing.
_SUBJECT = re.compile(r"\[([A-Za-z][A-Za-z0-9]{0,9}-[1-9][0-9]{0,11})-(?:(?:\s?[0-9A-Za-z]){8}\s?\]|[0-9A-Za-z]{1,8}(?![0-9A-Za-z\]]))")
_SYMBOL = "[0-9A-TV-Za-tv-z]"
_SIGNED = re.compile(
    rf"((?:(?<![0-9A-Za-z])|(?<=%2B)|(?<=%2b)|(?<=%252B)|(?<=%252b)){_SYMBOL}{{8}}(?:\.[A-Za-z]{{1,8}}|\.[1-5])?)\.{_SYMBOL}{{16}}(?=@|%40|%2540)"
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec")


def seen(text: str) -> str:
    """Text of a mail as it may be shown: no control or bidi character, and no whole token of ours."""
    visible = "".join(ch if ch.isprintable() else " " if ch in "\t\n" else "?" for ch in text)
    visible = visible.replace(".\u2026", "...").replace("\u2026", "...")
    return _SIGNED.sub(r"\1...", _SUBJECT.sub(r"[\1-...]", visible))


def wide(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def clipped(text: str, columns: int) -> str:
    """The beginning of a text, in so many columns."""
    text = seen(text[:2000])
    if wide(text) <= columns:
        return text
    taken, room = [], columns - 3
    for ch in text:
        room -= wide(ch)
        if room < 0:
            break
        taken.append(ch)
    return "".join(taken).rstrip() + "..."


def quoted(text: str, columns: int = 70) -> str:
    """Somebody's words within a sentence."""
    return f'"{clipped(text, columns)}"'


def filled(text: str, first: str = INDENT, below: str | None = None) -> list[str]:
    """A paragraph in lines of at most `WIDTH` columns, where its words allow it."""
    below = " " * wide(first) if below is None else below
    lines: list[str] = []
    line, empty = first, True
    for word in seen(text).split():
        if not empty and wide(line) + 1 + wide(word) > WIDTH:
            lines.append(line.rstrip())
            line, empty = below, True
        for piece in _pieces(word, WIDTH - wide(below)):
            if not empty and piece is not word:
                lines.append(line.rstrip())
                line, empty = below, True
            line += piece if empty else f" {piece}"
            empty = False
    return [*lines, line.rstrip()] if not empty else lines


def _pieces(word: str, room: int) -> Iterable[str]:
    if wide(word) <= room:
        return (word,)
    size = max(room // 2, 1)  # a word that is wider than a line is no word; each of its letters may take two columns
    return tuple(word[at : at + size] for at in range(0, min(len(word), 400), size))


def columns(rows: Sequence[Sequence[str]], indent: str = INDENT * 2, most: Sequence[int] = ()) -> list[str]:
    """Aligned columns, two blanks apart; the last one is wrapped below itself. `most`: what a column may take."""
    rows = [[clipped(cell, most[at]) if at < len(most) else seen(cell) for at, cell in enumerate(row)] for row in rows]
    sizes = [max(wide(row[at]) for row in rows) for at in range(len(rows[0]) - 1)] if rows else []
    lines: list[str] = []
    for row in rows:
        front = indent + "".join(cell + " " * (size - wide(cell) + 2) for cell, size in zip(row, sizes, strict=False))
        lines.extend(filled(row[-1], front) if row[-1].strip() else [front.rstrip()])
    return lines


def excerpt(text: str, most: int, indent: str = INDENT * 2) -> list[str]:
    """The first lines of a text, and how many more there are."""
    lines = text.strip("\n").split("\n") if text.strip() else []
    shown = [f"{indent}| {clipped(line, WIDTH - wide(indent) - 2)}".rstrip() for line in lines[:most]]
    left = len(lines) - most
    return [*shown, f"{indent}  ... and {counted(left, 'more line')}"] if left > 0 else shown


def counted(number: int, what: str) -> str:
    """`1 line`, `3 lines`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return ", ".join(words[:-1]) + (f" {last} " if len(words) > 1 else "") + words[-1] if words else ""


def size_of(octets: int) -> str:
    if octets < 10_000:
        return counted(octets, "byte")
    return f"{octets / 1024:.0f} KiB" if octets < 1024 * 1024 else f"{octets / 1024 / 1024:.1f} MiB"


def when(at: datetime, zone: str) -> str:
    """`Mon 1 June 2026, 10:00 CEST`."""
    local = at.astimezone(ZoneInfo(zone))
    name = local.tzname() or ""
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M} {name}"


def span(seconds: int) -> str:
    """`8 h`, `1 h 30 min`."""
    hours, minutes = divmod(int(timedelta(seconds=seconds).total_seconds()) // 60, 60)
    return " ".join(word for word in (f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else "") if word)
