"""Letters from right to left: each line reads in its direction, and what is Latin in it stays in one piece."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest

from mailgate.compose.letters import compose
from mailgate.model.letter import Letter
from mailgate.model.letters import LETTERS
from tests.compose.arabic import in_arabic
from tests.compose.desk import a_context, a_wanted, header, html, text

#: Marks, embeddings, overrides and isolates of direction.
CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
TAG = re.compile(r" \[IT-1042-[0-9A-Z]{8}\]$")


def a_letter(event: str, audience: str, title: str | None = None) -> Letter:
    return compose(a_wanted(event, audience, "ar"), replace(a_context(event, title=title), templates=in_arabic()))


def direction_of(line: str) -> str:
    """By its first letter, as mail programs show a line of plain text (UAX 9, P2)."""
    return next((kind for ch in line if (kind := unicodedata.bidirectional(ch)) in ("L", "R", "AL")), "")


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
def test_no_invisible_sign_of_direction_stands_in_a_letter(key: tuple[str, str]):
    """They come back in quotes, where nothing would match any more, and values of mails lose them on their way in."""
    letter = a_letter(*key)
    said = text(letter) + html(letter) + header(letter, "Subject") + header(letter, "From")
    assert CONTROLS & set(said) == set()


@pytest.mark.parametrize("title", ["VPN ينقطع كل عشر دقائق", "انقطاع VPN", "הרשת נופלת", "10 دقائق", "\u202eانقطاع\u2066", "VPN drops"])
@pytest.mark.parametrize("key", [("ticket_opened", "requester"), ("ticket_opened", "agent")], ids="/".join)
def test_the_tag_ends_the_subject_in_one_piece(key: tuple[str, str], title: str):
    """Behind words of any script: it begins with a Latin letter, so its figures go with it in any order of display (UAX 9, W7)."""
    subject = header(a_letter(*key, title=title), "Subject")
    assert TAG.search(subject) and CONTROLS & set(subject) == set()
    tag = subject[subject.rindex("[") + 1 : -1]
    assert {unicodedata.bidirectional(ch) for ch in tag} <= {"L", "EN", "ES"} and unicodedata.bidirectional(tag[0]) == "L"


def test_our_lines_begin_in_the_readers_script_and_nothing_is_aligned():
    lines = text(a_letter("ticket_opened", "requester")).partition("\n\n-- \n")[0].splitlines()
    ours = [line for line in lines if line]
    latin = [line for line in ours if direction_of(line) == "L"]
    assert latin == [], "a line that begins with an id or a time is shown from left to right"
    assert [line for line in ours if "  " in line] == []


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
def test_the_page_says_its_direction_again_where_programs_leave_html_and_body_out(key: tuple[str, str]):
    page = html(a_letter(*key))
    assert '<html lang="ar" dir="rtl"' in page
    assert re.search(r"<body[^>]*>\s*<div [^>]*\blang=\"ar\" dir=\"rtl\"", page)
    assert 'dir="ltr"' not in re.sub(r'<span dir="ltr">[^<]*</span>', "", page)


@pytest.mark.parametrize("piece", ["IT-1042", "support@example.org", "18:00 CEST"])
def test_what_is_latin_in_our_words_stands_in_a_span_of_its_own_direction(piece: str):
    page = re.sub(r"<title>.*?</title>|<div [^>]*display:none.*?</div>", "", html(a_letter("ticket_opened", "requester")), flags=re.DOTALL)
    shown = page.replace("\u00a0", " ").replace("&nbsp;", " ")
    assert f'<span dir="ltr">{piece}</span>' in shown
    assert piece not in re.sub(r"<[^>]*>", "", shown.replace(f'<span dir="ltr">{piece}</span>', ""))
