"""Command words below the top of an agent's mail: nothing there is obeyed, and nothing of it may pass as text.

A word that keeps a text among colleagues (`secrecy`) counts in any disguise: bold, in brackets or quotes, as an item of a list, behind a
greeting, with text behind it. Another verb counts where it stands alone on its line. Code, headings and hashtags are text; in doubt a word
of secrecy is none of them. Linear in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from mailgate.model.commands import Fault
from mailgate.understand.answers.secrecy import ORDINARY, means_inside

LONGEST = 1000  #: characters of a line that are looked at
_SHOWN = 80
_MOST = 20  #: faults of one mail

#: What nobody sees: zero width, marks of direction, variation selectors, the frame of a keycap, tags.
INVISIBLE = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),
     0x20E3, 0x3164, 0xFEFF, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080))
)  # fmt: skip
#: What looks like a number sign, or is one on some keyboard.
SIGNS = "#\uff03\ufe5f\u266f\u2317\u22d5\u29e3\u29e4\u29e5\u2a33\u2a68\u2d4c\u4e95"
_ONE_SIGN = {ord(sign): "#" for sign in SIGNS}
#: Pictures that a normal form would make letters of.
_PICTURES = dict.fromkeys((0x2139, 0x2800, 0x3297, 0x3299, *range(0x1F170, 0x1F172), *range(0x1F17E, 0x1F180)), " ")
_UNSEEN = {**INVISIBLE, **_PICTURES}
_WRITTEN_OUT = re.compile(r"&(?:num|#0{0,6}35|#[xX]0{0,6}23);|=23(?=[A-Za-z])|\\#")
#: Marks that people put around a word.
_MARKS = frozenset("*_~`\"'“”„‟‘’‚‛«»‹›()[]{}<>|^")
_TAG = re.compile(
    r"</?[A-Za-z][A-Za-z0-9:]{0,15}(?:\s[^<>]{0,200})?/?>|\[/?(?:b|i|u|s|code|quote|color|size|center|list|li)(?:=[^\[\]]{0,40})?\]"
)
_NUMBERED = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.):\]]|\d{1,3}(?=\s{0,2}#)|\[[xX ]?\]|[oO](?=\s)")
_GREETING = re.compile(
    r"""\W{0,4}(?:hi|hello|hey|hiya|dear|good\ (?:morning|afternoon|evening|day)|morning|greetings|team|all|everyone|folks|fyi|
    hallo|hoi|servus|moin|gr[uü](?:ß|ss)\ ?gott|gr[uü]ezi|guten\ (?:morgen|tag|abend)|liebe[rs]?|sehr\ geehrte[rs]?|tach|
    bonjour|salut|bonsoir|coucou|cher|ch[eè]re|hola|buen(?:os|as)\ \w{3,8}|estimad[oa]|querid[oa]|ciao|salve|buongiorno|gentile|car[oa]|
    ol[aá]|bom\ dia|boa\ (?:tarde|noite)|beste|geachte|goed(?:emorgen|emiddag|en?dag)|hej|hejsan|k[aæ]re|hei|moi|terve|cze[sś][cć]|
    dzie[nń]\ dobry|witam|ahoj|dobr[yý]\ den|szia|hell[oó]|bun[aă]|zdravo|merhaba|selam|привет|здравствуйте|добрый\ \w{3,6}|вітаю|γεια|
    שלום|مرحبا|سلام|नमस्ते|你好|您好|こんにちは|안녕하세요)\b(?:[ ,]{1,3}[^\s#.!?,]{1,25}){0,3}[,!.:;–—-]?\s{0,4}""",
    re.IGNORECASE | re.VERBOSE,
)
#: Before these a name of a channel or a tag stands, not a command.
_NAMES_A_CHANNEL = frozenset(
    "channel channels kanal kanäle chat irc slack discord teams tag tags hashtag hashtags topic label room join in on im auf see".split()
)
_CSS_BEHIND = re.compile(r"\s{0,4}(?:=|[\w\-.:>+~,#*\[\]=\" ]{0,120}\{)|\([^()]{0,80}\)\s{0,4}[;{]")
_NEXT_WORD = re.compile(r" ([^\W\d_]{1,20})(?![\w-])")
_SPELT = re.compile(r" ?(?:[^\W\d_][ .\-]){3,20}[^\W\d_](?![\w])")
_LISTED = re.compile(r"(?: {2,}| ?[:–—-] )\S.{0,80}\Z")
_HASHTAGS = re.compile(r"(?:\s*#[^\s#]{1,60})+\s*")
_HEADING = re.compile(r" {0,3}#{1,6} {1,4}\S")
_MARKDOWN = re.compile(r" {0,3}(?:[-*+] {1,4}\S|\d{1,2}[.)] {1,4}\S|#{2,6} {1,4}\S|```|\|.{1,400}\|)|.{0,400}\*\*\S")
#: Lines that no prose has: comments, settings, statements, prompts, tables of a shell.
_CODE = re.compile(
    r"""[ ]{0,3}(?:
      \#+(?:\s|\Z) | \#[\w.-]{1,40}\s?= | // | -- | /\*
    | [\w.\-\[\]"']{1,60}\s{0,8}(?::=|\+=|==?)(?:\s|\S)
    | [a-z][\w.-]{0,40}:(?:\s|\Z) | -\s[\w.-]{1,40}:(?:\s|\Z)
    | \[[\w .:/-]{1,60}\]\s{0,8}\Z
    | [$%>]\s\S | [~/][\w.-]{1,60}/[\w./-]{0,200}
    | (?:sudo|export|systemctl|apt|apt-get|dnf|yum|pip|git|docker|kubectl|echo|chmod|chown|curl|wget|ssh|import|def|const|var|set|use)\s\S
    | <[?/!a-z][^<>]{0,200}>
    | [A-Z][a-z]{1,30}[A-Z]\w{0,40}\s\S | [A-Za-z_]{2,40}\s\d{1,6}\s{0,8}\Z
    | [\d*/,-]{1,12}\s[\d*/,-]{1,12}\s[\d*/,-]{1,12}\s | \d{1,3}(?:\.\d{1,3}){3}\b
    )""",
    re.VERBOSE,
)
_STATEMENT_ENDS = (";", "{", "}", "\\", ");", "*/", "-->")
_MARKED_AS_QUOTE = re.compile(r"\s{0,8}[>|]")
_FENCE = ("```", "~~~")

#: A text of more lines than the one is looked at closely only where fewer of them than the other may hold a sign.
_MANY_LINES, _MOST_SIGNED = 5_000, 5_000
_OTHER_SIGNS = frozenset(SIGNS)
_SIGNS_IN_A_LINE = 4  #: so many are looked at behind words
#: The canonical verb that a word with what follows it is, "" where it is none.
VerbOf = Callable[[str, str], str]


class _Text:
    """The lines below the commands, and what is asked of them as a whole."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        filled = [at for at, line in enumerate(lines) if line.strip()]
        # Many programs set each line as a paragraph: then an empty line parts nothing.
        self._step = 2 if len(filled) > 1 and all(b - a > 1 for a, b in pairwise(filled)) else 1
        marked = (at for at, line in enumerate(lines) if _HEADING.match(line) or _MARKDOWN.match(line))
        headings = (at for at, line in enumerate(lines) if _HEADING.match(line))
        self._marked, self._headings = frozenset(islice(marked, 2)), frozenset(islice(headings, 2))

    def is_markdown_beside(self, index: int) -> bool:
        return bool(self._marked - {index})

    def has_headings_beside(self, index: int) -> bool:
        return bool(self._headings - {index})

    def is_code(self, index: int, fenced: bool) -> bool:
        """Whether a line stands in code or in a configuration file: indented, fenced, or with such a line right above or below it."""
        lines = self.lines
        if fenced or lines[index].startswith("    "):
            return True
        for step in (-self._step, self._step):
            for at in range(index + step, index + 4 * step, step):
                if not 0 <= at < len(lines) or not lines[at].strip():
                    break
                if lines[at].startswith("    ") or _CODE.match(lines[at]) or lines[at].rstrip().endswith(_STATEMENT_ENDS):
                    return True
        return False

    def beside(self, index: int) -> Iterator[_Seen]:
        """What the lines right above and below say behind a sign."""
        for at in (index - self._step, index + self._step):
            if 0 <= at < len(self.lines) and (found := _seen(self.lines[at], _peeled(self.lines[at]))) is not None:
                yield found


@dataclass(frozen=True, slots=True)
class _Seen:
    """A number sign with the word behind it."""

    word: str
    behind: str  #: the rest of the line, marks around the word taken off
    spaced: bool  #: blanks stand between sign and word
    joined: bool  #: the word goes on in figures, dots or dashes: a name, a file, an address
    at: int  #: where the sign stands


def astray(rest: Sequence[str], first: int, visibility: str, verb_of: VerbOf) -> list[Fault]:
    """Faults of the lines below the commands, the first of which has the number `first`. `visibility`: what the commands say.
    Where they say it already, a word that says the same once more is text."""
    if len(rest) > _MANY_LINES:
        signed = list(islice((at for at, line in enumerate(rest) if _may_hold_a_sign(line[:LONGEST])), _MOST_SIGNED + 1))
        if len(signed) > _MOST_SIGNED:
            # Made to be slow, for whoever writes an agent's name. What stays inside needs no look; of the rest nobody can say what it is.
            return [] if visibility == "note" else [Fault("E_LATE", first + signed[0], rest[signed[0]].strip()[:_SHOWN], "#note")]
    lines = [_plain(line) for line in rest]
    if not any("#" in line for line in lines):
        return []
    text = _Text(lines)
    faults: list[Fault] = []
    fenced = False
    for index, line in enumerate(lines):
        if line.lstrip().startswith(_FENCE):
            fenced = not fenced
            continue
        if "#" not in line:
            continue
        if hint := _hint(text, index, fenced, visibility, verb_of):
            faults.append(Fault("E_LATE", first + index, rest[index].translate(INVISIBLE).strip()[:_SHOWN], hint))
            if len(faults) == _MOST:
                break
    return faults


def _may_hold_a_sign(line: str) -> bool:
    if "#" in line or "=23" in line or "&num" in line:  # `&#35;` has one
        return True
    return not line.isascii() and not _OTHER_SIGNS.isdisjoint(line)


def set_apart(whole: Sequence[str]) -> list[str]:
    """Lines of a whole text that look quoted, stand alone as no quote does, and say a word of secrecy: `> #note`."""
    found: list[str] = []
    looked_at = 0
    for at, line in enumerate(whole):
        if not _MARKED_AS_QUOTE.match(line):
            continue
        above, below = (whole[i] if 0 <= i < len(whole) else "" for i in (at - 1, at + 1))
        if _MARKED_AS_QUOTE.match(above) or _MARKED_AS_QUOTE.match(below) or above.rstrip().endswith(":"):
            continue
        if not _may_hold_a_sign(line[:LONGEST]):
            continue
        looked_at += 1
        if looked_at > _MOST_SIGNED:
            return [*found, line.translate(INVISIBLE).strip()[:LONGEST]]  # made to be slow: nobody can say what it is
        plain = _plain(line)
        if (seen := _seen(plain, _peeled(plain))) is not None and not seen.joined and means_inside(seen.word):
            found.append(line.translate(INVISIBLE).strip()[:LONGEST])
    return found


def _plain(line: str) -> str:
    """A line as it was meant: what cannot be seen is gone, full-width forms, strange blanks and signs are ordinary."""
    if line.isascii() and "&" not in line and "\\" not in line and "=" not in line:
        return line[:LONGEST].replace("\t", "    ")
    seen = unicodedata.normalize("NFKC", line[:LONGEST].translate(_UNSEEN)).translate(_ONE_SIGN).replace("\t", "    ")
    return _WRITTEN_OUT.sub("#", seen)


def _hint(text: _Text, index: int, fenced: bool, visibility: str, verb_of: VerbOf) -> str:
    """The command that a line was probably meant to be, "" for text."""
    line = text.lines[index]
    found = _seen(line, _peeled(line))
    if found is None:
        return "#note" if visibility != "note" and _in_passing(line) else ""
    verb = "" if fenced or visibility == "reply" else _verb(found, text, index, verb_of)
    if verb == f"#{visibility}":
        verb = ""  # said already
    while found is not None:
        if visibility != "note" and _keeps_inside(found, text, index, fenced):
            return "#note"
        # Several commands on one line: `#take #note`, `#close#note`.
        more = verb_of(found.word, "") and found.behind.lstrip().startswith("#")
        found = _seen(line, line.index("#", found.at + 1)) if more else None
    return verb


def _peeled(line: str) -> int:
    """Where the first sign stands that has only decoration before it; -1 when words do."""
    at, numbers = 0, 0
    while at < len(line):
        sign = line[at]
        if sign == "#":
            return at
        if (sign in "<[" and (tag := _TAG.match(line, at))) or (numbers < 3 and (tag := _NUMBERED.match(line, at))):
            numbers += 1
            at = tag.end()
        elif sign.isalnum():
            return -1
        else:
            at += 1
    return -1


def _seen(line: str, at: int) -> _Seen | None:
    """The word behind the sign at a place. None where none stands there: a figure, a shell's first line, a heading of a lower level."""
    if at < 0:
        return None
    begin, spaced, marks = at + 1, False, 0
    while begin < len(line) and marks < 8 and (line[begin] == " " or line[begin] in _MARKS):
        spaced = spaced or line[begin] == " "
        marks += line[begin] != " "
        begin += 1
    if begin >= len(line) or not line[begin].isalpha():
        return None
    end = begin
    while end < len(line) and (line[end].isalnum() or unicodedata.category(line[end])[0] == "M"):
        end += 1
    behind = end
    while behind < len(line) and (line[behind] in _MARKS or (line[behind] == "<" and _TAG.match(line, behind))):
        tag = _TAG.match(line, behind) if line[behind] in "<[" else None
        behind = tag.end() if tag else behind + 1
    joined = end + 1 < len(line) and line[end] in "-_/.\\@&+'’" and line[end + 1].isalnum()
    return _Seen(line[begin:end], line[behind:], spaced, joined, at)


def _keeps_inside(found: _Seen, text: _Text, index: int, fenced: bool) -> bool:
    word, behind = found.word, found.behind
    near = means_inside(word)
    if near != "exact" and (more := _NEXT_WORD.match(behind)) and means_inside(word + more[1]) == "exact":
        # A blank slipped in, or it is said in two words: `#n ote`, `#nur intern`.
        near, behind = "exact", behind[more.end() :]
    if not near:  # `#n o t e`, `# n-o-t-e`
        apart = _SPELT.match(text.lines[index], found.at + 1)
        return apart is not None and means_inside("".join(filter(str.isalpha, apart[0]))) == "exact"
    if found.joined:
        # `#notes-list`, `#internal.example.org`: a name, unless a sentence follows as no name has it.
        return near == "exact" and not _is_name(behind) and len(behind.split()) > 2 and not text.is_code(index, fenced)
    if _CSS_BEHIND.match(behind):
        return False
    has_text = any(ch.isalnum() for ch in behind)
    ordinary = near == "slip" and (word.lower() in ORDINARY or not word.isalpha())
    if has_text and near == "slip" and (_HASHTAGS.fullmatch(behind) or (ordinary and not _is_sentence(behind))):
        return False
    if not found.spaced:
        return has_text or not behind.lstrip().startswith(",") or not text.is_code(index, fenced)
    if has_text:
        return not (ordinary or text.is_code(index, fenced) or text.has_headings_beside(index))
    # `# note` alone is a command gone wrong; `# Notes` among headings and lists is one of them.
    if near == "exact" and not word.lower().endswith(("es", "en")):
        return True
    return not ((word[:1].isupper() and text.is_markdown_beside(index)) or text.is_code(index, fenced))


def _is_name(behind: str) -> bool:
    return behind[:1] in "-_@" or bool(re.match(r"[./\\][\w-]{1,40}(?:[./\\]|\s*\Z)", behind))


def _is_sentence(behind: str) -> bool:
    """Whether what follows an ordinary word reads like something said: two words or more, and no figure first."""
    words = behind.strip(" .,:;!?–—-").split()
    return len(words) >= 2 and words[0][:1].isalpha() and not behind.rstrip().endswith(_STATEMENT_ENDS)


def _in_passing(line: str) -> bool:
    """`Hi Bob, #note he ...`, `Bob: #note he ...`, `It is mended. #note he ...`; never `ask in #internal`."""
    at = -1
    for _ in range(_SIGNS_IN_A_LINE):
        at = line.find("#", at + 1)
        if at <= 0:
            return False
        found = _seen(line, at) if not line[at - 1].isalnum() and line[at - 1] not in "#/=&" else None
        if found is not None and _is_called(line[:at].rstrip("*_~`\"'“”‘’([{<|"), found):
            return True
    return False


def _is_called(before: str, found: _Seen) -> bool:
    near = means_inside(found.word)
    words = [word.strip(".,:;!?").lower() for word in before.split()]
    if not near or not words or found.joined or _CSS_BEHIND.match(found.behind) or words[-1] in _NAMES_A_CHANNEL:
        return False
    if _GREETING.fullmatch(before):
        return True
    ends = before.rstrip()[-1]
    if near == "slip" and (len(words) > 2 or (any(ch.isalnum() for ch in found.behind) and not _is_sentence(found.behind))):
        return False
    return not found.spaced and ((near == "exact" and ends in ".!?…") or (ends in ",:;–—-" and len(words) <= 3))


def _verb(found: _Seen, text: _Text, index: int, verb_of: VerbOf) -> str:
    """Another verb alone on its line. Four blanks before it make it text, and so do code and a list of channels or tags around it."""
    bare = verb_of(found.word, found.behind) or verb_of(found.word, "")
    if not bare or found.joined or found.spaced or text.lines[index].startswith("    "):
        return ""
    alone = verb_of(found.word, found.behind) or found.behind.lstrip().startswith("#")
    # A table of commands, as letters of this desk end in one: `#take   it's yours`.
    listed = alone or _LISTED.match(found.behind) or (len(found.behind) <= _SHOWN and any(verb_of(o.word, "") for o in text.beside(index)))
    if not listed or _CSS_BEHIND.match(found.behind) or text.is_code(index, False):
        return ""
    tags = any(not other.spaced and not verb_of(other.word, "") and not means_inside(other.word) for other in text.beside(index))
    return "" if tags else f"#{bare}"
