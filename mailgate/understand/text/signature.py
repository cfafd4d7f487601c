"""Finds what stands below a mail's words: signatures, phones' lines, leave-taking with a name, disclaimers, list footers. Linear in time.

In doubt a line stays with its author: folding too little costs a reader a moment, folding too much costs words."""

import re
from itertools import takewhile

from mailgate.understand.text.lines import Label, Reasons
from mailgate.understand.text.signature_words import (
    BANNERS,
    CLOSINGS,
    DEVICES,
    DISCLAIMERS,
    FROM_MOBILE,
    LIST_FOOTERS,
    MOBILE,
    MOBILE_ENDS,
    MY_DEVICE,
    OPEN_DISCLAIMER,
    OPEN_MOBILE,
)

_DELIMITERS = ("--", "-- ", "\u2014", "__")
_SIGNATURE_LINES = 25  #: filled lines below `-- `
_NAME_LINES = 8  #: filled lines below `Kind regards`
_FOOTER_LINES = 8
_DISCLAIMER_LINES = 40
_RULE = re.compile(r"[_=*-]{10,}")
_NAME = re.compile(r"[^\W\d_][^\d,;:!?<>@/\\|=]{0,48}")
_SLASH_NAME = re.compile(r"/ ?[A-Z\u00c0-\u00de][^\W\d_]{1,20}(?: [A-Z\u00c0-\u00de][^\W\d_]{1,20})?")
_POSTSCRIPT = re.compile(r"p\.?\s?s\.?[:\s]|nb[:\s]|ps[:.]", re.IGNORECASE)
_LINK = re.compile(r"\[?[<(]?https?://[^\s<>()]{1,500}[>)]?")
_DEVICE_WORD = re.compile(r"[\w.-]{2,40}")
_LONG_DEVICES = tuple(device for device in DEVICES if len(device) >= 5)
_EDGES = " \t*_>-[]()<"


def signatures(lines: list[str], labels: list[Label], searched: int, why: Reasons | None = None, wordless: bool = False) -> None:
    """Each run of new lines may end in a signature; the first may begin with a banner. `why` is told the rule at its first line.
    `wordless`: it may be all that there is, and then it may take leave of nothing."""
    _banner(lines, labels, searched, why)
    start = 0
    while start < searched:
        if labels[start] is not Label.NEW:
            start += 1
            continue
        end = start
        while end < len(lines) and labels[end] is Label.NEW:
            end += 1
        at = _signature_in(lines, start, end, why, wordless)
        if at is not None:
            labels[at:end] = [Label.SIGNATURE] * (end - at)
        start = end


def _banner(lines: list[str], labels: list[Label], searched: int, why: Reasons | None) -> None:
    """`CAUTION: This e-mail originated from outside`: up to the next empty line, at the very top."""
    first = next((at for at in range(min(searched, 20)) if lines[at].strip()), None)
    if first is None or labels[first] is not Label.NEW or not _folded(lines[first]).startswith(BANNERS):
        return
    end = first
    while end < searched and end < first + 6 and lines[end].strip() and labels[end] is Label.NEW:
        end += 1
    if end < searched and not lines[end].strip():
        labels[first:end] = [Label.SIGNATURE] * (end - first)
        if why is not None:
            why[first] = "banner"


def _signature_in(lines: list[str], start: int, end: int, why: Reasons | None, wordless: bool) -> int | None:
    """Where the signature of this run begins. Each rule may find more above what the last one found."""
    found: int | None = None
    until = end
    for _ in range(4):
        filled = [at for at in range(until - 1, start - 1, -1) if lines[at].strip()][: _DISCLAIMER_LINES + 1]
        rule, at = _next_above(lines, filled, until, start, wordless)
        if at is None:
            break
        found = until = at
        if why is not None:
            why[at] = rule
    return found


def _next_above(lines: list[str], filled: list[int], end: int, start: int, wordless: bool) -> tuple[str, int | None]:
    """A rule, and where what it found begins. `filled`: the last lines that hold something, from the bottom up."""
    if not filled:
        return "", None
    for at in reversed(filled[: _SIGNATURE_LINES + 1]):
        if lines[at].rstrip() in _DELIMITERS:
            return "delimiter", at
    if mobile := list(takewhile(lambda at: _is_mobile(lines[at]), filled)):
        return "phone", mobile[-1]
    if len(filled) > 1 and _is_mobile(lines[filled[1]]) and len(lines[filled[0]]) <= 60 and _is_link(lines[filled[0]]):
        return "phone", filled[1]
    for words, rule in _RULES:
        found = rule(lines, filled, start)
        if found is not None:
            return words, found
    if wordless and (found := _closing(lines, filled, start, alone=True)) is not None:
        return "closing", found
    slash = len(filled) > 1 and _SLASH_NAME.fullmatch(lines[filled[0]].strip()) and not lines[filled[0] - 1].strip()
    return "slash_name", filled[0] if slash else None


def _is_mobile(line: str) -> bool:
    """`Sent from my iPhone`; the device follows at once, so that "Sent from my desk, it beats the phone" stays."""
    if len(line) > 600:
        return False
    text = (_LINK.sub(" ", line) if "http" in line else line).strip(_EDGES).lower()
    if not 6 <= len(text) <= 90:
        return False
    if text.endswith(FROM_MOBILE) and len(text.split()) <= 4:
        return True
    if not text.startswith(MOBILE):
        return text.endswith(MOBILE_ENDS) and len(text.split()) <= 7 and _names_device(text)
    mine = next((words for words in MY_DEVICE if text.startswith(words)), None)
    if mine is not None and "," not in text and len(text[len(mine) :].split()) <= 3:
        return True
    opening = next(words for words in MOBILE if text.startswith(words))
    return _names_device(" ".join(text[len(opening) :].split()[:4]) if opening in OPEN_MOBILE else text)


def _names_device(text: str) -> bool:
    """Short words must be whole: a "happy" customer is no app, and a machine no Mac."""
    words = _DEVICE_WORD.findall(text)
    return any(
        word in DEVICES or word.startswith(_LONG_DEVICES) or (not word.isascii() and any(one in word for one in DEVICES)) for word in words
    )


def _is_link(line: str) -> bool:
    return line.strip(" <([").lower().startswith(("http://", "https://", "www."))


def _folded(line: str) -> str:
    return " ".join(line[:200].casefold().split()).replace("gruess", "grüss").strip(" ,.!;:-–—*_")


def _closing(lines: list[str], filled: list[int], start: int, alone: bool = False) -> int | None:
    """`Kind regards`, a line of its own, then a name and a few short lines that are no sentences."""
    for count, at in enumerate(filled[: _NAME_LINES + 1]):
        if count and len(lines[at]) < 60 and _folded(lines[at]) in CLOSINGS:
            below = [lines[one].strip() for one in reversed(filled[:count])]
            above = alone or any(lines[one].strip() for one in range(max(start, at - 5), at))
            return at if above and _is_name(below[0]) and not any(_is_sentence(line) for line in below) else None
    return None


def _is_name(line: str) -> bool:
    text = line.strip("*_ ,")
    words = text.split()
    if len(words) > 5 or _NAME.fullmatch(text.rstrip(".")) is None:
        return False
    return len(words) <= 2 or any(word[0] != word[0].lower() for word in words)


def _is_sentence(line: str) -> bool:
    words = line.split()
    return bool(
        _POSTSCRIPT.match(line) or line.endswith("?") or len(line) > 90 or len(words) > 12 or (len(words) > 4 and line[-1] in ".!")
        or line[0] == "#"
    )  # fmt: skip


def _disclaimer(lines: list[str], filled: list[int], start: int) -> int | None:
    """The first paragraph, of the last forty lines, that begins as disclaimers do."""
    for at in reversed(filled):
        if at > start and (not lines[at - 1].strip() or _RULE.fullmatch(lines[at - 1].strip())):
            text = _folded(lines[at].strip(_EDGES))
            if not text.startswith(DISCLAIMERS):
                continue
            paragraph = " ".join(line[:1000] for line in takewhile(str.strip, lines[at : at + 12])).casefold()
            if any(word in paragraph for word in OPEN_DISCLAIMER):
                return at - 1 if _RULE.fullmatch(lines[at - 1].strip()) else at
    return None


def _list_footer(lines: list[str], filled: list[int], start: int) -> int | None:
    """A rule near the end, and below it how to leave the list."""
    for count, at in enumerate(filled[: _FOOTER_LINES + 1]):
        if count and at > start and _RULE.fullmatch(lines[at].strip()):
            below = " ".join(lines[one][:300] for one in filled[:count]).casefold()
            return at if any(word in below for word in LIST_FOOTERS) else None
    return None


_RULES = (("disclaimer", _disclaimer), ("list_footer", _list_footer), ("closing", _closing))
