"""The body of a letter: the whole text twice, plain first and then as HTML, in seven bits and short lines."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from functools import lru_cache

from mailgate.compose.headers import parameter
from mailgate.compose.strict import is_longer
from mailgate.model.brand import Enclosed
from mailgate.model.letter import FileOfOurs

#: Mail programs cut HTML longer than this off; then the text travels alone, and complete.
LONGEST_HTML = 100_000
_SHORT = 78
#: What stands before it in a page, its styles, is the same in all letters of a brand.
_TITLE = "\n<title>"
_BEGUN_BADLY = re.compile(rb"\r\n(?:From |\.\r\n)")

Encoded = tuple[str, bytes]  #: Content-Transfer-Encoding, and the text in it


def encoded(text: str) -> Encoded:
    """Content-Transfer-Encoding and the bytes of a text with LF line ends (RFC 2045).
    As it is where every line is short and plain, else the shorter of quoted-printable and base64."""
    data = text.encode().replace(b"\n", b"\r\n")
    if data.isascii() and not is_longer(data, _SHORT) and not _is_delicate(data):
        return "7bit", data
    quoted = b2a_qp(data, istext=True)
    # Blanks at the end of a line and "=" are written otherwise there; a dot may still stand alone, behind a soft line end.
    if _is_short(quoted, len(data)) and not _is_begun_badly(quoted):
        return "quoted-printable", quoted
    return "base64", encodebytes(data).replace(b"\n", b"\r\n")


def encoded_page(page: str) -> Encoded:
    """The same of HTML, most of whose lines are the same in all letters and are encoded once."""
    head, title, rest = page.partition(_TITLE)
    if not title:
        return encoded(page)
    lines = [_quoted(head), *map(_quoted, (_TITLE[1:] + rest).split("\n"))]
    octets = len(page) if page.isascii() else len(page.encode())
    if None not in lines:
        quoted = b"\r\n".join(lines)  # type: ignore[arg-type]
        if _is_short(quoted, octets + len(lines)):
            return "quoted-printable", quoted
    return encoded(page)


@lru_cache(4096)
def _quoted(lines: str) -> bytes | None:
    """None where it is begun in a way that does not travel."""
    # It breaks long lines by the line end that it sees.
    quoted = b2a_qp(lines.encode().replace(b"\n", b"\r\n") + b"\r\n", istext=True)
    return None if _BEGUN_BADLY.search(b"\r\n" + quoted) else quoted[:-2]


def _is_short(quoted: bytes, octets: int) -> bool:
    """Whether base64 would take more."""
    return len(quoted) * 3 < octets * 4 + 300


def replaced(page: Encoded, tokens: Sequence[tuple[bytes, bytes, int]]) -> Encoded | None:
    """An encoded text with other tokens: (old, new, how often it stands in the text). They are figures and lower-case letters with
    points between them, and of one length, so that nothing else changes. None where one is broken over two lines, or in base64."""
    coding, data = page
    for old, new, count in tokens:
        if data.count(old) != count:
            return None
        data = data.replace(old, new)
    return coding, data


def _is_delicate(data: bytes) -> bool:
    """What does not travel as it is: blanks at the end of a line, bad beginnings, and what looks like a boundary."""
    return b" \r\n" in data or b"\t\r\n" in data or _is_begun_badly(data) or b"--=_" in data


def _is_begun_badly(data: bytes) -> bool:
    """A line that begins with "From " is changed by some mail stores, and a single dot ends DATA for careless relays."""
    return data.startswith(b"From ") or _BEGUN_BADLY.search(data) is not None


def alternative(text: Encoded, html: Encoded | None, letter: str, pictures: Sequence[Enclosed] = ()) -> tuple[str, bytes]:
    """Header lines of the part (or of the whole letter) that holds text and HTML, and its content, which ends with a line end.
    `pictures`: those that the HTML shows; they are related to it (RFC 2387), or mail programs list them as files."""
    coding, plain = text
    lines = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {coding}"
    if html is None:
        return lines, plain
    html_coding, page = html
    # No text can hold a boundary: it begins with "=_", which both encodings write otherwise, and 7bit text is searched for it.
    boundary = f"=_{letter}.a"
    fence = f"--{boundary}"
    head = f"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {html_coding}"
    if pictures:
        head, page = _related(head, page, f"=_{letter}.r", pictures)
    whole = b"".join(
        (
            f"{fence}\r\n{lines}\r\n\r\n".encode("ascii"),
            plain,
            f"\r\n{fence}\r\n{head}\r\n\r\n".encode("ascii"),
            page,
            f"\r\n{fence}--\r\n".encode("ascii"),
        )
    )
    return f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"', whole


def related(head: str, content: bytes, boundary: str, pictures: Sequence[Enclosed]) -> tuple[str, bytes]:
    """The same, as `alternative` gives it, with our pictures beside it; more of them follow, so its last boundary is still to come.
    Around text and HTML, not around the HTML alone: pictures of an answer are put in place at sending, behind all that is sealed here."""
    pieces = [f"--{boundary}\r\n{head}\r\n\r\n".encode("ascii"), content, *_pictures(pictures, boundary)]
    return f'Content-Type: multipart/related; type="multipart/alternative";\r\n boundary="{boundary}"', b"".join(pieces)


def _related(head: str, page: bytes, boundary: str, pictures: Sequence[Enclosed]) -> tuple[str, bytes]:
    pieces = [f"--{boundary}\r\n{head}\r\n\r\n".encode("ascii"), page, *_pictures(pictures, boundary)]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return f'Content-Type: multipart/related; type="text/html";\r\n boundary="{boundary}"', b"".join(pieces)


def _pictures(pictures: Sequence[Enclosed], boundary: str) -> list[bytes]:
    pieces: list[bytes] = []
    for picture in pictures:
        rows = (
            f"\r\n--{boundary}",
            "Content-Type: image/png",
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: inline; filename="{picture.name}"',
            f"Content-ID: <{picture.cid}>",
        )
        pieces += ["\r\n".join(rows).encode("ascii"), b"\r\n\r\n", _base64(picture.png)]
    return pieces


def mixed(kind: str, body: bytes, files: Sequence[FileOfOurs], boundary: str) -> tuple[str, bytes]:
    """The same with files of ours behind it, all of it sealed: letters with such files carry none of a mail."""
    pieces = [f"--{boundary}\r\n{kind}\r\n\r\n".encode("ascii"), body]
    for one in files:
        named = parameter("Content-Disposition", "attachment", "filename", one.name)
        rows = (f"\r\n--{boundary}", f"Content-Type: {one.type}", "Content-Transfer-Encoding: base64", named)
        pieces += ["\r\n".join(rows).encode("ascii"), b"\r\n\r\n", encodebytes(one.data).replace(b"\n", b"\r\n")]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"', b"".join(pieces)


@lru_cache(16)
def _base64(data: bytes) -> bytes:
    """The same logo is in every letter."""
    return encodebytes(data).replace(b"\n", b"\r\n")
