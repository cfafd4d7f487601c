"""Mail within a wrapping: S/MIME (RFC 8551) and PGP (RFC 3156 and inline). What is only signed is read; what is encrypted is told.

A signature is never checked here, so what a wrapping says about itself, its inner headers above all, proves nothing and names nobody."""

import re
from dataclasses import dataclass
from enum import Enum

CMS_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


class Cms(Enum):
    """What a CMS file is (RFC 5652): its content type, in DER without tag and length."""

    SIGNED = bytes.fromhex("2a864886f70d010702")
    ENVELOPED = bytes.fromhex("2a864886f70d010703")
    ENCRYPTED = bytes.fromhex("2a864886f70d010706")
    AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")
    COMPRESSED = bytes.fromhex("2a864886f70d0109100109")

    @property
    def told(self) -> str:
        """The defect note of a file that stays closed."""
        return "S/MIME compressed: not opened" if self is Cms.COMPRESSED else "S/MIME encrypted: not readable"


_DATA = bytes.fromhex("2a864886f70d010701")
_SEQUENCE, _OID, _OCTETS, _CONSTRUCTED_OCTETS, _EXPLICIT = 0x30, 0x06, 0x04, 0x24, 0xA0
#: Elements within elements, and elements looked at: a signed mail has a handful; a streamed one, an element per kilobyte.
_DEEPEST, _MOST = 16, 200_000


@dataclass(frozen=True, slots=True)
class _Element:
    """One element: its tag, where its content begins, and where it ends (None: at its end mark)."""

    tag: int
    start: int
    end: int | None


def cms_kind(data: bytes) -> Cms | None:
    """What a CMS file holds, None when it is no CMS, or of a kind that nobody mails."""
    outer = _element(data, 0)
    inner = _element(data, outer.start) if outer is not None and outer.tag == _SEQUENCE else None
    if inner is None or inner.tag != _OID or inner.end is None:
        return None
    stated = data[inner.start : inner.end]
    return next((kind for kind in Cms if kind.value == stated), None)


def signed_content(data: bytes) -> bytes | None:
    """The mail within SignedData (RFC 5652 5.1), its octets in pieces or in one; None when there is none, or the file is broken."""
    if cms_kind(data) is not Cms.SIGNED:
        return None
    walk = _Walk(data)
    position = walk.into(0, _SEQUENCE)  # ContentInfo
    position = walk.over(position)  # its type
    position = walk.into(position, _EXPLICIT)
    position = walk.into(position, _SEQUENCE)  # SignedData
    position = walk.over(walk.over(position))  # version, digest algorithms
    position = walk.into(position, _SEQUENCE)  # EncapsulatedContentInfo
    kind = _element(data, position) if position >= 0 else None
    if kind is None or kind.tag != _OID or kind.end is None or data[kind.start : kind.end] != _DATA:
        return None
    return walk.octets(walk.into(kind.end, _EXPLICIT))


def _element(data: bytes, position: int) -> _Element | None:
    """The element at this place (X.690 8.1); only tags of one byte, as all of CMS has."""
    if position < 0 or position + 2 > len(data) or data[position] & 0x1F == 0x1F:
        return None
    tag, size = data[position], data[position + 1]
    start = position + 2
    if size == 0x80:
        return _Element(tag, start, None)
    if size > 0x80:
        count = size & 0x7F
        if count > 8 or start + count > len(data):
            return None
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    return _Element(tag, start, start + size) if start + size <= len(data) else None


class _Walk:
    """Steps over the elements of one file; -1 is the place of what is broken, and leads to itself."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.seen = 0

    def into(self, position: int, tag: int) -> int:
        element = _element(self.data, position)
        return element.start if element is not None and element.tag == tag else -1

    def over(self, position: int) -> int:
        """The place behind an element, also behind one that ends at a mark."""
        open_ones = 0
        while True:
            self.seen += 1
            element = _element(self.data, position)
            if element is None or self.seen > _MOST:
                return -1
            if element.end is None:
                open_ones += 1
                if open_ones > _DEEPEST:
                    return -1
                position = element.start
                continue
            position = element.end
            if element.tag == 0 and element.start == element.end and open_ones:
                open_ones -= 1
            if open_ones == 0:
                return position

    def octets(self, position: int) -> bytes | None:
        """An OCTET STRING, whole or in pieces."""
        element = _element(self.data, position)
        if element is None:
            return None
        if element.tag == _OCTETS and element.end is not None:
            return self.data[element.start : element.end]
        if element.tag != _CONSTRUCTED_OCTETS:
            return None
        out, place = [], element.start
        while element.end is None or place < element.end:
            piece = _element(self.data, place)
            self.seen += 1
            if piece is None or piece.end is None or self.seen > _MOST:
                return None
            if piece.tag == 0:
                break
            if piece.tag != _OCTETS:
                return None
            out.append(self.data[piece.start : piece.end])
            place = piece.end
        return b"".join(out)


_SIGNED, _SIGNATURE, _END = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
_HASH = re.compile(r"(?:Hash|Charset|Version|Comment|NotDashEscaped):")
ENCRYPTED_TEXT = "-----BEGIN PGP MESSAGE-----"


def without_armour(text: str) -> str:
    """A text without the frame of an inline signature (RFC 9580 7); its lines are given back as they were written."""
    if _SIGNED not in text:
        return text
    out: list[str] = []
    state = ""  #: "", "head" or "body" of a signed text, "signature"
    for line in text.split("\n"):
        bare = line.rstrip()
        if bare == _SIGNED and not state:
            state = "head"
        elif state == "head":
            if not _HASH.match(bare):
                state = "body"
                if bare:
                    out.append(line)
        elif state == "body" and bare == _SIGNATURE:
            state = "signature"
        elif state == "signature":
            state = "" if bare == _END else "signature"
        else:
            out.append(line.removeprefix("- ") if state == "body" else line)
    return "\n".join(out)
