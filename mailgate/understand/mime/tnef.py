"""winmail.dat: the files and the text that Outlook packed into one attachment (MS-OXTNEF). Strict bounds, never fails, linear.

A reader of our own ([why](../../docs/decisions/0011-forwards-and-wrapped-mail.md)): what is not understood leaves the file as it came."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mailgate.understand.mime.charset import decode
from mailgate.understand.mime.rtf import decompressed

SIGNATURE = b"\x78\x9f\x3e\x22"

#: Attributes (MS-OXTNEF 2.1.3.1): their number without the type in the upper half.
_RENDER, _TITLE, _DATA, _ATTACHMENT, _PROPERTIES, _BODY, _CODEPAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9003, 0x800C, 0x9007
#: MAPI properties (MS-OXPROPS).
_P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_P_LONG_NAME, _P_SHORT_NAME, _P_SHOWN_NAME, _P_TYPE, _P_CONTENT_ID, _P_METHOD, _P_OBJECT = (
    0x3707, 0x3704, 0x3001, 0x370E, 0x3712, 0x3705, 0x3701,
)  # fmt: skip
_EMBEDDED_MESSAGE, _OLE = 5, 6  #: PidTagAttachMethod: such objects are no files

#: Sizes of values of a fixed type, as stored (each padded to four bytes).
_FIXED = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16}
_VARIABLE = frozenset({0x000D, 0x001E, 0x001F, 0x0102})
_MANY = 0x1000
#: Caps: what lies beyond is no mail that a person wrote.
MOST_ATTRIBUTES, MOST_PROPERTIES, MOST_FILES = 5_000, 5_000, 500


class _Truncated(Exception):
    """A length that reaches beyond its file."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file out of a TNEF stream."""

    name: str  #: as written, not yet cleaned
    type: str  #: as stated, "" when nothing is
    octets: bytes
    content_id: str


@dataclass(frozen=True, slots=True)
class Tnef:
    files: tuple[Packed, ...]
    text: str  #: the plain body, not yet cleaned, "" when there is none
    html: str
    rtf: bytes  #: the RTF body, decompressed
    whole: bool  #: everything in it was understood: the file itself tells nothing more


@dataclass(slots=True)
class _PackedFile:
    title: str = ""
    octets: bytes = b""
    facts: dict[int, tuple[int, bytes]] = field(default_factory=dict)


def is_tnef(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def unpack(data: bytes, most: int) -> Tnef | None:
    """What a TNEF stream holds; None when it is none, or broken. `most`: bytes that a compressed text may grow to."""
    if not is_tnef(data):
        return None
    files: list[_PackedFile] = []
    message: dict[int, tuple[int, bytes]] = {}
    body, codec = b"", "cp1252"
    try:
        for level, number, value in _attributes(data):
            if level == 1 and number == _BODY:
                body = value
            elif level == 1 and number == _CODEPAGE and len(value) >= 4:
                codec = f"cp{struct.unpack_from('<I', value)[0]}"
            elif level == 1 and number == _PROPERTIES:
                message |= _properties(value)
            elif number == _RENDER:
                if len(files) == MOST_FILES:
                    raise _Truncated
                files.append(_PackedFile())
            elif files and number == _TITLE:
                files[-1].title = _narrow(value, codec)
            elif files and number == _DATA:
                files[-1].octets = value
            elif files and number == _ATTACHMENT:
                files[-1].facts |= _properties(value)
    except (_Truncated, struct.error):
        return None
    packed = [_packed(each, codec) for each in files]
    whole = None not in packed
    html, rtf = _html(message), b""
    if (found := message.get(_P_RTF)) is not None:
        rtf = decompressed(found[1], most)
        whole = whole and bool(rtf)
    text = _words(message.get(_P_BODY), codec) or _narrow(body, codec)
    return Tnef(tuple(each for each in packed if each is not None), text, html, rtf, whole)


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(level, number, value) of each attribute; the checksum behind it is not looked at: what it protects is told or not told."""
    position = 6  # the signature and a key that nobody uses
    for _ in range(MOST_ATTRIBUTES):
        if position + 11 > len(data):
            # Trailing zeros are common; a started attribute is a cut file.
            if data[position:].strip(b"\0"):
                raise _Truncated
            return
        level, tag, size = struct.unpack_from("<BII", data, position)
        position += 9
        if level not in (1, 2) or position + size > len(data):
            raise _Truncated
        yield level, tag & 0xFFFF, data[position : position + size]
        position += size + 2
    raise _Truncated


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """The properties of a message or file: number -> (type, first value). Named ones (0x8000 and above) are stepped over."""
    (count,) = struct.unpack_from("<I", data)
    if count > MOST_PROPERTIES:
        raise _Truncated
    found: dict[int, tuple[int, bytes]] = {}
    position = 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", data, position)
        position += 4
        if number >= 0x8000:
            (is_text,) = struct.unpack_from("<I", data, position + 16)
            position += 20
            if is_text:
                (size,) = struct.unpack_from("<I", data, position)
                position += 4 + size + -size % 4
            else:
                position += 4
        value, position = _value(data, position, kind)
        if number < 0x8000:
            found.setdefault(number, (kind & ~_MANY, value))
    return found


def _value(data: bytes, position: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property, and where the next property begins."""
    single = kind & ~_MANY
    count = 1
    if kind & _MANY or single in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    if single in _FIXED:
        size = _FIXED[single]
        end = position + size * count
        if end > len(data):
            raise _Truncated
        return data[position : position + size], end
    if single not in _VARIABLE or count > MOST_PROPERTIES:
        raise _Truncated
    first = b""
    for index in range(count):
        (size,) = struct.unpack_from("<I", data, position)
        position += 4
        if position + size > len(data):
            raise _Truncated
        if index == 0:
            first = data[position : position + size]
        position += size + -size % 4
    return first, position


def _packed(file: _PackedFile, codec: str) -> Packed | None:
    """A file, None for an object that is none (a message within, an OLE object)."""
    kind, method = file.facts.get(_P_METHOD, (0, b""))
    if kind == 3 and method[:4] in (struct.pack("<I", _EMBEDDED_MESSAGE), struct.pack("<I", _OLE)):
        return None
    octets = file.octets or file.facts.get(_P_OBJECT, (0, b""))[1]
    name: Callable[[int], str] = lambda number: _words(file.facts.get(number), codec)  # noqa: E731
    shown = name(_P_LONG_NAME) or name(_P_SHOWN_NAME) or file.title or name(_P_SHORT_NAME)
    return Packed(shown, name(_P_TYPE).strip().lower(), octets, name(_P_CONTENT_ID).strip().strip("<>"))


def _words(found: tuple[int, bytes] | None, codec: str) -> str:
    """A text property: UTF-16 or in the code page of the file."""
    if found is None:
        return ""
    kind, value = found
    if kind == 0x001F:
        return decode(value[: len(value) & ~1], "utf-16-le")[0].rstrip("\0")
    return _narrow(value, codec) if kind == 0x001E else ""


def _narrow(value: bytes, codec: str) -> str:
    return decode(value.rstrip(b"\0"), codec)[0]


def _html(message: dict[int, tuple[int, bytes]]) -> str:
    found = message.get(_P_HTML)
    if found is None:
        return ""
    kind, value = found
    if kind == 0x001F:
        return _words(found, "")
    number = message.get(_P_CODEPAGE, (0, b""))[1]
    page = struct.unpack_from("<I", number)[0] if len(number) >= 4 else 1252
    label = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1", 50220: "iso-2022-jp", 51932: "euc-jp"}.get(page, f"cp{page}")
    return decode(value.rstrip(b"\0"), label)[0]
