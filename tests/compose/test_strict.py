"""The last look at a finished letter knows every fault when it sees it."""

from __future__ import annotations

import pytest

from mailgate.compose.strict import check_bytes
from mailgate.model.letters import LETTERS
from tests.compose.desk import a_letter, whole
from tests.growth import assert_linear

GOOD = (
    b"Date: Mon, 01 Jun 2026 08:00:00 +0000\r\n"
    b'From: "IT Support" <support@example.org>\r\n'
    b"To: <max@example.com>\r\n"
    b"Subject: hello\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 7bit\r\n"
    b"\r\n"
    b"Hello\r\n"
)


def without(name: bytes) -> bytes:
    return b"\r\n".join(line for line in GOOD.split(b"\r\n") if not line.startswith(name + b":"))


def instead(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


MULTI = GOOD.replace(b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit", b'multipart/mixed; boundary="f"').replace(
    b"Hello\r\n", b""
)
PART = b"Content-Type: text/plain\r\n\r\nHello\r\n"


def test_a_good_letter_has_no_fault():
    assert check_bytes(GOOD) == []
    assert check_bytes(MULTI + b"--f\r\n" + PART + b"\r\n--f--\r\n") == []
    assert check_bytes(instead(b"<max@", "<grüße@".encode()), utf8=True) == []


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        *((without(name), "missing") for name in (b"Date", b"From", b"To", b"Subject", b"Message-ID", b"MIME-Version", b"Content-Type")),
        *((instead(name + b":", name + b": x\r\n" + name + b":"), "more than once") for name in (b"Date", b"From", b"Subject")),
        (instead(b"Subject:", b"Reply-To: <a@b>\r\nReply-To: <c@d>\r\nSubject:"), "more than once"),
        (instead(b"Subject:", b"Bcc: <evil@example.net>\r\nSubject:"), "not a field of ours"),
        (instead(b"Subject:", b"X-Mailgate: yes\r\nSubject:"), "not a field of ours"),
        (instead(b"hello\r\n", b"hello\n"), "stands alone"),
        (instead(b"hello", b"hel\rlo"), "stands alone"),
        (instead(b"Hello", b"Hel\nlo"), "stands alone"),
        (instead(b"hello", b"hel\x00lo"), "control"),
        (instead(b"Hello", b"Hel\x0blo"), "control"),
        (instead(b"hello", b"hel\tlo"), "tab"),
        (instead(b"hello", "hällo".encode()), "beyond ASCII"),
        (instead(b"Hello", "Hällo".encode()), "beyond ASCII"),
        (instead(b"Hello", b"H" * 999), "longer than 998"),
        (instead(b"hello", b"a\r\n " + b"word " * 20 + b"end"), "could be folded"),
        (instead(b"hello", b"a\r\n \r\n b"), "continuation"),
        (instead(b"Subject: hello", b"Subject hello"), "no header field"),
        (instead(b"Subject: hello", b"Subject : hello"), "no header field"),
        (instead(b"Subject: hello", b"Subject: =?utf-8?q?a b?="), "encoded word"),
        (instead(b"Subject: hello", b"Subject: =?utf-8?q?" + b"a" * 70 + b"?="), "encoded word"),
        (instead(b"Subject: hello", b"Subject: <=?utf-8?q?a>"), "encoded word"),
        (instead(b"<max@example.com>", b'"=?a" <max@example.com>'), "encoded word"),
        (instead(b"<max@example.com>", b"<max@example.com>, <evil@example.net>"), "not one address"),
        (instead(b"<max@example.com>", b'"a" <evil@example.net> <max@example.com>'), "not one address"),
        (instead(b"<max@example.com>", b"max@example.com"), "not one address"),
        (instead(b"<support@example.org>", b"<support@example.org>;"), "not one address"),
        (instead(b"<1@example.org>", b"1@example.org"), "not Message-IDs"),
        (instead(b"<1@example.org>", b"<1@example.org> <2@example.org>"), "more than one"),
        (instead(b"Mon, 01", b"Mon 01"), "not in its form"),
        (instead(b": 1.0", b": 1.1"), "not 1.0"),
        (GOOD.replace(b"\r\n\r\n", b"\r\n"), "no empty line"),
        (MULTI + b"--f\r\n" + PART, "open and close"),
        (MULTI + b"preamble\r\n--f\r\n" + PART + b"\r\n--f--\r\n", "open and close"),
        (MULTI + b"--f\r\nContent-Type: text/plain\r\nHello\r\n--f--\r\n", "without a header"),
        (MULTI + b"--f\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\n--f--\r\n", "without its type"),
        (MULTI + b"--f\r\nContent-Type: text/plain\r\nBcc: <evil@example.net>\r\n\r\nx\r\n--f--\r\n", "not a field of ours"),
        (MULTI.replace(b' boundary="f"', b""), "no boundary"),
        (b"", "no empty line"),
    ],
)  # fmt: skip
def test_each_fault_is_named(data: bytes, fault: str):
    """(fault 139)"""
    assert any(fault in found for found in check_bytes(data)), check_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        instead(b"<max@example.com>", b"<a=?b@example.com>"),
        instead(b"Subject: hello", b"In-Reply-To: <=?utf-8?q?x@example.com>\r\nSubject: hello"),
    ],
)
def test_an_address_or_an_id_that_looks_like_an_encoded_word_is_none(data: bytes):
    assert check_bytes(data) == []


def test_every_letter_that_is_shipped_passes():
    """(fault 139)"""
    for event, audience in LETTERS:
        for language in ("en", "de"):
            letter = a_letter(event, audience, language)
            assert check_bytes(whole(letter) + (f"\r\n--{letter.boundary}--\r\n".encode() if letter.boundary else b"")) == []


def test_looking_takes_time_in_proportion():
    assert_linear(lambda n: check_bytes(instead(b"hello", b"=?" * n + b" <" * n)), 2_000, times=10)
