"""What is packed, wrapped or stowed in a mail: it is read, found again by its address, and nothing breaks the reader."""

from __future__ import annotations

import base64
import random
import time

import pytest

from mailgate.model.mail import Attachment, Mail
from mailgate.understand.limits import LIMITS
from mailgate.understand.mime.invitation import words_of
from mailgate.understand.mime.rtf import decompressed, text_of_rtf
from mailgate.understand.mime.tnef import unpack
from mailgate.understand.mime.uuencode import stowed_files
from mailgate.understand.mime.wrapped import Cms, cms_kind, signed_content, without_armour
from mailgate.understand.parse import parse
from tests.heard import parse_commands
from tests.understand.one_file import attachment_bytes
from tests.understand.writers import (
    COMPRESSED,
    ENVELOPED,
    a_file,
    a_property,
    attribute,
    compressed_rtf,
    properties,
    sealed,
    signed,
    stored_rtf,
    streamed,
    tnef,
    uuencoded,
    yencoded,
)

HEAD = b"From: Ann <ann@example.com>\r\nTo: support@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
EVERY_OCTET = bytes(range(256)) * 3


def a_mail(kind: str, data: bytes, text: str | None = "see file", name: str = "") -> bytes:
    part = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{name}\r\n".encode() + base64.encodebytes(data)
    if text is None:
        return HEAD + part
    return (
        HEAD
        + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        + text.encode()
        + b"\r\n--b\r\n"
        + part
        + b"\r\n--b--\r\n"
    )


def found_again(raw: bytes) -> list[tuple[str, bytes | None]]:
    return [(one.part, attachment_bytes(raw, one)) for one in parse(raw).attachments]


# --- winmail.dat ------------------------------------------------------------------------------------------------------------


def test_files_come_out_of_winmail_dat_with_their_long_names_and_are_found_again() -> None:
    packed = tnef(
        a_file("REPORT~1.TXT", b"line\n", a_property(0x3707, "Größe ①.txt"), a_property(0, "x", named="odd"), a_property(0x0FFE, 7)),
        a_file("pic.png", EVERY_OCTET, a_property(0x370E, "image/png", narrow=True), a_property(0x3712, "pic@1")),
    )
    raw = a_mail("application/ms-tnef; name=winmail.dat", packed)
    mail = parse(raw)
    assert [(one.name, one.type, one.content_id, one.part) for one in mail.attachments] == [
        ("Größe ①.txt", "text/plain", "", "2!1"),
        ("pic.png", "image/png", "pic@1", "2!2"),
    ]
    assert found_again(raw) == [("2!1", b"line\n"), ("2!2", EVERY_OCTET)]
    assert mail.text == "see file"
    assert "part 2: 2 files taken out of winmail.dat" in mail.defects


def test_winmail_dat_is_known_by_its_first_octets_whatever_it_is_called() -> None:
    raw = a_mail("application/octet-stream", tnef(a_file("a.txt", b"x")))
    assert [one.name for one in parse(raw).attachments] == ["a.txt"]


BODIES = [
    (attribute(1, 0x0002800C, "Grüße\0".encode("cp1252")), "Grüße"),
    (attribute(1, 0x00069003, properties(a_property(0x1000, "Größe 中"))), "Größe 中"),
    (attribute(1, 0x00069003, properties(a_property(0x1013, b"<p>in HTML</p>"))), "in HTML"),
    (attribute(1, 0x00069003, properties(a_property(0x1009, stored_rtf(b"{\\rtf1\\ansi one\\par two}")))), "one\ntwo"),
]


@pytest.mark.parametrize(("body", "text"), BODIES)
def test_the_text_in_winmail_dat_is_read_where_the_mail_has_no_other(body: bytes, text: str) -> None:
    assert parse(a_mail("application/ms-tnef", tnef(body), None)).text == text
    assert parse(a_mail("application/ms-tnef", tnef(body))).text == "see file"


def test_a_message_within_winmail_dat_keeps_the_whole_file() -> None:
    raw = a_mail("application/ms-tnef; name=winmail.dat", tnef(a_file("msg", b"x", a_property(0x3705, 5)), a_file("a.txt", b"y")))
    assert [one.name for one in parse(raw).attachments] == ["winmail.dat", "a.txt"]
    assert [data for _, data in found_again(raw)][1] == b"y"


def test_a_broken_winmail_dat_stays_the_file_that_it_is() -> None:
    whole = tnef(a_file("a.txt", b"x" * 100))
    for cut in range(12, len(whole) - 2, 7):
        raw = a_mail("application/ms-tnef; name=winmail.dat", whole[:cut])
        mail = parse(raw)
        names = [one.name for one in mail.attachments]
        assert names == ["winmail.dat"] or (names == ["a.txt"] and cut > 100), cut
    assert "part 2: winmail.dat is broken, kept as it is" in parse(a_mail("application/ms-tnef", whole[:40])).defects


def test_mutations_of_winmail_dat_raise_nothing() -> None:
    dice = random.Random(20260303)
    whole = tnef(BODIES[1][0], BODIES[3][0], a_file("a.txt", b"x", a_property(0x3707, "long.txt"), a_property(0, "v", named="n")))
    opened = 0
    for _ in range(4_000):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(4, len(data))] = dice.choice((0, 1, 0xFF, 0x7F, dice.randrange(256)))
        found = unpack(bytes(data), 1000)
        opened += found is not None
        if found is not None:
            text_of_rtf(found.rtf, 1000)
    assert 100 < opened < 4_000


def test_counts_that_lie_cost_nothing() -> None:
    many = b"\xff\xff\xff\x7f"
    for bomb in (
        tnef(attribute(1, 0x00069003, many)),
        tnef(attribute(1, 0x00069003, b"\1\0\0\0" + b"\x1f\x10\0\x10" + many + bytes(64))),
        tnef(*[attribute(2, 0x00069002, b"")] * 100_000),
        tnef(attribute(1, 0x00069003, properties(*[a_property(0x1000, "x")] * 30_000))),
    ):
        start = time.process_time()
        assert unpack(bomb, LIMITS.text) is None
        assert time.process_time() - start < 0.5


# --- RTF --------------------------------------------------------------------------------------------------------------------

RTF = [
    (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator x;}\f0 Gr\'fc\'dfe\par \b bold\b0\tab x}",
     "Grüße\nbold\tx"),
    (rb"{\rtf1\ansi\uc1 \u20013?\u-10179?\u-8704? {\uc0 \u228 }x}", "中😀 äx"),
    (rb"{\rtf1 a\{b\}\\c\~d\line e}", "a{b}\\c\u00a0d\ne"),
    (rb"{\rtf1\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 words\htmlrtf }\htmlrtf0{\*\htmltag72 </p>}}", "words"),
    (rb"{\rtf1\ansi\ansicpg932 \'83v\'83\'8a\'83\'93}", "プリン"),
    (rb"no rtf at all }}}{{{", "no rtf at all "),
]  # fmt: skip


@pytest.mark.parametrize(("rtf", "text"), RTF)
def test_rtf_is_read_by_its_words(rtf: bytes, text: str) -> None:
    assert text_of_rtf(rtf, 1000) == text


def test_compressed_rtf_is_unpacked_up_to_its_cap_and_never_beyond() -> None:
    """(fault 112)"""
    plain = b"{\\rtf1 the words of a mail that is long enough}"
    assert decompressed(compressed_rtf(plain), 1000) == plain
    # "{\rtf1\ansi" stands at the beginning of the dictionary.
    assert decompressed(compressed_rtf(b" words}", (0, 11)), 1000) == b"{\\rtf1\\ansi words}"
    assert decompressed(compressed_rtf(plain), 10) == b""
    assert decompressed(compressed_rtf(plain)[:30], 1000) == plain[:12]


# --- S/MIME -----------------------------------------------------------------------------------------------------------------

INNER = (
    b"From: Boss <boss@example.org>\r\nSubject: protected\r\nIn-Reply-To: <7.x@example.org>\r\n"
    b'Content-Type: multipart/mixed; boundary="i"\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nsigned words\r\n'
    b"--i\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--i--\r\n"
)


@pytest.mark.parametrize("wrap", [signed, streamed])
@pytest.mark.parametrize("text", ["above", None])
def test_a_signed_mail_is_read_and_its_files_are_found_again(wrap: object, text: str | None) -> None:
    assert callable(wrap)
    raw = a_mail("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", wrap(INNER), text)
    mail = parse(raw)
    assert mail.text == ("above\n\nsigned words" if text else "signed words")
    path = "2" if text else "1"
    assert found_again(raw) == [(f"{path}!2", b"%PDF")]
    assert f"part {path}: S/MIME signature not checked, its content is read" in mail.defects


def test_the_inner_header_names_nobody_and_belongs_to_no_ticket() -> None:
    mail = parse(a_mail("application/pkcs7-mime", signed(INNER), None))
    assert [author.address for author in mail.authors] == ["ann@example.com"]
    assert (mail.subject, mail.in_reply_to, mail.reported_ids) == ("x", (), ())


@pytest.mark.parametrize(("kind", "note"), [(ENVELOPED, "S/MIME encrypted: not readable"), (COMPRESSED, "S/MIME compressed: not opened")])
def test_what_is_sealed_is_kept_and_told(kind: bytes, note: str) -> None:
    mail = parse(a_mail("application/pkcs7-mime; name=smime.p7m", sealed(kind), None))
    assert [one.name for one in mail.attachments] == ["smime.p7m"]
    assert f"part 1: {note}" in mail.defects


def test_wrappings_are_opened_to_a_depth_and_no_further() -> None:
    inner = b"Content-Type: text/plain\r\n\r\nat the bottom"
    for depth in (3, 4):
        data = inner
        for _ in range(depth):
            data = (
                b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + base64.encodebytes(signed(data)).replace(b"\n", b"\r\n")
            )  # fmt: skip
        mail = parse(HEAD + data)
        assert (mail.text == "at the bottom") is (depth == 3)
    assert any("too many wrappings" in note for note in mail.defects)


def test_mutations_of_cms_raise_nothing() -> None:
    dice = random.Random(20260304)
    for whole in (signed(INNER), streamed(INNER, 40)):
        for _ in range(3_000):
            data = bytearray(whole)
            for _ in range(dice.randint(1, 3)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            signed_content(bytes(data[: dice.choice((len(data), dice.randrange(len(data))))]))
    assert cms_kind(b"") is None and cms_kind(b"\x30\x80") is None and cms_kind(sealed(ENVELOPED)) is Cms.ENVELOPED


def test_open_ends_within_open_ends_are_left_alone() -> None:
    start = time.process_time()
    assert signed_content(b"\x30\x80" * 400_000) is None
    head = streamed(b"")[:15]
    assert signed_content(head + b"\x30\x80\x02\x01\x01" + b"\x31\x80" * 400_000) is None
    assert time.process_time() - start < 0.5


# --- PGP --------------------------------------------------------------------------------------------------------------------

SIGNED_TEXT = """above

-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

My key is lost.
- --\x20
Jo
-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEE
=ab12
-----END PGP SIGNATURE-----

below"""


def test_an_inline_signature_is_taken_off() -> None:
    assert without_armour(SIGNED_TEXT) == "above\n\nMy key is lost.\n-- \nJo\n\nbelow"
    mail = parse(HEAD + b"\r\n" + SIGNED_TEXT.encode())
    assert "BEGIN PGP" not in mail.text
    assert "part 1: PGP signature taken off, not checked" in mail.defects


def test_pgp_encrypted_mail_is_told() -> None:
    raw = HEAD + (
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="e"\r\n\r\n--e\r\n'
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\n"
        b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--e--\r\n"
    )
    mail = parse(raw)
    assert "PGP encrypted: not readable" in mail.defects
    assert [one.name for one in mail.attachments] == ["part-1.asc", "encrypted.asc"]
    assert "part 1: PGP encrypted: not readable" in parse(HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\r\nabc").defects


# --- files in a text ----------------------------------------------------------------------------------------------------------


def test_files_in_a_text_leave_it_and_are_found_again() -> None:
    first, second = uuencoded("a b.txt", EVERY_OCTET), yencoded("pic.png", EVERY_OCTET)
    raw = HEAD + b"Content-Type: text/plain; charset=latin1\r\n\r\nsee\n" + first + b"and\n" + second + b"bye\n"
    mail = parse(raw)
    assert mail.text.split() == ["see", "and", "bye"]
    assert [(one.name, one.type, one.size) for one in mail.attachments] == [("a b.txt", "text/plain", 768), ("pic.png", "image/png", 768)]
    assert found_again(raw) == [("1!1", EVERY_OCTET), ("1!2", EVERY_OCTET)]
    old = Attachment(**{name: getattr(mail.attachments[0], name) for name in Attachment.__slots__} | {"part": "1u1"})
    assert attachment_bytes(raw, old) == EVERY_OCTET


def test_prose_about_beginnings_stays_prose() -> None:
    for text in (
        "begin 644 times\nno file here",
        "we begin 644 x\nend",
        "=ybegin size=3 name=x\nabc",
        "=ybegin line=1 size=9 name=x\nabc\n=yend",
    ):
        assert stowed_files(text.encode()) == []


def test_base64_with_the_footer_of_a_list_keeps_both() -> None:
    body = base64.encodebytes("Größe\n".encode())
    raw = (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + body
        + b"_____\nthe list says bye\n"
    )
    mail = parse(raw)
    assert mail.text == "Größe\n\n_____\nthe list says bye"
    assert "part 1: text below base64" in mail.defects


def test_text_that_only_says_it_is_base64_is_shown() -> None:
    mail = parse(HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nhello, this is plain text\r\n")
    assert mail.text == "hello, this is plain text"


def test_a_file_in_quoted_printable_has_its_line_ends_back() -> None:
    raw = HEAD + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=0A=\r\nb\r\nc"
    assert found_again(raw) == [("1", b"a\nb\r\nc")]


# --- invitations --------------------------------------------------------------------------------------------------------------

INVITATION = """BEGIN:VCALENDAR
BEGIN:VTIMEZONE
DTSTART:16010101T000000
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY;LANGUAGE=de:Umzug\\, Haus 4
DTSTART;TZID="Europe/Berlin":20260309T080000
DTEND:20260309T100000Z
LOCATION:Foyer
DESCRIPTION:Bitte alle\\nPlätze räu
 men.
BEGIN:VALARM
DESCRIPTION:REMINDER
END:VALARM
END:VEVENT
END:VCALENDAR"""


def test_an_invitation_alone_is_told_in_words() -> None:
    words = "Umzug, Haus 4\n2026-03-09 08:00 (Europe/Berlin) - 2026-03-09 10:00 UTC\nFoyer\n\nBitte alle\nPlätze räumen."
    assert words_of(INVITATION) == words
    mail: Mail = parse(HEAD + b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" + INVITATION.encode())
    assert mail.text == words
    assert [one.name for one in mail.attachments] == ["part-1.ics"]


def test_no_line_of_an_invitation_reads_as_a_command() -> None:
    """None is obeyed; one that looks like a command brings the mail back at most (fault 134)."""
    told = words_of(INVITATION.replace("Umzug", "#resolve").replace("Foyer", "\uff03take").replace("Bitte", "\u200b#close"))
    parsed = parse_commands(told)
    assert parsed.commands == () and {fault.code for fault in parsed.errors} == {"E_LATE"}
    assert told.startswith("- #resolve, Haus 4")


def test_a_command_in_an_invitation_is_never_new_text_beside_a_text() -> None:
    raw = a_mail("text/calendar; method=REQUEST", INVITATION.replace("Foyer", "#resolve").encode())
    assert "#resolve" not in parse(raw).new_text
