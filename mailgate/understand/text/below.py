"""What somebody wrote into the mail that they quote, where no sign tells whose a line is: Outlook's "see my answers below".

The record has the letter that was answered, so its lines are known, and what is left is new. Linear in the texts."""

import re
from collections.abc import Sequence
from html import unescape

from mailgate.model.mail import InlineAnswer
from mailgate.understand.text.html import flat_text
from mailgate.understand.text.quote_words import HEADER_WORDS, SEPARATORS

#: So many lines of the letter have to be recognized, and so many of three, before the rest says anything: else another mail is quoted.
_LEAST_KNOWN, _SHARE = 2, 3
#: Shorter than this, letters and figures stand in any text; such a line is known only as a whole, or as a piece between colons.
_TELLING = 12
_MOST_LINES, _MOST_KNOWN = 2_000, 300_000
_UNSEEN, _TAG = re.compile(r"(?is)<(style|title)\b.*?</\1\s*>"), re.compile(r"<[^<>]{1,8000}>")
_WORDS = re.compile(r"[^\W_]+")
#: What mail programs add to a line, take from it or write anew: links, addresses, places of pictures.
_ADDED = re.compile(
    r"<[^<>\s]{1,2000}>|\[(?:cid|image):[^\[\]]{0,300}\]|(?:https?://|mailto:|www\.)[^\s<>\"]{1,2000}|[^\s<>@\"]{1,100}@[^\s<>@\"]{1,100}"
)
_FIELD = re.compile(r"[\s*_]{0,8}([^\W\d_][^:：\n]{0,24}?)[\s*_]{0,3}[:：]")
_PIECES = re.compile(r"[:：|\t]|\s[-–—]\s|\s{2,}")


def written_below(
    quoted: str, known: Sequence[str], letter: str = "", page: str = "", least: int = _LEAST_KNOWN
) -> tuple[InlineAnswer, ...]:
    """The lines within an unmarked quote that stand in none of the known texts, each run with the known lines above it.
    `letter`: the text of the letter that is quoted, where it is known; below its last line stands what servers append. `page`: its HTML,
    which says more (words of buttons, the line that lists of mails show), and may be what was quoted. Nothing, where the quote is marked,
    or has fewer than `least` lines of these texts."""
    rows = quoted.split("\n")[:_MOST_LINES]
    if not any(row.strip() and not row.lstrip().startswith(">") for row in rows):
        return ()
    texts = [text for text in (letter, *_shown_by(page), *known) if text]
    lines, whole = _lines_of(texts)
    end = next((folded for row in reversed(letter.splitlines()) if (folded := _folded(row))), "")
    found: list[InlineAnswer] = []
    above: list[str] = []
    new: list[str] = []
    known_count = new_count = 0
    for row in rows:
        if row.lstrip().startswith(">"):
            continue
        folded = _folded(row)
        if folded and folded not in lines and not (len(folded) >= _TELLING and folded in whole) and not _is_frame(row):
            if known_count:  # what stands above all that is known is the block of headers
                new.append(row.strip())
                new_count += 1
            continue
        if not row.strip():
            if new and new[-1]:
                new.append("")
            continue
        if new:
            found.append(InlineAnswer(tuple(above), "\n".join(new).strip()))
            above, new = [], []
        above.append(row)
        known_count += bool(folded) and not _is_frame(row)
        if end and folded == end and len(end) >= _TELLING:
            break
    if new:
        found.append(InlineAnswer(tuple(above), "\n".join(new).strip()))
    enough = known_count >= least and _SHARE * known_count >= new_count
    return tuple(found) if enough else ()


def _shown_by(page: str) -> tuple[str, str]:
    """The words of HTML, with each of its elements on a line of its own, and with those that may be quoted as one line in one."""
    return unescape(_TAG.sub("\n", _UNSEEN.sub("", page))), flat_text(page)


def _folded(row: str) -> str:
    return _letters(_ADDED.sub(" ", row).lower())


def _letters(bare: str) -> str:
    return "".join(_WORDS.findall(bare))


def _lines_of(texts: Sequence[str]) -> tuple[frozenset[str], str]:
    """Every line of the texts and every piece of one, and all of them in one."""
    lines: set[str] = set()
    whole: list[str] = []
    size = 0
    for text in texts:
        for row in text.splitlines():
            bare = _ADDED.sub(" ", row).lower()
            if not (folded := _letters(bare)):
                continue
            whole.append(folded)
            # HTML has labels in cells of their own: a line counts without what stands before its first colon, and behind it, too.
            before, _, behind = bare.partition(":")
            lines.update((folded, *filter(None, map(_letters, (*_PIECES.split(bare), before, behind)))))
            size += len(folded)
        whole.append("\n")
        if size > _MOST_KNOWN:
            break
    return frozenset(lines), "".join(whole)


def _is_frame(row: str) -> bool:
    """What mail programs write themselves: a field of a block of headers, a separator."""
    match = _FIELD.match(row[:120])
    if match is not None and match[1].strip().lower() in HEADER_WORDS:
        return True
    return row.strip(" \t*_-=:").lower() in SEPARATORS
