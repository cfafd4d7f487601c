"""Bytes to Mail: parts, texts, attachments, reports."""

from __future__ import annotations

import base64
import pickle
import tracemalloc

import pytest

from mailgate.model.mail import Mail
from mailgate.model.token import Keyring
from mailgate.understand import read
from mailgate.understand.limits import LIMITS
from mailgate.understand.parse import parse
from mailgate.understand.text.html import read_html
from mailgate.understand.text.language import language_of
from tests.understand.one_file import attachment_bytes

HEAD = b"From: Ann <ann@example.com>\r\nTo: support@example.org\r\nSubject: x\r\n"
HTML_HEAD = b"Content-Type: text/html\r\n\r\n"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def a_part(body: bytes, kind: str, *headers: str) -> bytes:
    return "\r\n".join([f"Content-Type: {kind}", *headers, "", ""]).encode() + body


def multipart(*parts: bytes, kind: str = "mixed", boundary: str = "bb", close: bool = True) -> bytes:
    body = b"".join(f"\r\n--{boundary}\r\n".encode() + part for part in parts) + (f"\r\n--{boundary}--\r\n".encode() if close else b"")
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + body


def a_mail(body: bytes) -> Mail:
    return parse(HEAD + body)


def test_of_an_alternative_the_plain_form_is_the_text_and_the_other_stands_beside() -> None:
    mail = a_mail(multipart(a_part(b"plain", "text/plain"), a_part(b"<p>rich</p>", "text/html"), kind="alternative"))
    assert (mail.text, mail.html) == ("plain", "<p>rich</p>")


def test_an_empty_plain_form_does_not_hide_the_html() -> None:
    assert a_mail(multipart(a_part(b" \r\n", "text/plain"), a_part(b"<p>rich</p>", "text/html"), kind="alternative")).text == "rich"


@pytest.mark.parametrize("kind", ["alternative", "mixed"])
def test_enriched_text_beside_a_plain_one_is_kept_as_a_file(kind: str) -> None:
    rich = b"a <bold>rich</bold> word, 1 << 2"
    mail = a_mail(multipart(a_part(b"plain", "text/plain"), a_part(rich, "text/enriched"), kind=kind))
    assert mail.text == "plain"
    assert [(one.type, one.size) for one in mail.attachments] == [("text/enriched", len(rich))]


def test_enriched_text_is_the_text_where_nobody_wrote_another() -> None:
    mail = a_mail(multipart(a_part(b"a <bold>rich</bold> word, 1 << 2", "text/enriched"), a_part(PNG, "image/png")))
    assert mail.text == "a rich word, 1 < 2"
    assert a_mail(b"Content-Type: text/richtext\r\n\r\n<center>alone</center>").text == "alone"


def test_text_around_a_picture_is_all_read() -> None:
    mail = a_mail(
        multipart(
            a_part(b"above", "text/plain"),
            a_part(PNG, "image/png", "Content-Disposition: inline; filename=a.png"),
            a_part(b"below", "text/plain"),
        )
    )
    assert mail.text == "above\n\nbelow"
    assert [(one.name, one.inline) for one in mail.attachments] == [("a.png", True)]


def test_html_with_a_plain_footer_of_a_list_keeps_both() -> None:
    mail = a_mail(multipart(a_part(b"<p>the question</p>", "text/html"), a_part(b"the footer", "text/plain")))
    assert mail.text == "the question\n\nthe footer"
    assert "the question" in (mail.html or "")
    assert "the footer" in (mail.html or "")


def test_a_nested_mail_is_an_attachment_named_by_its_subject() -> None:
    mail = a_mail(
        multipart(
            a_part(b"see below", "text/plain"),
            a_part(b"From: b@example.com\r\nSubject: the old one\r\nMessage-ID: <old@x>\r\n\r\nold", "message/rfc822"),
        )
    )
    assert [(one.name, one.type) for one in mail.attachments] == [("the old one.eml", "message/rfc822")]
    assert mail.text == "see below"
    assert mail.reported_ids == ()  # only a report is about the mail that it returns


def test_an_attachment_is_found_again_by_its_part() -> None:
    raw = HEAD + multipart(
        multipart(a_part(b"plain", "text/plain"), a_part(b"<img src='cid:pic@x'>", "text/html"), kind="alternative", boundary="inner"),
        a_part(base64.b64encode(PNG), "image/png; name=p.png", "Content-Transfer-Encoding: base64", "Content-ID: <pic@x>"),
    )
    (picture,) = parse(raw).attachments
    assert (picture.part, picture.content_id, picture.inline, picture.size) == ("2", "pic@x", True, len(PNG))
    assert attachment_bytes(raw, picture) == PNG
    assert attachment_bytes(raw.replace(b"iVBOR", b"iVBOS"), picture) is None


def test_a_uuencoded_file_leaves_the_text_and_is_found_again() -> None:
    raw = HEAD + b"\r\nsee file\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n\r\nbye\r\n"
    mail = parse(raw)
    assert "begin" not in mail.text
    assert mail.text.startswith("see file")
    assert mail.text.endswith("bye")
    (found,) = mail.attachments
    assert (found.name, found.size) == ("a.txt", 3)
    assert attachment_bytes(raw, found) == b"abc"


def test_the_first_text_may_have_a_name_and_the_next_one_is_a_file() -> None:
    named = 'text/plain; name="body.txt"'
    mail = a_mail(multipart(a_part(b"one", named), a_part(b"two", 'text/plain; name="notes.txt"')))
    assert mail.text == "one"
    assert [one.name for one in mail.attachments] == ["notes.txt"]


@pytest.mark.parametrize(
    ("body", "text", "defect"),
    [
        (multipart(a_part(b"hi", "text/plain"), close=False), "hi", "multipart not closed"),
        (b"Content-Type: multipart/mixed\r\n\r\n--aaaaaa\r\n\r\nhi\r\n--aaaaaa--\r\n", "hi", "multipart without a boundary, guessed"),
        (b"Content-Type: multipart/mixed\r\n\r\nhi\r\n", "hi", "multipart without a boundary"),
        (b"Content-Type: multipart/mixed; boundary=q\r\n\r\nhi\r\n", "hi", "boundary not found"),
        (b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nhi", "hi", "several Content-Type headers, the first counts"),
        (b"Content-Transfer-Encoding: base64\r\n\r\naGk", "hi", "part 1: broken base64"),
        (b"Content-Transfer-Encoding: rot13\r\n\r\nhi", "hi", "part 1: unknown transfer encoding 'rot13'"),
        (b"Content-Type: text/plain; charset=klingon\r\n\r\nhi", "hi", "part 1: unknown charset 'klingon'"),
        (b"no colon here", "no colon here", "the header ends without an empty line"),
    ],
)
def test_each_repair_is_noted(body: bytes, text: str, defect: str) -> None:
    """(fault 113)"""
    mail = a_mail(body)
    assert mail.text == text
    assert defect in mail.defects


def test_a_boundary_that_begins_another_does_not_split_it() -> None:
    """(fault 113)"""
    inner = multipart(a_part(b"one", "text/plain"), a_part(b"two", "text/plain"), boundary="abcdef")
    assert a_mail(multipart(inner, a_part(b"three", "text/plain"), boundary="abc")).text == "one\n\ntwo\n\nthree"


def test_a_boundary_that_seems_to_close_the_outer_one_is_its_own() -> None:
    """Else the words would be seen by every mail program but ours."""
    inner = multipart(a_part(b"the words", "text/plain"), boundary="b----")
    mail = a_mail(multipart(inner, a_part(b"below", "text/plain"), boundary="b--"))
    assert mail.text == "the words\n\nbelow"
    assert a_mail(multipart(a_part(b"no part within", "text/plain"), boundary="b--") + b"\r\nfor nobody").text == "no part within"


def test_a_first_part_whose_boundary_was_lost_keeps_its_text() -> None:
    inner = multipart(a_part(b"<p>the words, richer</p>", "text/html"), kind="alternative", boundary="i")
    broken = inner.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthe w\xc3\xb6rds\r\n", 1)
    mail = a_mail(multipart(broken, a_part(PNG, "image/png", "Content-Disposition: inline; filename=a.png")))
    assert (mail.text, mail.html) == ("the wörds", "<p>the words, richer</p>")
    assert [one.name for one in mail.attachments] == ["a.png"]
    # A whole mail with two types comes from a careless program, and what stands above its parts is for nobody.
    whole = multipart(a_part(b"the words", "text/plain"))
    whole = whole.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain\r\n\r\nin several parts\r\n", 1)
    assert a_mail(whole).text == "the words"


@pytest.mark.parametrize(
    ("content_id", "kind", "name"),
    [
        ("<image001.png@01DA.example>", "image/png", "image001.png"),
        ("<plan.PDF@example.com>", "application/octet-stream", "plan.PDF"),
        ("<4711.0815@example.com>", "image/jpg", "4711.0815.jpg"),
        ("<4711.0815@example.com>", "application/x-own", "4711.0815"),
        ("<../../etc/passwd@example.com>", "application/x-own", "passwd"),
        ("<..@example.com>", "image/png", "part-2.png"),
        ("<picture>", "image/png", "part-2.png"),
        (None, "application/x-own", "part-2.bin"),
    ],
)
def test_a_file_without_a_name_is_called_as_its_content_id_says(content_id: str | None, kind: str, name: str) -> None:
    headers = [f"Content-ID: {content_id}"] if content_id else []
    [found] = a_mail(multipart(a_part(b"see below", "text/plain"), a_part(PNG, kind, *headers))).attachments
    assert found.name == name


def test_bare_line_feeds_and_an_mbox_line_are_read() -> None:
    mail = parse(b"From ann@example.com Tue Mar  3 10:15:00 2026\n" + HEAD.replace(b"\r\n", b"\n") + b"\nhi\n")
    assert (mail.subject, mail.text) == ("x", "hi")


def test_a_reading_survives_pickle() -> None:
    found = read(HEAD + multipart(a_part(b"plain", "text/plain"), a_part(PNG, "image/png")), "ann@example.com", Keyring((b"k" * 32,)))
    assert pickle.loads(pickle.dumps(found)) == found


# --- HTML ---------------------------------------------------------------------------------------------------------------

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://tracker.example.net/1.gif'>",
    "<img src='//tracker.example.net/1.gif'>",
    "<img src='data:image/svg+xml,x'>",
    "<img srcset='https://tracker.example.net/1.gif 1x'>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<p style='background:url(https://tracker.example.net/1.gif)'>x</p>",
    "<p style='background-color:url(https://tracker.example.net/1.gif)'>x</p>",
    "<table background='https://tracker.example.net/1.gif'><tr><td>x</table>",
    "<link rel=stylesheet href='https://tracker.example.net/1.css'>",
    "<style>@import 'https://tracker.example.net/1.css'</style>",
    "<meta http-equiv=refresh content='0;url=https://tracker.example.net'>",
    "<base href='https://tracker.example.net/'>",
    "<form action='https://tracker.example.net/'><input name=p></form>",
    "<iframe src='https://tracker.example.net/'></iframe>",
    "<object data='https://tracker.example.net/'></object>",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<video poster='https://tracker.example.net/1.gif'></video>",
    "<body onload=alert(1)>x",
]


@pytest.mark.parametrize("markup", ACTIVE)
def test_html_neither_acts_nor_loads(markup: str) -> None:
    """What a stranger's HTML would do to its reader (faults 106, 109).

    CVE-2005-3895, CVE-2012-4751, CVE-2014-1695, CVE-2018-1000154, CVE-2020-24881, CVE-2021-3945, CVE-2021-3950, CVE-2021-3994,
    CVE-2021-21441, CVE-2026-32754.
    """
    safe = read_html(f"<p>hello</p>{markup}", LIMITS).safe
    assert "hello" in safe
    assert "tracker.example.net" not in safe
    for word in ("<script", "onerror=", "onload=", "javascript", "vbscript", "<style", "<form", "<iframe", "<svg", "data:"):
        assert word not in safe.lower() or (word == "onerror=" and "&lt;img" in safe)


def test_a_picture_of_the_mail_itself_stays() -> None:
    assert 'src="cid:a@b"' in read_html("<img src='cid:a@b'>", LIMITS).safe


def test_html_in_utf7_is_cleaned_after_it_is_decoded() -> None:
    mail = a_mail(b"Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-hello")
    assert "script" not in (mail.html or "script")
    assert mail.text == "hello"


HTML_QUOTES = [
    '<div class="gmail_quote"><div class="gmail_attr">On Mon X wrote:<br></div><blockquote class="gmail_quote">old</blockquote></div>',
    '<div class="moz-cite-prefix">On 02.03.26 16:40, X wrote:<br></div><blockquote type="cite" cite="mid:x"><p>old</p></blockquote>',
    '<br><div>On 2 Mar 2026, at 16:40, X &lt;x@example.org&gt; wrote:</div><br><blockquote type="cite"><div>old</div></blockquote>',
    '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> X<br><b>Sent:</b> Monday<br></div><div>old</div>',
    '<hr id="stopSpelling">Date: Mon<br>Subject: x<br><div>old</div>',
    '<div class="yahoo_quoted"><div>On Monday X wrote:</div><div>old</div></div>',
    '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in"><p><b>Fra:</b> X<br><b>Dato:</b> x</p></div><p>old</p>',
    "<p>-- please write above this line --</p><p>old</p>",
    "<p><b>Von:</b> X<br><b>Gesendet:</b> Montag<br><b>An:</b> Y<br><b>Betreff:</b> Z</p><p>old</p>",
    '<blockquote style="border-left:2px solid #000;padding-left:5px">old</blockquote>',
]


@pytest.mark.parametrize("quote", HTML_QUOTES)
def test_a_quote_in_html_is_cut_from_text_and_html_alike(quote: str) -> None:
    mail = a_mail(b"Content-Type: text/html\r\n\r\n<div>It <b>works</b> now.</div>" + quote.encode())
    assert mail.new_text == "It works now."
    assert "old" in mail.quoted
    assert mail.new_html is not None
    assert "<b>works</b>" in mail.new_html
    assert "old" not in mail.new_html
    assert "Sent" not in mail.new_html
    assert "old" in (mail.html or "")


def test_an_indented_paragraph_is_no_quote() -> None:
    mail = a_mail(b"Content-Type: text/html\r\n\r\n<p>It says:</p><blockquote>error 49</blockquote><p>What now?</p>")
    assert mail.new_text == "It says:\n\nerror 49\n\nWhat now?"


def test_answers_between_the_quotes_of_html_are_kept() -> None:
    mail = a_mail(HTML_HEAD + b"<blockquote type=cite>First?</blockquote><p>Yes.</p><blockquote type=cite>Second?</blockquote><p>No.</p>")
    assert (mail.new_text, mail.inline_answers) == ("Yes.\n\nNo.", True)
    assert "First?" not in (mail.new_html or "First?")


def test_where_html_and_text_say_different_things_there_is_no_new_html() -> None:
    mail = a_mail(multipart(a_part(b"short form", "text/plain"), a_part(b"<p>another text</p>", "text/html"), kind="alternative"))
    assert mail.new_html is None


def test_hidden_text_is_not_read_and_tables_and_lists_keep_their_lines() -> None:
    mail = a_mail(HTML_HEAD + b"<div style='display:none'>preview</div><ul><li>one<li>two</ul><table><tr><td>a<td>b</tr><tr><td>c</table>")
    assert mail.text == "- one\n- two\n\na b\nc"


# --- language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, my printer is broken and I do not know what to do.", "en"),
        ("Guten Tag, der Drucker druckt nicht mehr, bitte helfen Sie mir.", "de"),
        ("Bonjour, mon imprimante ne marche pas, merci de votre aide.", "fr"),
        ("Hola, la impresora no funciona desde ayer, gracias por su ayuda.", "es"),
        ("Printer kaputt 49 error", None),
        ("ok thanks", None),
        ("", None),
    ],
)
def test_a_language_is_told_by_its_small_words_or_not_at_all(text: str, language: str | None) -> None:
    assert language_of(text, None) == language


def test_the_header_comes_before_the_words() -> None:
    assert language_of("Hello, my printer is broken and I do not know what to do.", "de-DE") == "de"
    assert language_of("Hello, my printer is broken and I do not know what to do.", "not a tag") == "en"


def test_a_large_file_deep_in_a_mail_is_there_twice_at_most_while_it_is_read():
    size = 4 * 1024 * 1024
    part = b"Content-Type: application/x; name=film.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * (size // 4) + b"\r\n"
    for depth in range(3):
        part = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s--b%d--\r\n" % (depth, depth, part, depth)
    tracemalloc.start()
    try:
        mail = parse(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [one.size for one in mail.attachments] == [size // 4 * 3]
    # The piece in hand and its cut, and what is decoded of it: not one more copy for each multipart around it.
    assert peak < 3.5 * size
