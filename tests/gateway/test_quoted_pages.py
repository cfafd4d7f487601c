"""A program that answers in text alone quotes what the HTML of our letter shows, words of buttons and all: its reader wrote none of it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from mailgate.compose import samples
from mailgate.compose.letters import compose
from mailgate.model.letter import Audience
from mailgate.model.letters import LETTERS
from mailgate.understand.limits import LIMITS
from mailgate.understand.text import written_below
from mailgate.understand.text.html import text_of
from tests.compose.desk import desk, html, policy, templates, text
from tests.letters import hook

BLOCK = "From: IT Support <support@example.org>\nSent: Monday, June 1, 2026 10:00 AM\nTo: Max <max@example.com>\nSubject: VPN\n\n"


def as_rows(page: str) -> str:
    """Rows of tables as lines, as Outlook makes text."""
    page = re.sub(r"\s*\n\s*", " ", re.sub(r"(?s)<head.*?</head>", "", page))
    page = re.sub(r"</?(?:p|div|tr|table|h1|h2|br|li|ul)\b[^<>]*>", "\n", page)
    return "\n".join(line.strip() for line in unescape(re.sub(r"<[^<>]*>", "", page)).splitlines())


def as_cells(page: str) -> str:
    return as_rows(re.sub(r"</td>", "\n", page))


def as_we_read_it(page: str) -> str:
    return text_of(page, LIMITS)[0]


QUOTING = (as_rows, as_cells, as_we_read_it)


@pytest.mark.parametrize("key", LETTERS, ids="/".join)
@hook.unseen
def test_nothing_of_a_quoted_page_is_new(key):
    kind, seen = LETTERS[key], {}
    for language in templates().languages:
        wanted = samples.wanted(kind, Audience(key[1]), desk(), language)
        letter = compose(wanted, samples.a_context(templates(), policy(), desk(), kind))
        plain = text(letter)
        for quoting in QUOTING if (page := html(letter)) else ():
            seen[language, quoting.__name__] = [each.text for each in written_below(BLOCK + quoting(page), (), plain, page)]
    assert {how: found for how, found in seen.items() if found} == {}


@pytest.mark.parametrize("quoting", QUOTING)
def test_what_is_written_into_a_quoted_page_is_found(quoting):
    kind = LETTERS["ticket_opened", "requester"]
    letter = compose(samples.wanted(kind, Audience.REQUESTER, desk(), "en"), samples.a_context(templates(), policy(), desk(), kind))
    quoted = quoting(html(letter))
    last = "helps us most."
    assert quoted.count(last) == 1
    (found,) = written_below(BLOCK + quoted.replace(last, f"{last}\nIt says error 412."), (), text(letter), html(letter))
    assert found.text == "It says error 412."
