"""Files that stand in the text of a mail itself, between a line that begins them and one that ends them: uuencode and yEnc. Never fails."""

import binascii
import re
from dataclasses import dataclass

_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\n]{1,255})$", re.MULTILINE)
_Y_BEGIN = re.compile(rb"^=ybegin [^\n]{0,200}?size=(\d{1,10}) [^\n]{0,100}?name=([^\n]{1,255})$", re.MULTILINE)
_Y_PART = re.compile(rb"=ypart [^\n]{0,200}\n")
_Y_PLAIN = bytes((octet - 42) % 256 for octet in range(256))
_Y_ESCAPED = bytes((octet - 42 - 64) % 256 for octet in range(256))
#: So many files of one text are taken out; the rest stays text.
MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Stowed:
    """A file in a text: where its lines begin and end, its octets and its name as written."""

    start: int
    end: int
    octets: bytes
    name: bytes


def stowed_files(data: bytes, most: int = MOST_FILES) -> list[Stowed]:
    """The first files in a text with LF line ends, in order; only those whose last line is there."""
    found: list[Stowed] = []
    position = 0
    uu, y = _UU_BEGIN.search(data), _Y_BEGIN.search(data)
    while (uu or y) and len(found) < most:
        if uu is not None and (y is None or uu.start() < y.start()):
            one, position = _uuencoded(data, uu)
        else:
            assert y is not None
            one, position = _yencoded(data, y)
        if position < 0:
            break
        if one is not None:
            found.append(one)
        if uu is not None and uu.start() < position:
            uu = _UU_BEGIN.search(data, position)
        if y is not None and y.start() < position:
            y = _Y_BEGIN.search(data, position)
    return found


def _uuencoded(data: bytes, begin: re.Match[bytes]) -> tuple[Stowed | None, int]:
    """The file that begins here and where to look on; -1: no file ends behind it."""
    in_base64 = data.startswith(b"begin-", begin.start())
    mark = b"\n====" if in_base64 else b"\nend"
    end = data.find(mark, begin.end())
    if end < 0:
        return None, len(data) if in_base64 else -1
    stop = end + len(mark)
    body = data[begin.end() + 1 : end]
    octets = _base64(body) if in_base64 else uu_lines(body.split(b"\n"))
    return None if octets is None else Stowed(begin.start(), stop, octets, begin[1].strip()), stop


def _base64(body: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        return None


def uu_lines(lines: list[bytes]) -> bytes | None:
    """What these lines hold; None when one of them is not uuencoded."""
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


def _yencoded(data: bytes, begin: re.Match[bytes]) -> tuple[Stowed | None, int]:
    """The same for yEnc: each octet plus 42, four of them escaped. A part of a file is given as the part that it is."""
    end = data.find(b"\n=yend", begin.end())
    if end < 0:
        return None, len(data)
    start = begin.end() + 1
    part = _Y_PART.match(data, start)
    lines = data[part.end() if part else start : end].replace(b"\r", b"").replace(b"\n", b"").split(b"=")
    octets = bytearray(lines[0].translate(_Y_PLAIN))
    for piece in lines[1:]:
        octets += piece[:1].translate(_Y_ESCAPED) + piece[1:].translate(_Y_PLAIN)
    stop = data.find(b"\n", end + 1)
    stop = len(data) if stop < 0 else stop
    if part is None and len(octets) != int(begin[1]):
        return None, stop  # cut on the way, or prose
    return Stowed(begin.start(), stop, bytes(octets), begin[2].strip()), stop
