"""Mails made to cost a reader as much as they can, each by its name."""

from __future__ import annotations

HEAD = b"From: ann@example.com\r\nTo: support@example.org\r\nSubject: x\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"


def nested(depth: int) -> bytes:
    return HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)) + b"\r\nhi"


BOMBS: dict[str, bytes] = {
    # what makes Python's own parser raise or crawl
    "message id": b"Message-ID: <[]@>\r\n" + HEAD + b"\r\nx",
    "open literal": b"From: ann@example.com\r\nTo: a@[\r\n\r\nx",
    "1024 open comments": b"From: " + b"(" * 1024 + b"\r\n\r\nx",
    "date of twenty digits": HEAD + b"Date: Mon, 1 Jan 2024 10:00:" + b"9" * 20 + b" +0000\r\n\r\nx",
    "unknown charset": HEAD + b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe x",
    "1000 nested multiparts": nested(1000),
    "400 KB of encoded words": b"Subject: " + b"\r\n ".join([b"=?utf-8?B?w6TDtsO8?="] * 18000) + b"\r\n" + HEAD + b"\r\nx",
    "2.4 MB of headers": HEAD + b"".join(b"X-H%d: v\r\n" % n for n in range(200_000)) + b"\r\nx",
    "100k parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000 + b"--b--\r\n",
    "20k segments": HEAD + b"Content-Type: text/plain;" + b"".join(b" name*%d*=x%%41;" % n for n in range(20_000)) + b"\r\n\r\nx",
    "unicode_escape": HEAD + b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\u0041\x80",
    "utf-7": HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGE-+\x80",
    "rot13": HEAD + b"Content-Type: text/plain; charset=rot13\r\n\r\nabc\x80",
    "NUL in headers": b"From: a\0nn@example.com\r\nSubject: a\0b\r\nTo: \0\r\nMessage-ID: <\0>\r\n\r\na\0b",
    # and what could make ours
    "nothing": b"",
    "empty lines": b"\r\n" * 100_000,
    "only CR": b"From: a@example.com\rSubject: x\r\rhello\r" * 5000,
    "64 KB of open comments": b"From: " + b"(" * 65_000 + b"\r\n\r\nx",
    "quotes": b"To: " + b'"' * 65_001 + b"\r\n\r\nx",
    "escaped quotes": b'To: "' + b'\\"' * 32_000 + b"\r\n\r\nx",
    "groups": b"To: " + b"a:" * 32_000 + b"\r\n\r\nx",
    "angles": b"To: " + b"<" * 65_000 + b"\r\n\r\nx",
    "angles and commas": b"To: " + b"<a," * 21_000 + b"\r\n\r\nx",
    "100k addresses": b"To: " + b",".join(b"a%d@example.com" % n for n in range(100_000)) + b"\r\n\r\nx",
    "open encoded words": b"Subject: " + b"=?utf-8?q?" * 6000 + b"\r\n\r\nx",
    "60k folded lines": HEAD + b"X: y\r\n" + b" y\r\n" * 60_000 + b"\r\nx",
    "junk in the header": b"X: y\r\n" + b"junk\n" * 40_000 + HEAD + b"\r\nx",
    "references": HEAD + b"References: " + b"<" * 30_000 + b"a@" * 15_000 + b"\r\n\r\nx",
    "a boundary of dashes": HEAD + b'Content-Type: multipart/mixed; boundary="-"\r\n\r\n' + b"---------\n" * 100_000,
    "a boundary of 60 KB": HEAD + b"Content-Type: multipart/mixed; boundary=" + b"x" * 60_000 + b"\r\n\r\n--" + b"x" * 60_000 + b"\nhi",
    "uuencode that never ends": HEAD + b"\r\n" + b"begin 644 x\n" * 80_000,
    "uuencode of nothing": HEAD + b"\r\n" + b"begin 644 x\nend\n" * 60_000,
    "20k recipients": HEAD
    + b"Content-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@example.com\nAction: failed\n\n" * 18_000,
    "every octet": HEAD + b"\r\n" + bytes(range(256)) * 4000,
    "no charset": HEAD + b"\r\n" + bytes(range(128, 256)) * 8000,
    "a line of 1 MB": HEAD + b"\r\nOn " + b"a " * 500_000,
    "130k header lines": HEAD + b"\r\n" + b"From: a\n" * 130_000,
    "250k quotes": HEAD + b"\r\n" + b"> x\n" * 250_000,
    "attributions": HEAD + b"\r\n" + b"On 3.3.2026 10:15 <a@example.com wrote:\n" * 25_000,
    "markers": HEAD + b"\r\n" + b"-- please write\n" * 60_000,
    "deep div": HTML + b"<div>" * 100_000,
    "deep lists": HTML + b"<ul><li>" * 60_000,
    "deep quotes": HTML + b"<blockquote type=cite>x" * 40_000,
    "deep behind tables": HTML + b"<div><table></div></table>" * 40_000,
    "deep formatting": HTML + b"<b><i><p>" * 60_000,
    "open comments": HTML + b"<!--" * 200_000,
    "ampersands": HTML + b"&a" * 400_000,
    "attributes": HTML + b"<a " + b" x" * 300_000 + b">",
    "open scripts": HTML + b"<script" * 100_000,
    "less than": HTML + b"<" * 500_000,
    "a mail in a mail, 3000 deep": b"".join(HEAD + b"Content-Type: message/rfc822\r\n\r\n" for _ in range(3_000)) + HEAD + b"\r\nx",
    "attached HTML": HEAD + b"Content-Type: message/rfc822\r\n\r\n" + HTML + b"<div>" * 100_000,
    "1000 forms of one text": HEAD
    + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    + (b"--c\r\nContent-Type: text/html\r\n\r\n" + b"x" * 900 + b"\r\n") * 1_000,
    "cids": HTML + b"<img src=cid:a>" * 60_000,
    "200k small files": HEAD + b"\r\n" + b"begin 644 x\n#86)C\n`\nend\n" * 35_000,
    "yEnc that never ends": HEAD + b"\r\n" + b"=ybegin line=1 size=1 name=x\n" * 30_000,
    "rules below base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"-----\n" * 170_000 + b"a b",
    "equal signs": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=   " * 250_000,
    "winmail.dat of nothing": HEAD + b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\1\0" + b"\1\0\0\0\0\0\0\0\0\0\0" * 90_000,
    "open CMS": HEAD + b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"\x30\x80" * 500_000,
    "boundaries of each other": HEAD
    + b"Content-Type: multipart/mixed; boundary=nowhere\r\n\r\n"
    + b"".join(b"--abcdef%d\n" % n for n in range(70_000)),
    "an endless calendar": HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\n" + b"SUMMARY:x\n y\n" * 70_000,
    "forwards": HEAD.replace(b"Subject: x", b"Subject: Fwd: x") + b"\r\n" + b"---------- Forwarded message ---------\n" * 25_000,
    "blocks of a forward": HEAD.replace(b"Subject: x", b"Subject: Fwd: x") + b"\r\n" + b"From: a\n" * 120_000,
    "signed texts": HEAD + b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 28_000,
    "borders": HTML + b'<div style="border-top:solid;padding:3pt">a:' * 11_000,
}
