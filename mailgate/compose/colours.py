"""The colours of a brand: one accent becomes a dozen shades, each of which can be read where it stands (WCAG 2.2, 1.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

WHITE, BLACK = "#ffffff", "#000000"
CARD_DARK = "#17191f"  #: ground of a letter where its reader has chosen dark
READABLE = 4.5

INK, BODY, MUTE, LINE = "#1a1d23", "#2c313a", "#5c6470", "#e2e5ea"
SIDE, REST, BAR = "#eceef2", "#e2e5ea", "#c3cad6"
SOFT, SOFT_LINE = "#f3f5fa", "#dce1eb"
#: Tone of a box -> ground, border, ink and the class that turns them dark.
TONES: Mapping[str, tuple[str, str, str, str]] = {
    "": (SOFT, SOFT_LINE, BODY, "d-soft"),
    "warn": ("#fff4dc", "#f2dba6", "#7a4b00", "d-warn"),
    "bad": ("#fdeceb", "#f3c9c5", "#9c1c14", "d-bad"),
    "good": ("#e7f6ec", "#c0e4cc", "#17633a", "d-good"),
}
#: Tone of a meter -> its bar: a middle shade, for it stands on white and on dark.
BARS: Mapping[str, str] = {"": "#4f70e0", "warn": "#d98a00", "bad": "#d13b2f", "good": "#2c9a5b"}


@dataclass(frozen=True, slots=True)
class Shades:
    """What is made of an accent, on white and on dark."""

    fill: str  #: ground of button and tile
    fill_ink: str
    link: str
    tint: str  #: ground of initials and of the first tag
    tint_ink: str
    dark_fill: str
    dark_fill_ink: str
    dark_link: str
    dark_tint: str
    dark_tint_ink: str


@lru_cache(64)
def shades(accent: str) -> Shades:
    """All shades of `#rrggbb`."""
    fill = readable(accent, WHITE, 1.3)  # the accent itself, unless it would vanish on a white card
    tint = mixed(accent, WHITE, 0.88)
    dark_fill = readable(accent, CARD_DARK, 3.4)
    dark_tint = mixed(accent, CARD_DARK, 0.78)
    lighter = mixed(accent, WHITE, 0.4)
    return Shades(
        fill=fill,
        fill_ink=_ink_on(fill, INK),
        link=readable(accent, WHITE),
        tint=tint,
        tint_ink=readable(accent, tint),
        dark_fill=dark_fill,
        dark_fill_ink=_ink_on(dark_fill, BLACK),
        dark_link=readable(lighter, CARD_DARK, 7),
        dark_tint=dark_tint,
        dark_tint_ink=readable(lighter, dark_tint, 6),
    )


def _ink_on(ground: str, dark: str) -> str:
    """White where it can be read, else a dark one: one of the two always can."""
    return next((ink for ink in (WHITE, dark) if contrast(ground, ink) >= READABLE), BLACK)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours by WCAG 2: from 1 to 21."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str, least: float = READABLE) -> str:
    """The colour itself, or the nearest shade of it that can be read on this ground."""
    to = BLACK if contrast(ground, BLACK) > contrast(ground, WHITE) else WHITE
    steps = (mixed(colour, to, step / 50) for step in range(51))
    return next((shade for shade in steps if contrast(shade, ground) >= least), to)


def mixed(colour: str, other: str, share: float) -> str:
    """The colour with so much of another one in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * (1 - share) + b * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in _channels(colour)))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
