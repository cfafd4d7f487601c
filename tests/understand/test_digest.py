"""Is it the same mail again? What a delivery adds does not count, everything else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.understand.mime.digest import digest
from tests.growth import assert_linear

HEAD = b"From: max@home.example\nTo: support@example.org\nSubject: printer\nMessage-ID: <1@home.example>\n"
MAIL = HEAD + b"\nIt prints nothing.\n"

TRACES = [
    b"Received: from a.example (a.example [192.0.2.1])\n\tby b.example with ESMTPS id 4711;\n\tMon, 1 Jun 2026 10:00:00 +0000\n",
    b"RECEIVED: by b.example\n",
    b"Return-Path: <max@home.example>\n",
    b"Delivered-To: support@example.org\n",
    b"X-Original-To: support@example.org\n",
    b"Envelope-To: support@example.org\n",
    b"Authentication-Results: mx.example;\n dkim=pass\n",
    b"ARC-Seal: i=1; a=rsa-sha256;\n b=abc\n",
    b"ARC-Authentication-Results: i=1; mx.example\n",
    b"arc-message-signature: i=1\n",
    b"DKIM-Signature: v=1; a=rsa-sha256;\n\tbh=abc;\n\tb=def\n",
    b"Received-SPF: pass\n",
    b"X-Spam-Status: No,\n\tscore=0.1\n",
    b"X-Spam-Flag : NO\n",
    b"X-MS-Exchange-Organization-AuthAs: Internal\n",
    b"X-Gm-Message-State: abc\n",
]


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.partition(b":")[0].decode())
def test_what_servers_add_on_the_way_does_not_make_another_mail(trace: bytes):
    """(fault 10)"""
    assert digest(trace + MAIL) == digest(MAIL)
    assert digest(HEAD + trace + b"\nIt prints nothing.\n") == digest(MAIL)
    assert digest(trace + trace + MAIL.replace(b"Subject", trace + b"Subject")) == digest(MAIL)


@pytest.mark.parametrize(
    "same",
    [
        MAIL.replace(b"\n", b"\r\n"),
        MAIL.replace(b"\n", b"\r"),
        MAIL + b"\n\n\n",
        MAIL + b"\r\n\r\n",
        MAIL.rstrip(b"\n"),
        b"From max@home.example Mon Jun  1 10:00:00 2026\n" + MAIL,
    ],
)
def test_line_ends_blank_lines_at_the_end_and_an_mbox_line_do_not_count(same: bytes):
    assert digest(same) == digest(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"nothing", b"something"),
        MAIL.replace(b"printer", b"scanner"),
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"Subject", b"X-Received: yes\nSubject"),
        MAIL.replace(b"Subject", b"Received-By: me\nSubject"),
        MAIL.replace(b"\n\nIt", b"\n\n\nIt"),
        MAIL.replace(b"It", b"\tIt"),
        # Traces count where they are not this mail's own: in its text, or in a mail that is attached to it.
        MAIL + b"Received: by b.example\n",
        MAIL + b"\nReceived: by b.example\n",
        MAIL.replace(b"Subject: ", b"Subject: Received: "),
        # A folded line belongs to the header above it.
        MAIL.replace(b"printer\n", b"printer\n Received: by b.example\n"),
        b"",
        b"\n" + MAIL,
    ],
)
def test_everything_else_makes_another_mail(other: bytes):
    """(fault 12)"""
    assert digest(other) != digest(MAIL)


def test_bytes_without_headers_and_without_anything_have_a_digest():
    for raw in (b"", b"\n", b"\r\n\r\n", b"no header at all", b"\x00\xff" * 10, b":", b"Received:", b"From "):
        assert len(digest(raw)) == 64
    assert digest(b"\n\nReceived: x\n") != digest(b"\n\n")
    assert digest(b"Subject: a\n\nb") != digest(b"Subject: ab")


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_two_bodies_that_differ_are_two_mails(one: bytes, other: bytes):
    def plain(body: bytes) -> bytes:
        return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")

    assert (digest(HEAD + b"\nx" + one) == digest(HEAD + b"\nx" + other)) == (plain(b"x" + one) == plain(b"x" + other))


@given(st.lists(st.sampled_from(TRACES), max_size=6), st.binary(max_size=200).filter(lambda b: not b.startswith((b" ", b"\t"))))
def test_traces_on_top_of_any_mail_change_nothing(traces: list[bytes], body: bytes):
    mail = HEAD + b"\n" + body
    assert digest(b"".join(traces) + mail) == digest(mail)


@given(st.binary(max_size=500))
def test_it_cannot_fail(raw: bytes):
    assert digest(raw) == digest(raw.replace(b"\r\n", b"\n"))


def test_it_takes_time_in_proportion_to_the_bytes():
    for hostile in (b"\n ", b"Received:\n", b"Received: x\n\t", b"X-Spam-", b"\nARC-", b"Received"):
        assert_linear(lambda times, one=hostile: digest(one * times), 50_000, why=hostile)
