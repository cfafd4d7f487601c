"""A brand in letters: colours that can be read whatever was chosen, a logo that travels within, and lines below."""

from __future__ import annotations

import colorsys
import re
from dataclasses import replace
from email.message import Message
from typing import Any

import pytest

from mailgate.compose.assemble import assemble
from mailgate.compose.colours import CARD_DARK, WHITE, contrast, shades
from mailgate.compose.letters import Shared, compose
from mailgate.compose.strict import check_bytes
from mailgate.model.brand import Brand, Enclosed
from mailgate.model.letter import Letter, LetterKind
from tests.compose.desk import a_context, a_letter, a_wanted, an_agents, desk, html, message, text
from tests.pictures import a_png

#: Every hue at every lightness and strength, and all greys.
ACCENTS = sorted(
    {
        "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue / 12, light / 10, strength / 2))
        for hue in range(12)
        for light in range(11)
        for strength in range(3)
    }
)
PNG = a_png(120, 64)
LOGO = Enclosed("logo.0123456789abcdef", "logo.png", PNG, 120, 64)


def branded(**keys: Any) -> Any:
    return desk(brand=Brand(**keys))


def test_whatever_the_accent_is_everything_made_of_it_can_be_read():
    assert len(ACCENTS) > 150
    for accent in ACCENTS:
        made = shades(accent)
        pairs = {
            "button": (made.fill_ink, made.fill),
            "link": (made.link, WHITE),
            "initials": (made.tint_ink, made.tint),
            "dark button": (made.dark_fill_ink, made.dark_fill),
            "dark link": (made.dark_link, CARD_DARK),
            "dark initials": (made.dark_tint_ink, made.dark_tint),
        }
        assert {name: pair for name, pair in pairs.items() if contrast(*pair) < 4.5} == {}, accent
        assert contrast(made.fill, WHITE) >= 1.3 and contrast(made.dark_fill, CARD_DARK) >= 3


def test_an_accent_that_can_be_read_stays_as_it_is():
    assert (shades("#2f55d4").fill, shades("#2f55d4").link) == ("#2f55d4", "#2f55d4")


def test_without_a_key_the_head_of_a_letter_is_the_desks():
    page = html(a_letter("ticket_opened", "requester"))
    assert ">IT Support</td>" in page and ">IT</td>" in page and "<img" not in page


def test_name_letters_colour_and_lines_are_the_brands():
    the_desk = branded(name="Ex <b>", short="EX", accent="#ffdd00", footer=("Example & Sons", "Mon–Fri"), legal="Example Ltd, HRB 1")
    page = html(a_letter("ticket_opened", "requester", the_desk=the_desk))
    assert ">Ex &lt;b&gt;</td>" in page and ">EX</td>" in page and f"color: {shades('#ffdd00').dark_link} !important" in page
    assert "Example &amp; Sons<br>\nMon–Fri<br>\nExample Ltd, HRB 1</p>" in page
    assert text(a_letter("ticket_opened", "requester", the_desk=the_desk)).endswith("\nExample & Sons\nMon–Fri\nExample Ltd, HRB 1\n")


def test_a_line_of_the_brand_runs_as_it_begins_in_a_letter_from_right_to_left():
    page = html(a_letter("ticket_opened", "requester", "ar", the_desk=branded(footer=("Example, Mon–Fri 8:00–18:00",), legal="شركة")))
    assert re.search(r'<br>\n<span dir="auto">Example, Mon–Fri .*</span><br>\n<span dir="auto">شركة</span></p>', page)


def test_what_the_law_asks_for_stands_in_no_letter_to_ourselves():
    the_desk = branded(footer=("Example",), legal="Example Ltd, HRB 1")
    for event, audience in (("ticket_opened", "agent"), ("low_rating_given", "lead"), ("relay_tested", "operator")):
        letter = a_letter(event, audience, the_desk=the_desk)
        assert "HRB" not in text(letter) + html(letter) and "Example\n" in text(letter)
    assert "HRB" in text(a_letter("agent_replied", "participant", the_desk=the_desk))


def structure(part: Message) -> Any:
    return [part.get_content_type(), *map(structure, part.get_payload())] if part.is_multipart() else part.get_content_type()  # type: ignore[arg-type]


@pytest.mark.parametrize("attached", [False, True])
def test_a_logo_is_related_to_the_html_and_to_nothing_else(attached: bool):
    entry = an_agents(attachments=a_wanted("ticket_opened", "agent").entry.attachments) if attached else an_agents()
    letter = a_letter("agent_replied", "requester", the_desk=branded(picture=LOGO, logo_alt='The "best"'), entry=entry)
    inner = ["multipart/alternative", "text/plain", ["multipart/related", "text/html", "image/png"]]
    assert structure(message(letter)) == (["multipart/mixed", inner] if attached else inner)
    [picture] = [part for part in message(letter).walk() if part.get_content_type() == "image/png"]
    assert picture.get_payload(decode=True) == PNG and picture["Content-Disposition"].startswith("inline")
    assert f'<img src="cid:{picture["Content-ID"][1:-1]}" width="60" height="32" alt="The &quot;best&quot;"' in html(letter)
    assert picture["Content-ID"].endswith("@example.org>") and len(letter.parts) == attached
    data = assemble(letter, [b"\x89PNG\r\n\x1a\n" + bytes(range(64))] * attached)
    assert check_bytes(data) == [] and len(data) == letter.size and max(map(len, data.split(b"\r\n"))) <= 78


def test_a_text_alone_takes_no_logo_along():
    long = an_agents(text="\n".join(f"line {n} of many, and each one counts" for n in range(5000)), html=None)
    letter = a_letter("agent_replied", "requester", the_desk=branded(picture=LOGO), entry=long)
    assert structure(message(letter)) == "text/plain"


def test_colleagues_share_a_letter_with_a_logo():
    context = a_context("requester_wrote", branded(picture=LOGO, accent="#c00000"))
    shared: Shared = {}
    for id_ in ("ZZZZ0001", "ZZZZ0002", "ZZZZ0003"):
        wanted = a_wanted("requester_wrote", "agent")
        assert compose(wanted, replace(context, letter_id=id_, shared=shared)) == compose(wanted, replace(context, letter_id=id_))
    assert len(shared) == 1


def test_two_desks_of_one_colour_do_not_share_a_name():
    letters = [a_letter("ticket_opened", "requester", the_desk=branded(name=name)) for name in ("One", "Two")]
    assert [f">{name}</td>" in html(letter) for letter, name in zip(letters, ("One", "Two"), strict=True)] == [True, True]


class _Charted(LetterKind):
    """A report with a chart, as no letter has one yet."""

    event = "wake_due"
    pictures = (Enclosed("days@example.org", "days.png", PNG, 120, 64), Enclosed("other@example.org", "other.png", PNG, 120, 64))


def test_a_picture_travels_where_its_letter_shows_it(monkeypatch: pytest.MonkeyPatch):
    from tests.compose.test_templates import changed

    with_it = changed("wake_due/agent.txt", "Subject: x\n\nHead\n\n[[days@example.org | Bars for each day | 420]]\n")
    letter: Letter = compose(replace(a_wanted("wake_due", "agent"), kind=_Charted()), replace(a_context("wake_due"), templates=with_it))
    assert [part["Content-ID"] for part in message(letter).walk() if part.get_content_type() == "image/png"] == ["<days@example.org>"]
    assert re.search(r'<img src="cid:days@example.org" width="420" alt="Bars for each day" style="[^"]*width:100%', html(letter))
