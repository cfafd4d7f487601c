"""What MAIL FROM and RCPT TO say: the address and its parameters (RFC 5321 4.1.2)."""

import re
from dataclasses import dataclass

# A path in angle brackets, with a source route that is ignored (RFC 5321, appendix C) and local parts in quotes.
_PATH = re.compile(r'\s*<(?:@[^<>:"\s]*:)?((?:"(?:\\.|[^"\\])*"|[^\s<>"])*)>(?:\s+(.*))?')
# Some devices leave the brackets out.
_BARE = re.compile(r'\s*([^\s<>"]+@[^\s<>"]+)(?:\s+(.*))?')
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e]+))?")


class Malformed(ValueError):
    """The argument of MAIL or RCPT is not what RFC 5321 allows. The text is the reply for the client."""


@dataclass(frozen=True, slots=True)
class Path:
    """An envelope address without brackets, and the parameters behind it with their names in capitals."""

    address: str
    parameters: tuple[tuple[str, str | None], ...] = ()


def read_path(argument: str, keyword: str) -> Path:
    """Read `FROM:<...> ...` or `TO:<...> ...`; the keyword comes with its colon, in capitals.
    Raises `Malformed`. No control, bidi or unassigned character ever gets into an address."""
    if argument[: len(keyword)].upper() != keyword:
        raise Malformed(f"501 5.5.4 {keyword}<address> was expected")
    rest = argument[len(keyword) :]
    match = _PATH.fullmatch(rest) or _BARE.fullmatch(rest)
    if match is None or not match[1].isprintable():
        raise Malformed("553 5.1.3 That is not an address")
    found = [_PARAMETER.fullmatch(word) for word in (match[2] or "").split()]
    if not all(found):
        raise Malformed("501 5.5.4 A parameter could not be read")
    return Path(match[1], tuple((each[1].upper(), each[2]) for each in found if each))


@dataclass(frozen=True, slots=True)
class Sender:
    """What MAIL FROM announced: the reverse-path ("" is the null one), and the size when the client told it."""

    reverse_path: str
    size: int = 0
    smtputf8: bool = False


def read_sender(argument: str) -> Sender:
    """Read the argument of MAIL with SIZE (RFC 1870), BODY (RFC 6152) and SMTPUTF8 (RFC 6531). Raises `Malformed`."""
    path = read_path(argument, "FROM:")
    size, smtputf8 = 0, False
    for name, value in path.parameters:
        if name == "SIZE":
            if value is None or re.fullmatch("[0-9]{1,20}", value) is None:
                raise Malformed("501 5.5.4 SIZE needs a number")
            size = int(value)
        elif name == "BODY":
            if value is None or value.upper() not in ("7BIT", "8BITMIME"):
                raise Malformed("501 5.5.4 BODY is 7BIT or 8BITMIME")
        elif name == "SMTPUTF8":
            if value is not None:
                raise Malformed("501 5.5.4 SMTPUTF8 takes no value")
            smtputf8 = True
        else:
            raise Malformed(f"555 5.5.4 The parameter {name} is not known here")
    if not smtputf8 and not path.address.isascii():
        raise Malformed("553 5.6.7 Such an address needs SMTPUTF8")
    return Sender(path.address, size, smtputf8)


def read_recipient(argument: str, *, smtputf8: bool) -> str:
    """Read the argument of RCPT. Raises `Malformed`."""
    path = read_path(argument, "TO:")
    if path.parameters:
        raise Malformed(f"555 5.5.4 The parameter {path.parameters[0][0]} is not known here")
    if not path.address:
        raise Malformed("553 5.1.3 That is not an address")
    if not smtputf8 and not path.address.isascii():
        raise Malformed("553 5.6.7 Such an address needs SMTPUTF8")
    return path.address
