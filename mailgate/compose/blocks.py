"""A rendered template as blocks: the plain text of a letter and its HTML are two ways to write the same ones.

(a sentence)             paragraph; the first one is the headline
Label: value             a row; rows that follow each other are one table
- words                  an item of a list
=> target words          a link; targets are mailto: or https:, and never come from a mail
> words                  a quote

A sentence that begins with a few words and a colon would be a row: a comma or a full stop before the colon makes it a sentence."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape  # quotes as well: the same words stand in attributes
from typing import Any

from mailgate.compose.data import CLOSE, HTML, NEWLINE, OPEN, OWN, WORDS, unmark

#: The part before ": " of a row. A longer or punctuated one is a sentence.
_LABEL = re.compile(r"([^\x02\x03:.,;!?>=\s-][^\x02\x03:.,;!?]{0,39}): (.*\S.*)")
_LINK = re.compile(r"=> ((?:mailto:|https?://)[!-~]+) (.*\S.*)")
_SEVERAL = (WORDS, HTML, OWN)


@dataclass(frozen=True, slots=True)
class Paragraph:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Label and value."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkList:
    """Target and words."""

    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryText:
    """Somebody's words, as they wrote them. `whose` is one of data.WORDS, HTML, OWN."""

    text: str
    whose: str


Block = Paragraph | Rows | Items | LinkList | Quote | EntryText


def parse(rendered: str) -> list[Block]:
    """The blocks of a template's text. Rows, items, links or quotes that only blank lines part are one block."""
    blocks: list[Block] = []
    sentences: list[str] = []
    kind = ""
    held: list[Any] = []

    def close() -> None:
        nonlocal kind
        if sentences:
            blocks.append(Paragraph(tuple(sentences)))
            sentences.clear()
        if held:
            blocks.append(_CONTAINERS[kind](tuple(held)))
            held.clear()
        kind = ""

    def hold(wanted: str, what: Any) -> None:
        nonlocal kind
        if kind != wanted:
            close()
            kind = wanted
        held.append(what)

    for row in rendered.split("\n"):
        line = row.strip(" ")
        if not line:
            if sentences:
                close()
            continue
        first = line[0]
        if first == OPEN:
            if line[1:2] in _SEVERAL and line[-1] == CLOSE and line.count(OPEN) == 1:
                close()
                blocks.append(EntryText(line[2:-1].replace(NEWLINE, "\n"), line[1]))
                continue
        elif first == "-" and line[:2] == "- ":
            hold("items", _one_line(line[2:]))
            continue
        elif first == ">" and line[:2] == "> ":
            for piece in line[2:].split(NEWLINE):
                hold("quote", _one_line(piece))
            continue
        elif first == "=" and (link := _LINK.fullmatch(line)):
            hold("links", (link[1], _one_line(link[2])))
            continue
        elif label := _LABEL.fullmatch(line):
            hold("rows", (label[1], _one_line(label[2])))
            continue
        if held:
            close()
        sentences.append(_one_line(line))
    close()
    return blocks


_CONTAINERS: dict[str, Callable[[tuple[Any, ...]], Block]] = {"items": Items, "quote": Quote, "links": LinkList, "rows": Rows}


def _one_line(line: str) -> str:
    if NEWLINE in line:
        line = line.replace(NEWLINE, " ")
    line = unmark(line)
    return line.translate(_NO_SIGNS) if not line.isprintable() else line


_NO_SIGNS = {ord(sign): None for sign in (*_SEVERAL, OPEN, CLOSE)}


def as_text(blocks: Sequence[Block], short_links: bool = True, own: bool = True) -> str:
    """The blocks as people read them without HTML.
    `short_links`: of a mailto: only the address, which then says everything; else the whole link. `own` False leaves out the
    reader's own words."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            parts.append("\n".join(block.lines))
        elif isinstance(block, Rows):
            parts.append("\n".join([f"{label}: {value}" for label, value in block.rows]))
        elif isinstance(block, Items):
            parts.append("\n".join([f"- {item}" for item in block.items]))
        elif isinstance(block, LinkList):
            parts.append("\n".join([f"{words}: {_shown(target, short_links)}" for target, words in block.links]))
        elif isinstance(block, Quote):
            parts.append("\n".join([f"> {line}" if line else ">" for line in block.lines]))
        elif block.text and (own or block.whose != OWN):
            parts.append(block.text)
    return "\n\n".join(parts)


def _shown(target: str, short: bool) -> str:
    return target[7:].partition("?")[0] if short and target.startswith("mailto:") else target


def as_html(blocks: Sequence[Block], entry_html: str | None = None, headline: bool = True) -> str:
    """The same blocks as HTML, everything escaped but `entry_html`, which has to be sanitised already and stands for the entry's words.
    `headline`: the first paragraph is the heading of the page."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            words = escape(" ".join(block.lines))
            parts.append(f"<h1>{words}</h1>" if headline else f"<p>{words}</p>")
            headline = False
        elif isinstance(block, Rows):
            rows = "".join([f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>\n' for label, value in block.rows])
            parts.append(f"<table>\n{rows}</table>")
        elif isinstance(block, Items):
            parts.append("<ul>\n" + "".join([f"<li>{escape(item)}</li>\n" for item in block.items]) + "</ul>")
        elif isinstance(block, LinkList):
            links = "".join([f'<li><a href="{escape(target)}">{escape(words)}</a></li>\n' for target, words in block.links])
            parts.append(f'<ul class="links">\n{links}</ul>')
        elif isinstance(block, Quote):
            parts.append(f"<blockquote>{_paragraphs(chr(10).join(block.lines))}</blockquote>")
        elif block.whose == HTML and entry_html:
            parts.append(f'<div class="words">\n{entry_html}\n</div>')
        elif block.text:
            parts.append(f'<div class="words">\n{_paragraphs(block.text)}\n</div>')
    return "\n".join(parts)


def _paragraphs(text: str) -> str:
    """Empty lines part paragraphs, other line ends stay line ends, and indented lines keep their blanks."""
    whole = escape(text)
    if "  " in whole:
        whole = whole.replace("  ", "&nbsp; ")
    if "\t" in whole:
        whole = whole.replace("\t", "&nbsp;&nbsp; ")
    pieces = [piece for piece in re.split(r"\n(?:[ \t]*\n)+", whole.strip("\n")) if piece.strip()]
    return "\n".join(["<p>" + piece.replace("\n", "<br>\n") + "</p>" for piece in pieces])
