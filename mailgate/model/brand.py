"""How a desk looks in its letters: a name, a colour, a picture, and what stands below every one of them."""

from dataclasses import dataclass, field
from typing import Annotated

from mailgate.model.setting import As, File, setting


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A PNG of ours that travels in a letter and is shown where its HTML names it."""

    cid: str
    name: str
    png: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Brand:
    """How letters look, of all desks or of one."""

    name: str = setting("", "head of a letter, else the name of the desk", example='"Example IT"')
    short: Annotated[str, As.SHORT] = setting("", "up to 3 letters in the tile beside it, else from the prefix", example='"IT"')
    accent: Annotated[str, As.COLOUR] = setting(
        "#2f55d4", "colour of tile, button and links; where it could not be read, a shade of it is taken"
    )
    logo: File = setting("", "a PNG of at most 64 px height and 40 KB, instead of tile and name", example='"logo.png"')
    logo_alt: str = setting("", "what is read where pictures are not shown, else the name", example='"Example Ltd"')
    footer: tuple[str, ...] = setting((), "up to 4 lines under every letter", example='["Example Ltd, Mon–Fri 8:00–18:00"]')
    legal: str = setting("", "below them, in letters to requesters: what the law asks of business mail", example='"Example Ltd, HRB 1"')
    faces: bool = setting(True, "initials beside the name of who wrote")
    steps: bool = setting(True, "a bar: received, in progress, solved")
    picture: Enclosed | None = None  #: the logo, as it was read
