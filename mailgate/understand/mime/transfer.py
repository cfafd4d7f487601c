"""Content-Transfer-Encoding undone: base64, quoted-printable and uuencode, as broken as they come. Never fails, linear in time."""

import binascii
import re

from mailgate.understand.mime.uuencode import stowed_files, uu_lines

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
#: A line of words: no base64 has a blank between its characters.
_PROSE = re.compile(rb"^[ \t]*[^\s]+[ \t]+[^\s]", re.MULTILINE)
_BROKEN_QP = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\n|\Z))")
_PADDING = re.compile(rb"=[= \t\r\n]*")
_MOST_PIECES = 100_000
_SOFT_BREAK = re.compile(rb"=[ \t]+\n")
_SIGNS = re.compile(r"[^a-z0-9]")
_NAMES = {
    "7bit": "", "8bit": "", "binary": "", "": "", "none": "", "7-bit": "", "8-bit": "",
    "base64": "base64", "base-64": "base64", "b": "base64", "quoted-printable": "qp", "quotedprintable": "qp", "qp": "qp", "q": "qp",
    "uuencode": "uu", "x-uuencode": "uu", "uue": "uu", "x-uue": "uu",
}  # fmt: skip


def undo(data: bytes, encoding: str, *, is_text: bool = True) -> tuple[bytes, str | None]:
    """The decoded octets of a part (line ends as LF), and a defect note where they were decoded by guess.
    `is_text` False: a file. What quoted-printable leaves as a line break there was CR LF (RFC 2045 6.7), for a bare LF is written `=0A`."""
    way = _NAMES.get(encoding, _NAMES.get(_SIGNS.sub("", encoding[:40])))
    if way is None:
        return data, f"unknown transfer encoding {encoding[:40]!r}"
    if way == "base64":
        return _base64_and_prose(data) if is_text else from_base64(data)
    if way == "qp":
        defect = "broken quoted-printable" if _BROKEN_QP.search(data) else None
        if b"= " in data or b"=\t" in data:
            data = _SOFT_BREAK.sub(b"=\n", data)  # blanks at the end of a line were added on the way (RFC 2045 6.7)
        return binascii.a2b_qp(data if is_text else data.replace(b"\n", b"\r\n")), defect
    if way == "uu":
        return _from_uuencode(data)
    return data, None


def _from_uuencode(data: bytes) -> tuple[bytes, str | None]:
    if found := stowed_files(data):
        return found[0].octets, None
    lines = data.split(b"\n")
    octets = uu_lines(lines[: next((at for at, line in enumerate(lines) if line == b"end"), len(lines))])
    return (octets, "uuencode without a begin line") if octets else (data, "uuencode that is none")


def _base64_and_prose(data: bytes) -> tuple[bytes, str | None]:
    """Text in base64, and the words below it: some lists and scanners append them without looking."""
    prose = _PROSE.search(data)
    if prose is None:
        return from_base64(data)
    above, _, last = data[: prose.start()].rstrip().rpartition(b"\n")
    # A rule of underscores or dashes above the words belongs to them.
    head = above if len(last.strip()) > 2 and not last.strip().strip(b"-_*=#") else data[: prose.start()]
    octets, _ = from_base64(head)
    rest = data[len(head) :].strip(b"\n")
    if not head.strip() or len(octets) * 2 < len(head.strip()):
        return data, "text that is said to be base64"
    return octets.rstrip(b"\r\n") + b"\n\n" + rest, "text below base64"


def _in_pieces(data: bytes, pad: int) -> bytes | None:
    """The octets of base64 that was made piece by piece, so that padding stands within; None where what follows is no clean base64."""
    if not data[pad:].translate(None, b"= \t\r\n") or data[pad:].translate(None, b"=%s \t\r\n" % _BASE64):
        return None
    pieces = [piece for piece in (one.translate(None, b" \t\r\n") for one in _PADDING.split(data)) if piece]
    if len(pieces) > _MOST_PIECES or any(len(piece) % 4 == 1 for piece in pieces) or pieces[0].translate(None, _BASE64):
        return None
    return b"".join(binascii.a2b_base64(piece + b"=" * (-len(piece) % 4)) for piece in pieces)


def from_base64(data: bytes) -> tuple[bytes, str | None]:
    """Base64 with whatever else stands in it; padding is supplied, a lone last character dropped; several pieces, each padded, are one."""
    if 0 <= (pad := data.find(b"=")) < len(data) - 8 and (whole := _in_pieces(data, pad)) is not None:
        return whole, "base64 in several pieces"
    try:
        return binascii.a2b_base64(data), None
    except binascii.Error:
        head = data.partition(b"=")[0]
        symbols = head.translate(None, _NOT_BASE64)
        if len(symbols) % 4 == 1:
            symbols = symbols[:-1]
        return binascii.a2b_base64(symbols + b"=" * (-len(symbols) % 4)), "broken base64"
