"""Authentication-Results as servers write them, and as those write them who want to be believed."""

from __future__ import annotations

import pytest

from mailgate.understand.identity.authres import LONGEST, read_stamp, server_of


def said(value: str) -> tuple[str, list[str]]:
    stamp = read_stamp(value)
    return stamp.server, [f"{result.method}={result.result}" for result in stamp.results]


@pytest.mark.parametrize(
    ("value", "server", "results"),
    [
        ("mx.example.org; none", "mx.example.org", []),
        ("mx.example.org 1; dkim=pass header.d=a.example", "mx.example.org", ["dkim=pass"]),
        ("MX.Example.org; SPF=Pass smtp.mailfrom=a.example", "mx.example.org", ["spf=pass"]),
        ("mx.example.org (our (old) server); dmarc=pass (p=none dis=none) header.from=a.example", "mx.example.org", ["dmarc=pass"]),
        ("mx.example.org; dkim = pass header.i = @a.example; spf=none", "mx.example.org", ["dkim=pass", "spf=none"]),
        ('"mx.example.org"; dkim=pass reason="good; very good" header.d=a.example', "mx.example.org", ["dkim=pass"]),
        ("mx.example.org; dkim/1=pass header.d=a.example; spf/2=pass", "mx.example.org", ["dkim=pass"]),
        ("mx.example.org;;; dkim=fail;", "mx.example.org", ["dkim=fail"]),
        ("mx.example.org", "mx.example.org", []),
        ("", "", []),
        (";", "", []),
        # As Microsoft 365 writes it: no server, other words between the results.
        (
            "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none;"
            "dmarc=bestguesspass action=none header.from=a.example;compauth=pass reason=109",
            "", ["spf=pass", "dkim=none", "dmarc=bestguesspass", "compauth=pass"],
        ),
        ("spf=none smtp.mailfrom=a.example; b.example; dkim=none (no) header.d=none;b.example; dmarc=none", "",
         ["spf=none", "dkim=none", "dmarc=none"]),
    ],
)  # fmt: skip
def test_what_servers_write_is_read(value: str, server: str, results: list[str]):
    assert said(value) == (server, results)
    assert server_of(value) == server


def test_the_properties_of_a_result_are_read_with_their_quotes_taken_off():
    [dkim, auth] = read_stamp(
        'mx; dkim=pass header.d=a.example header.i="@sub;x.a.example" header.b=Ab+/c=; auth=pass smtp.auth="Ann Berg"'
    ).results
    assert dict(dkim.properties) == {"header.d": "a.example", "header.i": "@sub;x.a.example", "header.b": "Ab+/c="}
    assert auth.named("smtp.mailfrom", "smtp.auth") == "Ann Berg"
    assert str(dkim).startswith("dkim=pass header.d=a.example")


@pytest.mark.parametrize(
    "value",
    [
        "mx; spf=pass smtp.mailfrom=evil.example(.example.org",  # the sender chose that name
        'mx; spf=pass smtp.mailfrom="evil.example; dmarc=pass header.from=example.org',
        "mx; spf=pass smtp.mailfrom=evil.example); dmarc=pass header.from=example.org",
        "mx; dkim=pass header.d=example.org (" + "(" * 1000,
        "mx; dkim=pass header.d=example.org " + "x" * LONGEST,
    ],
)
def test_a_stamp_that_does_not_read_to_its_end_says_nothing(value: str):
    stamp = read_stamp(value)
    assert stamp.server == "mx" and stamp.fault and not stamp.results


def test_what_stands_in_quotes_or_comments_is_no_result():
    assert said('mx; spf=fail smtp.mailfrom="x; dmarc=pass header.from=example.org"@evil.example') == ("mx", ["spf=fail"])
    assert said("mx; spf=fail (; dmarc=pass header.from=example.org;) smtp.mailfrom=evil.example") == ("mx", ["spf=fail"])
    assert said(r'mx; spf=fail smtp.mailfrom="\"; dmarc=pass header.from=example.org"') == ("mx", ["spf=fail"])


@pytest.mark.parametrize("sign", ["(", '"', ";", "=", "\\", ")", "()", '""', "a=b;", " = "])
def test_thousands_of_any_sign_are_read_in_no_time(sign: str):
    for count in (1, 2, 3, 5_000, 20_000):
        read_stamp("mx; " + sign * count)
        read_stamp(sign * count)
