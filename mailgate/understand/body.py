"""Which lines of a mail are new, which are quoted, which are signature. Every line gets one label, so nothing is lost; linear in time.

Lines, not expressions over the whole text: each rule looks at one line and at most a few beside it. A line that merely looks like
an attribution stays with its author: it must carry a date, a time or an address, and something quoted must follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from mailgate.model.marker import FORMER, MARKERS
from mailgate.understand.attribution import ATTRIBUTIONS, DEVICES, HEADER_WORDS, MOBILE, OPEN_MOBILE, SEPARATORS
from mailgate.understand.limits import LIMITS, ReadingLimits


class Label(IntEnum):
    """What a line is."""

    NEW = 0
    QUOTE = 1
    SIGNATURE = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """A text taken apart."""

    new: str
    quoted: str
    signature: str
    inline: bool  #: new lines stand between quoted ones


#: A line that says "from here on everything is quoted"; HTML knows such places. No cleaned text holds the character.
FROM_HERE = "\x02"

#: With one of these begins every marker, rule and separator.
_SIGNS = f"{FROM_HERE}-_*|=\u2010\u2011\u2012\u2013\u2014\u2015"
_PREFIX = re.compile(r"[\s>|*]*")
_DASHES = re.compile(r"[-\u2010-\u2015]+")
_EVIDENCE = re.compile(
    r"[^\s@<>]{1,64}@[^\s@<>]{1,64}\.|\d{1,2}[.:h]\d{2}(?!\d)|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{4}\s?年|"
    r"(?:\b\d{1,2}\.?(?:st|nd|rd|th)?\s(?:de\s)?[^\W\d]{3,12}\.?,?\s(?:de\s|of\s)?\d{4}\b)|(?:\b[^\W\d]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}\b)"
)
_TIME = re.compile(r"\d{1,2}[.:h]\d{2}(?!\d)")
_FULL_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}|\b(?:19|20)\d{2}\b")
_MAILBOX = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,100}\.")
_HEADER_LINE = re.compile(r"[\s>|*_]{0,8}([^\W\d_][^:：\n]{0,24}?)[\s*_]{0,3}[:：]")
_RULE = re.compile(r"\s*[_-]{10,}\s*")
_OPENS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.opens}))
_VERBS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.verbs}))
_MARKS = tuple(_DASHES.sub("-", text.lower()) for text in (*MARKERS.values(), *FORMER))
#: What a separator of unknown words calls the thing below it.
_MAIL_WORDS = frozenset(
    {
        "message",
        "nachricht",
        "mail",
        "e-mail",
        "email",
        "mensaje",
        "messaggio",
        "mensagem",
        "bericht",
        "meddelande",
        "melding",
        "wiadomość",
        "сообщение",
    }
)
_ATTRIBUTION_LINES = 5
_ATTRIBUTION_SIZE = 500
_SIGNATURE_LINES = 25


def cut(text: str, limits: ReadingLimits = LIMITS) -> Cut:
    """New text, quotes and signature of a plain text."""
    lines = text.split("\n")
    return assemble(lines, label(lines, limits))


def assemble(lines: list[str], labels: list[Label]) -> Cut:
    """The three texts that the labels say."""
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    last: Label | None = None
    seen_quote = between = inline = False
    for line, mark in zip(lines, labels, strict=True):
        if line == FROM_HERE:
            continue
        part = parts[mark]
        if mark is not last and part and bool(part[-1].strip()) == bool(line.strip()):
            if line.strip():
                part.append("")  # pieces that did not stand together stay apart, by one empty line
            else:
                part.pop()
        part.append(line)
        last = mark
        if mark is Label.QUOTE:
            inline = inline or between
            seen_quote = True
        elif mark is Label.NEW and seen_quote and line.strip():
            between = True
    new, quoted, signature = ("\n".join(part).strip("\n").rstrip() for part in parts)
    return Cut(new, quoted, signature, inline)


def label(lines: list[str], limits: ReadingLimits = LIMITS) -> list[Label]:
    """A label for each line. When nothing would be left, every line is new."""
    size, searched = 0, 0
    for line in lines[: limits.cut_lines]:
        size += len(line) + 1
        if size > limits.cut:
            break
        searched += 1
    labels = _quotes(lines, searched)
    _wrapped_quotes(lines, labels, searched)
    _signatures(lines, labels, searched)
    if not any(mark is Label.NEW and line.strip() and line != FROM_HERE for line, mark in zip(lines, labels, strict=True)):
        return [Label.NEW] * len(lines)
    return labels


# --- quotes ---------------------------------------------------------------------------------------------------------------


def _quotes(lines: list[str], searched: int) -> list[Label]:
    labels = [Label.NEW] * len(lines)
    written = False  # whether the author has said anything yet
    index = 0
    while index < searched:
        line = lines[index]
        stripped = line.strip()
        if not stripped:
            index += 1
            continue
        if stripped[0] == ">" and not _closes_bracket(lines, labels, index, stripped):
            labels[index] = Label.QUOTE
            index += 1
            continue
        if (
            stripped[0] in _SIGNS
            and (stripped == FROM_HERE or _separates(lines, index, stripped) or (written and _is_marker(lines, index)))
        ) or ((":" in stripped or "：" in stripped) and _header_block(lines, index, searched)):
            _quote_from(labels, index)
            return _with_blanks(lines, labels)
        if stripped[-1] in ":：" or stripped.endswith((":*", ":_", ">:*")):
            start, whole = _attribution(lines, labels, index, searched)
            if start is not None:
                if whole:
                    _quote_from(labels, start)
                    return _with_blanks(lines, labels)
                for at in range(start, index + 1):
                    labels[at] = Label.QUOTE
                index += 1
                continue
        written = True
        index += 1
    if searched < len(lines) and searched and labels[searched - 1] is Label.QUOTE:
        _quote_from(labels, searched)  # what was not searched goes with the last line that was
    return _with_blanks(lines, labels)


def _closes_bracket(lines: list[str], labels: list[Label], index: int, stripped: str) -> bool:
    """Whether this `> wrote:` is the end of `<ann@example.org` on the line before: Gmail breaks attributions there."""
    if index == 0 or stripped[-1] not in ":：" or len(stripped) > 80 or labels[index - 1] is not Label.NEW:
        return False
    before = lines[index - 1]
    return before.rfind("<") > before.rfind(">") and not before.lstrip().startswith(">")


def _quote_from(labels: list[Label], start: int) -> None:
    labels[start:] = [Label.QUOTE] * (len(labels) - start)


def _with_blanks(lines: list[str], labels: list[Label]) -> list[Label]:
    """Empty lines between quoted lines are quoted too."""
    blank_from: int | None = None
    after_quote = False
    for index, line in enumerate(lines):
        if labels[index] is Label.QUOTE:
            if after_quote and blank_from is not None:
                labels[blank_from:index] = [Label.QUOTE] * (index - blank_from)
            after_quote, blank_from = True, None
        elif line.strip():
            after_quote, blank_from = False, None
        elif blank_from is None:
            blank_from = index
    return labels


def _is_marker(lines: list[str], index: int) -> bool:
    """Our own marker line, with any prefix, also broken over two lines."""
    line = lines[index]
    start = _PREFIX.match(line[:200]).end()  # type: ignore[union-attr]  # matches the empty text too
    if not _DASHES.match(line, start):
        return False
    text = " ".join(_DASHES.sub("-", line[start : start + 200].lower()).split())
    if text.startswith(_MARKS):
        return True
    if index + 1 < len(lines) and any(mark.startswith(text) for mark in _MARKS):
        following = _PREFIX.sub("", lines[index + 1][:200], count=1)
        return " ".join(_DASHES.sub("-", f"{text} {following.lower()}").split()).startswith(_MARKS)
    return False


def _separates(lines: list[str], index: int, stripped: str) -> bool:
    """`-----Original Message-----`, or a rule above a header block."""
    if stripped[0] not in "-_*" or len(stripped) > 200:
        return False
    if stripped[:2] in ("--", "__") or stripped[0] == "*":
        words = stripped.strip("-_*= ").lower()
        if len(stripped) - len(words) >= 4 and (words in SEPARATORS):
            return True
        if stripped.startswith("----") and stripped.endswith("----") and len(stripped) > 20:
            if any(word in words for word in _VERBS) and _EVIDENCE.search(words):
                return True  # `---- On Mon, 2 Mar 2026 10:15:00 +0100 ann@example.org wrote ----`
            if len(words.split()) <= 4 and not _MAIL_WORDS.isdisjoint(words.split()):
                return True
    if _RULE.fullmatch(stripped):
        following = next((at for at in range(index + 1, min(index + 4, len(lines))) if lines[at].strip()), None)
        return following is not None and _header_block(lines, following, len(lines))
    return False


def _header_block(lines: list[str], index: int, searched: int) -> bool:
    """From, Sent, To, Subject in any language: three different ones, From among them, From or the date first, no empty line between."""
    first = _role(lines[index])
    if first not in ("from", "sent"):
        return False
    roles = {first}
    unknown = 0
    for at in range(index + 1, min(index + 30, searched)):
        line = lines[at]
        if not line.strip():
            break
        role = _role(line)
        if role is None:
            unknown += 1
            if unknown > 8:
                break
            continue
        unknown = 0
        if role != "more":
            roles.add(role)
        if len(roles) >= 3 and "from" in roles:
            return True
    return False


def _role(line: str) -> str | None:
    match = _HEADER_LINE.match(line[:120])
    return HEADER_WORDS.get(match[1].strip().lower()) if match else None


def _attribution(lines: list[str], labels: list[Label], index: int, searched: int) -> tuple[int | None, bool]:
    """Where the attribution that ends here begins, None when it is none; and whether everything below it is the quote."""
    following = next((at for at in range(index + 1, len(lines)) if lines[at].strip()), None)
    marked = following is not None and _is_marker(lines, following)
    quoted = following is None or marked or lines[following].lstrip().startswith((">", FROM_HERE))
    joined = ""
    alone: int | None = None
    for at in range(index, max(index - _ATTRIBUTION_LINES, -1), -1):
        line = lines[at].strip()
        if not line or labels[at] is Label.QUOTE:
            break
        joined = f"{line} {joined}" if joined else line
        if len(joined) > _ATTRIBUTION_SIZE:
            break
        low = joined.lower().lstrip("*_ ")
        verb = any(word in low for word in _VERBS)
        named = _MAILBOX.search(low) is not None
        if (not verb and not named) or low.count(">") > low.count("<"):
            continue
        if not marked and not _EVIDENCE.search(low):
            continue
        opened = low.startswith(_OPENS)
        dated = _FULL_DATE.search(low) is not None and _TIME.search(low) is not None
        if quoted and (opened or (verb and named and dated)):
            return at, False
        if quoted and at == index and (low[0].isdigit() or _short(low)):
            alone = at  # the date may stand on the line above
            continue
        # What follows is not marked as quoted: only a line as programs write it is believed.
        if (
            following is not None
            and not quoted
            and dated
            and named
            and ((opened and verb) or (low.endswith((">:", '":')) and _first_of_block(lines, at)))
        ):
            return at, True
    return alone, False


def _first_of_block(lines: list[str], index: int) -> bool:
    return index == 0 or not lines[index - 1].strip()


def _short(low: str) -> bool:
    """One line that names somebody and a time: `Ann <ann@example.org> wrote:`, `Ann schrieb am 3.3.2026 10:15:`."""
    return len(low) <= 200 and len(low.split()) <= 16


def _wrapped_quotes(lines: list[str], labels: list[Label], searched: int) -> None:
    """The tail of a long quoted line that a program broke and left without its `>`."""
    for index in range(1, searched - 1):
        if labels[index] is Label.NEW and labels[index - 1] is Label.QUOTE and labels[index + 1] is Label.QUOTE:
            before, line, after = lines[index - 1].strip(), lines[index].strip(), lines[index + 1].strip()
            if (
                before[:1] == ">"
                and after[:1] == ">"
                and line
                and len(before) >= 60
                and len(line) <= 30
                and before[-1] not in ".!?:"
                and len(after) > 1
            ):
                labels[index] = Label.QUOTE


# --- signatures -------------------------------------------------------------------------------------------------------------


def _signatures(lines: list[str], labels: list[Label], searched: int) -> None:
    """Each run of new lines may end in a signature."""
    start = 0
    while start < searched:
        if labels[start] is not Label.NEW:
            start += 1
            continue
        end = start
        while end < len(lines) and labels[end] is Label.NEW:
            end += 1
        at = _signature_in(lines, start, end)
        if at is not None:
            labels[at:end] = [Label.SIGNATURE] * (end - at)
        start = end


def _signature_in(lines: list[str], start: int, end: int) -> int | None:
    filled = [at for at in range(end - 1, start - 1, -1) if lines[at].strip()][: _SIGNATURE_LINES + 1]
    for at in reversed(filled):
        if lines[at].rstrip() in ("--", "-- ", "\u2014") and len(filled) and at != filled[0]:
            return at
    for at in filled[:2]:
        if _is_mobile(lines[at]):
            return at
    return None


def _is_mobile(line: str) -> bool:
    """`Sent from my iPhone`; the device follows at once, so that "Sent from my desk, it beats the phone" stays."""
    text = line.strip(" \t*_>-[]()<").lower()
    opening = next((words for words in MOBILE if text.startswith(words)), None)
    if opening is None or not 8 <= len(text) <= 160:
        return False
    following = " ".join(text[len(opening) :].split()[:4]) if opening in OPEN_MOBILE else text
    return any(device in following for device in DEVICES)
