"""Mails with something broken in them: single octets, headers, or the way their parts are nested. The same dice give the same mail."""

from __future__ import annotations

import random
from pathlib import Path

MAILS = Path(__file__).parent / "mails"

_SIGNS = [
    b"\r\n", b"\n\n", b"\r", b"\0", b"<", b">", b"(", b")", b'"', b"\\", b"=?", b"?=", b"=?utf-8?q?", b"--", b"%", b"\xff", b":", b";",
    b"[", b"@", b"\x1b$B", b"&", b"*0*=", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xc2\xad", b"begin 644 x\n", b"> ", b"-- \n",
    b"#note\n", b"\t", b" ",
]  # fmt: skip
_NAMES = [
    b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References", b"Reply-To", b"Sender", b"Content-Type",
    b"Content-Transfer-Encoding", b"Content-Disposition", b"Auto-Submitted", b"Precedence", b"List-Id", b"Return-Path", b"Received",
    b"Authentication-Results", b"DKIM-Signature", b"X-Mailgate-Loop", b"Content-Language", b"Importance", b"X-Failed-Recipients", b"",
]  # fmt: skip
_VALUES = [
    b"", b"x", b"<[]@>", b"<>", b"a@b", b"a@[", b"((((((", b'"' * 9, b"=?utf-8?q?a=0ABcc:_x@y?=", b"=?unicode_escape?q?hi=5Cx0d=5Cx0a?=",
    b"=?iso-2022-jp?b?GyRC?=", b"=?utf-8?b?////?=", b"multipart/mixed; boundary=", b'multipart/mixed; boundary="b"', b"multipart/report",
    b"text/plain; charset=utf-7", b"text/plain; charset=unicode_escape", b"text/html; charset=gb2312", b"message/rfc822",
    b"message/delivery-status", b"application/ms-tnef", b"application/pkcs7-mime; smime-type=signed-data", b"base64", b"quoted-printable",
    b"x-uuencode", b"binary", b"attachment; filename*0*=utf-8''%00; filename*2=x", b'attachment; filename="../../etc/passwd"',
    b"Mon, 99 Foo 99999 99:99:99 +9999", b"auto-replied", b"bulk", b"Ann <ann@example.com>, Bob <bob@example.com>", b"undisclosed:;",
    b"\xff\xfe\xfd", b"<a@b> " * 40, b"x" * 4000, b"de", b"mx.example; dmarc=pass header.from=example.com",
]  # fmt: skip


def seeds() -> list[bytes]:
    """All mails of the tests."""
    return [path.read_bytes() for path in sorted(MAILS.rglob("*.eml"))]


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """The mail with one to eight things changed, of one sort or of all."""
    sorts = dice.choice([(_octets,), (_headers,), (_parts,), (_octets, _headers, _parts)])
    for _ in range(dice.randint(1, 8)):
        if not raw:
            break
        raw = dice.choice(sorts)(raw, dice)
    return raw


def _octets(raw: bytes, dice: random.Random) -> bytes:
    data = bytearray(raw)
    at = dice.randrange(len(data))
    match dice.randrange(7):
        case 0:
            data[at] = dice.randrange(256)
        case 1:
            del data[at : at + dice.randint(1, 40)]
        case 2:
            data[at:at] = dice.choice(_SIGNS) * dice.choice((1, 1, 1, 3, 50))
        case 3:
            data[at:at] = data[at : at + dice.randint(1, 200)]
        case 4:
            other = dice.randrange(len(data))
            data[at : at + 20] = data[other : other + 20]
        case 5:
            data = data.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\r\n", b"\r\n\r\n")), dice.choice((1, -1)))
        case _:
            del data[at:]
    return bytes(data)


def _headers(raw: bytes, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    end = next((place for place, line in enumerate(lines) if not line.strip()), len(lines))
    at = dice.randrange(end) if end else 0
    new = dice.choice(_NAMES) + dice.choice((b": ", b":", b" : ", b"")) + dice.choice(_VALUES)
    match dice.randrange(6):
        case 0:
            lines[at:at] = [new]
        case 1 if end:
            lines[at] = new
        case 2 if end:
            lines.append(lines.pop(at))
        case 3 if end:
            lines[at:at] = [lines[at]] * dice.choice((1, 2, 30))
        case 4 if end:
            lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)] + dice.choice(_VALUES) + lines[at][-8:]
        case _:
            lines[at:at] = [b" " + dice.choice(_VALUES)]  # a continuation of whatever stands above
    return b"\n".join(lines)


def _parts(raw: bytes, dice: random.Random) -> bytes:
    head, _, body = raw.partition(b"\n\n") if b"\n\n" in raw else raw.partition(b"\r\n\r\n")
    pieces = raw.split(b"\n--")
    match dice.randrange(8):
        case 0:
            return b"\n--".join(dice.sample(pieces, len(pieces)))
        case 1:
            return b"\n--".join([*pieces, dice.choice(pieces)])
        case 2:
            return b"\n--".join(pieces[: dice.randrange(len(pieces)) + 1])
        case 3:
            return b"Content-Type: message/rfc822\n\n" + raw
        case 4:
            bound = dice.choice((b"b", b"--", b"", b"a b", b"x" * 80))
            return (
                head
                + b"\nContent-Type: multipart/mixed; boundary="
                + bound
                + b"\n\n--"
                + bound
                + b"\n\n"
                + body
                + b"\n--"
                + bound
                + b"--\n"
            )
        case 5:
            part = b"Content-Type: " + dice.choice(_VALUES) + b"\nContent-Transfer-Encoding: " + dice.choice(_VALUES) + b"\n\n"
            return head + b"\nContent-Type: multipart/alternative; boundary=q\n\n--q\n" + part + body + b"\n--q\n" + part + raw[:2000]
        case 6:
            return raw.replace(b"boundary", dice.choice((b"boundarx", b"boundary*", b"BOUNDARY")), 1)
        case _:
            return head + b"\n\n" + body * dice.choice((0, 2, 5))
