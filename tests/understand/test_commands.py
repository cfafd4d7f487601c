"""Commands at the top of an agent's mail: what is one, what is body, and what holds the mail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model.commands import PLANNED, VERBS, WORDS, Command, Parsed
from mailgate.understand.answers.commands import MOST, believed, heard_in, nearest, parsed
from tests.growth import assert_linear
from tests.heard import parse_commands


def commands(parsed: Parsed) -> list[str]:
    return [" ".join((c.verb, *c.args)) for c in parsed.commands]


def faults(parsed: Parsed) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.code) for fault in parsed.errors]


#: (text, commands, body, visibility)
GOOD = [
    ("Good morning,\nthe switch is back.", [], "Good morning,\nthe switch is back.", "default"),
    ("", [], "", "default"),
    ("\n \n", [], "", "default"),
    ("#note\nHe called twice.", ["note"], "He called twice.", "note"),
    ("#internal\nHe called twice.", ["note"], "He called twice.", "note"),
    ("#private\nHe called twice.", ["note"], "He called twice.", "note"),
    ("#reply\nPlease try now.", ["reply"], "Please try now.", "reply"),
    ("#public\nPlease try now.", ["reply"], "Please try now.", "reply"),
    # Mail programs that write HTML put empty lines between paragraphs.
    ("\n\n#note\n\nHe called twice.", ["note"], "He called twice.", "note"),
    ("#take\n\n#note\n\nask Ben first", ["take", "note"], "ask Ben first", "note"),
    ("#cLoSe", ["close"], "", "default"),
    ("#Kind: Problem\nseen before", ["kind Problem"], "seen before", "default"),
    ("#priority:low", ["priority low"], "", "default"),
    ("#priority very urgent", ["priority very urgent"], "", "default"),
    ("#priority sehr dringend\nx", ["priority sehr dringend"], "x", "default"),
    ("#outage mail from 9:00", ["outage mail from 9:00"], "", "default"),
    ("#outage mail 2h\nThe disk was full.", ["outage mail 2h"], "The disk was full.", "default"),
    ('#outage "E-mail" from 2026-07-01 9:00 to now', ["outage E-mail from 2026-07-01 9:00 to now"], "", "default"),
    ("#outage mail from 23:30 until 2026-07-01 0:15", ["outage mail from 23:30 until 2026-07-01 0:15"], "", "default"),
    # As another product's users write them.
    ("#status solved\n#assignee kim@example.org\n\nIt prints.", ["resolve", "assign kim@example.org"], "It prints.", "default"),
    ("#status open", ["reopen"], "", "default"),
    ("#status pending\nWhich printer?", ["wait"], "Which printer?", "default"),
    ("#public false\nnot for him", ["note"], "not for him", "note"),
    ("#public true\nfor him", ["reply"], "for him", "reply"),
    ("#fixed\nNew toner.", ["resolve"], "New toner.", "default"),
    # What phones, word processors and East Asian keyboards make of it.
    ("\uff03note\nx", ["note"], "x", "note"),
    ("\ufe5fnote\nx", ["note"], "x", "note"),
    ("#\uff4e\uff4f\uff54\uff45\nx", ["note"], "x", "note"),
    ("\ufeff\u200b#note\u200d\nx", ["note"], "x", "note"),
    ("#no\u00adte\nx", ["note"], "x", "note"),
    ("#priority\u00a0P2\nx", ["priority P2"], "x", "default"),
    ("\u00a0 #take\nx", ["take"], "x", "default"),
    ("   #take\nx", ["take"], "x", "default"),
    ("#take\r\n#note\r\nx", ["take", "note"], "x", "note"),
    ("#assign “Kim Lee”", ["assign Kim Lee"], "", "default"),
    ('#assign "Kim Lee"', ["assign Kim Lee"], "", "default"),
    ("#assign „Kim Lee“", ["assign Kim Lee"], "", "default"),
    ("#assign me", ["assign me"], "", "default"),
    # Body, although a number sign stands there.
    ("    #take\nhi", [], "#take\nhi", "default"),
    ("\t#take\nhi", [], "#take\nhi", "default"),
    ("#77 is the same", [], "#77 is the same", "default"),
    ("# Overview\nfine", [], "# Overview\nfine", "default"),
    ("#!/usr/bin/env sh\ntrue", [], "#!/usr/bin/env sh\ntrue", "default"),
    ("#", [], "#", "default"),
    ("/resolve", [], "/resolve", "default"),
    ("Priority: high\nOwner: me", [], "Priority: high\nOwner: me", "default"),
    ("##define X", [], "#define X", "default"),
    ("#take\n##note is what you type", ["take"], "#note is what you type", "default"),
    ("#take\nOur room is\n#lobby in the chat", ["take"], "Our room is\n#lobby in the chat", "default"),
    # What may follow.
    ("#wait", ["wait"], "", "default"),
    ("#wait for 2d\nWhich room?", ["wait for 2d"], "Which room?", "default"),
    ("#wait until 2026-07-01 14:00", ["wait until 2026-07-01 14:00"], "", "default"),
    ("#due 2026-07-01 14:00\nYou have it then.", ["due 2026-07-01 14:00"], "You have it then.", "default"),
    ("#due None", ["due None"], "", "default"),
    ("#due fri", ["due fri"], "", "default"),
    ("Due to illness\nwe are late.", [], "Due to illness\nwe are late.", "default"),
    ("#hold vendor", ["hold vendor"], "", "default"),
    ("#hold Change until Monday", ["hold Change until Monday"], "", "default"),
    ("#hold scheduled until tomorrow", ["hold scheduled until tomorrow"], "", "default"),
    ("#hold user until 2h", ["hold user until 2h"], "", "default"),
    ("#resolve replaced\n", ["resolve replaced"], "", "default"),
    ("#help", ["help"], "", "default"),
    ("#help wait", ["help wait"], "", "default"),
    ("#title: The printer on 3 \u2153 burns\nx", ["title The printer on 3 \u2153 burns"], "x", "default"),
    ('\uff03TITLE\u00a0He said "no', ['title He said "no'], "", "default"),
    ('#title 5" or 6" paper', ['title 5" or 6" paper'], "", "default"),
    ("#take\n#take", ["take"], "", "default"),  # said twice is said once
    ("#decline", ["decline"], "", "default"),
    ("#decline: I'm in a meeting all day", ["decline I'm in a meeting all day"], "", "default"),
    ("#Decline\ntoo busy", ["decline"], "too busy", "default"),
    ("#away", ["away"], "", "default"),
    ("#away 2026-07-01", ["away 2026-07-01"], "", "default"),
    ("#away 2026-07-01..2026-07-14 delegate bob", ["away 2026-07-01..2026-07-14 delegate bob"], "", "default"),
    ("#away mon..fri", ["away mon..fri"], "", "default"),
    ("#away until 2026-07-14", ["away until 2026-07-14"], "", "default"),
    ('#away until Friday delegate "Bob Frey"', ["away until Friday delegate Bob Frey"], "", "default"),
    ("#away delegate bob@example.org", ["away delegate bob@example.org"], "", "default"),
    ("#back", ["back"], "", "default"),
]


@pytest.mark.parametrize(("text", "expected", "body", "visibility"), GOOD)
def test_what_is_a_command_and_what_is_body(text: str, expected: list[str], body: str, visibility: str):
    """(fault 134)"""
    parsed = parse_commands(text)
    assert (commands(parsed), parsed.body, parsed.visibility, parsed.errors) == (expected, body, visibility, ())
    assert not parsed.errors


#: (text, [(line, code)], hint of the first)
BAD = [
    ("#noet\nhe lies", [(1, "E_UNKNOWN")], "#note"),
    ("#take\n\n#ntoe\n\nhe lies", [(3, "E_UNKNOWN")], "#note"),
    ("#interal\nhe lies", [(1, "E_UNKNOWN")], "#note"),
    ("#note.\nhe lies", [(1, "E_UNKNOWN")], "#note"),
    ("#erledigt\nx", [(1, "E_UNKNOWN")], ""),  # words of other languages come by catalogue, never by guessing
    ("#заметка\nx", [(1, "E_UNKNOWN")], "#note"),  # not obeyed, but understood
    ("#Notiz\nx", [(1, "E_UNKNOWN")], "#note"),
    ("x\n#notes from yesterday", [(2, "E_LATE")], "#note"),
    ("#include <math.h>", [(1, "E_UNKNOWN")], None),
    ("# note\nhe lies", [(1, "E_SPACE"), (1, "E_LATE")], "#note"),
    ("#take\n# internal\nhe lies", [(2, "E_SPACE"), (2, "E_LATE")], "#note"),
    ("# Reopen the door slowly", [(1, "E_SPACE")], "#reopen"),  # a cheap false alarm
    ("#\u00a0take\nx", [(1, "E_SPACE")], "#take"),
    ("Dear Max,\n#private\nhe lies", [(2, "E_LATE")], "#note"),
    ("Dear Max,\n  \uff03NOTE :\nhe lies", [(2, "E_LATE")], "#note"),
    ("Dear Max,\n# note\nhe lies", [(2, "E_LATE")], "#note"),
    ("    #note\nhe lies", [(1, "E_LATE")], "#note"),
    ("#note he lies", [(1, "E_ARGS")], "#note"),
    ("#assign Kim Lee\nhi", [(1, "E_ARGS")], None),
    ("#assign\nhi", [(1, "E_ARGS")], None),
    ('#assign "Kim Lee', [(1, "E_ARGS")], None),
    ('#assign ""', [(1, "E_ARGS")], None),
    ("#resolve we changed the toner", [(1, "E_ARGS")], "#resolve [code]"),
    ("#hold", [(1, "E_ARGS")], None),
    ("#hold vendor 3d", [(1, "E_ARGS")], None),
    ("#hold lunch", [(1, "E_VALUE")], None),
    ("#away for lunch", [(1, "E_ARGS")], "#away [2026-07-01 | 2026-07-01..2026-07-14 | until fri] [delegate NAME]"),
    ("#due 31.12.2026", [(1, "E_VALUE")], "#due 2026-07-01|2026-07-01 14:00|tomorrow|mon|3d|none"),
    ("#away someday", [(1, "E_VALUE")], None),
    ("#away 2026-07-01..", [(1, "E_VALUE")], None),
    ("#away ..2026-07-01", [(1, "E_VALUE")], None),
    ("#away until", [(1, "E_ARGS")], None),
    ("#away delegate", [(1, "E_ARGS")], None),
    ("#away until whenever delegate bob", [(1, "E_VALUE")], None),
    ("#back tomorrow", [(1, "E_ARGS")], None),
    ("#away\n#back", [(2, "E_CONFLICT")], "#away"),
    ("#take\n#decline", [(2, "E_CONFLICT")], "#take"),
    ("#hold vendor until whenever", [(1, "E_VALUE")], None),
    ("#wait 3d", [(1, "E_ARGS")], None),
    ("#wait for monday", [(1, "E_VALUE")], None),
    ("#priority lemon\nx", [(1, "E_VALUE")], None),
    ("#priority P6", [(1, "E_VALUE")], None),
    ("#priority P1 now", [(1, "E_ARGS")], None),
    ("#priority very low", [(1, "E_ARGS")], None),
    ("#kind question", [(1, "E_VALUE")], None),
    ("#outage", [(1, "E_ARGS")], None),
    ("#outage mail", [(1, "E_ARGS")], None),
    ("#outage mail from", [(1, "E_VALUE")], None),
    ("#outage mail from tomorrow", [(1, "E_VALUE")], None),
    ("#outage mail to 11:30", [(1, "E_VALUE")], None),
    ("#outage mail from 9:00 to soon", [(1, "E_VALUE")], None),
    ("#status lemon\nx", [(1, "E_VALUE")], None),
    ("#public perhaps\nx", [(1, "E_VALUE")], None),
    # What is wrong with a command that is not there is that it is not there.
    ("#merge 31", [(1, "E_UNAVAILABLE")], ""),
    ("#merge into 31", [(1, "E_UNAVAILABLE")], ""),
    ("#take\n#stats", [(2, "E_UNAVAILABLE")], ""),
    ("#merge into it", [(1, "E_UNAVAILABLE")], ""),
    ("#tag vpn", [(1, "E_UNAVAILABLE")], None),
    ("#time", [(1, "E_UNAVAILABLE")], None),
    ("#time soon", [(1, "E_UNAVAILABLE")], None),
    ("#quiet please", [(1, "E_UNAVAILABLE")], None),
    ('#merge into "31', [(1, "E_UNAVAILABLE")], None),
    ("#title", [(1, "E_ARGS")], "#title WORDS"),
    ("#title  : ", [(1, "E_ARGS")], "#title WORDS"),
    ("#title " + "long " * 400, [(1, "E_ARGS")], "#title WORDS"),
    ("#title a\n#title b", [(2, "E_CONFLICT")], "#title"),
    ("#assign " + "long " * 400, [(1, "E_ARGS")], None),
    ("#close\n#wait\nx", [(2, "E_CONFLICT")], "#close"),
    ("#note\n#reply\nx", [(2, "E_CONFLICT")], "#note"),
    ("#take\n#assign kim", [(2, "E_CONFLICT")], "#take"),
    ("#priority P1\n#priority P2", [(2, "E_CONFLICT")], "#priority"),
    ("#watch\n#unwatch", [(2, "E_CONFLICT")], "#watch"),
    ("#noet\n#hold lunch\nx", [(1, "E_UNKNOWN"), (2, "E_VALUE")], "#note"),
]


@pytest.mark.parametrize(("text", "expected", "hint"), BAD)
def test_what_holds_a_mail_and_why(text: str, expected: list[tuple[int, str]], hint: str | None):
    """(fault 134)"""
    parsed = parse_commands(text)
    assert faults(parsed) == expected
    assert parsed.errors
    assert all(fault.word for fault in parsed.errors)
    if hint is not None:
        assert parsed.errors[0].hint == hint


def test_a_held_mail_still_tells_its_body_so_that_it_can_come_back():
    assert parse_commands("#noet\nhe lies").body == "he lies"
    assert parse_commands("#note\n#reply\nx").visibility == "note"  # the careful one


def test_twenty_commands_are_enough():
    assert faults(parse_commands("\n".join(f"#help t{n}" for n in range(MOST)))) == []
    assert faults(parse_commands("\n".join(f"#help t{n}" for n in range(MOST + 5)))) == [(MOST + 1, "E_TOO_MANY")]


def test_what_a_worker_cannot_have_heard_is_not_believed():
    text = "#take\nI am on it."
    told = heard_in(text)
    lies = (Command("rm", ("-rf",), 1), Command("assign", (), 1), Command("priority", ("P9",), 1), Command("close", ("a", "b"), 1))
    assert believed(replace(told, commands=(*lies, *told.commands))) == told
    assert parsed(believed(replace(told, top=-1)), text).body == text
    assert parsed(believed(replace(told, top=99)), text).body == ""


def test_the_commands_that_are_there():
    assert set(VERBS) == set(
        "note reply take decline assign away back queue watch unwatch admit wait hold resolve close reopen priority impact urgency "
        "category kind due title outage help".split()
    )


def test_every_command_says_how_it_is_written_and_no_word_means_two_things():
    for verb in VERBS.values():
        assert verb.form.startswith(f"#{verb.word}") and verb.help and (verb.hint or verb.form).startswith(f"#{verb.word}")
    assert len(WORDS) == sum(1 + len(verb.aliases) for verb in VERBS.values())
    assert PLANNED.isdisjoint(WORDS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("noet", "#note"),
        ("nte", "#note"),
        ("ressolve", "#resolve"),
        ("colse", "#close"),
        ("xy", ""),
        ("n", ""),
        ("banana", ""),
        ("repyl", "#reply"),
        ("rsolv", "#resolve"),
        ("ersovle", "#resolve"),
        ("rslv", ""),
    ],
)
def test_a_slip_of_the_finger_is_understood_up_to_two_letters(typed: str, meant: str):
    assert nearest(typed) == meant


VISIBILITY = ("note", "internal", "private")


@given(word=st.sampled_from(VISIBILITY), slip=st.integers(0, 6), place=st.integers(0, 20), letter=st.sampled_from("aeinortx"))
def test_no_slip_in_the_word_note_lets_the_mail_through_as_public(word: str, slip: int, place: int, letter: str):
    at = place % len(word)
    typed = {
        0: word[:at] + letter + word[at:],
        1: word[:at] + word[at + 1 :],
        2: word[:at] + letter + word[at + 1 :],
        3: word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
        4: word.upper(),
        5: f"{word}:",
        6: f"{word} secret",
    }[slip]
    parsed = parse_commands(f"#{typed}\nsecret")
    assert parsed.visibility == "note" or parsed.errors


@given(st.text(alphabet=st.sampled_from('#\uff03 \tnote:take\n\u200b\u00a0"“-P1u\r\u2028'), max_size=60))
def test_any_text_is_read_without_failing_and_nothing_of_the_body_is_lost(text: str):
    parsed = parse_commands(text)
    lines = text.splitlines()
    assert all(1 <= command.line <= len(lines) for command in parsed.commands)
    if not parsed.commands and not parsed.errors:
        assert parsed.body.lstrip("#\uff03") in "\n".join(lines)


def test_reading_takes_time_in_proportion_to_the_text():
    for hostile in ("#" * 100, "#note\u0301\u0316", " \u200b" * 20 + "#note\n", '#assign "' + '"' * 40, "#a:" * 30 + "\n", "\n# note\n"):
        assert_linear(lambda times, one=hostile: parse_commands(one * times), 2_000, why=hostile[:20])
