"""Does a text for the requester still hold something of an internal notice? Quotes are cut before; this check trusts no cutting.

Compared is what people read: letters and figures only, in lower case, without blanks, quote marks, dashes and tags. So a line that
a mail program broke in two, joined with its neighbour, indented or coloured is still the same line."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import accumulate, chain, pairwise
from urllib.parse import unquote

from mailgate.model.reason import Reason
from mailgate.model.token import tokens_in

MOST = 50  #: findings reported; one is enough to stop the letter
HEAD = 10  #: letters of a line that are looked up; shorter lines say nothing by themselves
MOST_COMPARISONS = 300_000  #: beyond it the texts are made to be slow, and the answer is no

#: Ways to begin and end a letter that everybody uses: they give nothing away (lower case, letters only).
COMMONPLACE = frozenset(
    {
        "mitfreundlichengrüßen", "mitfreundlichengrüssen", "mitfreundlichengruessen", "mitfreundlichemgruß", "mitfreundlichemgruss",
        "sehrgeehrtedamenundherren", "vielendankundvielegrüße", "vielendankundfreundlichegrüße", "vielendankfürihrenachricht",
        "thankyouandbestregards", "thankyouandkindregards", "withkindregards", "withbestregards", "thankyouforyourmessage",
        "lookingforwardtohearingfromyou",
    }
)  # fmt: skip

_WORDS = re.compile(r"[^\W_]+")
_DECOMPOSED = re.compile("[^\\W\\d_][\u0300-\u036f]{1,3}")
_EDGE = "<>()[]{}\"'“”„‚‘’,;:|*"
_BREAKS = re.compile(r"[\s<>()\[\]{}\"'“”„‚‘’,;:|*]+")
_LINK = re.compile(r"(?:https?://|mailto:|www\.)[^\s<>\"'“”]{1,2000}", re.IGNORECASE)
_QUOTE_MARKS = re.compile(r"^[\s>|]+")


@dataclass(frozen=True, slots=True)
class Residue:
    """One finding. `line_no` counts from 1 in the text; 0: it stands only in the HTML."""

    line_no: int
    line: str
    why: Reason


def residue(
    text: str,
    html: str | None,
    notices: Sequence[str],
    public: Sequence[str],
    author_keys: frozenset[str],
    line: int = 20,
    allowed: frozenset[str] = frozenset(),
) -> tuple[Residue, ...]:
    """What of any notice stands in a text that is about to be public, and in no public entry. Empty: it may leave.
    Looked for are lines of `line` characters or more (blanks folded), addresses but the author's own, links and tokens. `public`: all
    words that the requester knows anyway: public entries and the title of the ticket. `allowed`: addresses and tokens (lower case) that
    may stand in any letter, like the desk's own address and the ticket's subject token."""
    known = _AlreadyRead(public, author_keys | allowed)
    found: dict[int, Residue] = {}
    for each in chain(_lines(text, html, notices, known, line), _names(text, html, notices, known)):
        found.setdefault(each.line_no if each.line_no else -len(found) - 1, each)
        if len(found) >= MOST:
            break
    return tuple(sorted(found.values(), key=lambda each: each.line_no))


def stands_in(public: Sequence[str]) -> Callable[[str], bool]:
    """Whether a line stands in any of these texts: whole, or, when it says something, within a longer one that was broken elsewhere."""
    known = _AlreadyRead(public, frozenset())

    def stands(line: str) -> bool:
        squeezed = folded(line)
        return squeezed in known.lines or (len(squeezed) >= HEAD and squeezed in known.text)

    return stands


class _AlreadyRead:
    """What the requester has already read."""

    def __init__(self, public: Sequence[str], allowed: frozenset[str]) -> None:
        self.allowed = allowed
        self.text = "\n".join(folded(each) for each in public)
        self.lines = {squeezed for each in public for row in each.splitlines() if (squeezed := folded(row))}
        self.names = allowed | {name for each in public for name in _names_in(each)}

    def has(self, squeezed: str) -> bool:
        return squeezed in COMMONPLACE or squeezed in self.lines or squeezed in self.text


def folded(text: str) -> str:
    """Letters and figures in lower case: what is left when blanks, marks and signs are taken away."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = _DECOMPOSED.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    return _WORDS.findall(text.lower())


def _counts(row: str, squeezed: str, least: int) -> bool:
    """Whether a line is long enough, its quote marks away and its blanks folded, and says something."""
    if len(squeezed) >= max(least, HEAD):
        return True
    return len(squeezed) >= HEAD and len(row) >= least and len(" ".join(_QUOTE_MARKS.sub("", row).split())) >= least


def _lines(text: str, html: str | None, notices: Sequence[str], known: _AlreadyRead, least: int) -> Iterator[Residue]:
    """Lines of notices in the text, wherever they begin; and lines of the text in a notice, for what is left of a long paragraph."""
    needles: dict[str, dict[str, str]] = {}
    pairs: set[tuple[str, str]] = set()
    texts: list[str] = []
    for notice in dict.fromkeys(notices):
        whole: list[str] = []
        for row in notice.splitlines():
            words = _words(row)
            whole += words
            squeezed = "".join(words)
            if _counts(row, squeezed, least):
                needles.setdefault(squeezed[:HEAD], {})[squeezed] = row
        pairs.update(pairwise(whole))
        texts.append("".join(whole))

    rows = text.splitlines()
    words_of = [_words(row) for row in rows]
    squeezed_rows = ["".join(words) for words in words_of]
    starts = list(accumulate((len(row) for row in squeezed_rows), initial=0))
    for position, _, why in _hits("".join(squeezed_rows), needles, known):
        number = min(bisect_right(starts, position), len(rows))
        yield Residue(number, rows[number - 1].strip(), why)
    glued, _, inside = readings(html) if html else ("", "", "")
    for haystack in (glued, inside):
        for _, row, why in _hits(folded(haystack), needles, known):
            yield Residue(0, row.strip(), Reason.of("residue.in_html", why))

    # The other way round costs a look at each line, so pairs of words sort out what cannot be in a notice.
    everything = "\n".join(texts)
    for number, (row, words, squeezed) in enumerate(zip(rows, words_of, squeezed_rows, strict=True), 1):
        if not _counts(row, squeezed, least):
            continue
        # The first and the last word may be halves of words.
        inner = pairwise(words[1:-1]) if len(words) > 3 else pairwise(words)
        if all(pair in pairs for pair in inner) and not known.has(squeezed) and squeezed in everything:
            yield Residue(number, row.strip(), Reason("residue.stands"))


def _hits(haystack: str, needles: dict[str, dict[str, str]], known: _AlreadyRead) -> Iterator[tuple[int, str, Reason]]:
    """Where lines of notices begin in the squeezed text, each as it stands in its notice, and why it counts."""
    compared = 0
    harmless: set[str] = set()
    for position in [i for i in range(len(haystack) - HEAD + 1) if haystack[i : i + HEAD] in needles]:
        for needle, row in needles[haystack[position : position + HEAD]].items():
            compared += 1
            if needle in harmless or not haystack.startswith(needle, position):
                continue
            if known.has(needle):
                harmless.add(needle)
            else:
                yield position, row, Reason("residue.line")
        if compared > MOST_COMPARISONS:
            yield position, "", Reason("residue.alike")
            return


def readings(html: str) -> tuple[str, str, str]:
    """What of an HTML body anybody can read: its text, the same with a blank for each tag, and what stands in tags and comments."""
    texts: list[str] = []
    tags: list[str] = []
    for index, piece in enumerate(html.split("<")):
        tag, bracket, rest = piece.partition(">")
        if index == 0 or not bracket:
            texts.append(piece)
        else:
            tags.append(tag)
            texts.append(rest)
    inside = unescape("\n".join(tags))
    decoded = unquote(inside)
    return unescape("".join(texts)), unescape(" ".join(texts)), inside if decoded == inside else f"{inside}\n{decoded}"


def _names(text: str, html: str | None, notices: Sequence[str], known: _AlreadyRead) -> Iterator[Residue]:
    secret: dict[str, str] = {}
    for notice in dict.fromkeys(notices):
        secret.update((name, what) for name, what in _named(notice) if name not in known.names)
    if not secret:
        return
    for number, row in enumerate(text.splitlines(), 1):
        for name in _names_in(row):
            if name in secret:
                yield Residue(number, row.strip(), Reason(f"residue.{secret[name]}"))
    # Also across lines: a long link that was broken in two.
    squeezed = {"".join(_WORDS.findall(name)): name for name, what in secret.items() if what == "token"}
    whole = folded(text)
    pages = readings(html) if html else ()
    # An element may end inside an address, or between two.
    inside = {name for reading in pages for name in _names_in(reading)}
    for name in sorted(inside & secret.keys()):
        yield Residue(0, name, Reason.of("residue.in_html", Reason(f"residue.{secret[name]}")))
    haystacks = (whole, *(folded(reading) for reading in pages))
    for short, name in squeezed.items():
        if any(short in haystack for haystack in haystacks):
            yield Residue(0, name, Reason("residue.token"))


def _names_in(text: str) -> set[str]:
    return {name for name, _ in _named(text)}


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Addresses, links and tokens of a text in lower case, with what each is."""
    low = text.lower()
    if "@" in low:
        for word in _BREAKS.split(low):
            if "@" in word and (address := _address(word)):
                yield address, "address"
    if "://" in low or "mailto:" in low or "www." in low:
        for link in _LINK.findall(low):
            yield link.rstrip(".,;:!?)]}/"), "link"
    for token in tokens_in(low):
        yield token, "token"


def _address(word: str) -> str:
    """`someone@example.org` out of a word, "" when it is none."""
    local, _, domain = word.rpartition("@")
    local, domain = local.rpartition("@")[2].strip(_EDGE + ".!?="), domain.partition("?")[0].strip(_EDGE + ".!?/-")
    return f"{local}@{domain}" if local and "." in domain and len(word) <= 400 else ""
