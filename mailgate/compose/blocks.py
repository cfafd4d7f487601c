"""The language of templates: a rendered template as blocks, which `plain` writes as text and `cards` as HTML.

A line begins with its sign; what has none belongs to a paragraph, and the first paragraph is the headline.

    words                          paragraph; `**strong**` in our own words
    ## words                       heading of a section
    Label: value                   a fact; facts that follow each other are one table
    - words | about                item of a list, with a line about it
    > words                        quote
    ! words | more                 what must not be missed; `!warn`, `!bad`, `!good` give its tone
    ^ words | more                 strip on top, for agents: who gets what they write; tones as above
    % one | other                  tags above the headline, only in HTML; the tone is the first one's
    ~ 1/3 one | two | three | said where a request stands; the text says the last part alone
    ~ 75% left | right             how much of a time is used (`~ 75% warn | left | right`)
    =>> target words               the one main action
    => target words                another one; both may end in ` || word | what it does`, which is what the text says
    =5 target words                one of five choices
    =: words                       only in the text: introduces the choices below it, or else the list of all `|| word | does`
    =( words                       only in HTML: a remark
    "" name | about                who says the words or the quote that follow
    | a | b |                      table of data; its first row is the head
    [[cid | alt | width]]          a picture of ours

Values of mails are marked (compose/data): none begins a block, is strong or parts one. A sentence that begins with a few words and a
colon would be a fact: a comma or a full stop before the colon makes it a sentence."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mailgate.compose.data import CLOSE, HTML, NEWLINE, OPEN, OWN, WORDS, unmark

#: The part before ": " of a fact. A longer or punctuated one is a sentence.
_LABEL = re.compile(r"([^\x02\x03:.,;!?>=|\s-][^\x02\x03:.,;!?|]{0,39}): (.*\S.*)")
_SIGNS = frozenset('#->!^%~="|')
_LINK = re.compile(r"((?:mailto:|https?://)[!-~]+) (.*\S.*)")
_STEPS = re.compile(r"([1-9])/([1-9]) (.*)")
_METER = re.compile(r"(\d{1,3})% (?:(warn|bad|good) \| )?(.*)")
_PICTURE = re.compile(r"\[\[([!-~]+) \| (.+) \| (\d{1,3})\]\]")
_SEVERAL = (WORDS, HTML, OWN)
_VALUE = re.compile(f"{OPEN}[^{CLOSE}]*{CLOSE}")
_HOLDS_SIGN = re.compile(rf"{OPEN}[^{CLOSE}|*]*[|*]")

#: Turns strong on and off. No data keeps it, like the signs that stand for these within a value.
BOLD = "\x06"
_BAR, _STAR = "\x07", "\x08"


@dataclass(frozen=True, slots=True)
class Paragraph:
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    words: str


@dataclass(frozen=True, slots=True)
class FactRows:
    """Label and value."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """Words, and a line about them or ""."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryText:
    """Somebody's words, as they wrote them. `whose` is one of data.WORDS, HTML, OWN."""

    text: str
    whose: str


@dataclass(frozen=True, slots=True)
class Byline:
    """Who says what follows."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Box:
    tone: str
    words: str
    more: str


@dataclass(frozen=True, slots=True)
class Strip:
    tone: str
    words: str
    more: str


@dataclass(frozen=True, slots=True)
class Tags:
    tone: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    reached: int
    names: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Meter:
    percent: int
    tone: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class MainAction:
    target: str
    words: str


@dataclass(frozen=True, slots=True)
class Actions:
    """Target and words."""

    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """Score, target and words, and the sentence that introduces them in the text."""

    links: tuple[tuple[str, str, str], ...]
    intro: str


@dataclass(frozen=True, slots=True)
class Remark:
    words: str


@dataclass(frozen=True, slots=True)
class Replies:
    """Words to reply with, and what each does: what the text has instead of buttons. Always the last block."""

    pairs: tuple[tuple[str, str], ...]
    intro: str


@dataclass(frozen=True, slots=True)
class DataTable:
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    cid: str
    alt: str
    width: int


Block = (
    Paragraph | Section | FactRows | Items | Quote | EntryText | Byline | Box | Strip | Tags | Steps | Meter | MainAction | Actions
    | Choices | Remark | Replies | DataTable | Picture
)  # fmt: skip


def parse(rendered: str) -> list[Block]:
    """The blocks of a template's text. FactRows, items, actions, choices or quotes that only blank lines part are one block."""
    reader = _BlockReader()
    for row in rendered.split("\n"):
        if line := row.strip(" "):
            reader.read(line)
        elif reader.sentences:
            reader.close()
    return reader.end()


@lru_cache(256)
def parse_once(rendered: str) -> tuple[Block, ...]:
    """The same of what many letters say, like their footers."""
    return tuple(parse(rendered))


class _BlockReader:
    """The blocks so far, and the one that is being read."""

    __slots__ = ("blocks", "held", "intro", "kind", "replies", "sentences")

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.sentences: list[str] = []
        self.kind: type[Any] | None = None
        self.held: list[Any] = []  #: parts of a block that may have more of them
        self.intro = ""
        self.replies: list[tuple[str, str]] = []

    def read(self, line: str) -> None:
        if line[0] in _SIGNS:
            sign, _, rest = line.partition(" ")
            if rest and (begin := _READ.get(sign)) and begin(self, sign, rest.lstrip(" ")):
                return
        elif line[0] == OPEN:
            if line[1:2] in _SEVERAL and line[-1] == CLOSE and line.count(OPEN) == 1:
                self.add(EntryText(line[2:-1].replace(NEWLINE, "\n"), line[1]))
                return
        elif line[0] == "[" and (picture := _PICTURE.fullmatch(line)):
            self.add(Picture(picture[1], _one_line(picture[2]), int(picture[3])))
            return
        elif ": " in line and (label := _LABEL.fullmatch(line)):
            self.hold(FactRows, (label[1], _strong(label[2])))
            return
        if self.held:
            self.close()
        self.sentences.append(_strong(line))

    def add(self, block: Block) -> bool:
        if self.sentences or self.held:
            self.close()
        self.blocks.append(block)
        return True

    def hold(self, kind: type[Any], part: Any) -> bool:
        if self.kind is not kind:
            self.close()
            self.kind = kind
        self.held.append(part)
        return True

    def close(self) -> None:
        if self.sentences:
            self.blocks.append(Paragraph(joined(self.sentences)))
            self.sentences = []
        if self.kind is Choices:
            self.blocks.append(Choices(tuple(self.held), self.intro))
            self.intro = ""
        elif self.kind is not None:
            self.blocks.append(self.kind(tuple(self.held)))
        self.kind, self.held = None, []

    def end(self) -> list[Block]:
        self.close()
        if self.replies:
            self.blocks.append(Replies(tuple(self.replies), self.intro))
        return self.blocks


# --- what each sign begins: whether the line was of its form ---------------------------------------------------------


def _section(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Section(_one_line(rest)))


def _item(reader: _BlockReader, sign: str, rest: str) -> bool:
    words, about = _two(rest)
    return reader.hold(Items, (words, about))


def _quote(reader: _BlockReader, sign: str, rest: str) -> bool:
    for piece in rest.split(NEWLINE):
        reader.hold(Quote, _one_line(piece))
    return True


def _box(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Box(sign[1:], *_two(rest)))


def _strip(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Strip(sign[1:], *_two(rest)))


def _tags(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Tags(sign[1:], tuple(_parts(rest))))


def _bar(reader: _BlockReader, sign: str, rest: str) -> bool:
    if steps := _STEPS.fullmatch(rest):
        *names, said = _parts(steps[3])
        return len(names) == int(steps[2]) >= int(steps[1]) and reader.add(Steps(int(steps[1]), tuple(names), said))
    if meter := _METER.fullmatch(rest):
        return reader.add(Meter(min(int(meter[1]), 100), meter[2] or "", *_two(meter[3])))
    return False


def _action(reader: _BlockReader, sign: str, rest: str) -> bool:
    link = _LINK.fullmatch(rest)
    if link is None:
        return False
    words, _, instead = _masked(link[2]).partition(" || ")
    if instead:
        reader.replies.append(_two(instead))
    if sign == "=>":
        return reader.hold(Actions, (link[1], _one_line(words)))
    return reader.add(MainAction(link[1], _one_line(words)))


def _choice(reader: _BlockReader, sign: str, rest: str) -> bool:
    link = _LINK.fullmatch(rest)
    return link is not None and reader.hold(Choices, (sign[1], link[1], _one_line(link[2])))


def _intro(reader: _BlockReader, sign: str, rest: str) -> bool:
    reader.close()
    reader.intro = _one_line(rest)
    return True


def _remark(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Remark(_strong(rest)))


def _byline(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.add(Byline(*_two(rest)))


def _cells(reader: _BlockReader, sign: str, rest: str) -> bool:
    return reader.hold(DataTable, tuple(_parts(f" {rest.removesuffix('|')}")))


_READ: Mapping[str, Callable[[_BlockReader, str, str], bool]] = {
    "##": _section, "-": _item, ">": _quote, "~": _bar, "=>": _action, "=>>": _action, "=1": _choice, "=2": _choice, "=3": _choice,
    "=4": _choice, "=5": _choice, "=:": _intro, "=(": _remark, '""': _byline, "|": _cells,
    **{f"{sign}{tone}": begin for sign, begin in (("!", _box), ("^", _strip), ("%", _tags)) for tone in ("", "warn", "bad", "good")},
}  # fmt: skip


# --- lines -----------------------------------------------------------------------------------------------------------


def _masked(line: str) -> str:
    """The line with the signs within its values put aside, so that they part and mark nothing."""
    return _VALUE.sub(lambda value: value[0].replace("|", _BAR).replace("*", _STAR), line) if _HOLDS_SIGN.search(line) else line


def _parts(rest: str) -> list[str]:
    return [_one_line(part.strip(" ")) for part in _masked(rest).split(" | ")] if " | " in rest else [_one_line(rest)]


def _two(rest: str) -> tuple[str, str]:
    if " | " not in rest:
        return _one_line(rest), ""
    first, _, second = _masked(rest).partition(" | ")
    return _one_line(first), _one_line(second)


def _strong(line: str) -> str:
    if "**" not in line:
        return _one_line(line)
    return _one_line(_masked(line).replace("**", BOLD))


def _one_line(line: str) -> str:
    if line.isprintable():
        return line
    line = unmark(line.replace(NEWLINE, " "))
    return line.translate(_NO_SIGNS) if _LEFT.search(line) else line


_NO_SIGNS = {**dict.fromkeys(map(ord, _SEVERAL)), ord(_BAR): "|", ord(_STAR): "*"}
_LEFT = re.compile(f"[{''.join(map(chr, _NO_SIGNS))}]")  # rare, and to translate takes twenty times what finding that does


def joined(sentences: list[str]) -> str:
    """Sentences of one paragraph: with a blank between them, but in scripts that have none."""
    said = sentences[0]
    for sentence in sentences[1:]:
        said += sentence if is_unspaced(said[-1:]) and is_unspaced(sentence[:1]) else f" {sentence}"
    return said


def is_unspaced(sign: str) -> bool:
    """Of Chinese or Japanese, whose words no blanks part."""
    return "\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uffef"
