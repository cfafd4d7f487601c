"""An agent's own HTML travels where it says the same as the text beside it, but for what programs make of links, pictures and lists."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from mailgate.model.mail import Mail
from mailgate.understand.parse import parse


def read(plain: str, page: str) -> Mail:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Re: VPN"
    mail.set_content(plain)
    mail.add_alternative(f"<html><body>{page}</body></html>", subtype="html")
    return parse(mail.as_bytes())


LINK = '<p>See <a href="https://example.org/how?a=1&amp;b=2">this page</a> please.</p>'
LIST = "<p>Do this:</p><ul><li>stop it<ul><li>at the wall</li></ul></li><li>start it</li></ul>"
SAME = {
    "gmail": ("See this page <https://example.org/how?a=1&b=2> please.", LINK),
    "outlook": ("See this page<https://example.org/how?a=1&b=2> please.", LINK),
    "thunderbird": ("See this page <https://example.org/how?a=1&b=2> please.", LINK),
    "apple mail": ("See this page please.", LINK),
    "lynx": ("See this page (https://example.org/how?a=1&b=2) please.", LINK),
    "a link that a server rewrote": (
        "Go to https://safelinks.example.com/?url=https%3A%2F%2Fexample.org<https://safelinks.example.com/?url=x> now.",
        '<p>Go to <a href="https://safelinks.example.com/?url=x">https://example.org</a> now.</p>',
    ),
    "an address": ("Ask max@example.com<mailto:max@example.com>.", '<p>Ask <a href="mailto:max@example.com">max@example.com</a>.</p>'),
    "gmail's picture": ("Look:\n[image: plan.png]\nRight?", '<p>Look:</p><img src="cid:a" alt="plan.png"><p>Right?</p>'),
    "outlook's picture": ("Look:\n[cid:image001.png@01DC.5]\nRight?", '<p>Look:</p><img src="cid:image001.png@01DC.5"><p>Right?</p>'),
    "new outlook's picture": (
        "Look:\n[A plan of the house]\nRight?",
        '<p>Look:</p><img src="cid:a" alt="A plan of the house"><p>Right?</p>',
    ),
    "a picture without a mark": ("Look:\n\nRight?", '<p>Look:</p><img src="cid:a" alt="plan.png"><p>Right?</p>'),
    "gmail's list": ("Do this:\n\n   - stop it\n      - at the wall\n   - start it\n", LIST),
    "outlook's list": ("Do this:\n\n  *   stop it\n     o   at the wall\n  *   start it\n", LIST),
    "word's list": ("Do this:\n\n·         stop it\no   at the wall\n§  start it\n", LIST),
    "a numbered list": ("Do this:\n\n 1. stop it\n 2) start it\n", "<p>Do this:</p><ol><li>stop it</li><li>start it</li></ol>"),
    "emphasis": ("That is *very* _important_.", "<p>That is <b>very</b> <i>important</i>.</p>"),
    "a table": ("name\tvalue\na\t1", "<table><tr><td>name</td><td>value</td></tr><tr><td>a</td><td>1</td></tr></table>"),
    "another width of lines": ("one two\nthree four", "<p>one two three\nfour</p>"),
}
OTHER = {
    "another word": ("The password is new.", "<p>The password is old.</p>"),
    "a word more": ("Restart it.", "<p>Restart it.</p><p>The admin did not know how.</p>"),
    "a word less": ("Restart it. Then call.", "<p>Restart it.</p>"),
    "words in brackets that are no picture's": ("Look [at the second]:", '<p>Look:</p><img src="cid:a" alt="the first">'),
    "a number that is none of a list": ("There are 2 of them", "<p>There are of them</p>"),
}


@pytest.mark.parametrize("name", SAME)
def test_html_that_says_the_same_travels(name: str) -> None:
    mail = read(*SAME[name])
    assert mail.new_html is not None and mail.new_text


@pytest.mark.parametrize("name", OTHER)
def test_html_that_says_anything_else_stays(name: str) -> None:
    assert read(*OTHER[name]).new_html is None


def test_what_styles_hide_is_neither_read_nor_travels() -> None:
    hidden = '<div style="display:none;max-height:0">A word from inside.</div><p>Restart it.</p><button>Inside</button>'
    for page in (hidden, f'{hidden}<blockquote type="cite"><div style="mso-hide:all">Inside as well</div><p>Quoted.</p></blockquote>'):
        mail = read("Restart it." if "cite" not in page else "Restart it.\n\n> Quoted.", page)
        assert mail.new_html is not None and "nside" not in mail.new_html and "nside" not in mail.text
        assert "nside" not in (mail.html or "")
