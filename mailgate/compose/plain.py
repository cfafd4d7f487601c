"""The plain text of a letter: all of it, for people who read no HTML.

Our own lines have at most 72 columns; people's words stay as they are. No line of dashes is written, which quote finders take for
the beginning of an older mail, and no blank at the end of a line (but in `-- `, which opens the footer, so that most programs leave it
out of answers)."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mailgate.compose.blocks import (
    BOLD,
    Actions,
    Block,
    Box,
    Byline,
    Choices,
    DataTable,
    EntryText,
    FactRows,
    Items,
    MainAction,
    Meter,
    Paragraph,
    Quote,
    Replies,
    Section,
    Steps,
    Strip,
    joined,
)
from mailgate.compose.data import OWN
from mailgate.compose.words import direction

WIDTH = 72
WIDEST = 76  #: of a table
_WIDEST_LABEL = 26  #: columns; values are not aligned behind a longer one
#: No line begins with one of these.
_NOT_FIRST = frozenset("、。」）』】・：；！？ー,.!?:;)%")
#: Behind a number: its unit, which stays with it.
_UNIT = re.compile(r"(?:[^\W\d_]{1,3}|Std\.|Min\.)(?![^\W_])|%")
_WIDE = re.compile("[\u1100-\U0010ffff]")  #: signs that may be two columns wide
_PIECES = re.compile(r" +|[\u3000-\u9fff\uff00-\uffef]|[^ \u3000-\u9fff\uff00-\uffef]+")
_FIGURES = re.compile(r"[\d.,:%+\u2212-]+(?: ?[^\W\d_]{1,3})?")


class Script:
    """How a language sets things in plain text."""

    __slots__ = ("colon", "comma", "is_rtl", "of", "stop")

    def __init__(self, language: str) -> None:
        name = language.partition("-")[0]
        is_wide = name in ("ja", "zh")
        self.is_rtl = direction(language) == "rtl"
        self.colon = "：" if is_wide else "\u00a0:" if name == "fr" else ":"
        self.of = self.colon if is_wide else f"{self.colon} "  #: between a label and its value
        self.comma = "、" if is_wide else "، " if self.is_rtl else ", "
        self.stop = "。" if is_wide else ". "


@lru_cache(32)
def script_of(language: str) -> Script:
    return Script(language)


def columns(text: str) -> int:
    """What a terminal takes: signs of Chinese, Japanese and Korean are two."""
    if text.isascii() or not _WIDE.search(text):
        return len(text)
    return sum([0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text])


@lru_cache(1024)
def wrapped(text: str, first: str = "", rest: str = "", width: int = WIDTH) -> str:
    """One paragraph in lines of at most so many columns. Most are the same in all letters of a kind."""
    if not text.isascii() and _WIDE.search(text):
        return _wrapped_anywhere(text, first, rest, width)
    if len(first) + len(text) <= width:
        return (first + text).rstrip(" ")
    lines: list[str] = []
    line, at = first, 0
    while len(line) + len(text) - at > width:
        room = at + width - len(line)
        end = text.rfind(" ", at, room + 1)
        # No line begins with a command that it only speaks of, or who quotes it without marks would seem to give it.
        if end > at and (text[end + 1 : end + 2] == "#" or (text[end - 1].isdigit() and _UNIT.match(text, end + 1))):
            before = text.rfind(" ", at, end)
            end = before if before > at else end
        if end <= at:
            end = text.find(" ", max(room, at + 1))
            if end < 0:
                break
        lines.append(line + text[at:end].rstrip(" "))
        line, at = rest, end + 1
    return "\n".join([*lines, (line + text[at:]).rstrip(" ")])


def _wrapped_anywhere(text: str, first: str, rest: str, width: int) -> str:
    """In scripts that have no blanks a line may end behind any sign."""
    lines: list[str] = []
    line, used, gap, is_empty, before = first, columns(first), "", True, ""
    for piece in _PIECES.findall(text):
        if piece[0] == " ":
            gap = "" if is_empty else " "
            continue
        size = columns(piece)
        if is_empty or used + len(gap) + size <= width:
            line, used, is_empty = f"{line}{gap}{piece}", used + len(gap) + size, False
        elif (piece[0] == "#" or (piece in _NOT_FIRST and not gap)) and before and line != f"{first if not lines else rest}{before}":
            # What begins no line takes along what stands before it.
            lines.append(line.removesuffix(before).rstrip(" "))
            line, used = f"{rest}{before}{gap}{piece}", columns(rest) + columns(before) + len(gap) + size
        else:
            lines.append(line)
            line, used, before = f"{rest}{piece}", columns(rest) + size, ""
        gap, before = "", f"{before}{piece}" if piece in _NOT_FIRST and not gap else piece
    return "\n".join([*lines, line]).rstrip(" ")


def as_text(blocks: Sequence[Block], language: str, own: bool = True) -> str:
    """The blocks as people read them without HTML. `own` False leaves out the reader's own words."""
    script = script_of(language)
    parts: list[str] = []
    before = ""  #: heading that stands right above what comes
    strip = ""  #: told below the headline
    for block in blocks:
        if isinstance(block, Section):
            before = _headed(block.words, script)
            continue
        if isinstance(block, Strip):
            strip = wrapped(_said(block.words, block.more))
            continue
        write = _WRITTEN.get(type(block))
        if write is None or (not own and isinstance(block, EntryText) and block.whose == OWN):
            continue
        said = write(block, script)
        if not said:
            continue
        parts.append(f"{before}\n{said}" if before else said)
        before = ""
        if strip:
            parts.append(strip)
            strip = ""
    return "\n\n".join([*parts, *((strip,) if strip else ()), *((before,) if before else ())])


@lru_cache(256)
def footer_text(blocks: tuple[Block, ...], below: tuple[str, ...], language: str) -> str:
    """What stands below the text: why it came, and the brand's own lines. Hardly any letter has one of its own."""
    return "\n".join([as_text(blocks, language), *map(wrapped, below)])


def _headed(words: str, script: Script) -> str:
    return wrapped(words + script.colon if words[-1:].isalnum() or words[-1:] in ")）" else words)


def _said(words: str, more: str) -> str:
    return joined([words, more]) if more else words


def unbold(words: str) -> str:
    return words.replace(BOLD, "") if BOLD in words else words


def _paragraph(block: Paragraph, script: Script) -> str:
    return wrapped(unbold(block.words))


def _facts(block: FactRows, script: Script) -> str:
    if script.is_rtl:
        return "\n".join([f"{label}{script.of}{unbold(value)}" for label, value in block.rows])
    wide = min(max([columns(label) for label, _ in block.rows]), _WIDEST_LABEL) + columns(script.of) + 1
    margin = " " * wide
    # A label that is longer than the others may be keeps a distance of its own.
    labels = ((label + script.of, unbold(value)) for label, value in block.rows)
    begun = ((label.ljust(wide - columns(label) + len(label)), value) for label, value in labels)
    return "\n".join([wrapped(value, label, margin) for label, value in begun])


def _items(block: Items, script: Script) -> str:
    rows = [wrapped(words, "- ", "  ") + (f"\n{wrapped(about, '  ', '  ')}" if about else "") for words, about in block.items]
    return "\n".join(rows)


def _quote(block: Quote, script: Script) -> str:
    return "\n".join([f"> {line}" if line else ">" for line in block.lines])


def _entry(block: EntryText, script: Script) -> str:
    return block.text


def _byline(block: Byline, script: Script) -> str:
    return wrapped(f"{block.name}{script.comma}{block.about}{script.colon}" if block.about else f"{block.name}{script.colon}")


def _box(block: Box, script: Script) -> str:
    return wrapped(_said(block.words, block.more))


def _steps(block: Steps, script: Script) -> str:
    return wrapped(block.said)


def _meter(block: Meter, script: Script) -> str:
    return wrapped(script.stop.join((block.left, block.right, "") if block.right else (block.left, "")).rstrip(" "))


def _action(block: MainAction, script: Script) -> str:
    return _web([(block.target, block.words)], script)


def _actions(block: Actions, script: Script) -> str:
    return _web(block.links, script)


def _web(links: Sequence[tuple[str, str]], script: Script) -> str:
    """Links to the web, each alone on its line. A link that writes a mail is no text: an answer to the letter is signed already."""
    return "\n\n".join([f"{wrapped(words)}{script.colon}\n<{target}>" for target, words in links if not target.startswith("mailto:")])


def _choices(block: Choices, script: Script) -> str:
    rows = "\n".join([f"- {score}{script.colon} {words}" if script.is_rtl else f"  {score}  {words}" for score, _, words in block.links])
    return f"{wrapped(block.intro)}\n\n{rows}" if block.intro else rows


def _replies(block: Replies, script: Script) -> str:
    if script.is_rtl:
        rows = "\n".join([f"- {does}: {word}" for word, does in block.pairs])
    else:
        wide = max([columns(word) for word, _ in block.pairs]) + 3
        rows = "\n".join(
            [wrapped(does, f"  {word}".ljust(wide + 2 - columns(word) + len(word)), " " * (wide + 2)) for word, does in block.pairs]
        )
    return f"{wrapped(block.intro)}\n\n{rows}" if block.intro else rows


def _table(block: DataTable, script: Script) -> str:
    """Columns of equal width, figures to the right; where that is too wide or runs from right to left, one line for each row."""
    count = max(map(len, block.rows))
    rows = [(*row, *("",) * (count - len(row))) for row in block.rows]
    wide = [max(columns(row[at]) for row in rows) for at in range(count)]
    if script.is_rtl or sum(wide) + 2 * (count - 1) > WIDEST:
        head, *data = rows
        return "\n".join(
            [
                wrapped(
                    script.comma.join([f"{name}{script.of}{cell}" if name else cell for name, cell in zip(head, row, strict=True) if cell]),
                    "- ",
                    "  ",
                )
                for row in data
            ]
        )
    right = [all(not row[at] or _FIGURES.fullmatch(row[at]) for row in rows[1:]) for at in range(count)]
    return "\n".join(
        ["  ".join([_padded(cell, size, end) for cell, size, end in zip(row, wide, right, strict=True)]).rstrip(" ") for row in rows]
    )


def _padded(cell: str, size: int, right: bool) -> str:
    gap = " " * (size - columns(cell))
    return gap + cell if right else cell + gap


_WRITTEN: Mapping[type[Any], Callable[[Any, Script], str]] = {
    Paragraph: _paragraph, FactRows: _facts, Items: _items, Quote: _quote, EntryText: _entry, Byline: _byline, Box: _box, Steps: _steps,
    Meter: _meter, MainAction: _action, Actions: _actions, Choices: _choices, Replies: _replies, DataTable: _table,
}  # fmt: skip


# --- the preheader ---------------------------------------------------------------------------------------------------

LEAST, MOST = 40, 130  #: characters of a preheader; half as many in scripts of wide signs
_SPACE = re.compile(r"\s+")


def preheader(said: str, blocks: Sequence[Block], language: str) -> str:
    """What an inbox shows beside the subject: the sentence of the template, or else the headline and the first words below it."""
    script = script_of(language)
    parts = [said] if said else []
    if not said or columns(said) < LEAST:
        parts += [part for part in _opening(blocks, script) if part not in said]
    text = ""
    for part in parts:
        if text and columns(text) >= LEAST * 2:
            break
        text = f"{text}{script.stop if text[-1:].isalnum() else ' ' if text else ''}{part}"
    return _cut(text)


def _opening(blocks: Sequence[Block], script: Script) -> list[str]:
    """The first words of a letter, block by block. What its reader wrote is no news to them."""
    found: list[str] = []
    room = MOST
    for block in sorted(blocks, key=lambda one: isinstance(one, Strip)):  # whom an answer reaches is said last
        if isinstance(block, Paragraph):
            words = unbold(block.words)
        elif isinstance(block, (Box, Strip)):
            words = _said(block.words, block.more)
        elif isinstance(block, EntryText) and block.whose != OWN:
            words = _SPACE.sub(" ", block.text[: 2 * MOST]).strip()
        elif isinstance(block, FactRows):
            words = script.comma.join([f"{label}{script.of}{unbold(value)}" for label, value in block.rows[:3]])
        else:
            continue
        if words:
            found.append(words)
            room -= len(words)
        if room < 0:
            break
    return found


def _cut(text: str) -> str:
    if len(text) <= MOST:
        return text
    short = text[: MOST - 2]
    return f"{short[: short.rfind(' ')] if ' ' in short[MOST // 2 :] else short.rstrip(' ')} …"
