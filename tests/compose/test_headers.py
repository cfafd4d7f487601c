"""The writer of headers: what goes in comes out again, and nothing becomes a second header, line or address."""

from __future__ import annotations

import email
import email.policy
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.compose import headers
from mailgate.compose.strict import Unsealable

SCRIPTS = [
    "Grüße aus Köln",
    "čeština žluťoučký kůň",
    "Ελληνικά",
    "Русский текст",
    "Українська",
    "עברית",
    "العربية",
    "فارسی",
    "हिन्दी में विषय",
    "বাংলা",
    "ਪੰਜਾਬੀ",
    "ગુજરાતી",
    "தமிழ்",
    "తెలుగు",
    "ಕನ್ನಡ",
    "മലയാളം",
    "සිංහල",
    "ภาษาไทย",
    "ລາວ",
    "မြန်မာ",
    "ខ្មែរ",
    "ქართული",
    "Հայերեն",
    "አማርኛ",
    "한국어 제목",
    "日本語の件名",
    "中文主题",
    "繁體中文",
    "Tiếng Việt",
    "Монгол",
    "ᠮᠣᠩᠭᠣᠯ",
    "ދިވެހި",
    "🙂 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 👍🏽",
    "e\u0301 combining",
    "각 jamo",
]
#: What people can have in a subject or name: printable, one line, single inner blanks.
words = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn"), blacklist_characters="\ufffe\uffff"), min_size=1, max_size=40
)
phrases = st.lists(words, min_size=1, max_size=12).map(" ".join)


def unfolded(value: str) -> str:
    return value.replace("\r\n", "")


def read_back(name: str, line: str) -> str:
    value = email.message_from_string(line + "\r\n\r\n")[name]
    return str(make_header(decode_header(unfolded(value))))


def independent(value: str) -> str:
    """A second decoder, of our own: RFC 2047 and nothing else."""
    value = re.sub(r"(\?=)\s+(=\?)", r"\1\2", unfolded(value))

    def one(match: re.Match[str]) -> str:
        data = match[3]
        if match[2].lower() == "b":
            return b64decode(data).decode(match[1])
        return re.sub(rb"=([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), data.replace("_", " ").encode()).decode(match[1])

    return re.sub(r"=\?([^?]+)\?([bBqQ])\?([^?]*)\?=", one, value)


@pytest.mark.parametrize("subject", [*SCRIPTS, *(f"Re: {s} [IT-1042-K7QF3M9X]" for s in SCRIPTS), *(f"{s} " * 40 + "end" for s in SCRIPTS)])
def test_a_subject_in_any_script_comes_out_as_it_went_in(subject: str):
    """(fault 142)"""
    line = headers.unstructured("Subject", subject)
    assert line.isascii()
    assert all(len(row) <= 78 for row in line.split("\r\n"))
    assert all(len(word) <= 75 for word in re.findall(r"=\?\S+\?=", line))
    assert read_back("Subject", line) == subject
    assert independent(line.removeprefix("Subject: ")) == subject


@given(phrases)
def test_whatever_stands_in_a_subject_is_read_back_by_two_decoders(subject: str):
    line = headers.unstructured("Subject", subject)
    assert read_back("Subject", line) == subject
    assert independent(line.removeprefix("Subject: ")) == subject


@given(phrases)
def test_a_name_never_changes_whom_a_letter_goes_to(name: str):
    """(CVE-2025-1795, gh-80222, gh-121284, fault 103)"""
    line = headers.mailbox_field("To", name, "max@example.com")
    value = unfolded(email.message_from_string(line + "\r\n\r\n")["To"])
    [(_, address)] = getaddresses([value])
    assert address == "max@example.com"
    parsed = email.message_from_string(line + "\r\n\r\n", policy=email.policy.default)["To"]
    assert [one.addr_spec for one in parsed.addresses] == ["max@example.com"]
    shown = value.rpartition(" <")[0]
    assert (shown[1:-1] if shown.startswith('"') else independent(shown)) == name.strip(" ")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_in_any_script_is_read_back(name: str):
    shown = read_back("From", headers.mailbox_field("From", name, "it@example.org"))
    assert shown.rpartition(" <")[0].strip('"') == name


@pytest.mark.parametrize(
    "name", ["", "Muster, Max", 'Max "the" Muster', "a\\", "<evil@example.net>", "x@y.example", "(a", "=?utf-8?q?hi?=", "a=? b", "a,b;c:d"]
)
def test_names_full_of_signs_stay_names(name: str):
    assert '"=?' not in headers.mailbox_field("From", name, "it@example.org") and '=? b"' not in headers.mailbox_field(
        "From", name, "a@b.example"
    )
    value = unfolded(headers.mailbox_field("From", name, "it@example.org").removeprefix("From: "))
    assert [address for _, address in getaddresses([value])] == ["it@example.org"]


def test_a_character_is_never_cut_in_two_and_neither_is_a_family():
    """(fault 142)"""
    family = "👩‍👩‍👧‍👦"
    for line in (
        headers.unstructured("Subject", family * 12),
        headers.unstructured("Subject", "🇩🇪" * 30),
        headers.unstructured("Subject", "e\u0301" * 60),
    ):
        for word in re.findall(r"=\?utf-8\?b\?([^?]+)\?=", line):
            piece = b64decode(word).decode()
            assert not piece.startswith(("\u200d", "\u0301")) and not piece.endswith("\u200d")
            assert sum("\U0001f1e6" <= c <= "\U0001f1ff" for c in piece) % 2 == 0


def test_a_grapheme_longer_than_a_word_is_cut_between_its_characters():
    zalgo = "a" + "\u0316" * 200
    assert read_back("Subject", headers.unstructured("Subject", zalgo)) == zalgo


EVIL = [
    "\r\nBcc: evil@example.net",
    "\nBcc: evil@example.net",
    "\rBcc: evil@example.net",
    "\r\n\r\n<script>",
    "a\x00b",
    "a\x0bb",
    "a\x0cb",
    "a\u2028b",
    "a\u2029b",
    "a\u0085b",
    "a\x1cb",
    "a\x1db",
    "a\x1eb",
    "a\tb",
    "a\x7fb",
    "a\x9bb",
    "a\ud800b",
    "a\udcffb",
    "a\ufffeb",
]


@pytest.mark.parametrize("evil", EVIL)
def test_the_writer_refuses_what_could_become_a_line(evil: str):
    """(fault 102)"""
    for write in (
        lambda: headers.unstructured("Subject", evil),
        lambda: headers.mailbox_field("From", evil, "a@example.org"),
        lambda: headers.mailbox_field("From", "", f"a{evil}@example.org"),
        lambda: headers.mailbox_field("From", "", f"a@example.org{evil}"),
        lambda: headers.parameter("Content-Disposition", "attachment", "filename", evil),
    ):
        with pytest.raises(Unsealable) as refused:
            write()
        assert "evil" not in str(refused.value)
    assert headers.message_ids("References", [f"<a@b>{evil}", f"<a{evil}@b>"]) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "max",
        "@example.org",
        "max@",
        "a@b@c.example",
        "a b@example.org",
        "a,b@example.org",
        "a@example..org",
        "a@-x.example",
        "<a@example.org>",
        '"a@example.org',
    ],
)
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(Unsealable):
        headers.wire_address(address)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("max@example.com", "<max@example.com>"),
        ("a..b@example.jp", '<"a..b"@example.jp>'),  # some telephone companies hand out such addresses
        ("a.@example.jp", '<"a."@example.jp>'),
        ('"john doe"@example.com', '<"john doe"@example.com>'),
        ("max@bücher.example", "<max@xn--bcher-kva.example>"),
        ("grüße@example.org", "<grüße@example.org>"),
        ("max@[192.0.2.1]", "<max@[192.0.2.1]>"),
    ],
)
def test_odd_addresses_that_exist_are_written_so_that_they_can_be_read(address: str, written: str):
    assert headers.mailbox("", address) == [written]


def test_references_keep_the_first_and_the_newest_and_stay_below_four_kilobytes():
    """(fault 141)"""
    ids = [f"<{n}.{'x' * 60}@example.com>" for n in range(5000)]
    line = headers.message_ids("References", ["<anchor@example.org>", *ids], 2)
    found = re.findall(r"<[^>]+>", line)
    assert found == ["<anchor@example.org>", ids[0], *ids[-20:]]
    long = [f"<{n}.{'x' * 380}@example.com>" for n in range(40)]
    assert len(headers.message_ids("References", long).encode()) <= 4096 + len("References:")
    assert headers.message_ids("References", long).endswith(long[-1])


def test_what_is_no_message_id_is_left_out_of_references():
    assert headers.message_ids("References", ["<a@b>", "a@b", "<a b@c>", "<[]@>", "<ü@b>", "<a@b>"]) == "References: <a@b>"


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), st.integers(-720, 840))
def test_a_date_is_the_same_instant_for_everybody(naive: datetime, minutes: int):
    at = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parsedate_to_datetime(headers.date(at)) == at.astimezone(UTC)


@pytest.mark.parametrize(
    "name",
    [
        *SCRIPTS,
        "report.pdf",
        "a b.txt",
        "100%.txt",
        "x" * 200 + ".pdf",
        'q"uote.txt',
        "back\\slash",
        "日本語" * 40 + ".docx",
        "=?utf-8?q?x?=.exe",
        "a;b.txt",
    ],
)
def test_a_file_name_in_any_script_is_read_back(name: str):
    line = headers.parameter("Content-Disposition", "attachment", "filename", name)
    assert line.isascii() and all(len(row) <= 78 or " " not in row.strip() for row in line.split("\r\n"))
    assert email.message_from_string(line + "\r\n\r\n").get_filename() == name
    assert email.message_from_string(line + "\r\n\r\n", policy=email.policy.default).get_filename() == name
