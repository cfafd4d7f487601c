"""Pictures that only a signature or a quote shows, and mails of which a file is all: what is new, and what only stands around it."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from mailgate.understand.parse import parse

SIGNATURES = [
    "-- \nAnn Berg\nextension 4711, 0170 1234567",
    "Mit freundlichen Grüßen\nAnn Berg\nDurchwahl 4711",
    "Kind regards,\n\nAnn Berg\n+49 170 1234567",
    "Sent from my iPhone",
]
QUOTE = "\n\nOn Mon, 1 Jun 2026 at 10:00, Max via IT <support@example.org> wrote:\n\n> It drops again.\n> Max\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


def read(text, html=None, pictures=(), files=(), rich=True):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Re: VPN"
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
        for name in pictures:
            mail.get_payload()[-1].add_related(PICTURE, "image", "png", cid=f"<{name}>", filename=f"{name}.png", disposition="inline")
    for name in files:
        mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename=name)
    return parse(mail.as_bytes(), rich=rich)


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("quote", ["", QUOTE])
def test_below_nothing_but_a_file_a_signature_is_one(signature, quote):
    mail = read(signature + quote, files=["guide.pdf"])
    assert mail.new_text == "" and mail.signature.strip().endswith(signature.splitlines()[-1])
    assert [one.name for one in mail.attachments] == ["guide.pdf"]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_where_there_is_no_file_it_is_all_that_was_said(signature):
    assert read(signature).new_text.split() == signature.removeprefix("-- \n").split() or read(signature).new_text == signature


def test_words_beside_a_file_stay_words():
    assert read("Here is the guide.\n\n-- \nAnn Berg", files=["guide.pdf"]).new_text == "Here is the guide."


LOGO = '<img src="cid:logo" alt="ACME">'
PAGES = {
    "below two dashes": (f"<div>Please restart.</div><div>-- <br>Ann Berg<br>{LOGO}</div>", ("logo",)),
    "in Gmail's signature": (f'<div>Please restart.</div><div class="gmail_signature">Ann Berg<br>{LOGO}</div>', ("logo",)),
    "alone in Gmail's signature": (f'<div>Please restart.</div><div class="gmail_signature">{LOGO}</div>', ("logo",)),
    "below a leave-taking": (f"<p>Please restart.</p><p>Kind regards</p><p>Ann Berg</p><p>{LOGO}</p>", ("logo",)),
    "in a quote": (f'<div>Please restart.</div><blockquote type="cite"><p>See:</p>{LOGO}</blockquote>', ("logo",)),
    "below Outlook's header block": (
        "<p>Please restart.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>From:</b> Max "
        f"&lt;max@example.com&gt;<br><b>Sent:</b> Monday, June 1, 2026 10:00<br><b>Subject:</b> VPN</p></div><p>See: {LOGO}</p>",
        ("logo",),
    ),
    "among the words": (f"<div>Please restart here:<br>{LOGO}</div><div>-- <br>Ann Berg</div>", ()),
    "in both": (f"<div>Please restart here:<br>{LOGO}</div><div>-- <br>Ann Berg<br>{LOGO}</div>", ()),
    "nowhere": ("<div>Please restart.</div><div>-- <br>Ann Berg</div>", ()),
}  # fmt: skip


@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize("where", PAGES)
def test_a_picture_is_folded_with_what_shows_it(where, rich):
    page, folded = PAGES[where]
    mail = read("Please restart.\n\n-- \nAnn Berg", page, ["logo"], rich=rich)
    parts = {one.part: one.content_id for one in mail.attachments}
    assert tuple(parts[part] for part in mail.folded) == folded
    if rich and mail.new_html is not None:
        assert ("cid:logo" in mail.new_html) == (folded == () and where != "nowhere")
    assert list(parts.values()) == ["logo"], "the mail itself keeps it"
