"""The lines of a mail while they are told apart: what each one is, and signs that several rules look for."""

import re
from enum import IntEnum

from mailgate.model.marker import FORMER, MARKERS
from mailgate.understand.text.quote_words import ATTRIBUTIONS


class Label(IntEnum):
    """What a line is."""

    NEW = 0
    QUOTE = 1
    SIGNATURE = 2


#: A line that says "from here on everything is quoted"; HTML knows such places. No cleaned text holds the character.
FROM_HERE = "\x02"
NOWHERE: frozenset[int] = frozenset()
#: For `explain`: at the first line for which a rule holds, its name. The ordinary reading asks for none.
Reasons = dict[int, str]

UNSEEN = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
_PREFIX = re.compile(rf"[\s>|*{UNSEEN}]*")
_DASHES = re.compile(r"[-\u2010-\u2015]+")
MAILBOX = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,100}\.")
TIME = re.compile(r"\d{1,2}[.:h]\d{2}(?!\d)|\d{1,2}\s?[点點時시]\s?\d{1,2}")
FULL_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}|(?<!\d)(?:19|2[05])\d\d(?!\d)|(?<!\d)[٠-٩۰-۹]{4}(?![٠-٩۰-۹])")
EVIDENCE = re.compile(
    r"[^\s@<>]{1,64}@[^\s@<>]{1,64}\.|\d{1,2}[.:h]\d{2}(?!\d)|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{4}\s?[年년]|"
    r"(?:\b\d{1,2}\.?(?:st|nd|rd|th)?\s(?:de\s)?[^\W\d]{3,12}\.?,?\s(?:de\s|of\s)?\d{4}\b)|(?:\b[^\W\d]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}\b)"
)
#: The verbs of attributions: "wrote" in each language.
VERBS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.verbs}))


class Page:
    """The lines of one text, of which the first `searched` are looked at, and what is found out about each.
    `apart`: lines that HTML only sets apart. They are quoted where an attribution introduces them, else they are the author's.
    `why` is told the name of a rule at the line from which it holds."""

    __slots__ = ("apart", "labels", "lines", "searched", "why", "written")

    def __init__(self, lines: list[str], searched: int, apart: frozenset[int] = NOWHERE, why: Reasons | None = None) -> None:
        self.lines, self.searched, self.apart, self.why = lines, searched, apart, why
        self.labels = [Label.NEW] * len(lines)
        self.written = False  #: whether the author has said anything yet

    def quote(self, rule: str, start: int, end: int) -> int:
        """Lines `start` to before `end` are quoted, by this rule. Returns `end`."""
        self.labels[start:end] = [Label.QUOTE] * (end - start)
        if self.why is not None:
            self.why[start] = rule
        return end


def next_filled(lines: list[str], index: int, within: int) -> int | None:
    """The next of so many lines that holds anything."""
    return next((at for at in range(index + 1, min(index + within, len(lines))) if lines[at].strip()), None)


def _squeezed(text: str) -> str:
    """Without blanks, for a line of a script that has none may be broken anywhere; every dash as one."""
    return _DASHES.sub("-", "".join(text.lower().translate(_NO_UNSEEN).split()))


_NO_UNSEEN = {ord(sign): None for sign in UNSEEN}
_MARKS = tuple(map(_squeezed, (*MARKERS.values(), *FORMER)))


def is_our_marker(lines: list[str], index: int) -> bool:
    """Our own marker line, with any prefix, also broken over two lines."""
    line = lines[index]
    start = _PREFIX.match(line[:200]).end()  # type: ignore[union-attr]  # matches the empty text too
    if not _DASHES.match(line, start):
        return False
    text = _squeezed(line[start : start + 200])
    if text.startswith(_MARKS):
        return True
    if index + 1 < len(lines) and any(mark.startswith(text) for mark in _MARKS):
        return (text + _squeezed(_PREFIX.sub("", lines[index + 1][:200], count=1))).startswith(_MARKS)
    return False


def above_the_marker(lines: list[str]) -> list[str]:
    """What stands above the first marker line of ours; nothing where there is none."""
    return next((lines[:index] for index in range(len(lines)) if is_our_marker(lines, index)), [])


def lower(words: str) -> str:
    """The Turkish capital I with a dot becomes two characters."""
    return words.lower().replace("\u0307", "")


_WORDS = re.compile(r"[^\W_]+")
_MOST_BROKEN = 8  #: lines that one line may have been broken into


def bare(text: str) -> str:
    """Its letters and figures in lower case."""
    return "".join(_WORDS.findall(text.lower()))


def lines_that_say(lines: list[str], said: str) -> tuple[int, int] | None:
    """Where some lines together say just this (as `bare` gives it), whatever marks stand before them: the first, and the one behind the
    last. Of several places the last, where nothing is below it: there a quote begins; else the first."""
    found: list[tuple[int, int]] = []
    for start, line in enumerate(lines):
        if not said or not (told := bare(line[:1000])) or not said.startswith(told):
            continue
        for end in range(start + 1, min(start + _MOST_BROKEN, len(lines)) + 1):
            if told == said:
                found.append((start, end))
                break
            if end == len(lines) or not said.startswith(told := told + bare(lines[end][:1000])):
                break
    if not found:
        return None
    return found[-1] if not any(map(bare, lines[found[-1][1] :])) else found[0]
