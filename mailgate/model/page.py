"""Pages: what the web door shows to somebody who followed a link of a letter, and what they sent back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebPage:
    status: int  #: of HTTP
    html: str
    style: str  #: what its one style block holds: the browser is told that nothing else may have any effect


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of a public entry, to be kept by whoever asked for it and never shown in the page's place."""

    name: str
    type: str  #: a kind of picture that is only ever a picture, else application/octet-stream
    data: bytes


@dataclass(frozen=True, slots=True)
class RatingForm:
    score: int | None  #: None: none was chosen, or more than one
    comment: str = ""
