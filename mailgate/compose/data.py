"""Words from mails on their way through a template: marked as data, so that they stay one piece of text whatever they look like.

A template's own text decides what is a paragraph, a label, a list or a link. A value is wrapped in two control characters that no
mail text keeps, and its line ends are folded; where several lines are wanted, they travel as one mark that `blocks` opens again."""

import re
from functools import lru_cache

OPEN, CLOSE = "\x02", "\x03"
NEWLINE = "\x1e"
#: First character of a value of several lines: whose words they are.
WORDS = "\x1f"  #: data as it is
HTML = "\x1d"  #: the entry's words, for which sanitised HTML may stand
OWN = "\x1c"  #: the reader's own words handed back: they are no part of the notice

_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_BLANKS = re.compile(r"[\s\x85\u2028\u2029]+")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


class Safe(str):
    """Text that may be printed into a letter as it is: the template's own, or data that is marked already."""

    __slots__ = ()


def inline(text: str) -> str:
    """The text as one line that shows what it is: no controls, no direction overrides, no line ends, single blanks."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return _BLANKS.sub(" ", _CONTROLS.sub("", text)).strip(" ")


def lines(text: str) -> str:
    """The text with plain line ends and without controls; its blanks and tabs stay."""
    if not text.isascii() or "\r" in text or not text.replace("\n", "").isprintable():
        text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    return text


@lru_cache(1024)
def mark(text: str) -> Safe:
    """One line of data. A letter says most of them several times."""
    return Safe(f"{OPEN}{inline(text)}{CLOSE}")


def mark_lines(text: str, whose: str = WORDS) -> Safe:
    """Data of several lines, as one mark."""
    return Safe(f"{OPEN}{whose}{lines(text).strip(chr(10)).replace(chr(10), NEWLINE)}{CLOSE}")


def beginning(text: str, most: int = 20) -> Safe:
    """The first lines of data, as one mark."""
    rows = lines(text).strip("\n").split("\n")
    return mark_lines("\n".join(rows if len(rows) <= most else [*rows[:most], "…"]))


def unmark(text: str) -> str:
    """What people read."""
    return text.replace(OPEN, "").replace(CLOSE, "") if OPEN in text or CLOSE in text else text
