"""The HTML of every letter can be read by everybody: by ear, in the dark, without the net, and without HTML at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailgate.compose import samples, words
from mailgate.compose.blocks import Block, Remark
from mailgate.compose.cards import as_html
from mailgate.model.letters import LETTERS
from mailgate.model.mail import Attachment
from tests.compose.desk import a_letter, an_agents, html, message, text

VOID = {"meta", "br", "img", "hr"}


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(("event", "audience"), LETTERS, ids="/".join)
def test_a_page_keeps_the_rules_of_readable_pages(event: str, audience: str):
    for language in ("en", "de"):
        page = html(a_letter(event, audience, language))
        Balanced().feed(page)
        tree = LexborHTMLParser(page)
        root = tree.css_first("html")
        assert root.attributes["lang"] == language and root.attributes["dir"] == "ltr"
        assert len(tree.css("h1")) == 1 and tree.css_first("h1").text().strip()
        assert tree.css_first("title").text()
        schemes = {meta.attributes.get("name"): meta.attributes.get("content") for meta in tree.css("meta")}
        assert schemes["color-scheme"] == schemes["supported-color-schemes"] == "light dark"
        assert all(cell.attributes.get("scope") in ("row", "col") for cell in tree.css("th"))
        assert len(page.encode()) <= 60_000
        # Nothing comes from elsewhere and nothing runs.
        assert not tree.css("img, script, link, iframe, object, form, input, svg")
        assert not re.search(r"url\(|@import|https?://", page)
        for link in tree.css("a"):
            assert link.attributes["href"].startswith("mailto:support") and len(link.text().strip()) > 3
            assert "here" not in link.text().lower().split()


@pytest.mark.parametrize(("event", "audience"), LETTERS, ids="/".join)
def test_the_text_says_all_that_the_page_says(event: str, audience: str, monkeypatch: pytest.MonkeyPatch):
    """(fault 146)"""
    remarks: list[str] = []  # on buttons, which the text has none of

    def noting(blocks: Sequence[Block], *others: Any) -> str:
        remarks.extend(block.words for block in blocks if isinstance(block, Remark))
        return as_html(blocks, *others)

    monkeypatch.setattr("mailgate.compose.letters.as_html", noting)
    for language in ("en", "de"):
        letter = a_letter(event, audience, language)
        kinds = [part.get_content_type() for part in message(letter).walk() if not part.is_multipart()]
        assert kinds[:2] == ["text/plain", "text/html"]
        tree = LexborHTMLParser(html(letter))
        tree.css_first("head").decompose()
        # Buttons are words to reply with there, and the head of the card names what From: and Subject: name. Tags repeat the subject and
        # facts, the preheader says in other words what the letter says, and a remark is about the buttons.
        head, remark = 'td[style*="nowrap"], td[width="100%"][style*="0 12px;font-size:16px"]', 'p[style*="14px;line-height:21px"]'
        for beside in tree.css(f'a, .d-main, [aria-hidden], {head}, {remark}, div[style*="display:none"], span[style*="99px"]'):
            beside.decompose()
        seen = " ".join(tree.body.text(separator=" ").split())
        for beside in (letter.preheader, *remarks):
            seen = seen.replace(beside, "")
        said = " ".join(text(letter).split())
        letters = {re.sub(r"\W+", "", said)}
        for word in set(re.findall(r"\w{3,}", seen)):
            assert word in said or any(word in one for one in letters), word


def test_a_language_written_from_right_to_left_says_so():
    assert words.direction("ar") == words.direction("he-IL") == "rtl"
    assert words.direction("de") == "ltr"


def test_indented_lines_and_empty_lines_of_a_text_survive_in_html():
    page = html(a_letter("agent_replied", "requester", entry=an_agents(text="one\n    two\n\n\nthree <b> & co", html=None)))
    assert re.search(r"<p[^>]*>one<br>\n&nbsp; &nbsp; two</p>\n<p[^>]*>three &lt;b&gt; &amp; co</p>", page)


def test_a_picture_alone_is_still_an_answer():
    picture = Attachment("a.png", "image/png", 3, "0" * 64, True, "a@b", "1.2")
    letter = a_letter("agent_replied", "requester", entry=an_agents(text="", html='<img src="cid:a@b">', attachments=(picture,)))
    assert '<img src="cid:a@b">' in html(letter)


def test_an_entry_without_words_leaves_no_hole():
    letter = a_letter("requester_wrote", "agent", entry=replace(samples.an_entry("asked"), text=""))
    assert "\n\n\n" not in text(letter)
