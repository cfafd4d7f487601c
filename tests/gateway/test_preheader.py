"""A mail program that drops styles when it quotes shows the hidden line of our letter above its marker: it is nobody's new text.

What is read is the same as if the quote did not have that line: in the quotes of each program, with answers above, below, inline."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from functools import cache
from html import escape
from typing import Any

import pytest

from mailgate.gateway.loading.gathering import with_what_is_below
from mailgate.model.mail import Reading
from mailgate.model.token import Keyring
from mailgate.understand import read
from mailgate.understand.answers import without_preheader
from mailgate.understand.limits import LIMITS
from mailgate.understand.text.html import text_of
from tests.compose.desk import a_letter, html, text
from tests.decide import build

WORDS = "The lamp on the second box blinks red.\nIs that how it should be?"
BETWEEN = "Yes, since Monday."
ANSWERED = build.a_letter()


@cache
def letter(audience: str = "agent") -> Any:
    return a_letter("requester_wrote", "agent") if audience == "agent" else a_letter("agent_replied", "requester")


def page(audience: str, styles: bool, shown: bool = True) -> str:
    """The HTML of our letter as a program quotes it: with our styles or without; `shown` False: as if it had no hidden line."""
    whole = html(letter(audience))
    body = whole[whole.index("<body") : whole.index("</body>")].partition(">")[2]
    hidden = re.search(r'<div style="display:none.*?</div>', body, re.DOTALL)
    assert hidden is not None
    body = body if shown else body.replace(hidden[0], "")
    return body if styles else re.sub(r' style="[^"]*"', "", body)


BY = "IT Support &lt;support@example.org&gt;"
ON = f"On Mon, Jun 1, 2026 at 10:00 AM {BY} wrote:"
HEAD = f"<b>From:</b> {BY}<br><b>Sent:</b> Monday, June 1, 2026 10:00 AM<br><b>To:</b> Max &lt;max@example.com&gt;<br><b>Subject:</b> VPN"
GMAIL = '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
K9 = '<blockquote class="gmail_quote" style="margin: 0pt 0pt 1ex 0.8ex; border-left: 1px solid">'
OUTLOOK = '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
GMX = '<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;">'
VON = f"<b>Gesendet:</b> Montag, 1. Juni 2026 um 10:00 Uhr<br><b>Von:</b> {BY}<br><b>An:</b> max@example.com<br><b>Betreff:</b> VPN"
#: How each program begins and ends what it quotes.
PROGRAMS = {
    "gmail": (f'<br><div class="gmail_quote gmail_quote_container"><div class="gmail_attr">{ON}<br></div>{GMAIL}', "</blockquote></div>"),
    "apple mail": (
        f'<div><br><blockquote type="cite"><div>On 1. Jun 2026, at 10:00, {BY} wrote:</div><br><div>',
        "</div></blockquote></div>",
    ),
    "outlook classic": (f"{OUTLOOK}{HEAD}</p></div></div>", ""),
    "outlook new": (f'<div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr">{HEAD}</div>', ""),
    "thunderbird": (f'<div class="moz-cite-prefix">{ON}<br></div><blockquote type="cite" cite="mid:a@example.org">', "</blockquote>"),
    "gmx": (f'{GMX}<div>{VON}</div><div name="quoted-content">', "</div></div>"),
    "yahoo": (f'<div id="ydp1yahoo_quoted_2" class="ydp1yahoo_quoted"><div>{ON}</div><div>', "</div></div>"),
    "k-9": (f'<br><br><div class="gmail_quote">{ON}{K9}', "</blockquote></div>"),
    "a program that says nothing of a quote": ("<br><br>", ""),
    "a bare quote": ("<br><blockquote>", "</blockquote>"),
}


def paragraphs(words: str) -> str:
    return "".join(f"<p>{line}</p>" for line in words.split("\n"))


def written(program: str, where: str, audience: str, styles: bool, shown: bool, plain: bool) -> Reading:
    begins, ends = PROGRAMS[program]
    quote = page(audience, styles, shown)
    if where == "inline":  # below the first heading of the letter
        head, sep, tail = quote.partition("</h1>")
        quote = f'{head}{sep}</blockquote>{paragraphs(BETWEEN)}<blockquote type="cite">{tail}' if "blockquote" in begins else quote
    above, below = ("", paragraphs(WORDS)) if where == "below" else (paragraphs(WORDS), "")
    mail = a_mail()
    body = f"<html><body>{above}{begins}{quote}{ends}{below}</body></html>"
    if plain:  # what the program makes of its HTML for those who read no HTML
        mail.set_content(text_of(body, LIMITS)[0])
    else:
        mail.set_content(body, subtype="html")
    return read(mail.as_bytes(), "max@example.com", Keyring((b"x" * 32,)))


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "Max <max@example.com>",
        "support@example.org",
        "Re: VPN",
        "<1@example.com>",
    )
    return mail


@pytest.mark.parametrize("audience", ["agent", "requester"])
@pytest.mark.parametrize("where", ["above", "below", "inline"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_hidden_line_changes_nothing_of_what_is_read(program: str, where: str, audience: str) -> None:
    said = letter(audience).preheader
    for styles in (True, False):
        for plain in (False, True):
            found = without_preheader(written(program, where, audience, styles, True, plain), said).mail
            without = written(program, where, audience, styles, False, plain).mail
            note = (styles, plain)
            if "reply above this line" in without.new_text:  # nothing else would have been left: all of it is new, and nothing is lost
                assert set(without.new_text.split("\n")) <= set(found.new_text.split("\n")), note
                continue
            assert found.new_text == without.new_text, note
            assert (found.inline_answers, found.between, found.beside) == (without.inline_answers, without.between, without.beside), note
            assert squeezed(said) not in squeezed(re.sub("<[^>]*>", "", found.new_html or "")), note


def squeezed(words: str) -> str:
    return "".join(re.findall(r"\w", words.lower()))


def plainly(*lines: str) -> Reading:
    mail = a_mail()
    mail.set_content("\n".join(lines) + "\n")
    return read(mail.as_bytes(), "max@example.com", Keyring((b"x" * 32,)))


def quoted_text(mark: str = "") -> list[str]:
    return [f"{mark}{line}".rstrip() for line in text(letter()).split("\n")]


@pytest.mark.parametrize("mark", ["", "> ", ">> ", "| "])
@pytest.mark.parametrize("width", [20, 40, 72, 1000])
def test_it_is_known_however_it_is_broken_and_marked(mark: str, width: int) -> None:
    said = letter().preheader
    broken: list[str] = [""]
    for word in said.split():
        if broken[-1] and len(broken[-1]) + 1 + len(word) > width:
            broken.append("")
        broken[-1] = f"{broken[-1]} {word}".strip()
    reading = without_preheader(plainly("#note", "My words.", "", *(mark + line for line in broken), *quoted_text(mark)), said)
    assert reading.mail.new_text.splitlines()[-1] == "My words."
    assert [command.verb for command in reading.heard.commands] == ["note"]


def test_commands_below_it_are_on_the_first_line() -> None:
    reading = plainly(letter().preheader, "#note", "#take", "My words.", "", *quoted_text())
    assert reading.heard.commands == ()
    reading = without_preheader(reading, letter().preheader)
    assert [command.verb for command in reading.heard.commands] == ["note", "take"] and not reading.heard.errors
    assert reading.mail.new_text == "#note\n#take\nMy words."


def test_whoever_writes_that_very_sentence_keeps_it() -> None:
    said = letter().preheader
    twice = without_preheader(plainly(said, "So you wrote:", said, "And that is wrong.", "", *quoted_text()), said)
    assert twice.mail.new_text == f"So you wrote:\n{said}\nAnd that is wrong."
    above = without_preheader(plainly("You wrote:", said, "", "And that is wrong.", "", said, *quoted_text()), said)
    assert above.mail.new_text == f"You wrote:\n{said}\n\nAnd that is wrong."
    folded = without_preheader(
        plainly("My words.", "", "On Mon, Jun 1, 2026 at 10:00 AM IT <support@example.org> wrote:", f"> {said}", *quoted_text("> "), said),
        said,
    )
    assert folded.mail.new_text.endswith(said)
    within = without_preheader(plainly(f"I read: {said}", "", *quoted_text()), said)
    assert within.mail.new_text == f"I read: {said}"


def test_a_line_that_is_too_short_to_be_told_or_is_missing_folds_nothing() -> None:
    reading = plainly("Thanks", "", *quoted_text())
    for said in ("", "Thanks", "We read it"):
        assert without_preheader(reading, said) is reading


def test_html_keeps_the_authors_own_and_loses_the_line() -> None:
    for styles in (True, False):
        mail = without_preheader(
            written("a program that says nothing of a quote", "above", "agent", styles, True, False), letter().preheader
        ).mail
        assert mail.new_html is not None and "The lamp" in mail.new_html and "answered" not in mail.new_html


@pytest.mark.parametrize("audience", ["agent", "requester"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_somebody_writes_into_the_hidden_line_is_found_and_nobody_elses_hidden_words_are(program: str, audience: str) -> None:
    said, ours = letter(audience).preheader, page(audience, styles=True)
    into = f'{said}</p><p class=MsoNormal><span style="color:#C00000">Tomorrow at ten past nine.</span></p><p>'
    begins, ends = PROGRAMS[program]
    banner = '<div style="display:none !important">Caution: this mail comes from outside.<p>Report it.</p></div>'
    found = {}
    for there in (True, False):
        mail = a_mail()
        quote = ours.replace(escape(said, quote=False), into if there else escape(said, quote=False), 1)
        assert not there or into in quote
        mail.set_content(f"<html><body>{banner}{paragraphs(WORDS)}{begins}{banner}{quote}{ends}</body></html>", subtype="html")
        reading = read(mail.as_bytes(), "max@example.com", Keyring((b"x" * 32,)))
        s = replace(build.a_situation(build.a_mail(answers=ANSWERED), file=build.a_file(), letters=(ANSWERED,)), reading=reading)
        assert s.letter is not None
        s = replace(s, letter=replace(s.letter, preheader=said))
        found[there] = [each.text for each in with_what_is_below(s, text(letter(audience)), html(letter(audience))).below]
        assert "Tomorrow" not in reading.mail.text
    marked = "blockquote" in begins  # with a sign before each line of the quote nothing is looked for in it
    assert found[False] == []
    assert marked or found[True] == ["Tomorrow at ten past nine."]
