"""What must be right about a letter before a single octet of it reaches a relay."""

import re
import unicodedata

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BARE = r'[^\s<>"\\(),:;@\[\]]+'
_ADDRESS = re.compile(rf"(?P<local>{_QUOTED}|{_BARE})@(?P<domain>{_BARE}|\[[^\s\[\]\\<>]+\])")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  #: controls, surrogates, line and paragraph separators


class UnfitLetterError(ValueError):
    """This letter must not be sent, today or ever: our own mistake, found before the relay heard of it."""


def check_address(address: str, null_allowed: bool = False) -> None:
    """Raises UnfitLetterError for an envelope address that could say more to the relay than who it is: line ends and other controls,
    brackets, blanks outside quotes (they would begin a parameter). `null_allowed`: "" is the null reverse-path. RFC 5321 4.1.2."""
    if not address and null_allowed:
        return
    if any(unicodedata.category(sign) in _FORBIDDEN for sign in address) or not _ADDRESS.fullmatch(address):
        raise UnfitLetterError(f"not an envelope address: {address!a}")


def check_letter(data: bytes) -> None:
    """Raises UnfitLetterError unless every line of the letter ends with CRLF and neither CR nor LF stands alone: what one relay reads as
    a line end and the next does not is how a second mail is smuggled in a first. NUL is refused too. RFC 5321 2.3.8."""
    ends = data.count(b"\r\n")
    if data.count(b"\r") != ends or data.count(b"\n") != ends:
        raise UnfitLetterError("the letter has a bare CR or LF")
    if not data.endswith(b"\r\n"):
        raise UnfitLetterError("the last line of the letter has no end")
    if b"\0" in data:
        raise UnfitLetterError("the letter has a NUL")


def words(reply: bytes | str) -> str:
    """What a relay said, fit for a terminal, a ticket and the outbox: one line, no controls, at most 500 characters."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    kept = (" " if sign.isspace() else sign for sign in text[:4000] if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join("".join(kept).split())[:500]
