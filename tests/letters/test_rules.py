"""Each rule finds a letter that breaks it, and only that rule does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailgate.compose import letters
from tests.compose.desk import a_letter, an_agents
from tests.letters import hook
from tests.letters.rules import RULES, faults_of
from tests.letters.seen import SeenLetter
from tests.letters.test_every_letter import seen


def good() -> SeenLetter:
    return seen(a_letter("ticket_resolved", "requester"))


Change = tuple[str, str]  #: words of the page, or of the text, and what stands there instead
H1 = '<h1 class="d-ink m-h1"'
ROW = '<tr><td class="m-pad" align="left" style="padding:12px 32px 0">\n{}\n</td></tr>\n<tr><td height="30"'
END = '<tr><td height="30"'

#: Number of the rule, what is changed in the page, what in the text.
BROKEN: tuple[tuple[int, Change, Change], ...] = (
    (1, ("<!DOCTYPE html>", ""), ("", "")),
    (1, ('<html lang="en" dir="ltr"', '<html lang="en"'), ("", "")),
    (1, ('<html lang="en" dir="ltr"', '<html lang="de" dir="ltr"'), ("", "")),
    (2, ('<meta name="supported-color-schemes" content="light dark">', ""), ("", "")),
    (2, ("[data-ogsc]", "[data-x]"), ("", "")),
    (3, ("</style>\n<title>", "x" * 8000 + "</style>\n<title>"), ("", "")),
    (3, (END, f"<!--{'x' * 60_000}-->{END}"), ("", "")),
    (4, (END, ROW.format('<img class="d-ink" src="https://example.org/p.png" alt="a" width="1">')), ("", "")),
    (4, (END, ROW.format('<a href="javascript:x">Do it now</a>')), ("", "")),
    (4, ("<style>", '<style>@import "x";'), ("", "")),
    (5, ("display:none;max-height:0", "max-height:0"), ("", "")),
    (5, ("</div>", " and more" * 20 + "</div>"), ("", "")),
    (6, ("", ""), ("-- Please", "Hello. Please")),
    (6, ("-- Please", "Please"), ("", "")),
    (7, (H1, '<h2 class="d-ink m-h1"'), ("", "")),
    (7, (END, ROW.format("<h1>Once more</h1>")), ("working?", "working? Once more")),
    (8, (END, ROW.format('<table role="presentation"><tr><td>x</td></tr></table>')), ("", "")),
    (8, (END, ROW.format('<table cellspacing="0"><tr><td>x</td></tr></table>')), ("", "")),
    (9, (END, ROW.format("<main>x</main>")), ("", "")),
    (9, ("padding:12px 32px 0", "padding-inline-start:32px"), ("", "")),
    (9, (END, ROW.format("<div>x")), ("", "")),
    (10, (END, ROW.format('<p style="font-size:12px">small</p>')), ("", "")),
    (10, ("font-size:16px;line-height:26px", "font-size:15px;line-height:26px"), ("", "")),
    (11, ("color:#1a1d23", "color:#cccccc"), ("", "")),
    (11, (".d-ink { color: #f1f3f6", ".d-ink { color: #222222"), ("", "")),
    (12, (END, ROW.format('<p style="color:#1a1d23">x</p>')), ("", "")),
    (13, (END, ROW.format('<img src="cid:a@b" width="10">')), ("", "")),
    (14, (END, ROW.format('<a href="mailto:a@b.example?subject=[x]">here</a>')), ("", "")),
    (14, (END, ROW.format('<a href="mailto:a@b.example?subject=[x]">It\'s not solved</a>')), ("", "")),
    (15, (END, ROW.format('<a class="d-main" href="mailto:a@b.example?subject=[x]">One thing</a>') [:-len(END)]
          + ROW.format('<a class="d-main" href="mailto:a@b.example?subject=[x]2">Another</a>')), ("", "")),
    (16, (END, ROW.format('<a href="mailto:a@b.example?cc=c@d.example&amp;subject=[x]">One thing</a>')), ("", "")),
    (16, (END, ROW.format('<a href="mailto:a@b.example?subject=x">One thing</a>')), ("", "")),
    (16, (END, ROW.format(f'<a href="mailto:a@b.example?subject=[x]&amp;body={"x" * 1800}">One thing</a>')), ("", "")),
    (17, ("", ""), ("How did we do?", "How did we do? " + "This line is much longer than lines of ours may be. " * 2)),
    (17, ("", ""), ("How did we do?", "How did we do? ")),
    (17, ("", ""), ("How did we do?", "How did we do?\n----------------------")),
    (18, ("", ""), ("How did we do?", "How did we do?\nsupport+k7qf3m9x.5.gc94px8vb071g80y@example.org")),
    (18, ("", ""), ("How did we do?", "How did we do?\nmailto:a@b.example")),
    (19, ("", ""), ("How did we do?", "How?")),
    (19, ("", ""), ("please restart it once", "do")),
    (20, (END, ROW.format("Thanks!")), ("", "")),
    (20, (END, ROW.format("Your ticket")), ("", "")),
    (20, (END, ROW.format("Great \U0001f600")), ("", "")),
    (21, (END, ROW.format("Until Monday, 1 June 2026, 10:00 we are there")), ("", "")),
)  # fmt: skip


def broken(page: Change, text: Change, letter: SeenLetter) -> SeenLetter:
    assert letter.html is not None and page[0] in letter.html and text[0] in letter.text, (page, text)
    html = letter.html.replace(page[0], page[1]) if page[0] else letter.html
    return replace(letter, html=html, text=letter.text.replace(text[0], text[1]) if text[0] else letter.text)


def numbers(faults: list[str]) -> set[int]:
    return {int(fault.split(" ", 1)[0]) for fault in faults}


@pytest.mark.parametrize(("number", "page", "text"), BROKEN, ids=[str(number) for number, *_ in BROKEN])
def test_a_letter_that_breaks_a_rule_is_found(number: int, page: Change, text: Change):
    letter = good()
    assert faults_of(letter) == []
    assert number in numbers(faults_of(broken(page, text, letter)))


@pytest.mark.parametrize(
    "change",
    [
        (b"Subject: ", b"X-Subject: "),
        (b"charset=utf-8", b"charset"),
        (b"\r\n\r\n", b"\n\n"),
        (b"Date: Mon, 01", b"Date: Mon, 99"),
        (b'boundary="=_K7QF3M9X.a"', b'boundary="=_other"'),
    ],
)
def test_a_letter_that_no_mail_program_can_read_is_found(change: tuple[bytes, bytes]):
    letter = good()
    assert change[0] in letter.data
    assert numbers(faults_of(replace(letter, data=letter.data.replace(*change)))) == {22}


def test_every_rule_has_its_broken_letter():
    assert {rule.number for rule in RULES} == {number for number, *_ in BROKEN} | {22}


def test_what_people_write_breaks_no_rule():
    signed = "support+k7qf3m9x.5.gc94px8vb071g80y@example.org"
    words = f"Help!! \U0001f600 {'a very long line ' * 20}\n\n-----------------------\n{signed}  \n<h1>x</h1>"
    assert faults_of(seen(a_letter("agent_replied", "requester", entry=an_agents(text=words, html=None)))) == []


def test_a_letter_is_looked_at_where_it_is_sealed(monkeypatch: pytest.MonkeyPatch):
    """A fault of the writer is found in whatever test it is first written."""
    real = letters.as_text
    monkeypatch.setattr(letters, "as_text", lambda *given, **named: real(*given, **named) + "\n\n" + "this line goes on and on " * 9)
    monkeypatch.setattr(hook, "_LOOKED_AT", set[Any]())
    a_letter("ticket_resolved", "requester")
    assert numbers([fault.split(": ", 1)[1] for fault in hook.FAULTY]) == {17}
    hook.FAULTY.clear()
