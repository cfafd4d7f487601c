"""A letter as a mail program has it: its elements with the colours that hold where each stands, its words, its lines."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "img", "hr", "link", "input"})
_DARK = re.compile(r"prefers-color-scheme: dark\) \{(.*?)\n\}", re.DOTALL)


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    light: tuple[str, str]  #: ground and ink
    dark: tuple[str, str]
    size: int  #: of its words, in pixels
    is_hidden: bool
    is_said: bool  #: within somebody's own words
    text: str = ""

    @property
    def style(self) -> dict[str, str]:
        pairs = (part.split(":", 1) for part in self.attributes.get("style", "").split(";") if ":" in part)
        return {name.strip().lower(): value.strip().lower() for name, value in pairs}

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class _Reader(HTMLParser):
    def __init__(self, dark: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.rules = dark
        self.open = [Node("", {}, ("#ffffff", "#1a1d23"), ("#0e1014", "#f1f3f6"), 16, False, False)]
        self.nodes: list[Node] = []
        self.words: list[tuple[str, Node]] = []
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        up = self.open[-1]
        node = Node(tag, {name: value or "" for name, value in attrs}, up.light, up.dark, up.size, up.is_hidden, up.is_said)
        style = node.style
        node.light = (style.get("background-color") or node.attributes.get("bgcolor") or up.light[0], style.get("color") or up.light[1])
        for name in node.classes:
            rule = self.rules.get(name, {})
            node.dark = (rule.get("background-color", node.dark[0]), rule.get("color", node.dark[1]))
        if style.get("font-size", "").endswith("px"):
            node.size = int(float(style["font-size"][:-2]))
        node.is_hidden |= style.get("display") == "none"
        node.is_said |= "words" in node.classes
        self.nodes.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].tag != tag and tag != "html":
            self.unclosed.append(tag)
        elif len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words:
            self.words.append((words, self.open[-1]))
            for node in self.open:
                node.text += f" {words}"


@dataclass
class SeenLetter:
    """`html` is None where the text travels alone; `for_outside`: it is for people who never hear of tickets."""

    subject: str
    text: str
    html: str | None
    language: str
    for_outside: bool
    data: bytes = b""  #: all of it, as it is sealed
    is_sample: bool = False  #: every value in it is one that we chose

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def head(self) -> str:
        return (self.html or "").partition("<body")[0]

    @cached_property
    def body(self) -> str:
        _, found, body = (self.html or "").partition("<body")
        return re.sub(r"<!--.*?-->", "", found + body, flags=re.DOTALL)

    @cached_property
    def own_body(self) -> str:
        """Without the tables of an agent's own HTML, which travels as it was written."""
        return re.sub(r'(class="d-ink words"[^>]*>\n).*?(\n</div>\n</td>)', r"\1\2", self.body, flags=re.DOTALL)

    @cached_property
    def _read(self) -> _Reader:
        found = _DARK.search(self.head)
        rules = re.findall(r"\.(d-[a-z]+) \{([^}]*)\}", found[1]) if found else []
        reader = _Reader({name: dict(re.findall(r"([a-z-]+): (#[0-9a-f]{6})", rule)) for name, rule in rules})
        reader.feed(self.body)
        return reader

    @property
    def nodes(self) -> list[Node]:
        """Ours; what is within somebody's words is theirs."""
        return [node for node in self._read.nodes if not node.is_said or "words" in node.classes]

    @property
    def words(self) -> list[tuple[str, Node]]:
        return self._read.words

    @property
    def shown(self) -> list[tuple[str, Node]]:
        return [(words, node) for words, node in self.words if not node.is_hidden]

    @property
    def unclosed(self) -> list[str]:
        return self._read.unclosed

    @cached_property
    def said(self) -> str:
        """All that people said, folded."""
        return folded(" ".join(words for words, node in self.words if node.is_said))

    def links(self) -> list[Node]:
        return [node for node in self.nodes if node.tag == "a"]

    @cached_property
    def _their_lines(self) -> frozenset[str]:
        return frozenset(words for words, node in self.words if node.is_said)

    def is_theirs(self, line: str) -> bool:
        """Whether a line is somebody's own words, as they stand in the page."""
        bare = " ".join(line.removeprefix("> ").split()).removesuffix("…").strip()
        return bare in self._their_lines or (len(folded(bare)) > 0 and folded(bare) in self.said)


def folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()
