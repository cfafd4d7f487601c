"""Authentication-Results: what another server found out about a mail (RFC 8601), also as Microsoft 365 writes it. Never fails.

The values in a stamp come from whoever sent the mail, so a stamp that does not read to its end says nothing at all."""

import re
from dataclasses import dataclass

LONGEST = 16 * 1024  #: characters of one stamp

_PIECE = re.compile(r'[^\s;=()"\\]+|\\.?|\s+|[;=()"]')
_METHOD = re.compile(r"([a-z][a-z0-9-]{0,30})(?:/0*1)?")  # another version of a method is another method


@dataclass(frozen=True, slots=True)
class Result:
    """One finding: `dkim=pass header.d=example.org`. All names and results in lower case."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]  #: ("header.d", "example.org")

    def named(self, *names: str) -> str | None:
        """The value of the first of these properties that is there."""
        return next((value for name in names for key, value in self.properties if key == name), None)

    def __str__(self) -> str:
        return " ".join((f"{self.method}={self.result}", *(f"{name}={value}" for name, value in self.properties[:4])))[:200]


@dataclass(frozen=True, slots=True)
class Stamp:
    """One Authentication-Results header."""

    server: str  #: the authserv-id in lower case; "": the form of Microsoft 365, which has none
    results: tuple[Result, ...]
    fault: str = ""  #: why it cannot be read; then it holds no result


Word = tuple[str, str | None]  #: name, and what stands behind its =


def server_of(value: str) -> str:
    """The authserv-id of a stamp in lower case, without reading the rest; "" where the first word is a result."""
    words = _segments(value, first_only=True)
    if not words or not words[0] or words[0][0][1] is not None:
        return ""
    return words[0][0][0].lower()


def read_stamp(value: str) -> Stamp:
    """One header value, unfolded."""
    server = server_of(value)
    if len(value) > LONGEST:
        return Stamp(server, (), f"longer than {LONGEST} characters")
    segments = _segments(value)
    if segments is None:
        return Stamp(server, (), "a quote or a comment is not closed")
    found = (_result(words) for words in (segments[1:] if server else segments))
    return Stamp(server, tuple(result for result in found if result is not None))


def _result(words: list[Word]) -> Result | None:
    """A segment that begins with `method=result`; Microsoft puts bare domains and other words between them."""
    if not words or words[0][1] is None:
        return None
    method = _METHOD.fullmatch(words[0][0].lower())
    if method is None:
        return None
    properties = tuple((name.lower(), text) for name, text in words[1:] if text is not None and "." in name)
    return Result(method[1], words[0][1].lower(), properties)


def _segments(value: str, first_only: bool = False) -> list[list[Word]] | None:
    """The words between semicolons, comments left out, quotes taken off; None where one of them is open at the end."""
    segments: list[list[Word]] = [[]]
    name, text = "", None  # of the word in work
    blank = False  # white space was seen behind it
    depth = 0
    quoted = False

    def settle() -> None:
        nonlocal name, text, blank
        if name:
            segments[-1].append((name, text))
        name, text, blank = "", None, False

    for match in _PIECE.finditer(value[: LONGEST + 1]):
        piece = match[0]
        if quoted:
            if piece == '"':
                quoted = False
                continue
            piece = piece[1:] if piece[0] == "\\" else piece
        elif depth:
            depth += (piece == "(") - (piece == ")")
            continue
        elif piece == "(":
            depth, blank = 1, True
            continue
        elif piece == ")":
            return None  # closes what nobody opened
        elif piece == '"':
            quoted = True
            if blank and text != "":
                settle()
            continue
        elif piece == ";":
            settle()
            if first_only:
                return segments
            segments.append([])
            continue
        elif piece.isspace():
            blank = True
            continue
        elif piece == "=" and text is None and name:
            text, blank = "", False
            continue
        elif blank and text != "":
            settle()
        if text is not None:
            text, blank = text + piece, False
        else:
            name, blank = name + piece, False
    settle()
    return None if (quoted or depth) and not first_only else segments
