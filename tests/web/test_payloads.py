"""Whatever people write, a page of ours holds it as text: nothing active in it, nothing fetched, and not a letter of it lost."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailgate.compose import pages
from mailgate.compose.catalogue import ENGLISH
from mailgate.compose.data import inline, lines
from mailgate.model.page import WebPage
from tests.web.payloads import PAYLOADS, foreign

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
LOOK = pages.Look("en", ENGLISH, "Europe/Berlin", "IT Support", "#2f55d4", ())
MAILTO = "mailto:support+abcdefgh.0123456789abcdef@example.org?subject=Re%3A%20%5BIT-1-K7QF3M9X%5D"


def in_every_place(word: str) -> list[WebPage]:
    """Pages that have this for every name, subject, text, file name and comment."""
    look = pages.Look("en", ENGLISH, "Europe/Berlin", word, "#2f55d4", (word,))
    files = (pages.FileLink(word, 5, "abcdefgh.0123456789abcdef/f/0123456789abcdef0123"),)
    shown = pages.RequestPage(
        ref="IT-1", title=word, status="resolved", hold=None, opened_at=NOW, facts=(("solved", NOW),), promised=("update", NOW),
        messages=(pages.Message(word, NOW, f"{word}\n\n{word}", files),), left_out=True, reply=MAILTO, other=(("reopen", MAILTO),),
        rates=True, score=3, until=NOW,
    )  # fmt: skip
    return [
        pages.request(look, shown),
        pages.rating(look, "IT-1", None, word, missing=True),
        pages.thanks(look, 1, True, NOW, True),
        pages.void(look, "IT-1"),
        pages.note(look, 410, "ended"),
    ]


def test_there_are_three_hundred() -> None:
    assert len(PAYLOADS) >= 300


def test_no_payload_in_any_place_is_more_than_text() -> None:
    found = [(word, what) for word in PAYLOADS for page in in_every_place(word) for what in foreign(page.html, page.style)]
    assert found == []


@pytest.mark.parametrize("place", [0, 1], ids=["request", "comment"])
def test_what_was_written_can_be_read_as_it_was_written(place: int) -> None:
    for word in PAYLOADS:
        tree = LexborHTMLParser(in_every_place(word)[place].html)
        if place == 0:
            assert tree.css_first(".words").text() == lines(f"{word}\n\n{word}").strip("\n"), word
            assert tree.css_first("li bdi").text() == tree.css_first("h3").text() == inline(word), word
        else:
            assert tree.css_first("textarea").text() == lines(word), word


def test_a_page_that_forgets_to_escape_is_found_out() -> None:
    """The control: the same pages with each payload as it is."""
    active = [word for word in PAYLOADS if "<" in word and escape(inline(word)) != inline(word) and "&lt;" not in word]
    missed = []
    for word in active:
        page = in_every_place(word)[0]
        raw = page.html.replace(str(pages.Markup.escape(inline(word))), inline(word))
        if raw != page.html and not list(foreign(raw, page.style)):
            missed.append(word)
    # What no browser takes for a tag, or stands in a comment to its end.
    assert len(missed) < 30, missed
