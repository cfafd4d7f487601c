"""How a desk looks in its letters: a name, a colour, a picture, and what stands below every one of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """Looks of letters."""

    name: str = ""
    short: str = ""
    accent: str = "#2f55d4"
    footer: tuple[str, ...] = ()
    legal: str = ""
    faces: bool = True
    steps: bool = True
