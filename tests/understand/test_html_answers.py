"""An agent's HTML travels with its links and pictures and no frame of the letter that it quoted; HTML alone says where links lead."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailgate.understand.parse import parse

GOLDEN = Path(__file__).parents[1] / "golden"
HELP = "https://help.example.org/reset"


def read(text, html):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Re: VPN"
    if text is None:
        mail.set_content(html, subtype="html")
    else:
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
    return parse(mail.as_bytes())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (f"Please follow this guide <{HELP}> and wait.", f'<div>Please follow <a href="{HELP}">this guide</a> and wait.</div>'),
        (f"Please follow this guide<{HELP}> and wait.", f'<p>Please follow <a href="{HELP}">this guide</a> and wait.<o:p></o:p></p>'),
        ("Write to Eva<mailto:eva@example.org> now.", '<p>Write to <a href="mailto:eva@example.org">Eva</a> now.</p>'),
        ("See:\n[image: step.png]\nthen wait.", '<div>See:<br><img src="cid:p1" alt="step.png"><br>then wait.</div>'),
        ("See:\n[cid:image001.png@01DC0001.ABCD]\nthen wait.", '<p>See:</p><p><img src="cid:p1"></p><p>then wait.</p>'),
        ("See:\n\nthen wait.", '<div>See:</div><div><img src="cid:p1"></div><div>then wait.</div>'),
    ],
)
def test_html_that_says_the_same_but_for_links_and_pictures_travels(text, html):
    new = read(text, html).new_html
    assert new is not None and ("href=" in new or 'src="cid:p1"' in new)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Please wait.", "<p>Please do not wait.</p>"),
        (f"Please follow <{HELP}>.", "<p>Please follow the other guide.</p>"),
        ("I [really] mean it.", "<p>I mean it.</p>"),
    ],
)
def test_html_that_says_something_else_does_not(text, html):
    assert read(text, html).new_html is None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<p>Please follow <a href="{HELP}">this guide</a> and wait.</p>', f"Please follow this guide <{HELP}> and wait."),
        (f'<p>Go to <a href="{HELP}">{HELP}</a>.</p>', f"Go to {HELP}."),
        (f'<p>Go to <a href="{HELP}/">help.example.org/reset</a>.</p>', "Go to help.example.org/reset."),
        ('<p>Write to <a href="mailto:eva@example.org">Eva</a>.</p>', "Write to Eva."),
        (f'<p>See <a href="{HELP}"><img src="cid:x"></a> there.</p>', "See there."),
        ('<p>Press <a href="javascript:alert(1)">here</a>, <a href="#top">top</a>.</p>', "Press here, top."),
        (f'<ul><li><a href="{HELP}"><b>one</b></a></li><li>two</li></ul>', f"- one <{HELP}>\n- two"),
    ],
)
def test_html_alone_says_where_links_lead(html, text):
    assert " ".join(read(None, html).new_text.split()) == " ".join(text.split())


def test_a_link_does_not_keep_a_signature_from_being_folded():
    far = "https://www.example.org/" + "a" * 120
    mail = read(None, f'<p>Please restart.</p><p>Kind regards</p><p>Ann Berg</p><p><a href="{far}">our page</a></p>')
    assert mail.new_text == "Please restart." and far in mail.signature


def test_beside_a_plain_form_links_are_added_to_nothing():
    assert (
        read("Please follow this guide.", f'<p>Please follow <a href="{HELP}">this guide</a>.</p>').new_text == "Please follow this guide."
    )


def page_of(name: str) -> str:
    message = message_from_bytes((GOLDEN / name).read_bytes())
    part = next(part for part in message.walk() if part.get_content_type() == "text/html")
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode()


QUOTED = {
    "gmail": '<div dir="ltr">Please restart.</div><br><div class="gmail_quote">'
    '<div dir="ltr" class="gmail_attr">On Mon, Jun 1, 2026 at 10:00 '
    'AM Max via IT &lt;support@example.org&gt; wrote:<br></div>'
    '<blockquote class="gmail_quote">{}</blockquote></div>',
    "outlook": "<div class=WordSection1><p>Please restart.<o:p></o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;"
    "padding:3.0pt 0cm 0cm 0cm'><p><b>From:</b> Max via IT<br><b>Sent:</b> Monday, June 1, 2026 10:00 AM<br><b>To:</b> Ann<br>"
    "<b>Subject:</b> VPN</p></div></div><p>&nbsp;</p>{}</div>",
    "apple": '<html><body>Please restart.<br><div><br><blockquote type="cite"><div>On 1. Jun 2026, at 10:00, Max wrote:</div><br>'
    '<div>{}</div>'
    "</blockquote></div></body></html>",
    "phone": '<div dir="ltr">Please restart.</div><hr><div id="divRplyFwdMsg" dir="ltr"><font>From: Max<br>Sent: x</font>'
    '<div>&nbsp;</div></div>{}',
}  # fmt: skip


@pytest.mark.parametrize("letter", ["requester_wrote.agent.en.eml", "ticket_opened.agent.de.eml", "note_added.agent.en.eml"])
@pytest.mark.parametrize("client", QUOTED)
def test_of_the_letter_that_was_quoted_no_empty_frame_is_left(client, letter):
    html = QUOTED[client].format(page_of(letter))
    new = read("Please restart.", html).new_html
    assert new is not None and "Please restart." in new
    left = set(re.findall(r"<([a-z0-9]+)", new))
    assert left <= {"div", "p", "br", "html", "body"}, new


def test_an_empty_cell_stays_where_its_table_does():
    quote = QUOTED["gmail"].partition("</div>")[2].format("old")
    html = f"<table><tr><td>tray 1</td><td></td><td>empty</td></tr></table>{quote}"
    new = read("tray 1 empty", html).new_html
    assert new is not None and new.count("<td>") == 3
