"""Mail as careless programs and bad roads leave it: headers that begin oddly, encodings that are not what they say, unlabelled Japanese."""

from __future__ import annotations

import base64
import time

import pytest

from mailgate.understand.mime.headers import parse_disposition, unstructured
from mailgate.understand.mime.transfer import from_base64, undo
from mailgate.understand.parse import parse

TAIL = b"From: ann@example.com\r\nSubject: help\r\n\r\nMy screen is dark.\r\n"
BEGUN_ODDLY = {
    "a byte order mark": b"\xef\xbb\xbf" + TAIL,
    "an envelope line of mbox": b"From ann@example.com Fri Nov  6 10:00:00 2026\r\n" + TAIL,
    "the rest of a field that was cut off": b" by mx.example.net; Fri, 6 Nov 2026\r\n" + TAIL,
    "empty lines": b"\r\n\r\n" + TAIL,
    "a blank before the colon of From": TAIL.replace(b"From:", b"From :"),
}


@pytest.mark.parametrize("raw", BEGUN_ODDLY.values(), ids=BEGUN_ODDLY)
def test_a_mail_that_begins_oddly_keeps_its_header(raw: bytes) -> None:
    mail = parse(raw)
    assert ([one.address for one in mail.authors], mail.subject, mail.text) == (["ann@example.com"], "help", "My screen is dark.")


def test_an_indented_text_without_a_header_stays_text() -> None:
    mail = parse(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n  once there was\na mail\n--b--\n")
    assert mail.text == "  once there was\na mail"


def test_a_multipart_that_says_base64_and_is_none_is_read() -> None:
    head = b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
    body = b"--b\n\nhello\n--b--\n"
    assert parse(head + body).text == "hello"
    assert parse(head + base64.encodebytes(body)).text == "hello"


ENCODINGS = ["quoted/printable", "Quoted_Printable", "quoted-printable;", '"quoted-printable"']


@pytest.mark.parametrize("label", ENCODINGS)
def test_an_encoding_is_known_by_its_letters(label: str) -> None:
    head = f"From: a@example.com\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {label}\n\n"
    assert parse(head.encode() + b"Gr=C3=BC=C3=9Fe").text == "Grüße"


def test_blanks_behind_a_soft_line_break_were_added_on_the_way() -> None:
    assert undo(b"one=  \n two=\t\n=3D", "quoted-printable")[0] == b"one two="


def test_base64_that_was_made_piece_by_piece_is_one() -> None:
    pieces = [b"hello", b" you ", b"there, all of you"]
    data = b"\n".join(map(base64.b64encode, pieces))
    assert from_base64(data) == (b"".join(pieces), "base64 in several pieces")
    assert from_base64(base64.b64encode(b"hello") + b"\n--\nSent from afar") == (b"hello", None)


def test_padding_everywhere_takes_no_more_time_than_its_length() -> None:
    taken = []
    for size in (100_000, 400_000):
        start = time.process_time()
        from_base64(b"QQ==" * (size // 4))
        undo(b"= " * (size // 2), "quoted-printable")
        taken.append(time.process_time() - start)
    assert taken[1] < 0.3 or taken[1] < 9 * taken[0], taken


def test_unlabelled_iso_2022_jp_is_read_in_every_header() -> None:
    word = "漢字".encode("iso-2022-jp")
    assert unstructured(word) == "漢字"
    assert parse_disposition(b'attachment; filename="' + word + b'.pdf"')[1]["filename"] == "漢字.pdf"
    (author,) = parse(b"From: " + word + b" <jo@example.com>\n\nhello").authors
    assert (author.name, author.address) == ("漢字", "jo@example.com")


def test_an_escape_in_a_header_hides_no_address() -> None:
    (author,) = parse(b"From: \x1b$B \x1b(B <jo@example.com>\n\nhello").authors
    assert author.address == "jo@example.com"
