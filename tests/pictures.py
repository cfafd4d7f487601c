"""Small PNGs for tests, of one colour or of several."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

CLEAR = (0, 0, 0, 0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png(width: int, height: int, colours: Sequence[tuple[int, ...]] = ((47, 85, 212, 255),), kind: int = 6, filtered: int = 0) -> bytes:
    """Pixels take the colours in turn. `kind`: colour type of the PNG; `filtered`: how each line is (0 to 2)."""
    rows: list[bytes] = []
    before = bytes(width * len(colours[0]))
    step = len(colours[0])
    for row in range(height):
        line = b"".join(bytes(colours[(row * width + at) % len(colours)]) for at in range(width))
        if filtered == 1:
            shown = bytes((one - (line[at - step] if at >= step else 0)) & 255 for at, one in enumerate(line))
        elif filtered == 2:
            shown = bytes((one - before[at]) & 255 for at, one in enumerate(line))
        else:
            shown = line
        rows.append(bytes((filtered,)) + shown)
        before = line
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
