"""Finds what a mail quotes: lines marked with `>`, attributions, header blocks, separators, marker lines. Linear in time.

Lines, not expressions over the whole text: each rule looks at one line and at most a few beside it. A line that merely looks like
an attribution stays with its author: it must carry a date, a time or an address, and something quoted must follow.
"""

from __future__ import annotations

import re
from enum import IntEnum

from mailgate.model.marker import FORMER, MARKERS
from mailgate.understand.text.quote_words import ABOVE_THIS_LINE, ATTRIBUTIONS, HEADER_WORDS, SEPARATORS


class Label(IntEnum):
    """What a line is."""

    NEW = 0
    QUOTE = 1
    SIGNATURE = 2


#: A line that says "from here on everything is quoted"; HTML knows such places. No cleaned text holds the character.
FROM_HERE = "\x02"
NOWHERE: frozenset[int] = frozenset()

#: For `explain`: at the first line for which a rule holds, the rule in words. The ordinary reading asks for none.
Reasons = dict[int, str]
MARKED = "marked with >"
ATTRIBUTION = "says who wrote and when, and what follows is quoted"
ATTRIBUTION_OF_ALL = "says who wrote and when; nothing marks the quote, so everything below it counts as quoted"
MARKED_BELOW = "marked as quoted below the line that says who wrote"
NAMED_BY_HTML = "here the HTML says that the older mail begins"
SEPARATOR = "a separator, as mail programs write it; everything below it is the older mail"
OUR_MARKER = "the marker line of our letters; everything below it is our own letter"
FOREIGN_MARKER = "the marker line of another help desk; everything below it is its letter"
HEADER_BLOCK = "a block of headers (from, date, to, subject); everything below it is the older mail"
ANNOUNCED = "announces an older mail, whose headers follow"
GOES_ON = "says who wrote and when, and goes on with the older mail in the same line"
NOT_SEARCHED = "too long to be looked at line by line; it goes with the quote above it"
BROKEN_OFF = "the end of a quoted line, which a mail program broke off"

#: With one of these begins every marker, rule and separator.
_SIGNS = f"{FROM_HERE}-_*|=#~+<\u2010\u2011\u2012\u2013\u2014\u2015"
_UNSEEN = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
_PREFIX = re.compile(r"[\s>|*]*")
_DASHES = re.compile(r"[-\u2010-\u2015]+")
_MAILBOX = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,100}\.")
#: The number of a host looks like a date and a time; mail servers' words hold it beside an address.
_HOST = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
#: Programs put an address into brackets; people seldom do.
_IN_BRACKETS = re.compile(r"[<(][^\s<>()]{0,40}@[^\s<>()]{0,80}[>)]")
_TIME = re.compile(r"\d{1,2}[.:h]\d{2}(?!\d)|\d{1,2}\s?[点點時시]\s?\d{1,2}")
_FULL_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}|(?<!\d)(?:19|2[05])\d\d(?!\d)|(?<!\d)[٠-٩۰-۹]{4}(?![٠-٩۰-۹])")
_EVIDENCE = re.compile(
    r"[^\s@<>]{1,64}@[^\s@<>]{1,64}\.|\d{1,2}[.:h]\d{2}(?!\d)|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{4}\s?[年년]|"
    r"(?:\b\d{1,2}\.?(?:st|nd|rd|th)?\s(?:de\s)?[^\W\d]{3,12}\.?,?\s(?:de\s|of\s)?\d{4}\b)|(?:\b[^\W\d]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}\b)"
)
_HEADER_LINE = re.compile(r"[\s>|*_]{0,8}([^\W\d_][^:：\n]{0,24}?)[\s*_]{0,3}[:：]")
_RULE = re.compile(r"\s*[_-]{10,}\s*")
_OPENS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.opens}))
_VERBS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.verbs}))
_MARKS = tuple(_DASHES.sub("-", text.lower()) for text in (*MARKERS.values(), *FORMER))
#: Where within a line an attribution may begin: after a blank or dashes, an opening word that a date, or a day and a date, follows.
_WITHIN = re.compile(
    r"(?<=[\s-])(?:" + "|".join(re.escape(word.strip()) for word in _OPENS if len(word) > 2 and word[0].isascii()) + r")\s"
    r"(?=(?:[^\W\d]{1,12}[.,]{0,2}\s){0,3}\d)",
    re.IGNORECASE,
)
#: `Ann> quoted`, `| quoted`, `» quoted`: only believed below an attribution.
_NAMED_MARK = re.compile(r"[^\W\d_]\w{0,20}>(?:\s|$)")
_ONLY_LINK = re.compile(r"[\s<(\[]{0,4}(?:https?://|www\.|mailto:)[^\s<>]{1,2000}[\s>)\].]{0,6}")
#: What a separator of unknown words calls the thing below it.
_MAIL_WORDS = frozenset(
    "message nachricht mail e-mail email mensaje messaggio mensagem bericht meddelande melding wiadomość сообщение".split()
)
#: Notes: `Ann Smith ---02.03.2026 10:15:11---The first words of the mail`.
_NOTES = re.compile(r"(?<=[ \xa0])---\d{1,4}[-./]\d{1,2}[-./]\d{2,4} \d{1,2}[.:]\d{2}[^-\n]{0,12}---")
_ATTRIBUTION_LINES = 5
_ATTRIBUTION_SIZE = 500


def quotes(lines: list[str], searched: int, apart: frozenset[int] = NOWHERE, why: Reasons | None = None) -> list[Label]:
    """A label for each line, of which the first `searched` are looked at.

    `apart`: lines that HTML only sets apart. They are quoted where an attribution introduces them, else they are the author's.
    `why` is told the rule at the line from which it holds.
    """
    labels = [Label.NEW] * len(lines)
    written = False  # whether the author has said anything yet
    index = 0
    while index < searched:
        line = lines[index]
        stripped = line.strip()
        if not stripped or labels[index] is Label.QUOTE:
            index += 1
            continue
        if stripped[0] == ">" and not _closes_bracket(lines, labels, index, stripped):
            labels[index] = Label.QUOTE
            if why is not None:
                why[index] = MARKED
            index += 1
            continue
        if (
            (
                stripped[0] in _SIGNS
                and (
                    stripped == FROM_HERE
                    or _separates(lines, index, stripped, searched)
                    or (written and (_is_marker(lines, index) or _is_foreign_marker(stripped)))
                )
            )
            or ((":" in stripped or "：" in stripped) and _header_block(lines, index, searched))
            or _announces(lines, index, stripped, searched)
            or (("---" in stripped and _NOTES.search(stripped[:400])) or (":   " in stripped and _goes_on(stripped)))
        ):
            if why is not None:
                why[index] = _from_here(lines, index, stripped, searched)
            _quote_from(labels, index)
            return _with_blanks(lines, labels)
        if _may_end_attribution(stripped):
            start, whole = _attribution(lines, labels, index, apart)
            if start is not None:
                if why is not None:
                    why[start] = ATTRIBUTION
                if whole and _is_written_above(lines, start):
                    if why is not None:
                        why[start] = ATTRIBUTION_OF_ALL
                    _quote_from(labels, start)
                    return _with_blanks(lines, labels)
                labels[start : index + 1] = [Label.QUOTE] * (index + 1 - start)
                below = index + 1
                index = _marked_below(lines, labels, below, searched, apart)
                if why is not None and index > below:
                    why[below] = MARKED_BELOW
                continue
        written = True
        index += 1
    if searched < len(lines) and searched and labels[searched - 1] is Label.QUOTE:
        if why is not None:
            why[searched] = NOT_SEARCHED
        _quote_from(labels, searched)  # what was not searched goes with the last line that was
    return _with_blanks(lines, labels)


def _from_here(lines: list[str], index: int, stripped: str, searched: int) -> str:
    """Which rule says that everything from this line on is quoted."""
    if stripped == FROM_HERE:
        return NAMED_BY_HTML
    if stripped[0] in _SIGNS:
        if _separates(lines, index, stripped, searched):
            return SEPARATOR
        if _is_marker(lines, index):
            return OUR_MARKER
        if _is_foreign_marker(stripped):
            return FOREIGN_MARKER
    if _header_block(lines, index, searched):
        return HEADER_BLOCK
    return ANNOUNCED if _announces(lines, index, stripped, searched) else GOES_ON


def _is_written_above(lines: list[str], start: int) -> bool:
    """Below an attribution on top nothing tells the quote from the answer: then only the attribution is folded."""
    return any(line.strip() for line in lines[:start])


def _closes_bracket(lines: list[str], labels: list[Label], index: int, stripped: str) -> bool:
    """Whether this `> wrote:` is the end of `<ann@example.org` some lines before: Gmail breaks attributions there."""
    if index == 0 or stripped[-1] not in ":：" or len(stripped) > 80:
        return False
    opened = 0
    for at in range(index - 1, max(index - 4, -1), -1):
        before = lines[at].strip()
        if not before or before[0] == ">" or labels[at] is not Label.NEW:
            return False
        opened += before.count("<") - before.count(">")
        if opened > 0:
            return True
    return False


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


# --- marker lines -------------------------------------------------------------------------------------------------------


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


def _is_foreign_marker(stripped: str) -> bool:
    """`## Please type your reply above this line ##` of another help desk: signs on both sides."""
    if len(stripped) > 200:
        return False
    words = stripped.strip("#-=_*~+<>[]()| \u2010\u2011\u2012\u2013\u2014\u2015.")
    if not words or len(stripped) - len(words) < 4 or stripped.endswith((words, f"{words}.")):
        return False
    low = words.lower()
    return any(said in low for said in ABOVE_THIS_LINE)


# --- separators and header blocks ---------------------------------------------------------------------------------------


def _separates(lines: list[str], index: int, stripped: str, searched: int) -> bool:
    """`-----Original Message-----`, or a rule above a header block."""
    if stripped[0] not in "-_*=" or len(stripped) > 200:
        return False
    if stripped[:2] in ("--", "__", "==") or stripped[0] == "*":
        words = _lower(stripped.strip("-_*= \xa0")).rstrip(": \xa0")
        if len(stripped) - len(words) >= 4 and (words in SEPARATORS):
            return True
        if stripped.startswith("----") and stripped.endswith("----") and len(stripped) > 20:
            if any(word in words for word in _VERBS) and _EVIDENCE.search(words):
                return True  # `---- On Mon, 2 Mar 2026 10:15:00 +0100 ann@example.org wrote ----`
            if len(words.split()) <= 4 and not _MAIL_WORDS.isdisjoint(words.split()):
                return True
    if _RULE.fullmatch(stripped):
        following = _next_filled(lines, index, 4)
        return following is not None and _header_block(lines, following, searched)
    return False


def _announces(lines: list[str], index: int, stripped: str, searched: int) -> bool:
    """`Begin forwarded message:` without any sign around it: a header block, or a quoted one, must follow."""
    if len(stripped) > 60 or _lower(stripped.strip("*_: \xa0")) not in SEPARATORS:
        return False
    following = _next_filled(lines, index, 4)
    return following is not None and (_header_block(lines, following, searched) or _role(lines[following]) in ("from", "sent", "subject"))


def _next_filled(lines: list[str], index: int, within: int) -> int | None:
    return next((at for at in range(index + 1, min(index + within, len(lines))) if lines[at].strip()), None)


def _header_block(lines: list[str], index: int, searched: int) -> bool:
    """From, Sent, To, Subject in any language, no empty line between: three different ones, From among them, From or the date first.

    Two are enough when they can be nothing else: From with an address and a date with a time.
    """
    first = _role(lines[index])
    if first not in ("from", "sent"):
        return False
    roles = {first}
    strong = _is_strong(first, lines[index])
    unknown = 0
    for at in range(index, min(index + 30, searched)):
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
            if role not in roles and strong and _is_strong(role, line) and "from" in {role, *roles}:
                return True
            roles.add(role)
        if len(roles) >= 3 and "from" in roles:
            return True
        if at == index and role == "from" and strong and _dated_beside(line):
            return True
    return False


def _is_strong(role: str, line: str) -> bool:
    low = line[:300]
    if role == "from":
        return _MAILBOX.search(low) is not None
    return role == "sent" and _FULL_DATE.search(low) is not None and _TIME.search(low) is not None


def _dated_beside(line: str) -> bool:
    """`From: ann@example.org Date: Mon, 2 Mar 2026 10:15` on one line, as HTML without breaks leaves it."""
    low = line[:400].lower()
    for word in re.finditer(r"(?<=\s)[^\W\d_]{2,14}(?=\s?:\s)", low):
        if HEADER_WORDS.get(word[0]) == "sent":
            return _is_strong("sent", low[word.end() :])
    return False


def _role(line: str) -> str | None:
    match = _HEADER_LINE.match(line[:120].translate(_NOTHING))
    return HEADER_WORDS.get(_lower(match[1].strip())) if match else None


def _lower(words: str) -> str:
    """The Turkish capital I with a dot becomes two characters."""
    return words.lower().replace("\u0307", "")


_NOTHING = dict.fromkeys(map(ord, _UNSEEN))


# --- attributions ---------------------------------------------------------------------------------------------------------


def _may_end_attribution(stripped: str) -> bool:
    """A colon, or an address, a figure or a verb at the end: then a quote must be marked below."""
    last = stripped.rstrip(_UNSEEN + "*_ ")[-1:]
    if last in (":", "："):
        return True
    return (last in (">", ")", "]") and "@" in stripped) or (len(stripped) < 300 and stripped.lower().endswith(_VERBS))


def _goes_on(stripped: str) -> bool:
    """`On Mon, 2 Mar 2026 at 10:15, Ann<ann@example.org> wrote:   The quote goes on here`, as Yahoo's app for phones writes it."""
    low = stripped[:_ATTRIBUTION_SIZE].partition(":   ")[0].lower()
    return (
        low.startswith(_OPENS)
        and _short(low)
        and any(word in low for word in _VERBS)
        and _IN_BRACKETS.search(low) is not None
        and _TIME.search(low) is not None
    )


def _attribution(lines: list[str], labels: list[Label], index: int, apart: frozenset[int]) -> tuple[int | None, bool]:
    """Where the attribution that ends here begins, None when it is none; and whether everything below it is the quote."""
    ends = lines[index].strip().rstrip(_UNSEEN + "*_ ")[-1:] in (":", "：")
    following = next((at for at in range(index + 1, len(lines)) if lines[at].strip()), None)
    marked = ends and following is not None and _is_marker(lines, following)
    quoted = (ends and following is None) or marked or (following is not None and (following in apart or _is_marked(lines[following])))
    if not ends and not quoted:
        return None, False
    joined = ""
    alone: int | None = None
    skipped = False
    for at in range(index, max(index - _ATTRIBUTION_LINES, -1), -1):
        line = lines[at].strip().strip(_UNSEEN)
        if not line:
            if not joined.startswith("<") or skipped:
                break
            skipped = True  # the name stands above, its address in a paragraph of its own
            continue
        if labels[at] is Label.QUOTE:
            break
        joined = f"{line} {joined}" if joined else line
        if len(joined) > _ATTRIBUTION_SIZE:
            break
        low = _HOST.sub("", joined.lower().lstrip("*_ -" if joined.startswith("--") else "*_ "))
        if not low:
            continue
        verb = any(word in low for word in _VERBS)
        named = _MAILBOX.search(low) is not None
        if (not verb and not named) or low.count(">") > low.count("<"):
            continue
        if not marked and not _EVIDENCE.search(low):
            continue
        opened = low.startswith(_OPENS)
        dated = _FULL_DATE.search(low) is not None and _TIME.search(low) is not None
        if not ends:
            # Without a colon: a day, an address, and the quote right below.
            if named and (verb or low[0].isdigit()) and (_FULL_DATE.search(low) is not None):
                return at, False
            continue
        if quoted and (opened or (verb and named and dated)):
            return at, False
        if quoted and dated and ((named and low[0].isdigit()) or (_short(low) and _first_of_block(lines, at))):
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
            and ((opened and verb) or (_IN_BRACKETS.search(low) and _short(low) and _first_of_block(lines, at)))
        ):
            return at, True
    return alone, False


def _is_marked(line: str) -> bool:
    """Whether a line below an attribution is marked as quoted, in one of the forms that only count there."""
    start = line.lstrip()
    return start.startswith((">", FROM_HERE, "|", "»", "›")) or (start[:1].isalpha() and _NAMED_MARK.match(start) is not None)


def _marked_below(lines: list[str], labels: list[Label], index: int, searched: int, apart: frozenset[int]) -> int:
    """Labels the lines below an attribution that are marked in their own way (`| `, `Ann> `, by HTML). Where to go on."""
    first = next((at for at in range(index, searched) if lines[at].strip()), None)
    if first is None or _is_marker(lines, first):
        return index
    begin = lines[first].lstrip()
    if first not in apart and (begin[0] == ">" or begin == FROM_HERE or not _is_marked(begin)):
        return index
    named = _NAMED_MARK.match(begin)
    sign = named[0].strip() if named else begin[0]
    at = last = first
    while at < searched and (not lines[at].strip() or (at in apart if first in apart else lines[at].lstrip().startswith(sign))):
        if lines[at].strip():
            labels[at] = Label.QUOTE
            last = at
        at += 1
    return last + 1


def _first_of_block(lines: list[str], index: int) -> bool:
    return index == 0 or not lines[index - 1].strip()


def _short(low: str) -> bool:
    """One line that names somebody and a time: `Ann <ann@example.org> wrote:`, `Ann schrieb am 3.3.2026 10:15:`."""
    return len(low) <= 200 and len(low.split()) <= 16


def with_attributions_apart(lines: list[str], searched: int) -> list[str]:
    """`Thanks! On Mon, 2 Mar 2026, 10:15 ann@example.org wrote:` becomes two lines, when a quote follows."""
    out: list[str] = []
    for index, line in enumerate(lines):
        at = _begins_within(lines, index, line) if index < searched and len(line) <= 400 else None
        if at is None:
            out.append(line)
        else:
            out += (line[:at].rstrip(), line[at:])
    return out


def _begins_within(lines: list[str], index: int, line: str) -> int | None:
    """Where in this line an attribution begins that goes to the end of it or of one of the next two."""
    if not line[:1].strip() or line[0] == ">" or _WITHIN.search(line) is None:
        return None
    tail = line
    end = index
    while tail.rstrip()[-1:] not in (":", "："):
        end += 1
        if end > index + 2 or end >= len(lines) or not lines[end].strip() or lines[end].lstrip()[0] == ">":
            return None
        tail = f"{tail} {lines[end].strip()}"
    following = _next_filled(lines, end, 4)
    if following is None or not lines[following].lstrip().startswith((">", FROM_HERE)):
        return None
    for match in reversed(list(_WITHIN.finditer(line))):
        low = tail[match.start() :].lower()
        if any(word in low for word in _VERBS) and _MAILBOX.search(low) and _FULL_DATE.search(low) and _TIME.search(low):
            before = line[: match.start()].rstrip()
            at = len(before.rstrip("-").rstrip()) if before.endswith("--") else match.start()
            return at if line[:at].strip(" -*_") else None
    return None


def wrapped_quotes(lines: list[str], labels: list[Label], searched: int, why: Reasons | None = None) -> None:
    """What a program broke off a quoted line and left without its `>`: its last words, or a link."""
    for index in range(1, searched - 1):
        if labels[index] is Label.NEW and labels[index - 1] is Label.QUOTE and labels[index + 1] is Label.QUOTE:
            before, line, after = lines[index - 1].strip(), lines[index].strip(), lines[index + 1].strip()
            if before[:1] != ">" or after[:1] != ">" or not line:
                continue
            tail = len(before) >= 60 and len(line) <= 30 and before[-1] not in ".!?:" and len(after) > 1
            if tail or _ONLY_LINK.fullmatch(line):
                labels[index] = Label.QUOTE
                if why is not None:
                    why[index] = BROKEN_OFF
