"""Content-Transfer-Encoding undone: base64, quoted-printable and uuencode, as broken as they come. Never fails, linear in time."""

from __future__ import annotations

import binascii
import re

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\n]{1,255})$", re.MULTILINE)
_NAMES = {
    "7bit": "", "8bit": "", "binary": "", "": "", "none": "", "7-bit": "", "8-bit": "",
    "base64": "base64", "base-64": "base64", "b": "base64", "quoted-printable": "qp", "quotedprintable": "qp", "qp": "qp", "q": "qp",
    "uuencode": "uu", "x-uuencode": "uu", "uue": "uu", "x-uue": "uu",
}  # fmt: skip


def undo(data: bytes, encoding: str) -> tuple[bytes, str | None]:
    """The decoded octets of a part (line ends as LF), and a defect note where they were decoded by guess."""
    way = _NAMES.get(encoding)
    if way is None:
        return data, f"unknown transfer encoding {encoding[:40]!r}"
    if way == "base64":
        return from_base64(data)
    if way == "qp":
        return binascii.a2b_qp(data), None
    if way == "uu":
        found = uuencoded(data)
        return (found[0][2], None) if found else (data, "uuencode without a begin line")
    return data, None


def from_base64(data: bytes) -> tuple[bytes, str | None]:
    """Base64 with whatever else stands in it; padding is supplied, a lone last character dropped."""
    try:
        return binascii.a2b_base64(data), None
    except binascii.Error:
        head = data.partition(b"=")[0]
        symbols = head.translate(None, _NOT_BASE64)
        if len(symbols) % 4 == 1:
            symbols = symbols[:-1]
        return binascii.a2b_base64(symbols + b"=" * (-len(symbols) % 4)), "broken base64"


def uuencoded(data: bytes) -> list[tuple[int, int, bytes, bytes]]:
    """Files that stand uuencoded in a text: (start, end, octets, name), in order; only those whose `end` line is there."""
    found: list[tuple[int, int, bytes, bytes]] = []
    position = 0
    while len(found) < 100:
        begin = _UU_BEGIN.search(data, position)
        if begin is None:
            break
        end = data.find(b"\nend", begin.end())
        if end < 0:
            break
        octets = _uu_lines(data[begin.end() + 1 : end].split(b"\n"))
        position = end + 4
        if octets is not None:
            found.append((begin.start(), position, octets, begin[1].strip()))
    return found


def _uu_lines(lines: list[bytes]) -> bytes | None:
    out = []
    for line in lines:
        line = line.rstrip(b"\r")
        if not line or line in (b"`", b" "):
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Trailing blanks were cut or added on the way: the first character says how many octets the line holds.
            need = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[: need + 1].ljust(need)))
            except binascii.Error:
                return None
    return b"".join(out)
