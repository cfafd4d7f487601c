"""The brand of letters as the policy has it, and its logo: a small PNG that can be seen on white and on dark."""

import hashlib
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from mailgate.model.brand import Brand, Enclosed
from mailgate.settings.forms import value_of
from mailgate.settings.safety import Say, opened

LARGEST, HIGHEST, WIDEST = 40_000, 64, 560  #: octets and pixels
SEEN = 3.0  #: contrast of what is no text (WCAG 2.2, 1.4.11)
MOST_LINES = 4
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: Colour type of a PNG -> channels of a pixel.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def brand_of(form: Any, under: Brand, folder: Path, place: tuple[str, ...], say: Say) -> Brand:
    """The brand of a form; what it does not say is as in `under`."""
    own = value_of(Brand, form)
    brand = replace(under, **{key: getattr(own, key) for key in form.model_fields_set})
    if len(brand.footer) > MOST_LINES:
        say((*place, "footer"), f"has {len(brand.footer)} lines: {MOST_LINES} at most stand under a letter")
    for key, lines in (("footer", brand.footer), ("legal", (brand.legal,)), ("name", (brand.name,)), ("logo_alt", (brand.logo_alt,))):
        if any(not line.isprintable() for line in lines):
            say((*place, key), "holds a line end or a control character")
    if "logo" in form.model_fields_set:
        brand = replace(brand, picture=_logo(brand, folder, (*place, "logo"), say) if brand.logo else None)
    return brand


def _logo(brand: Brand, folder: Path, place: tuple[str, ...], say: Say) -> Enclosed | None:
    if _REMOTE.match(brand.logo):
        say(place, f"{brand.logo} lies elsewhere, and letters fetch nothing: put a PNG beside the configuration and name its file")
        return None
    png = opened(folder / brand.logo, place, say)
    if png is None:
        return None
    width, height = size_of(png)
    if not width:
        say(place, f"{brand.logo} is no PNG: mail programs show no SVG and not every other picture")
    elif len(png) > LARGEST:
        say(place, f"{brand.logo} has {len(png)} octets, and it is in every letter: {LARGEST} at most")
    elif height > HIGHEST or width > WIDEST:
        say(place, f"{brand.logo} has {width} x {height} pixels: at most {WIDEST} x {HIGHEST}, shown at half of that")
    else:
        return Enclosed(f"logo.{hashlib.sha256(png).hexdigest()[:16]}", "logo.png", png, width, height)
    return None


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; 0 where it is no PNG."""
    if not png.startswith(_SIGNATURE) or png[12:16] != b"IHDR" or len(png) < 33:
        return 0, 0
    width, height = struct.unpack(">II", png[16:24])
    return (width, height) if width and height else (0, 0)


def hardly_seen_on(png: bytes) -> tuple[str, ...]:
    """The grounds (`white`, `dark`) that most of its pixels can hardly be told from. Nothing is said of a PNG of 16 bits or in passes."""
    pixels = _pixels(png)
    if not pixels:
        return ()
    from mailgate.compose.colours import CARD_DARK, WHITE, contrast  # loaded only where a picture is looked at

    grounds = (("white", WHITE), ("dark", CARD_DARK))
    total = sum(pixels.values())
    faint = {name: sum(count for colour, count in pixels.items() if contrast(colour, ground) < SEEN) for name, ground in grounds}
    return tuple(name for name, count in faint.items() if 2 * count > total)


def _pixels(png: bytes) -> dict[str, int]:
    """How often each colour stands in it, where it can be seen at all."""
    width, height, depth, kind, _, _, passes = struct.unpack(">IIBBBBB", png[16:29])
    if depth != 8 or passes or kind not in _CHANNELS:
        return {}
    palette, clear, packed = b"", b"", b""
    at = 8
    while at + 12 <= len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        palette, clear = (data, clear) if name == b"PLTE" else (palette, data) if name == b"tRNS" else (palette, clear)
        packed += data if name == b"IDAT" else b""
        at += 12 + size
    channels = _CHANNELS[kind]
    try:
        raw = zlib.decompressobj().decompress(packed, height * (width * channels + 1))
    except zlib.error:
        return {}
    found: dict[str, int] = {}
    before = bytes(width * channels)
    for row in range(height):
        start = row * (width * channels + 1)
        line = _unfiltered(raw[start : start + width * channels + 1], before, channels)
        for left in range(0, len(line) - channels + 1, channels):
            colour = _colour(line[left : left + channels], kind, palette, clear)
            if colour:
                found[colour] = found.get(colour, 0) + 1
        before = line
    return found


def _unfiltered(line: bytes, before: bytes, step: int) -> bytes:
    """A line of pixels as it was before it was filtered (PNG 9.2)."""
    kind, data = line[:1], bytearray(line[1:])
    for at in range(len(data)):
        left = data[at - step] if at >= step else 0
        above = before[at]
        if kind == b"\1":
            data[at] = (data[at] + left) & 255
        elif kind == b"\2":
            data[at] = (data[at] + above) & 255
        elif kind == b"\3":
            data[at] = (data[at] + (left + above) // 2) & 255
        elif kind == b"\4":
            corner = before[at - step] if at >= step else 0
            guess = left + above - corner
            data[at] = (data[at] + min((left, above, corner), key=lambda one: abs(guess - one))) & 255
    return bytes(data)


def _colour(pixel: bytes, kind: int, palette: bytes, clear: bytes) -> str:
    """`#rrggbb`, "" for a pixel that is more clear than not."""
    if kind == 3:
        index = pixel[0]
        seen, rgb = clear[index] if index < len(clear) else 255, palette[3 * index : 3 * index + 3]
    else:
        seen = pixel[-1] if kind in (4, 6) else 255
        rgb = pixel[:3] if kind in (2, 6) else pixel[:1] * 3
    return f"#{rgb.hex()}" if seen >= 128 and len(rgb) == 3 else ""
