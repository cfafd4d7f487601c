"""format=flowed (RFC 3676): paragraphs come out as they were written, and quotes keep their depth."""

from __future__ import annotations

import textwrap

import pytest

from mailgate.model.token import Keyring
from mailgate.understand import read
from mailgate.understand.mime.flowed import unflowed
from tests.growth import assert_linear

RING = Keyring((b"a key only for tests, 32 octets!",))

CASES = {
    "a paragraph": ("one \ntwo \nthree\nfour", "one two three\nfour"),
    "an empty line ends it": ("one \n\ntwo", "one \n\ntwo"),
    "quotes of one depth": ("> one \n> two\n> three", "> one two\n> three"),
    "a deeper quote is another paragraph": ("> one \n>> two \n>> three\nfour", "> one \n>> two three\nfour"),
    "an answer below a quote": ("> one \ntwo", "> one \ntwo"),
    "quotes written with blanks": ("> > one \n> > two", "> > one > two"),  # RFC 3676 4.1: the second > is no depth
    "stuffed words": (" From here\n  indented\n >no quote", "From here\n indented\n >no quote"),
    "the signature": ("words \n-- \nAnn \nBerg", "words \n-- \nAnn Berg"),
    "the signature of a quote": ("> words \n> -- \n> Ann", "> words \n> -- \n> Ann"),
    "a quote without a blank": (">one \n>two", "> one two"),
    "a command with a typed blank": ("#take \nHello \nthere", "#take \nHello there"),
    "a command below words": ("Thanks \n#close", "Thanks \n#close"),
    "a long command": (
        "#title The printer on the third floor burns once more and \nsmells",
        "#title The printer on the third floor burns once more and smells",
    ),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_lines_that_were_broken_for_the_way_are_put_together(case: str) -> None:
    flowed, meant = CASES[case]
    assert unflowed(flowed, False) == meant


def test_with_delsp_the_blank_at_the_break_was_put_there_for_it() -> None:
    assert unflowed("see https://example.org/a \nb and 日本 \n語", True) == "see https://example.org/ab and 日本語"
    assert unflowed("two  \nwords", True) == "two words"


@pytest.mark.parametrize("delsp", [False, True])
@pytest.mark.parametrize("depth", range(4))
def test_what_a_program_breaks_comes_back_whatever_its_width(delsp: bool, depth: int) -> None:
    paragraph = "It is the lamp in the hall that flickers, and since Monday the one above the stairs as well, every evening at nine."
    for width in range(20, 80):
        rows = textwrap.wrap(paragraph, width)
        broken = [f"{row} {' ' if delsp else ''}" for row in rows[:-1]] + rows[-1:]
        sent = "\n".join(f"{'>' * depth}{' ' if depth else ''}{row}" for row in broken)
        assert unflowed(sent, delsp) == f"{'>' * depth} {paragraph}".strip()


def a_mail(body: str, kind: str) -> bytes:
    return (
        f"From: max@example.com\r\nTo: support@example.org\r\nSubject: Lamp\r\nContent-Type: {kind}\r\n\r\n".encode()
        + body.replace("\n", "\r\n").encode()
    )


def test_it_is_undone_where_the_mail_says_so_and_nowhere_else() -> None:
    body = "It flickers \nevery evening.\n\nOn 1 June 2026 Ann wrote:\n> Which \n> lamp?\n"
    for kind, new, quoted in (
        ("text/plain; charset=utf-8; format=flowed", "It flickers every evening.", "> Which lamp?"),
        ("text/plain; charset=utf-8; Format=Flowed; DelSp=Yes", "It flickersevery evening.", "> Whichlamp?"),
        ("text/plain; charset=utf-8; format=fixed", "It flickers \nevery evening.", "> Which \n> lamp?"),
        ("text/plain; charset=utf-8", "It flickers \nevery evening.", "> Which \n> lamp?"),
    ):
        mail = read(a_mail(body, kind), "max@example.com", RING).mail
        assert mail.new_text.strip() == new and quoted in mail.quoted, kind


def test_a_command_is_heard_in_a_flowed_mail() -> None:
    body = "#take \nI am on it, and look at \nit today.\n"
    found = read(a_mail(body, "text/plain; format=flowed"), "max@example.com", RING)
    assert [command.verb for command in found.commands] == ["take"]


def test_a_paragraph_of_any_length_takes_time_in_proportion() -> None:
    assert_linear(lambda count: unflowed("words \n" * count, True), 20_000)
