"""Headers as clients send them: encoded words, parameters, addresses, ids, dates, charsets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailgate.understand.mime.addresses import addresses
from mailgate.understand.mime.attachments import clean_file_name
from mailgate.understand.mime.charset import clean_name, clean_text, decode
from mailgate.understand.mime.headers import (
    date,
    message_id,
    message_ids,
    parse_content_type,
    parse_disposition,
    unstructured,
    without_comments,
)

WORDS = [
    ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
    ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),  # the space between two words is none
    ("=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=FC?=", "aü"),
    ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
    ("=?utf-8?B?w6Q=?==?utf-8?B?w7Y=?=", "äö"),  # no white space between
    ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),  # a character cut in two
    ("=?iso-8859-1*de?Q?Gr=FC=DFe?=", "Grüße"),  # RFC 2231 language
    ("=?windows-1252?Q?=80_5?=", "€ 5"),
    ("=?iso-8859-1?Q?=80_5?=", "€ 5"),  # said to be Latin-1, meant as Windows-1252
    ("=?utf-8?Q?with a space?=", "with a space"),
    ("=?utf-8?Q?what=3F?=", "what?"),
    ("=?utf-8?Q?what??=", "what?"),
    ("=?utf-8?q?a=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),  # no second line comes out of a word
    ("=?klingon?Q?abc?=", "abc"),
    ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    ("=?utf-8?Q?open", "open"),
    ("Re: =?utf-8?B?4pyF?= done", "Re: ✅ done"),
    ("caf\u00e9", "café"),
    ("plain\r\n\tfolded", "plain folded"),
]


@pytest.mark.parametrize(("value", "text"), WORDS)
def test_a_subject_is_decoded_to_one_line(value: str, text: str) -> None:
    assert unstructured(value.encode()) == text


def test_eight_bit_subjects_are_read_as_utf8_or_what_they_are() -> None:
    assert unstructured("Größe".encode()) == "Größe"
    assert "\ufffd" not in unstructured("Größe und Gewicht für die Möbel".encode("cp1252"))


PARAMETERS = [
    (b'attachment; filename="a b.pdf"', "a b.pdf"),
    (b"attachment; filename=a.pdf", "a.pdf"),
    (b"attachment; filename=a b.pdf; size=3", "a b.pdf"),
    (b"attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
    (b"attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=\".pdf\"", "Grüße.pdf"),
    (b'attachment; filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
    (b'attachment; filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"),
    (b"attachment; filename=\"x.pdf\"; filename*=utf-8''y.pdf", "y.pdf"),
    (b'attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
    (b'attachment; filename="C:\\temp\\x.pdf"', "C:\\temp\\x.pdf"),
    (b'attachment; filename="open.pdf', "open.pdf"),
    ('attachment; filename="Größe.pdf"'.encode(), "Größe.pdf"),
    (b"filename=bare.pdf", "bare.pdf"),
]


@pytest.mark.parametrize(("value", "name"), PARAMETERS)
def test_a_file_name_is_read_in_every_form(value: bytes, name: str) -> None:
    assert parse_disposition(value)[1]["filename"] == name


def test_a_codec_that_is_no_charset_is_never_run() -> None:
    """(CVE-2014-9472, fault 114)"""
    assert parse_disposition(b"attachment; filename*=rot13''nop%80")[1]["filename"].startswith("nop")
    for label in ("rot13", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "hex", "undefined", "zlib", "x\0y", "a" * 1000, ""):
        text, note = decode(b"\\u0041 abc \x80", label)
        assert "\\u0041 abc" in text
        assert note


def test_what_is_no_content_type_is_text() -> None:
    assert parse_content_type(b"garbage", "text/plain").type == "text/plain"
    assert parse_content_type(b'TEXT/HTML; Charset="UTF-8"', "text/plain").parameters == {"charset": "UTF-8"}
    assert parse_content_type(b"text", "text/plain").type == "text/plain"


LISTS: list[tuple[str, list[tuple[str, str]]]] = [
    ("ann@example.com", [("", "ann@example.com")]),
    ("Ann Bee <ann@EXAMPLE.com>", [("Ann Bee", "ann@example.com")]),
    ('"Bee, Ann" <ann@example.com>, ben@example.com', [("Bee, Ann", "ann@example.com"), ("", "ben@example.com")]),
    ("ann@example.com (Ann Bee)", [("Ann Bee", "ann@example.com")]),
    ("Ann (the (first)) <ann@example.com>", [("Ann", "ann@example.com")]),
    ("Team: ann@example.com, Ben <ben@example.com>;", [("", "ann@example.com"), ("Ben", "ben@example.com")]),
    ("undisclosed-recipients:;", []),
    ("A: a@example.com; B: b@example.com;, c@example.com", [("", "a@example.com"), ("", "b@example.com"), ("", "c@example.com")]),
    ("a@example.com; b@example.com", [("", "a@example.com"), ("", "b@example.com")]),
    ("J. R. Doe <j.r.doe@example.com>", [("J. R. Doe", "j.r.doe@example.com")]),
    ('"john doe"@example.com', [("", '"john doe"@example.com')]),
    ("=?utf-8?Q?J=C3=B6rg?= <j@example.com>", [("Jörg", "j@example.com")]),
    ('"=?utf-8?Q?J=C3=B6rg?=" <j@example.com>', [("Jörg", "j@example.com")]),
    ("=?utf-8?Q?Bee,_Ann?= <ann@example.com>", [("Bee, Ann", "ann@example.com")]),
    ("<mailto:ann@example.com>", [("", "ann@example.com")]),
    ("<@relay.example.net:ann@example.com>", [("", "ann@example.com")]),
    ("Ann <ann@example.com", [("Ann", "ann@example.com")]),
    ('"Ann <ann@example.com>', [("Ann", "ann@example.com")]),
    ("Zoë <zoë@exämple.com>", [("Zoë", "zoë@xn--exmple-cua.com")]),
    ("ann@[192.0.2.1]", [("", "ann@[192.0.2.1]")]),
    ("a@[", []),
    ("b@", []),
    ("@", []),
    ("<>", []),
    ("", []),
    (",,,", []),
    ("A \u202egro.elpmaxe\u200b <x@example.com>", [("A gro.elpmaxe", "x@example.com")]),
    ("Ann <ann @example.com>", [("Ann", "ann@example.com")]),
    ("Ann <a nn@example.com>", []),
    ("Doe : Jo <jo@example.com>", [("Doe : Jo", "jo@example.com")]),
]


@pytest.mark.parametrize(("value", "found"), LISTS)
def test_an_address_list_is_read(value: str, found: list[tuple[str, str]]) -> None:
    """(fault 89)"""
    assert [(one.name, one.address) for one in addresses([value.encode()], 500)] == found


@pytest.mark.parametrize(
    "value",
    [
        "a@example.com)b@example.net",
        "a@example.com<b@example.net>",
        "<a@example.com><b@example.net>",
        "a@example.com b@example.net",
        "a@example.com, b@example.net",
    ],
)
def test_a_mailbox_that_could_be_two_is_two(value: str) -> None:
    assert len(addresses([value.encode()], 500)) == 2


def test_an_address_in_a_display_name_is_no_address() -> None:
    """(faults 87 and 89)"""
    assert [one.address for one in addresses([b'"agent@example.org" <stranger@example.net>'], 500)] == ["stranger@example.net"]
    assert addresses([b"=?utf-8?B?YW5uQGV4YW1wbGUuY29t?="], 500) == ()


def test_the_number_of_addresses_is_capped() -> None:
    assert len(addresses([b", ".join(b"a%d@example.com" % n for n in range(1000))], 500)) == 500


IDS = [
    (b"<a@example.com>", "<a@example.com>"),
    (b" \r\n <a\r\n @example.com> (comment)", "<a@example.com>"),
    (b"<[]@>", "<[]@>"),
    (b"a@example.com", "<a@example.com>"),
    (b"<a b@example.com>", "<ab@example.com>"),
    (b"<>", None),
    (b"", None),
    (b"garbage", "<garbage>"),
    (b"<a\0b@example.com>", "<ab@example.com>"),
]


@pytest.mark.parametrize(("value", "found"), IDS)
def test_a_message_id_is_read_whatever_it_looks_like(value: bytes, found: str | None) -> None:
    """(fault 15)"""
    assert message_id(value) == found


def test_references_keep_their_order_and_each_id_once() -> None:
    assert message_ids([b"<a@x> <b@x>\r\n\t<a@x>,<c@x> Ann's message of Monday"], 250) == ("<a@x>", "<b@x>", "<c@x>")


def test_of_too_many_references_the_first_and_the_latest_stay() -> None:
    found = message_ids([b" ".join(b"<%d@x>" % n for n in range(1000))], 250)
    assert (len(found), found[0], found[-1]) == (250, "<0@x>", "<999@x>")


DATES = [
    (b"Tue, 3 Mar 2026 10:15:07 +0100", datetime(2026, 3, 3, 9, 15, 7, tzinfo=UTC)),
    (b"3 Mar 26 10:15 EST", datetime(2026, 3, 3, 15, 15, tzinfo=UTC)),
    (b"Tue, 03 Mar 2026 10:15:07 GMT (comment)", datetime(2026, 3, 3, 10, 15, 7, tzinfo=UTC)),
    (b"Tue Mar  3 10:15:07 2026", datetime(2026, 3, 3, 10, 15, 7, tzinfo=UTC)),
    (b"2026-03-03T10:15:07Z", datetime(2026, 3, 3, 10, 15, 7, tzinfo=UTC)),
    (b"Mon, 1 Jan 2024 10:00:99999999999999999999 +0000", None),
    (b"Mon, 31 Feb 2024 10:00:00 +0000", None),
    (b"Mon, 1 Foo 2024 10:00:00 +0000", None),
    (b"Mon, 1 Jan 2024 10:00:00 +2400", datetime(2024, 1, 1, 10, 0, tzinfo=UTC)),
    (b"Fri, 31 Dec 9999 23:59:59 -1200", None),
    (b"99999", None),
    (b"", None),
]


@pytest.mark.parametrize(("value", "found"), DATES)
def test_a_date_is_an_instant_or_nothing(value: bytes, found: datetime | None) -> None:
    """(fault 55)"""
    assert date(value) == found


def test_comments_nest_and_an_open_one_reaches_to_the_end() -> None:
    assert without_comments("no (a (b) c) x") == "no x"
    assert without_comments("auto-replied (open") == "auto-replied"
    assert without_comments("(" * 5000 + "x") == ""


CHARSETS = [
    ("Größe", "utf-8", "utf-8"),
    ("Größe", "utf-8", "iso-8859-1"),  # UTF-8 that says it is something else
    ("Größe", "utf-8", None),
    ("“so” – 5 €", "cp1252", "iso-8859-1"),
    ("中文㐀", "gb18030", "gb2312"),
    ("한국어", "cp949", "ks_c_5601-1987"),
    ("プリンター①", "cp932", "shift_jis"),
    ("プリンター", "iso2022_jp", "us-ascii"),
    ("プリンター", "iso2022_jp", None),
    ("привет", "koi8_r", "KOI8-R"),
    ("Größe", "utf-16", "utf-16"),
    ("שלום", "iso8859_8", "iso-8859-8-i"),
    ("ş", "cp1254", "iso-8859-9"),
]


@pytest.mark.parametrize(("text", "codec", "label"), CHARSETS)
def test_text_is_read_in_the_charset_that_was_meant(text: str, codec: str, label: str | None) -> None:
    assert decode(text.encode(codec), label)[0] == text


@pytest.mark.parametrize("label", ["utf-8", None, "klingon"])
def test_octets_that_belong_to_no_character_do_not_spoil_the_text(label: str | None) -> None:
    """A filter's footer in another charset, a character cut in two: the text around it is no riddle."""
    text, defect = decode("Größe und Maße: 差出人 steht außen".encode() + b" -- gepr\xfcft \xe2\x82", label)
    assert text == "Größe und Maße: 差出人 steht außen -- gepr\ufffdft \ufffd"
    assert defect == "broken utf-8"
    assert decode("über größere Maße".encode("latin-1"), label)[0] == "über größere Maße"


@pytest.mark.parametrize(("text", "codec"), [("申請課程", "big5"), ("尊敬的客户您好请回复", "gb18030"), ("ご確認ください", "cp932")])
def test_a_text_of_east_asia_is_no_damaged_utf_8(text: str, codec: str) -> None:
    assert decode(text.encode(codec), None)[0] == text


def test_the_added_characters_of_windows_are_read_in_iso_2022_jp() -> None:
    assert decode(b"\x1b$B-!\x1b(B \x1b$B4]\x1b(B", "iso-2022-jp")[0] == "① 丸"


def test_nothing_that_cannot_be_seen_leaves() -> None:
    assert clean_text("a\0b\x1b[2Jc\u202ed\ud800e\x85f\r\ng\ufeff") == "ab[2Jcde\nf\ng"
    assert clean_name("gpj\u202e.exe\u200b\x00") == "gpj.exe"
    assert clean_text("👩\u200d💻 stays whole") == "👩\u200d💻 stays whole"


FILE_NAMES = [
    ("report.pdf", "report.pdf"),
    ("../../etc/passwd", "passwd"),
    ("/etc/passwd", "passwd"),
    ("C:\\temp\\x.doc", "x.doc"),
    ("..\\..\\x", "x"),
    ("a/b.pdf", "a_b.pdf"),
    ("..", ""),
    (".", ""),
    ("", ""),
    ("\u200b.htaccess", ".htaccess"),
    ("a\r\nb.pdf", "a b.pdf"),
    ("x\0.exe", "x.exe"),
    ("photo\u202egnp.exe", "photognp.exe"),
    ("a" * 5000 + ".pdf", "a" * 196 + ".pdf"),
    ("what?.txt", "what_.txt"),
]


@pytest.mark.parametrize(("name", "shown"), FILE_NAMES)
def test_a_file_name_is_cleaned_first_and_judged_then(name: str, shown: str) -> None:
    """A name of a file is never a path (CVE-2026-28289, CVE-2026-27636, fault 108)"""
    assert clean_file_name(name) == shown
