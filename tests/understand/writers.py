"""Writers of what programs pack mail into: TNEF, compressed RTF, CMS, uuencode and yEnc. Byte by byte, from the standards."""

from __future__ import annotations

import binascii
import struct

# --- TNEF (MS-OXTNEF) -------------------------------------------------------------------------------------------------------


def attribute(level: int, tag: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, tag, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def a_property(number: int, value: str | bytes | int, *, narrow: bool = False, named: str = "") -> bytes:
    kind = 0x0003 if isinstance(value, int) else 0x0102 if isinstance(value, bytes) else 0x001E if narrow else 0x001F
    head = struct.pack("<HH", kind, 0x8001 if named else number)
    if named:
        name = f"{named}\0".encode("utf-16-le")
        head += bytes(16) + struct.pack("<II", 1, len(name)) + name + bytes(-len(name) % 4)
    if isinstance(value, int):
        return head + struct.pack("<I", value)
    data = value if isinstance(value, bytes) else f"{value}\0".encode("cp1252" if narrow else "utf-16-le")
    return head + struct.pack("<II", 1, len(data)) + data + bytes(-len(data) % 4)


def properties(*rows: bytes) -> bytes:
    return struct.pack("<I", len(rows)) + b"".join(rows)


def a_file(title: str, data: bytes, *rows: bytes) -> bytes:
    return b"".join(
        (
            attribute(2, 0x00069002, bytes(14)),
            attribute(2, 0x00018010, f"{title}\0".encode("cp1252")),
            attribute(2, 0x0006800F, data),
            attribute(2, 0x00069005, properties(*rows)) if rows else b"",
        )
    )


def tnef(*attributes: bytes, codepage: int = 1252) -> bytes:
    return b"\x78\x9f\x3e\x22" + b"\x01\x00" + attribute(1, 0x00069007, struct.pack("<II", codepage, 0)) + b"".join(attributes)


def stored_rtf(data: bytes) -> bytes:
    return struct.pack("<III", len(data) + 12, len(data), 0x414C454D) + bytes(4) + data


def compressed_rtf(data: bytes, first_in_dictionary: tuple[int, int] | None = None) -> bytes:
    """Only literals, or one reference (place, length) into the dictionary that stands before them."""
    out = b""
    if first_in_dictionary is not None:
        place, length = first_in_dictionary
        out += bytes([1]) + struct.pack(">H", place << 4 | (length - 2))
        first, data = data[:7], data[7:]
        out += first
    for start in range(0, len(data), 8):
        out += b"\0" + data[start : start + 8]
    size = len(data) + (first_in_dictionary[1] + len(first) if first_in_dictionary else 0)
    return struct.pack("<III", len(out) + 12, size, 0x75465A4C) + bytes(4) + out


# --- CMS (RFC 5652, X.690) ---------------------------------------------------------------------------------------------------

SIGNED, ENVELOPED, COMPRESSED, DATA = (
    bytes.fromhex(oid) for oid in ("2a864886f70d010702", "2a864886f70d010703", "2a864886f70d0109100109", "2a864886f70d010701")
)


def der(tag: int, *content: bytes) -> bytes:
    data = b"".join(content)
    if len(data) < 0x80:
        return bytes((tag, len(data))) + data
    size = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + data


def open_ended(tag: int, *content: bytes) -> bytes:
    return bytes((tag, 0x80)) + b"".join(content) + b"\0\0"


def signed(content: bytes) -> bytes:
    """SignedData with its content whole, and a signature of nobody."""
    inner = der(0x30, der(0x02, b"\1"), der(0x31), der(0x30, der(0x06, DATA), der(0xA0, der(0x04, content))), der(0x31))
    return der(0x30, der(0x06, SIGNED), der(0xA0, inner))


def streamed(content: bytes, piece: int = 1000) -> bytes:
    """The same as OpenSSL and Apple Mail write it: no lengths, the content in pieces."""
    pieces = [der(0x04, content[at : at + piece]) for at in range(0, len(content), piece)]
    wrapped = open_ended(0xA0, open_ended(0x24, *pieces))
    inner = open_ended(0x30, der(0x02, b"\1"), open_ended(0x31, der(0x30, der(0x06, DATA))), open_ended(0x30, der(0x06, DATA), wrapped))
    return open_ended(0x30, der(0x06, SIGNED), open_ended(0xA0, inner))


def sealed(kind: bytes) -> bytes:
    return der(0x30, der(0x06, kind), der(0xA0, der(0x30, der(0x02, b"\0"))))


# --- files in a text -----------------------------------------------------------------------------------------------------------


def uuencoded(name: str, data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return f"begin 644 {name}\n".encode() + b"".join(lines) + b"`\nend\n"


def yencoded(name: str, data: bytes) -> bytes:
    out = bytearray()
    for octet in data:
        coded = (octet + 42) % 256
        out += bytes((0x3D, (coded + 64) % 256)) if coded in (0, 10, 13, 0x3D) else bytes((coded,))
    return f"=ybegin line=128 size={len(data)} name={name}\n".encode() + bytes(out) + f"\n=yend size={len(data)}\n".encode()
