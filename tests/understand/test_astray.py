"""Command words below the top of an agent's mail: what holds the mail, and what is only text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.understand.answers.astray import set_apart
from mailgate.understand.answers.secrecy import means_inside, one_slip
from mailgate.understand.parse import parse
from tests.exam import mislaid
from tests.growth import assert_linear
from tests.heard import commands_of, parse_commands


def late(text: str) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.hint) for fault in parse_commands(text).errors if fault.code == "E_LATE"]


def a_mail(plain: str | None, page: str | None, rich: bool = True):
    parts = "".join(
        f"--b\nContent-Type: text/{kind}; charset=utf-8\n\n{words}\n"
        for kind, words in (("plain", plain), ("html", page))
        if words is not None
    )
    head = "From: ann@example.org\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
    return parse(f"{head}{parts}--b--\n".encode(), rich=rich)


@pytest.mark.parametrize(
    "line",
    [
        "#note", "#note he lies", "#note: he lies", "#note, he lies", "#note - he lies", "#note. He lies.", "#note.", "#Note!", "#notes",
        "#NOTES he lies",
        "#noet", "#ntoe he lies", "#nte", "#notw he lies", "#not he lies", "#internla", "#privat he lies", "#prviate", "#intern",
        "#Notiz", "#Notiz: er lügt",
        "#NOTIZ", "#notzi er lügt", "#vertraulich", "#privé", "#interne il ment", "#nota", "#notitie", "#заметка он лжёт", "#备注", "#メモ",
        "#ملاحظة", "#नोट",
        "# note", "# note he lies", "#  internal", "# private:", "#\u00a0note", "#\u200bnote", "\u200b#note", "\uff03note", "\ufe5fnote",
        "♯note", "#\ufe0f\u20e3note", "#\u20e3 note", "#\uff4e\uff4f\uff54\uff45", "#n\u0336o\u0336t\u0336e\u0336", "#nоte", "#n0te",
        "#\U0001d427\U0001d428\U0001d42d\U0001d41e",
        "*#note*", "**#note**", "_#note_", "/#note/", "~#note~", "`#note`", "``#note``", "(#note)", "[#note]", "<#note>", "{#note}",
        '"#note"',
        "'#note'", "“#note”", "„#note“", "«#note»", "‹#note›", "#*note*", "#_note_", "*#note:* he lies", "*#note* he lies",
        "(#note) he lies",
        "- #note", "* #note he lies", "• #note", "· #note", "– #note", "   - #note", "\t•\t#note", "1. #note", "2) #note he lies",
        "(3) #note", "a) #note",
        "iv. #note", "[ ] #note", "- [x] #note", "1\ufe0f\u20e3 #note", "o #note", "> #note he lies", "| #note |", "-> #note", "=> #note",
        "👉 #note", "🔒 #note he lies", "ℹ️ #note",
        "<b>#note</b>", "[b]#note[/b] he lies", "&#35;note", "&num;note he lies", "\\#note", "    #note", "\t#note",
        "        #note he lies",
        "Hi Bob, #note he lies", "Hello Bob #noet he lies", "Moin, *#note* er lügt", "Bob: #note he lies", "Bob, #notiz er lügt",
        "Bonjour, #note il ment", "Sehr geehrte Frau Kraft, #intern",
        "It is mended. #note he lies", "#take #note he lies", "#close#note", "#n ote", "#not e", "#in ternal he lies", "#nur intern",
        "#internal note: he lies",
        "#n o t e",
        "# n-o-t-e he lies",
        "#note1 he always lies",
        "#n9te",
    ],
)  # fmt: skip
def test_a_word_that_keeps_a_text_inside_holds_the_mail_in_any_disguise(line: str):
    assert late(f"Dear Max,\n\n{line}\nhe lies") == [(3, "#note")]
    assert late(f"Please restart it.\n{line}") == [(2, "#note")]


@pytest.mark.parametrize(
    "line",
    ["*#note*", "(#note)", "“#note”", "- #note", "1. #note", "♯note", "Hi Bob, #note he lies", "    #note", "`#private`", "• #Notiz"],
)
def test_disguised_on_the_first_line_it_holds_the_mail_as_well(line: str):
    assert late(f"{line}\nhe lies") == [(1, "#note")]


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("#close", "#close"), ("#Close.", "#close"), ("#resolve", "#resolve"), ("#solved", "#resolve"), ("#take", "#take"), ("#mine",
        "#take"),
        ("#assign bob", "#assign"), ("#assign me", "#assign"), ('#assign "Kim Lee"', "#assign"), ("#priority P2", "#priority"),
        ("#priority: high", "#priority"),
        ("#priority lemon", "#priority"), ("#wait", "#wait"), ("#wait for 3d", "#wait"), ("#wait 3d", "#wait"), ("#hold vendor until mon",
        "#hold"), ("#hold", "#hold"),
        ("#reply", "#reply"), ("#status solved", "#resolve"), ("#public false", "#note"), ("#merge into 31", "#merge"), ("#help",
        "#help"), ("*#close*", "#close"),
        ("- #close", "#close"), ("(#resolve)", "#resolve"), ("\uff03close", "#close"), ("   #close", "#close"), ("#resolve replaced",
        "#resolve"), ("#take#close", "#take"),
        ("#take   it's yours", "#take"), ("- #take: the ticket is yours", "#take"), ("#wait  [until 2026-07-01 | for 3d]", "#wait"),
        ("#take #priority P2", "#take"),
    ],
)  # fmt: skip
def test_another_verb_alone_on_its_line_holds_the_mail(line: str, verb: str):
    assert late(f"The cable was loose.\n\n{line}") == [(3, verb)]
    assert late(f"#reply\nThe cable was loose.\n\n{line}") == [], "below #reply it is text"


def test_a_table_of_commands_of_our_own_is_neither_obeyed_nor_sent():
    table = "The VPN drops.\n\n#take it's yours\n#note only agents read it\n#close it is done"
    assert [line for line, _ in late(table)] == [3, 4, 5]
    assert [f.code for f in parse_commands("#take   it's yours\n#watch  you hear of it").errors] == ["E_ARGS", "E_ARGS"]


def test_below_reply_a_word_of_secrecy_still_holds_the_mail():
    assert late("#reply\nHi Bob,\n\n#note he lies") == [(4, "#note")]


def test_in_a_note_more_of_the_same_is_text_and_a_late_verb_is_not():
    assert late("#note\nHi Bob,\n#note he lies\n*#internal*") == []
    assert late("#note\nHi Bob,\n\n#close") == [(4, "#close")]


@pytest.mark.parametrize(
    "text",
    [
        *mislaid.BLOCKS,
        "##note", "## Notes", "### Private parts of the wiring", "#4711", "#77 and #78", "#!/bin/sh", "#", "# ", "##",
        "the #close button", "press #take",
        "#fff", "#1f497d", "#c0ffee", "C#", "F♯ note", "A# note", "https://example.org/#note", "www.example.org/a#internal",
        "mail#note@example.org",
        "ask in #internal", "join #notes at ten", "see #internal-it", "#internal-it is the channel", "#notes.example.org", "#note12",
        "#note2 { color: red }", "#a b c d", "# a-b-c",
        "#note_7",
        "#include <note.h>", "#define note 1", "#pragma private", "#close the door, please", "#open source is fine",
        "#wait what is that then", "#done deal, thank you",
        "    #close", "\t#take", "    #priority P2", "```\n#close\n```", "# Close the window first", "# take this", "#teamwork #notes",
        "#helpdesk", "#general\n#help",
        "#printers\n#close\n#network", "Notes: none", "note the trailing slash", "*note*", "internal", "(private)", "- note",
        "#closed-door policy", "#takeaway on Friday",
        "井戸", "井上さん", "#internet is down again", "#node 7 answers", "#none", "#vote",
    ],
)  # fmt: skip
def test_code_headings_channels_and_hashtags_are_text(text: str):
    expected = [(3, "#note")] if text in ("#none", "#vote") else []  # one slip from #note, and alone: read again rather than sent
    assert late(f"Hello Max,\n\n{text}\n\nKind regards") == expected


def test_a_comment_in_a_configuration_is_text_and_the_same_words_in_prose_are_not():
    assert late("Hi,\n\nPort 22\n# Note: restart afterwards\nPermitRootLogin no") == []
    assert late("Hi,\n\nPort 22 is open.\n\n# Note: he lies\n\nAnn") == [(5, "#note")]


def test_a_program_that_sets_each_line_as_a_paragraph_hides_no_code():
    assert late("Hi,\n\nkey = 1\n\n# note that it is old\n\nother = 2") == []


@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize(
    ("plain", "page"),
    [
        ("he lies", "<div>#note</div><div>he lies</div>"),
        ("he lies", "<div>#<b>note</b></div><div>he lies</div>"),
        ("he lies", "<p><b>#</b>note</p><p>he lies</p>"),
        ("Hi Bob,\nhe lies", "<p>Hi Bob,</p><ul><li>&num;note</li></ul><p>he lies</p>"),
        ("Hi Bob,\nhe lies", "<p>Hi Bob,</p><p>&#35;no<i>te</i></p><p>he lies</p>"),
        ("note\nhe lies", '<p><img alt="#️⃣" src="https://example.org/e.png">note</p><p>he lies</p>'),
        ("Hi\n#note\nhe lies", "<p>Hi</p><p>he lies</p>"),
        (None, "<p>Hi</p><p>#n<b>ot</b>e</p><p>he lies</p>"),
        (None, "<p>Hi</p><table><tr><td><u>#note</u></td><td>he lies</td></tr></table>"),
        (None, "<p>Hi</p><s>#Notiz</s><br>he lies"),
    ],
)  # fmt: skip
def test_both_forms_of_a_mail_are_looked_at(plain: str | None, page: str, rich: bool):
    parsed = commands_of(a_mail(plain, page, rich))
    assert [fault.code for fault in parsed.errors] == ["E_LATE"]
    assert "he lies" in (parsed.whole or parsed.body)


@pytest.mark.parametrize("rich", [True, False])
def test_what_both_forms_say_alike_is_said_once_and_colours_say_nothing(rich: bool):
    assert commands_of(a_mail("#note\nhe lies", "<p>#note</p><p>he lies</p>", rich)).visibility == "note"
    assert commands_of(a_mail("#take\nhello", "<p>#take</p><p>hello</p>", rich)).errors == ()
    page = '<style>p { color: #fff }</style><p style="color:#123456">The cable was loose.</p><p><a href="https://example.org/#note">here</a></p>'
    assert a_mail("The cable was loose.\nhere", page, rich).beside == ""


def test_a_line_that_the_text_quotes_is_not_new_where_the_html_was_cut_in_another_place():
    plain = "Thanks.\n\nOn Monday IT Support wrote:\n> Hello\n> #take   it's yours"
    page = "<p>Thanks.</p><p>Hello</p><p>#take&nbsp;&nbsp; it's yours</p>"
    assert commands_of(a_mail(plain, page)).errors == ()


def test_a_single_line_set_apart_as_a_quote_is_no_quote():
    parsed = commands_of(parse(b"From: a@example.org\n\nHi Bob,\n\n> #note he lies\n\nplease wait"))
    assert [(fault.code, fault.word) for fault in parsed.errors] == [("E_LATE", "> #note he lies")]
    assert parsed.whole.splitlines()[0] == "> #note he lies"
    quoting = b"From: a@example.org\n\nHi Bob,\n\nOn Monday Ann wrote:\n> #note he lies\n> please wait\n"
    assert commands_of(parse(quoting)).errors == ()


@given(
    word=st.sampled_from(("note", "internal", "private", "notiz", "vertraulich")),
    at=st.integers(0, 10),
    letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz"),
)
def test_every_single_slip_in_a_word_of_secrecy_is_still_that_word(word: str, at: int, letter: str):
    at %= len(word)
    for typed in (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    ):
        assert one_slip(word, typed) and one_slip(typed, word)
        assert means_inside(typed)
        assert late(f"Hi Bob,\n\n#{typed} he always lies\n") == [(3, "#note")]


def test_two_hundred_mails_of_fifteen_programs_let_no_word_out():
    """Commands in the wrong place, in HTML alone, decorated, or only seeming so, as mail programs write them (fault 134)."""
    result = mislaid.run(mislaid.mislaid(7), 200)
    assert (result.outside, result.lost) == ([], [])
    assert len({case.split(":")[0] for case in result.back}) == len(mislaid.PROGRAMS) == 15
    assert mislaid.run(mislaid.harmless(7), 200).back == []


def test_looking_for_them_takes_time_in_proportion_to_the_text():
    for hostile in (
        "(1)" * 40 + "\n", "# Notes\n", "# note x\n", "#not 1\n", "a #note " * 20 + "\n", "x\n# notes\n", "<b " * 60 + "\n",
        "> #note\n\n", "#take#" * 60 + "\n", "- [x] " * 60 + "#note\n",
        "Hi " * 100 + "#\n", "\u200b#\u0301note" * 30 + "\n", "word " * 100 + "\n" + "# Notes\n",
    ):  # fmt: skip
        assert_linear(lambda times, one=hostile: parse_commands(one * times), 2_000, why=hostile[:20])


@pytest.mark.parametrize("line", ["\\#n", "x #not y", "&#35;n", "é ＃nots"])
def test_so_many_signs_that_a_close_look_would_take_seconds_come_back_as_one_fault(line: str):
    """Anybody can write an agent's name above them, and they are looked at outside of the guard."""
    many = "Hi,\n" + f"{line}\n" * 6_000
    assert [(fault.code, fault.line) for fault in parse_commands(many).errors] == [("E_LATE", 2)]
    assert parse_commands(f"#note\n{many}").errors == ()


def test_a_long_file_of_settings_is_text_and_a_word_of_secrecy_in_it_is_found():
    long = "Hi,\n" + "# a comment\nkey = value\n\n" * 4_000
    assert parse_commands(long).errors == ()
    assert [fault.line for fault in parse_commands(f"{long}\n#note he pays late\n").errors] == [12_003]


def test_of_quoted_lines_with_signs_only_so_many_are_looked_at():
    assert set_apart(["> not #now", ""] * 4_000) == []
    assert set_apart(["> not #now", ""] * 6_000) == ["> not #now"]
    assert set_apart(["> no sign", ""] * 6_000 + ["> #note"]) == ["> #note"]


@pytest.mark.parametrize(
    "word",
    "note internal intern interne Notiz Vermerk privé confidentielle mémo nota interno privada anotación ملاحظة ملحوظة داخلي سرية "
    "メモ 社内 社内メモ 内部用 注記".split(),
)
def test_a_word_of_secrecy_in_each_language_of_our_letters_is_known(word: str):
    assert means_inside(word) == "exact" and means_inside(word.upper()) == "exact"
