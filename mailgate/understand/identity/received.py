"""One `Received:` line: which server wrote it, and which host it had the mail from. The name that the client gave itself is not believed.

The line holds words of the client: its greeting may have blanks in Postfix, certificates have names, recipients are quoted. So comments
are taken out first, and a line in which more than one server says `by` says nothing."""

import ipaddress
import re
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 2000  #: characters of a line that are read

_PIECE = re.compile(r"\\.|[^()\\]+|[()\\]")
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"\s*from\s+(\S+)", re.IGNORECASE)
#: What the client called itself, as Exim and qmail write it among the rest.
_SAID = re.compile(r"\b(?:helo|ehlo)[= ]\s*[^\s)]*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]", re.IGNORECASE)
_BARE = re.compile(r"(?:^|\s)([0-9A-Fa-f:.]{3,45})(?=$|\s)")
_NAMED = re.compile(r"\s*([A-Za-z0-9._-]+)\.?\s*\[")


@dataclass(frozen=True, slots=True)
class Hop:
    by: str  #: lower case
    said: str = ""  #: what the client called itself, lower case; "": the mail was made, or handed on, within the server
    address: Address | None = None  #: of the client
    name: str = ""  #: what DNS calls that address, where the server says so


def hop_of(line: str) -> Hop | None:
    """None where it cannot be told who wrote it."""
    outer, comments = _parted(line[:LONGEST])
    began = _FROM.match(outer)
    written = list(_BY.finditer(outer, began.end() if began else 0))
    if len(written) != 1:
        return None
    by = written[0][1].lower().rstrip(".")
    if began is None:
        return Hop(by)
    seen = [_SAID.sub(" ", text) for at, text in comments if at <= written[0].start()]
    addresses = [found for text in seen for found in (*_IN_BRACKETS.findall(text), *_BARE.findall(text)) if address_in(found)]
    said = began[1].lower()
    literal = _IN_BRACKETS.fullmatch(said)
    if not addresses and literal and not any("[" in text for text in seen):
        addresses = [literal[1]]
    address = address_in(addresses[-1]) if addresses else None
    named = next((match[1] for text in seen if (match := _NAMED.match(text))), "")
    if not named and seen and seen[0].lstrip().startswith("["):
        named = said.strip("[]")  # Exim has looked the name up, and says the greeting elsewhere
    return Hop(by, said.strip("[]").rstrip("."), address, named.lower().rstrip("."))


def _parted(line: str) -> tuple[str, list[tuple[int, str]]]:
    """The line without its comments, and these with where they stood."""
    outer: list[str] = []
    inner: list[str] = []
    depth, size = 0, 0
    comments: list[tuple[int, str]] = []
    for match in _PIECE.finditer(line):
        piece = match[0]
        if piece == "(":
            depth += 1
            if depth == 1:
                inner = []
                continue
        elif piece == ")" and depth:
            depth -= 1
            if not depth:
                comments.append((size, "".join(inner)))
                outer.append(" ")
                size += 1
                continue
        if depth:
            inner.append(piece)
        else:
            outer.append(piece)
            size += len(piece)
    return "".join(outer), comments


def address_in(text: str) -> Address | None:
    """An IP address, in brackets or without; IPv4 within IPv6 is IPv4."""
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
