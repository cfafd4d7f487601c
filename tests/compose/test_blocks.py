"""The language of templates: what each sign becomes as text and as HTML, and that a value of a mail is never a sign."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailgate.compose.blocks import (
    Actions,
    Box,
    Byline,
    Choices,
    DataTable,
    EntryText,
    FactRows,
    Items,
    MainAction,
    Meter,
    Paragraph,
    Picture,
    Quote,
    Remark,
    Replies,
    Section,
    Steps,
    Strip,
    Tags,
    parse,
)
from mailgate.compose.cards import Paper, as_html
from mailgate.compose.colours import shades
from mailgate.compose.data import WORDS, mark, mark_lines
from mailgate.compose.plain import WIDTH, as_text, columns, preheader, wrapped
from tests.compose.desk import a_letter, text
from tests.compose.test_html import Balanced

TO = "mailto:support@example.org?subject=x"


def page(rendered: str, language: str = "en", **paper: object) -> str:
    plain = Paper(language, shades("#2f55d4"), "IT Support", "IT", **paper)  # type: ignore[arg-type]
    rows = as_html(parse(rendered), plain, "IT-1042")
    Balanced().feed(rows)
    return rows


def said(rendered: str, language: str = "en") -> str:
    return as_text(parse(rendered), language)


def seen(rendered: str, language: str = "en") -> str:
    """What people see of the HTML, without tile, name and number on top."""
    return " ".join(LexborHTMLParser(f"<table>{page(rendered, language)}</table>").text(separator=" ").split()).removeprefix(
        "IT IT Support IT-1042"
    )


@pytest.mark.parametrize(
    ("line", "block"),
    [
        ("Hello there", Paragraph("Hello there")),
        ("one\ntwo", Paragraph("one two")),
        ("一つ。\n二つ。", Paragraph("一つ。二つ。")),
        ("by **Monday** at noon", Paragraph("by \x06Monday\x06 at noon")),
        ("## What now?", Section("What now?")),
        ("Label: value\n\nOther: x", FactRows((("Label", "value"), ("Other", "x")))),
        ("- one\n- two | about it", Items((("one", ""), ("two", "about it")))),
        ("> a\n> b", Quote(("a", "b"))),
        ("! Mind this | more", Box("", "Mind this", "more")),
        ("!warn Mind this", Box("warn", "Mind this", "")),
        ("^bad To Max | and all", Strip("bad", "To Max", "and all")),
        ("% New | P4", Tags("", ("New", "P4"))),
        ("%good Solved", Tags("good", ("Solved",))),
        ("~ 1/3 One | Two | Three | It is one.", Steps(1, ("One", "Two", "Three"), "It is one.")),
        ("~ 75% warn | six of eight | by noon", Meter(75, "warn", "six of eight", "by noon")),
        ("~ 140% over", Meter(100, "", "over", "")),
        (f"=>> {TO} Take it", MainAction(TO, "Take it")),
        (f"=> {TO} One\n=> {TO} Two", Actions(((TO, "One"), (TO, "Two")))),
        ("=( a remark", Remark("a remark")),
        ('"" Ann Berg | IT Support', Byline("Ann Berg", "IT Support")),
        ("| a | b |\n| c | d |", DataTable((("a", "b"), ("c", "d")))),
        ("[[chart | Bars for each day | 420]]", Picture("chart", "Bars for each day", 420)),
        (mark_lines("a\n b", WORDS), EntryText("a\n b", WORDS)),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else "",
)
def test_each_sign_is_read(line: str, block: object):
    assert parse(line) == [block]


@pytest.mark.parametrize(
    "line",
    [
        "#hash",
        "##two",
        "-dash",
        "5 > 3",
        "!now",
        "^up",
        "~ 3/2 One | Two | x",
        "~ soon",
        "=> not a link",
        "=>> javascript:x y",
        "=7 x",
        "[[x]]",
    ],
)
def test_what_only_looks_like_a_sign_is_a_sentence(line: str):
    assert parse(line) == [Paragraph(line)]


def test_words_to_reply_with_are_one_list_at_the_end():
    template = (
        f"Head\n\n=: Or reply with a word:\n=> {TO} Status? || status | to hear of it\n=>> {TO} Close || close | when it is done\n\nBye."
    )
    assert parse(template)[-1] == Replies((("status", "to hear of it"), ("close", "when it is done")), "Or reply with a word:")
    assert said(template) == "Head\n\nBye.\n\nOr reply with a word:\n\n  status   to hear of it\n  close    when it is done"
    assert "Or reply" not in seen(template) and "Status?" in seen(template)
    assert said(template, "ar").endswith("- to hear of it: status\n- when it is done: close")


def test_choices_stand_in_place_with_their_introduction():
    template = f"Head\n\n## How?\n=( Pick one.\n=: Reply with a number:\n=5 {TO} Very good\n=4 {TO} Good\n\nThanks."
    assert [type(block) for block in parse(template)] == [Paragraph, Section, Remark, Choices, Paragraph]
    assert said(template) == "Head\n\nHow?\nReply with a number:\n\n  5  Very good\n  4  Good\n\nThanks."
    assert "Pick one. 5 Very good 4 Good Thanks." in seen(template)


def test_the_strip_is_on_top_of_the_card_and_below_the_headline_of_the_text():
    template = "^ Goes to Max. | Or not.\n\n% New | P4\n\nThe printer"
    assert said(template) == "The printer\n\nGoes to Max. Or not."
    assert re.search(r"Goes to Max\..*Or not\..*IT Support.*New.*P4.*<h1", page(template), re.DOTALL)


def test_a_heading_stands_right_above_what_it_is_about():
    assert said("Head\n\n## Attached\n\n- a.png") == "Head\n\nAttached:\n- a.png"
    assert said("Head\n\n## Anything else?\n\nReply.") == "Head\n\nAnything else?\nReply."
    assert said("Head\n\n## 添付\n\nあ", "ja") == "Head\n\n添付：\nあ"


def test_who_says_something_stands_above_it_in_every_script():
    words = mark_lines("Hello\n\nAnn")
    assert said(f'Head\n\n"" Ann Berg | IT\n\n{words}') == "Head\n\nAnn Berg, IT:\n\nHello\n\nAnn"
    assert said('H\n\n"" Ann | IT\n> x', "ja") == "H\n\nAnn、IT：\n\n> x"
    assert said('H\n\n"" Ann\n> x', "ar") == "H\n\nAnn:\n\n> x"
    assert ">AB</span>" in page('H\n\n"" Ann Maria Berg | IT') and ">AB</span>" not in page('H\n\n"" Ann Berg | IT', faces=False)


def test_a_bar_of_steps_can_be_done_without_and_its_words_stay():
    template = "H\n\n~ 2/3 One | Two | Three | It is two."
    assert "Three" in page(template) and "Three" not in page(template, steps=False)
    assert said(template) == "H\n\nIt is two."
    assert page(template).count("&#10003;") == 2


def test_a_meter_is_two_sentences_in_the_text():
    assert said("H\n\n~ 75% warn | six of eight hours | due by noon") == "H\n\nsix of eight hours. due by noon."
    assert 'width="75%"' in page("H\n\n~ 75% warn | a | b") and 'width="25%"' in page("H\n\n~ 75% warn | a | b")
    assert 'width="0%"' not in page("H\n\n~ 100% bad | a | b") + page("H\n\n~ 0% | a | b")


def test_a_table_has_a_head_and_its_figures_stand_to_the_right():
    template = "H\n\n| | Mon | Tue |\n| New | 9 | 12 |\n| Solved | 8 | 7 |"
    assert said(template) == "H\n\n        Mon  Tue\nNew       9   12\nSolved    8    7"
    assert page(template).count('scope="col"') == 2 and page(template).count('scope="row"') == 2
    wide = "H\n\n| a | b |\n| " + "x" * 50 + " | " + "y" * 50 + " |"
    assert said(wide) == f"H\n\n- a: {'x' * 50}, b:\n  {'y' * 50}"


def test_a_link_to_the_web_stands_alone_on_its_line_and_one_that_writes_a_mail_not_at_all():
    template = f"H\n\n=>> https://example.org/t/x See it online\n\n=> {TO} Write"
    assert said(template) == "H\n\nSee it online:\n<https://example.org/t/x>"


# --- values ----------------------------------------------------------------------------------------------------------

SIGNS = ["## x", "- x", "> x", "! x | y", "^warn x", "% x | y", "~ 1/1 x | y", f"=>> {TO} x", f"=5 {TO} x", "=: x", "=( x", '"" x | y',
         "| x | y |", "[[x | y | 5]]", "Label: x", "**x**", "a | b || c | d", "x || y | z", "\x06x\x06", "\x07\x08"]  # fmt: skip


@pytest.mark.parametrize("value", SIGNS)
@pytest.mark.parametrize(
    "template",
    ["{}", "Head\n\n{}", "Label: {}", "- {} | about", "- item | {}", "! {} | more", "! words | {}", "^ {} | x", "% {} | b", "> {}",
     '"" {} | x', '"" x | {}', "| {} | b |", "| a | b |\n| {} | c |", f"=> {TO} {{}} || word | does", f"=> {TO} words || {{}} | does",
     "**{}** and {}", "## {}", "~ 1/2 {} | b | c"],
)  # fmt: skip
def test_a_value_is_no_sign_wherever_it_stands(template: str, value: str):
    harmless, odd = parse(template.replace("{}", mark("harmless"))), parse(template.replace("{}", mark(value)))
    shown = "".join(sign for sign in value if sign.isprintable())
    assert repr(odd) == repr(harmless).replace("harmless", shown.replace("\\", "\\\\"))


@given(st.text(max_size=60))
def test_no_value_becomes_html(value: str):
    rows = page(
        f'H\n\n{mark(value)}\n\nLabel: {mark(value)}\n\n- {mark(value)} | {mark(value)}\n\n"" {mark(value)} | x\n\n{mark_lines(value)}'
    )
    assert set(re.findall(r"<([a-z0-9]+)", rows)) <= {"tr", "td", "th", "table", "div", "p", "h1", "span", "br"}


# --- lines -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.text("ab ä漢あé.،。 5%", min_size=1, max_size=30), min_size=1, max_size=20))
@example(
    "5 55 5555。。。 555555555 5555555555。。。。 55555555555555。 555555 。。".split()
)  # a line that began with a sign was said twice
def test_our_lines_are_short_and_nothing_is_lost(pieces: list[str]):
    text = " ".join(" ".join(pieces).split())
    lines = wrapped(text).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert line == line.rstrip() and (columns(line) <= WIDTH or " " not in line)


def test_a_number_keeps_its_unit():
    lines = wrapped(f"{'x' * 69} 8 h of work and {'y' * 50} 97 % of it").split("\n")
    assert any(line.startswith("8 h") for line in lines) and not any(line.endswith((" 8", " 97")) for line in lines)


def test_wide_signs_count_two_and_no_line_begins_with_a_stop():
    for ahead in range(30, 40):
        for line in wrapped("あ" * ahead + "、" + "い" * 40 + "」。" + "う" * 40).split("\n"):
            assert columns(line) <= WIDTH and line[0] not in "、。」"


def test_facts_are_aligned_and_long_ones_hang_but_in_rtl():
    template = f"H\n\nWhat: {'word ' * 20}\nLonger label: x"
    rows = said(template).split("\n")[2:]
    assert rows[0].startswith("What:          word") and rows[1].startswith("               word") and rows[-1] == "Longer label:  x"
    assert said(template, "ar").split("\n")[-1] == "Longer label: x"
    assert said("H\n\nA label that is far longer than all of the others: x").split("\n")[-1].endswith("others: x")


def test_peoples_words_are_never_wrapped_nor_changed():
    words = f"{'long ' * 40}\n\n    indented **not bold**  \n> quoted 5 h"
    assert said(f"H\n\n{mark_lines(words)}").endswith(words)


def test_no_block_ends_a_line_with_a_blank_or_looks_like_a_rule():
    for line in said(f"H\n\n{'-' * 5}\n\nLabel: x\n\n| a | |\n| b | |\n\n=> {TO} x || word | does").split("\n"):
        assert line == line.rstrip()


# --- right to left ---------------------------------------------------------------------------------------------------


def test_what_runs_from_right_to_left_says_so_without_start_and_end():
    rows = page(f'رقم IT-1042 قبل 18:00 CEST\n\nنص: max@example.com\n\n> x\n\n"" x | y\n\n~ 1/2 a | b | c\n\n=> {TO} نعم', "ar")
    assert '<span dir="ltr">IT-1042</span>' in rows and '<span dir="ltr">18:00 CEST</span>' in rows
    assert '<span dir="ltr">max@example.com</span>' in rows
    assert "border-right:3px" in rows and "padding-left:6px" in rows and 'align="left"' in rows  # the number, on the far side
    assert not re.search(r"-inline-|text-align|:start|:end|<bdi", rows)


# --- the preheader ---------------------------------------------------------------------------------------------------


def test_a_preheader_is_the_sentence_of_the_template_or_what_stands_first():
    sentence = "Your request is in. Someone will get back to you by noon."
    assert preheader(sentence, parse("Head\n\nMore"), "en") == sentence
    blocks = parse("We've got your message\n\nYour number is IT-1042, and somebody answers soon.")
    assert preheader("", blocks, "en") == "We've got your message. Your number is IT-1042, and somebody answers soon."
    assert preheader("Ann: yes.", blocks, "en").startswith("Ann: yes. We've got your message. Your number")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_preheader_has_an_end_and_no_line_ends(language: str):
    word = "word " if language == "en" else "言葉"
    long = preheader("", parse(f"Head\n\n{mark_lines((word * 9 + chr(10)) * 30)}"), language)
    assert 60 < len(long) <= 130 and long.endswith("…") and "\n" not in long


def test_what_the_reader_wrote_is_no_news():
    assert "mine" not in preheader("", parse(f"Nothing was sent\n\n{mark_lines('mine ' * 20, chr(0x1C))}"), "en")


@pytest.mark.parametrize("width", [20, 30, 72])
@pytest.mark.parametrize(
    "text",
    ["この行は内部メッセージです。" * 9, "ITサポート、「長い語」ー。" * 12, "safe」" * 30, "あー" * 60, "a word " * 9 + "あいう、" * 9],
)
def test_no_line_is_too_long_because_of_a_sign_that_begins_none(text: str, width: int):
    rows = wrapped(text, "- ", "  ", width).split("\n")
    assert [row for row in rows if columns(row) > width or row.strip()[0] in "、。」ー"] == []
    assert "".join(rows).replace(" ", "") == f"-{text}".replace(" ", "")


def test_no_blank_parts_what_a_box_says_in_a_script_that_has_none() -> None:
    assert as_text([Box("", "ご返信をお待ちしています。", "このメールに")], "ja") == "ご返信をお待ちしています。このメールに"
    assert as_text([Box("", "We wait for you.", "Just reply.")], "en") == "We wait for you. Just reply."


@pytest.mark.parametrize(
    ("language", "fact", "row", "byline"),
    [
        ("en", "Label:  x", "- a: 1, b: 2", "Ann Berg, IT:"),
        ("fr", "Label\u00a0:  x", "- a : 1, b : 2", "Ann Berg, IT\u00a0:"),
        ("ar", "Label: x", "- a: 1، b: 2", "Ann Berg، IT:"),
        ("ja", "Label： x", "- a：1、b：2", "Ann Berg、IT："),
    ],
)
def test_colons_and_commas_of_ours_are_those_of_the_language(language: str, fact: str, row: str, byline: str):
    assert said("H\n\nLabel: x", language) == f"H\n\n{fact}"
    table = said(f"H\n\n| a | b |\n| 1{'x' * 75} | 2 |", language).replace("x" * 75, "")
    assert "".join(table.split()) == "H" + row.replace(" ", "")
    assert said('H\n\n"" Ann Berg | IT\n\n> x', language) == f"H\n\n{byline}\n\n> x"


@pytest.mark.parametrize("language", ["ar", "ja"])
def test_no_latin_comma_stands_between_what_our_templates_put_side_by_side(language: str):
    """But in a number, and in words that people wrote."""
    for key in (("ticket_opened", "agent"), ("note_added", "agent"), ("status_asked", "requester"), ("letter_lightened", "agent")):
        told = text(a_letter(*key, language))
        assert not re.search(r"(?:example\.com|IT-1042|\.png|IT Support|Ann Berg|log), ", told), key
