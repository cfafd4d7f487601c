"""A sealed letter becomes the bytes that leave: header, text, and its attachments as they lie in the mails they came in.

The seal of a letter is SHA-256 over its header, its body, and for each attachment the header of its part and the SHA-256 of its
decoded bytes. So the digest covers every octet that leaves without the attachments being read when the letter is composed, and
`assemble` compares both: the digest of the whole, and the digest of each attachment that it is given."""

import hashlib
import re
from base64 import encodebytes
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from mailgate.compose.headers import parameter
from mailgate.model.letter import Letter, PartRef

#: The header fields that go on top of a letter, of its pieces (the header first, without a line end) and the instant it was written at.
Sign = Callable[[Sequence[bytes], datetime], bytes]

_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}")
_B64_LINE = 57  #: octets that make a line of 76


class Damaged(ValueError):
    """What was sealed is not what lies here: the letter must not leave."""


@lru_cache(256)
def part_header(part: PartRef, boundary: str) -> bytes:
    """Fence and header of one attachment, up to and with its empty line.
    A mail that is attached travels as a plain file: as message/rfc822 it could not be base64 (RFC 2046 5.2.1)."""
    kind = part.type if _TYPE.fullmatch(part.type) else "application/octet-stream"
    rows = [f"\r\n--{boundary}", f"Content-Type: {kind}", "Content-Transfer-Encoding: base64"]
    rows.append(parameter("Content-Disposition", "inline" if part.inline else "attachment", "filename", part.name or "attachment"))
    if part.content_id and _CONTENT_ID.fullmatch(part.content_id):
        rows.append(f"Content-ID: <{part.content_id}>")
    return ("\r\n".join(rows) + "\r\n\r\n").encode("ascii")


def is_content_id(text: str) -> bool:
    return _CONTENT_ID.fullmatch(text) is not None


def part_headers(parts: Sequence[PartRef], boundary: str) -> tuple[list[bytes], bytes]:
    """What stands before each part, and behind the last: pictures of the HTML come first, in a multipart/related that was begun."""
    heads: list[bytes] = []
    for part, before in zip(parts, (None, *parts), strict=False):
        ends = closing(pictures_of(boundary)) if before is not None and before.related and not part.related else b""
        heads.append(ends + part_header(part, pictures_of(boundary) if part.related else boundary))
    if not parts:
        return heads, b""
    return heads, (closing(pictures_of(boundary)) if parts[-1].related else b"") + closing(boundary)


def pictures_of(boundary: str) -> str:
    """The boundary of the pictures, beside that of the whole (`=_<letter>.m`)."""
    return f"{boundary[:-2]}.r"


def closing(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode("ascii")


def seal(header: bytes, body: bytes, parts: Sequence[PartRef], boundary: str) -> tuple[str, int]:
    """Digest (hex) and size in octets of the letter as it will leave."""
    whole = hashlib.sha256(header)
    whole.update(b"\r\n\r\n")
    whole.update(body)
    size = len(header) + 4 + len(body)
    heads, end = part_headers(parts, boundary)
    for part, head in zip(parts, heads, strict=True):
        whole.update(head)
        whole.update(part.sha256.encode("ascii"))
        size += len(head) + _encoded_size(part.size)
    size += len(end)
    return whole.hexdigest(), size


def _encoded_size(octets: int) -> int:
    """Base64 with CRLF after each line but the last."""
    lines = (octets + _B64_LINE - 1) // _B64_LINE
    return (octets + 2) // 3 * 4 + 2 * max(lines - 1, 0)


def assemble(letter: Letter, parts: Sequence[bytes], sign: Sign = lambda *_: b"") -> bytes:
    """The whole letter, byte for byte the same each time. `parts`: the decoded bytes of `letter.parts`, in order; `sign`: puts its fields
    on top. Raises Damaged when header, body, number, size or digest of anything is not what was sealed."""
    if len(parts) != len(letter.parts):
        raise Damaged(f"{len(parts)} attachments instead of {len(letter.parts)}")
    digest, size = seal(letter.header, letter.body, letter.parts, letter.boundary)
    if digest != letter.digest or size != letter.size:
        raise Damaged("its digest differs from the one it was sealed with")
    pieces = [letter.header, b"\r\n\r\n", letter.body]
    heads, end = part_headers(letter.parts, letter.boundary)
    for ref, data, head in zip(letter.parts, parts, heads, strict=True):
        if len(data) != ref.size or hashlib.sha256(data).hexdigest() != ref.sha256:
            raise Damaged(f"its attachment {ref.part} is not what was sealed")
        pieces.append(head)
        pieces.append(encodebytes(data).replace(b"\n", b"\r\n")[:-2] if data else b"")
    pieces.append(end)
    return b"".join((sign(pieces, letter.made_at), *pieces))
