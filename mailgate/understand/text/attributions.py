"""Attributions: who wrote what is quoted below, and when. Linear in time.

A line that merely looks like an attribution stays with its author: it must carry a date, a time or an address, and something quoted
must follow."""

import re

from mailgate.understand.text.lines import (
    EVIDENCE,
    FROM_HERE,
    FULL_DATE,
    MAILBOX,
    TIME,
    UNSEEN,
    VERBS,
    Label,
    Page,
    is_our_marker,
    next_filled,
)
from mailgate.understand.text.quote_words import ATTRIBUTIONS

#: The number of a host looks like a date and a time; mail servers' words hold it beside an address.
_HOST = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
#: Programs put an address into brackets; people seldom do.
_IN_BRACKETS = re.compile(r"[<(][^\s<>()]{0,40}@[^\s<>()]{0,80}[>)]")
_OPENS = tuple(sorted({word for row in ATTRIBUTIONS for word in row.opens}))
#: Where within a line an attribution may begin: after a blank or dashes, an opening word that a date, or a day and a date, follows.
_WITHIN = re.compile(
    r"(?<=[\s-])(?:" + "|".join(re.escape(word.strip()) for word in _OPENS if len(word) > 2 and word[0].isascii()) + r")\s"
    r"(?=(?:[^\W\d]{1,12}[.,]{0,2}\s){0,3}\d)",
    re.IGNORECASE,
)
#: `Ann> quoted`, `| quoted`, `» quoted`: only believed below an attribution.
_NAMED_MARK = re.compile(r"[^\W\d_]\w{0,20}>(?:\s|$)")
_ATTRIBUTION_LINES = 5
_LONGEST = 500


def may_end_attribution(page: Page, index: int, stripped: str) -> bool:
    """A colon, or an address, a figure or a verb at the end: then a quote must be marked below."""
    last = stripped.rstrip(UNSEEN + "*_ ")[-1:]
    if last in (":", "："):
        return True
    return (last in (">", ")", "]") and "@" in stripped) or (len(stripped) < 300 and stripped.lower().endswith(VERBS))


def goes_on(page: Page, index: int, stripped: str) -> bool:
    """`On Mon, 2 Mar 2026 at 10:15, Ann<ann@example.org> wrote:   The quote goes on here`, as Yahoo's app for phones writes it."""
    if ":   " not in stripped:
        return False
    low = stripped[:_LONGEST].partition(":   ")[0].lower()
    return (
        low.startswith(_OPENS)
        and _short(low)
        and any(word in low for word in VERBS)
        and _IN_BRACKETS.search(low) is not None
        and TIME.search(low) is not None
    )


def attributed(page: Page, index: int, rule: str) -> int:
    """Quotes the attribution that ends here and what it introduces. The line to go on with; this one where it is no attribution."""
    start, whole = _attribution(page.lines, page.labels, index, page.apart)
    if start is None:
        return index
    if whole and any(line.strip() for line in page.lines[:start]):  # on top, nothing tells the quote from the answer below it
        return page.quote("attribution_of_all", start, len(page.lines))
    return _marked_below(page, page.quote(rule, start, index + 1))


def _attribution(lines: list[str], labels: list[Label], index: int, apart: frozenset[int]) -> tuple[int | None, bool]:
    """Where the attribution that ends here begins, None when it is none; and whether everything below it is the quote."""
    ends = lines[index].strip().rstrip(UNSEEN + "*_ ")[-1:] in (":", "：")
    following = next((at for at in range(index + 1, len(lines)) if lines[at].strip()), None)
    marked = ends and following is not None and is_our_marker(lines, following)
    quoted = (ends and following is None) or marked or (following is not None and (following in apart or _is_marked(lines[following])))
    if not ends and not quoted:
        return None, False
    joined = ""
    alone: int | None = None
    skipped = False
    for at in range(index, max(index - _ATTRIBUTION_LINES, -1), -1):
        line = lines[at].strip().strip(UNSEEN)
        if not line:
            if not joined.startswith("<") or skipped:
                break
            skipped = True  # the name stands above, its address in a paragraph of its own
            continue
        if labels[at] is Label.QUOTE:
            break
        joined = f"{line} {joined}" if joined else line
        if len(joined) > _LONGEST:
            break
        low = _HOST.sub("", joined.lower().lstrip("*_ -" if joined.startswith("--") else "*_ "))
        if not low:
            continue
        verb = any(word in low for word in VERBS)
        named = MAILBOX.search(low) is not None
        if (not verb and not named) or low.count(">") > low.count("<"):
            continue
        if not marked and not EVIDENCE.search(low):
            continue
        has_day = FULL_DATE.search(low) is not None
        if not ends:
            # Without a colon: a day, an address, and the quote right below.
            if named and (verb or low[0].isdigit()) and has_day:
                return at, False
            continue
        opened, dated = low.startswith(_OPENS), has_day and TIME.search(low) is not None
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


def _marked_below(page: Page, index: int) -> int:
    """Quotes the lines below an attribution that are marked in their own way (`| `, `Ann> `, by HTML). Where to go on."""
    lines, apart, searched = page.lines, page.apart, page.searched
    first = next((at for at in range(index, searched) if lines[at].strip()), None)
    if first is None or is_our_marker(lines, first):
        return index
    begin = lines[first].lstrip()
    if first not in apart and (begin[0] == ">" or begin == FROM_HERE or not _is_marked(begin)):
        return index
    named = _NAMED_MARK.match(begin)
    sign = named[0].strip() if named else begin[0]
    at = last = first
    while at < searched and (not lines[at].strip() or (at in apart if first in apart else lines[at].lstrip().startswith(sign))):
        if lines[at].strip():
            last = at
        at += 1
    return page.quote("marked_below", index, last + 1)


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
    following = next_filled(lines, end, 4)
    if following is None or not lines[following].lstrip().startswith((">", FROM_HERE)):
        return None
    for match in reversed(list(_WITHIN.finditer(line))):
        low = tail[match.start() :].lower()
        if any(word in low for word in VERBS) and MAILBOX.search(low) and FULL_DATE.search(low) and TIME.search(low):
            before = line[: match.start()].rstrip()
            at = len(before.rstrip("-").rstrip()) if before.endswith("--") else match.start()
            return at if line[:at].strip(" -*_") else None
    return None
