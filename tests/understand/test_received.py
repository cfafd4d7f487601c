"""One `Received:` line of every kind of server: who wrote it, whom it had the mail from, and nothing of what the client said of itself."""

from __future__ import annotations

import pytest

from mailgate.understand.identity.received import hop_of
from tests.growth import assert_linear

LINES: tuple[tuple[str, str, tuple[str, str, str | None, str]], ...] = (
    (
        "Postfix",
        "from mail.evil.example (host.evil.example [203.0.113.9])\r\n by mx.example.org (Postfix) with ESMTPS id 4F1 for <a@b>; Mon",
        ("mx.example.org", "mail.evil.example", "203.0.113.9", "host.evil.example"),
    ),
    (
        "Postfix, unknown",
        "from x (unknown [203.0.113.9]) by mx.example.org (Postfix) with ESMTP",
        ("mx.example.org", "x", "203.0.113.9", "unknown"),
    ),
    (
        "Postfix with TLS",
        "from x (y.example [203.0.113.9]) (using TLSv1.3 with cipher A (256/256 bits)) (No client certificate requested)"
        " by mx.example.org (Postfix) with ESMTPS id 1",
        ("mx.example.org", "x", "203.0.113.9", "y.example"),
    ),
    ("Postfix, IPv6", "from x (y.example [IPv6:2001:db8::9]) by mx.example.org", ("mx.example.org", "x", "2001:db8::9", "y.example")),
    (
        "sendmail",
        "from x (y.example [203.0.113.9]) by mx.example.org (8.17.1/8.17.1) with ESMTPS id 1 for <a@b>; Mon",
        ("mx.example.org", "x", "203.0.113.9", "y.example"),
    ),
    (
        "Exim, known",
        "from y.example ([203.0.113.9] helo=x) by mx.example.org with esmtps (TLS1.3) id 1",
        ("mx.example.org", "y.example", "203.0.113.9", "y.example"),
    ),
    (
        "Exim, unknown",
        "from [203.0.113.9] (helo=mx.example.org) by mx.example.org with esmtp",
        ("mx.example.org", "203.0.113.9", "203.0.113.9", ""),
    ),
    (
        "Exim, a greeting that is an address",
        "from [203.0.113.9] (helo=[10.0.0.1]) by mx.example.org",
        ("mx.example.org", "203.0.113.9", "203.0.113.9", ""),
    ),
    (
        "qmail",
        "from unknown (HELO mx.example.org) (203.0.113.9) by mx.example.org with SMTP; 1 Jun",
        ("mx.example.org", "unknown", "203.0.113.9", ""),
    ),
    (
        "qmail, a greeting that is an address",
        "from unknown (HELO [10.0.0.1]) (203.0.113.9) by mx.example.org",
        ("mx.example.org", "unknown", "203.0.113.9", ""),
    ),
    (
        "Microsoft",
        "from x (203.0.113.9) by a.mail.protection.outlook.com (10.1.1.1) with Microsoft SMTP Server (version=TLS1_2, cipher=A) id 15",
        ("a.mail.protection.outlook.com", "x", "203.0.113.9", ""),
    ),
    (
        "Gmail",
        "from x (y.example. [203.0.113.9])\r\n        by mx.google.com with ESMTPS id 1 for <a@b>",
        ("mx.google.com", "x", "203.0.113.9", "y.example"),
    ),
    ("Gmail, within", "by 2002:a05:6402:1f0e:b0:57a:7a5c:cd1f with SMTP id 5csp", ("2002:a05:6402:1f0e:b0:57a:7a5c:cd1f", "", None, "")),
    ("a program of the machine", "by mail.example.org (Postfix, from userid 110) id 1", ("mail.example.org", "", None, "")),
    (
        "a client that is called by",
        "from by (y.example [203.0.113.9]) by mx.example.org",
        ("mx.example.org", "by", "203.0.113.9", "y.example"),
    ),
    (
        "a greeting of two words",
        "from by mx.example.org (unknown [203.0.113.9]) by mx.hoster.example",
        ("mx.hoster.example", "by", "203.0.113.9", "unknown"),
    ),
    (
        "a certificate with a by in it",
        'from x (y.example [203.0.113.9]) (Client CN "a by mx.example.org", Issuer "b") by mx.hoster.example',
        ("mx.hoster.example", "x", "203.0.113.9", "y.example"),
    ),
)


@pytest.mark.parametrize(("why", "line", "told"), LINES, ids=[why for why, _, _ in LINES])
def test_a_line_says_who_wrote_it_and_where_from(why: str, line: str, told: tuple[str, str, str | None, str]) -> None:
    hop = hop_of(line.replace("\r\n", " "))
    assert hop is not None
    assert (hop.by, hop.said, str(hop.address) if hop.address else None, hop.name) == told


@pytest.mark.parametrize(
    "line",
    [
        "from x by mx.example.org (unknown [203.0.113.9]) by mx.hoster.example",
        "from x [10.0.0.1] by mx.example.org with ESMTP id 1 for <a@b> (unknown [203.0.113.9]) by mx.hoster.example",
        'from x (y [203.0.113.9]) by mx.hoster.example with ESMTP id 1 for <"support+> by mx.example.org with ESMTP id 2 <"@b>; Mon',
        "from x (y [203.0.113.9])",
        "",
        "(by mx.example.org)",
        "from x (y by mx.example.org",
    ],
)
def test_a_line_in_which_two_say_by_or_nobody_does_is_nobodys(line: str) -> None:
    """Greetings and recipients are the client's own words, and some servers take blanks in them."""
    assert hop_of(line) is None


def test_reading_a_line_takes_time_in_proportion_to_it() -> None:
    for begun, hostile in (("from ", "("), ("from x ", "by "), ("from ", "["), ("", "helo="), ("", "\\")):
        assert_linear(lambda times, begun=begun, one=hostile: hop_of(begun + one * times), 20_000, why=f"{begun}{hostile}")
