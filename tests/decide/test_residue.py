"""The residue check: nothing of an internal notice is in a text for the requester, however the quote was mangled."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.decide.residue import MOST, Residue, residue
from mailgate.model.reason import Reason
from mailgate.model.token import Keyring, anchor_id, message_id, reply_detail, subject_token
from tests.growth import cost

RING = Keyring((b"0" * 32,))
ADDRESS = f"support+{reply_detail(RING, 'AAAAAAAA')}@example.org"
SECRET = "Colleagues only: he has not paid the last two invoices, so do nothing before Friday."
NOTICE = f"""-- please write above this line --
Max wrote on IT-7.

Requester: max@home.example
Priority: P2
{SECRET}
Take it: mailto:{ADDRESS.replace("@", "%40")}?subject=take
Board: https://intranet.example.org/board/7
Answer to {ADDRESS}

> The printer on the third floor prints nothing but empty pages.
"""
PUBLIC = ["The printer on the third floor prints nothing but empty pages.", "Printer prints empty pages, third floor"]
AUTHOR = frozenset({"ann@example.org"})


def found(text: str, html: str | None = None, notices: list[str] | None = None, public: list[str] | None = None) -> tuple[Residue, ...]:
    return residue(text, html, [NOTICE] if notices is None else notices, PUBLIC if public is None else public, AUTHOR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please switch it off and on again.\n\nKind regards\nAnn",
        "You wrote:\n> The printer on the third floor prints nothing but empty pages.\nTry the other tray.",
        "Write to ann@example.org",
        "P2",
        "the last two",
        "-" * 70,
        "Mit freundlichen Grüßen\nAnn",
    ],
)
def test_an_honest_answer_leaves(text: str):
    assert found(text) == ()


def test_everything_leaves_when_there_is_no_notice():
    assert residue(SECRET, f"<p>{SECRET}</p>", [], [], AUTHOR) == ()


MANGLED: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: s,
    "quoted": lambda s: f"> {s}",
    "quoted deeply": lambda s: f">> > | {s}",
    "wrapped at 72": lambda s: "\n".join(textwrap.wrap(s, 72)),
    "wrapped at 30": lambda s: "\n".join(textwrap.wrap(s, 30)),
    "wrapped and quoted": lambda s: "\n".join(f"> {line}" for line in textwrap.wrap(s, 40)),
    "broken inside a word": lambda s: s[:23] + "=\n" + s[23:],
    "joined with its neighbours": lambda s: f"Yes, of course. {s} So please wait.",
    "in capitals": str.upper,
    "with hard blanks": lambda s: s.replace(" ", "\u00a0"),
    "with wide blanks": lambda s: s.replace(" ", "  \t "),
    "with invisible signs": lambda s: "\u200b".join(s),
    "as a bullet": lambda s: f"  * {s}",
    "in bold": lambda s: f"*{s}*",
    "with typographic signs": lambda s: s.replace(":", "：").replace(",", "，"),
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
def test_a_line_of_a_notice_is_found_whatever_a_mail_program_made_of_it(mangle: Callable[[str], str]):
    text = f"Hello Max,\n\n{mangle(SECRET)}\n\nregards"
    result = found(text)
    assert result
    assert all(1 <= each.line_no <= text.count("\n") + 1 for each in result)


def test_the_line_is_named_so_that_the_agent_can_take_it_out():
    assert [(each.line_no, each.line) for each in found(f"Hello\n\n> {SECRET}\nbye")] == [(3, f"> {SECRET}")]


def test_a_paragraph_of_which_only_a_part_was_left_is_found():
    paragraph = "This is one long paragraph of a notice that no line break divides. " + SECRET + " And there is more after it."
    assert found(f"> {SECRET}", notices=[paragraph])
    assert found("> he has not paid the last two invoices", notices=[paragraph])


def test_a_line_of_a_notice_that_stands_in_a_public_entry_may_be_repeated():
    assert found(f"> {SECRET}", public=[*PUBLIC, f"As I said: {SECRET}"]) == ()
    assert found(f"> {SECRET}", public=[*PUBLIC, SECRET[:-12]]) != ()


@pytest.mark.parametrize(("length", "counts"), [(19, False), (20, True)])
def test_lines_count_from_twenty_characters(length: int, counts: bool):
    line = ("he owes us money and more")[:length]
    assert bool(found(line, notices=[line])) is counts
    assert bool(found(line, notices=[f">> | {line}"])) is counts
    assert bool(found(line, notices=[line.replace(" ", "   ")])) is counts


HTML: dict[str, str] = {
    "text": f"<p>{escape(SECRET)}</p>",
    "text cut by tags": "<p>" + "</b><i>".join(SECRET.split(" ")) + "</p>",
    "text with entities": "<p>" + "".join(f"&#{ord(c)};" for c in SECRET) + "</p>",
    "text over lines": "<p>" + SECRET.replace(" ", "<br>\n") + "</p>",
    "alt": f'<img alt="{escape(SECRET)}">',
    "title": f'<a title="{escape(SECRET)}">x</a>',
    "comment": f"<!-- {SECRET} -->",
    "link body": f'<a href="mailto:a@b.example?body={quote(SECRET)}">x</a>',
    "style": f"<style>p::after {{ content: '{SECRET}' }}</style>",
    "address": f'<a href="mailto:{ADDRESS}">x</a>',
    "address, encoded": f'<a href="mailto:{quote(ADDRESS)}">x</a>',
    "address of the requester": "<p>max@home.example</p>",
    "link": '<a href="https://intranet.example.org/board/7">x</a>',
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML.keys())
def test_what_stands_only_in_the_html_is_found(html: str):
    result = found("Hello", f"<div>Hello</div>{html}")
    assert result
    assert result[0].line_no == 0


def test_an_honest_html_leaves():
    assert found("Please try again.", '<p>Please <b>try</b> again.</p><a href="https://example.org/help">help</a>') == ()


@pytest.mark.parametrize(
    "text",
    [
        "His address is max@home.example",
        "His address is MAX@HOME.EXAMPLE.",
        "(max@home.example)",
        "mailto:max@home.example",
        f"write to {ADDRESS}",
        f"write to <{ADDRESS.upper()}>",
        ADDRESS.partition("@")[0].partition("+")[2],
        "see https://intranet.example.org/board/7.",
        "see HTTPS://INTRANET.example.org/board/7",
    ],
)
def test_short_lines_with_an_address_a_token_or_a_link_of_a_notice_are_found(text: str):
    assert found(text)


def test_addresses_that_are_no_secret_may_stand():
    assert found("ann@example.org", notices=["Ann: ann@example.org"]) == ()
    assert found("other@home.example") == ()
    assert found("max@home.example", public=["Reach me at max@home.example"]) == ()
    ours = residue("support@example.org", None, ["From: support@example.org"], [], AUTHOR, 20, frozenset({"support@example.org"}))
    assert ours == ()


@pytest.mark.parametrize(
    "token", [message_id(RING, 7, "AAAAAAAA", "example.org"), anchor_id(RING, 7, "BBBBBBBB", "example.org"), subject_token(RING, "IT", 7)]
)
def test_every_kind_of_token_is_found(token: str):
    assert found(f"see {token}", notices=[f"x {token} y"])
    assert found(f"see {token[:12]}\n> {token[12:]}", notices=[f"x {token} y"])


def test_the_subject_token_of_the_ticket_may_be_allowed():
    token = subject_token(RING, "IT", 7)
    assert residue(f"see {token}", None, [f"x {token}"], [], AUTHOR, 20, frozenset({token.lower()})) == ()


def test_findings_have_an_end():
    notice = "\n".join(f"line number {n} of a very secret notice" for n in range(500))
    result = found(notice, notices=[notice])
    assert len(result) == MOST
    assert [each.line_no for each in result][:3] == [1, 2, 3]
    assert [each.line_no for each in found("x", f"<p>{SECRET}</p>")] == [0]


WORDS = st.lists(st.text(alphabet=st.sampled_from("abcdefghijklmnoprstuvwäöüß"), min_size=3, max_size=9), min_size=6, max_size=30)


@given(
    words=WORDS,
    canary=st.integers(10**9, 10**10),
    width=st.integers(24, 120),
    quoted=st.sampled_from(["> ", "", "  ", ">> ", "| "]),
    above=WORDS,
)
def test_where_nothing_at_all_was_cut_the_canary_is_always_found(words: list[str], canary: int, width: int, quoted: str, above: list[str]):
    place = len(words) // 2
    words = [*words[:place], f"canary{canary}", *words[place:]]
    notice = "Notice\n" + "\n".join(textwrap.wrap(" ".join(words), 72)) + "\nend of it"
    # The mail program quotes the whole notice and wraps it anew.
    again = "\n".join(quoted + line for line in textwrap.wrap(" ".join(notice.split()), width))
    text = " ".join(above) + "\n\nAm Montag schrieb der Helpdesk:\n" + again
    assert residue(text, None, ["other notice", notice], ["public words"], AUTHOR)
    html = "<div>ok</div><blockquote>" + escape(again).replace("\n", "<br>") + "</blockquote>"
    assert residue("ok", html, [notice], ["public words"], AUTHOR)


def test_texts_made_to_be_slow_to_compare_do_not_leave():
    notice = "\n".join("a" * 24 + f"b{n}" for n in range(200))
    assert [each.why for each in found("a" * 10_000, notices=[notice])] == [Reason("residue.alike")]


def test_large_texts_and_hostile_ones_take_little_time():
    words = [f"w{n:x}" for n in range(997)]
    text = "\n".join(" ".join(words[(n * 7 + k * k) % 997] for k in range(14)) for n in range(3000))
    notices = [
        f"Notice {n} for the agents of this desk\n"
        + "\n".join(f"n{n} " + " ".join(words[(n + k * 3) % 997] for k in range(j, j + 12)) for j in range(50))
        for n in range(100)
    ]
    hostile = [
        (text, notices, ["public"]),
        ("a" * 200_000, ["a" * 30 + "\n" + "\n".join("a" * 24 + str(n) for n in range(60))] * 3, ["a" * 200_000]),
        ("@" * 200_000, ["@" * 4000], []),
        ("a@" * 100_000, ["a@b." * 1000], []),
        ("http://" * 30_000, ["http://" * 600], []),
        ("a" + "\u0301" * 200_000, ["e\u0301" * 4000], []),
        ("." + "a" * 16 + "." * 200_000, ["." * 4000 + "a" * 16], []),
    ]
    for body, secret, public in hostile:
        assert cost(lambda: residue(body, "<" * 50_000 + body[:50_000], secret, public, AUTHOR), enough=3) <= 3  # noqa: B023
