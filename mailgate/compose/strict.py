"""The last look at a finished letter: bytes that break a rule of RFC 5322 or of ours are never sealed.

It knows nothing of how they were written, so that a mistake of the writer cannot hide itself."""

import re
from functools import lru_cache
from itertools import pairwise

#: The only fields that a letter of ours may have. Bcc, Cc and whatever a mail brought along are not among them.
ALLOWED = frozenset(
    {
        "date", "from", "to", "reply-to", "subject", "message-id", "in-reply-to", "references", "auto-submitted",
        "x-auto-response-suppress", "content-language", "mime-version", "content-type", "content-transfer-encoding",
    }
)  # fmt: skip
ONCE = ("date", "from", "to", "subject", "message-id", "mime-version", "content-type")
#: Fields of the parts inside.
PART_FIELDS = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-id"})

LONGEST_LINE = 998
FOLDED = 78

_GAP = b"\r\n\r\n"
_ALONE = re.compile(rb"\r[^\n]")
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):(?: ([^\r\n]*\S))?")
#: What may stand in a line: all but control characters and line ends.
_PLAIN = bytes(octet for octet in range(256) if octet == 9 or (octet >= 32 and octet != 127))
_WORD = re.compile(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=")
_OPENS_WORD = re.compile(rb"=\?(?!=)")  # but not the end of a word whose base64 ends with "="
#: Fields in which what stands in angle brackets is an address or an id, and nobody decodes these (RFC 2047 5).
_BRACKETS = frozenset({"from", "to", "reply-to", "message-id", "in-reply-to", "references", "content-id"})
_BRACKETED = re.compile(rb"<[^<>\s]*>")
_ENCODED = rb"=\?utf-8\?(?:b\?[A-Za-z0-9+/=]*|q\?[A-Za-z0-9!*+/=_-]*)\?="
_LOCAL = rb"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff.-]+|\"(?:[^\"\\\r\n\x00-\x1f]|\\[\x20-\x7e])*\")"
_MAILBOX = re.compile(
    rb'(?:(?:"[^"\\\r\n\x00-\x1f\x80-\xff]*"|' + _ENCODED + rb"(?: " + _ENCODED + rb")*) )?<" + _LOCAL + rb"@[A-Za-z0-9_.:\[\]-]+>"
)
_IDS = re.compile(rb"<[^<>\s@]+@[^<>\s@]+>(?: <[^<>\s@]+@[^<>\s@]+>)*")
_DATE = re.compile(rb"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000")
_BOUNDARY = re.compile(rb'boundary="([^"]+)"')


class Unsealable(Exception):
    """A letter with a fault: it is never sealed. The text says which field and what is wrong, and never repeats a value."""


def check_bytes(data: bytes, utf8: bool = False) -> list[str]:
    """What is wrong with the bytes of a whole letter, best first; empty when nothing is. `utf8`: addresses may be UTF-8 (RFC 6532).
    Linear in the bytes, and a few dozen microseconds for a usual letter."""
    faults: list[str] = []
    strange = data.translate(None, _PLAIN)
    ends = strange.count(b"\r")
    if ends != strange.count(b"\n") or _ALONE.search(data) or data.endswith(b"\r"):
        return ["a CR or LF stands alone"]
    if 2 * ends != len(strange):
        faults.append("a control character")
    gap = data.find(_GAP)
    if gap < 0:
        return [*faults, "no empty line after the header"]
    block = data[:gap]
    if b"\t" in block:
        faults.append("a tab in the header")
    if not data.isascii() and not (utf8 and data[gap:].isascii()):
        faults.append("octets beyond ASCII")
    if is_longer(data, LONGEST_LINE):
        faults.append(f"a line longer than {LONGEST_LINE} octets")
    fields = _fields(block, ALLOWED, faults)
    value = dict(fields)
    faults += [f"{name}: missing" for name in ONCE if name not in value]
    if len(value) < len(fields):
        names = [name for name, _ in fields]
        faults += [f"{name}: more than once" for name in value if names.count(name) > 1]
    if faults:
        return faults
    faults += [f"{name}: not one address" for name in ("from", "to", "reply-to") if name in value and not _MAILBOX.fullmatch(value[name])]
    faults += [
        f"{name}: not Message-IDs"
        for name in ("message-id", "in-reply-to", "references")
        if name in value and not _IDS.fullmatch(value[name])
    ]
    if b" " in value["message-id"]:
        faults.append("message-id: more than one")
    if not _DATE.fullmatch(value["date"]):
        faults.append("date: not in its form")
    if value["mime-version"] != b"1.0":
        faults.append("mime-version: not 1.0")
    _check_parts(value["content-type"], data, gap + 2, len(data), faults)
    return faults


def is_longer(data: bytes, most: int) -> bool:
    """Whether a line is longer than so many octets without its CR LF. Looks only at the last line end that each stretch has."""
    start, last = 0, len(data) - most
    while start < last:
        end = data.rfind(b"\r\n", start, start + most + 2)
        if end < 0:
            return True
        start = end + 2
    return False


def _fields(block: bytes, allowed: frozenset[str], faults: list[str]) -> list[tuple[str, bytes]]:
    """Lower-case names and unfolded values."""
    fields: list[tuple[str, bytes]] = []
    if b"\r\n " in block:
        rows = block.split(b"\r\n")
        faults += ["an empty continuation line" for row in rows if row[:1] == b" " and not row.strip()]
        folded = block.replace(b"\r\n ", b" ")
        if max(map(len, rows)) > FOLDED and any(len(row) > FOLDED and row.count(b" ") > 2 for row in rows):
            faults.append(f"a line longer than {FOLDED} octets that could be folded")
    else:
        folded = block
    for row in folded.split(b"\r\n"):
        name, value, is_broken = _field(row)
        if not name:
            faults.append("a line that is no header field")
            continue
        if name not in allowed:
            faults.append(f"{name}: not a field of ours")
        if is_broken:
            faults.append(f"{name}: a broken encoded word")
        fields.append((name, value))
    return fields


@lru_cache(1024)
def _field(row: bytes) -> tuple[str, bytes, bool]:
    """Name in lower case ("" when this is no field), value, and whether the value holds a broken encoded word. Most lines return."""
    match = _FIELD.fullmatch(row)
    if match is None:
        return "", b"", False
    name, value = match[1].decode("ascii").lower(), match[2] or b""
    is_broken = b"=?" in value and _is_broken(_BRACKETED.sub(b"<>", value) if name in _BRACKETS else value)
    return name, value, is_broken


def _is_broken(value: bytes) -> bool:
    words = _WORD.findall(value)
    return len(_OPENS_WORD.findall(value)) != len(words) or any(len(word) > 75 for word in words)


def _check_parts(content_type: bytes, data: bytes, start: int, end: int, faults: list[str]) -> None:
    """Each multipart opens and closes its boundary, and each part inside has a header of its own. What is in it stands between the line
    end at `start` and `end`; nothing of it is copied."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        if content_type.startswith(b"multipart/"):
            faults.append("content-type: no boundary")
        return
    fence = b"\r\n--" + match[1]
    fences: list[int] = []
    at = data.find(fence, start, end)
    while at >= 0:
        fences.append(at)
        at = data.find(fence, at + len(fence), end)
    if len(fences) < 2 or fences[0] != start or data[fences[-1] + len(fence) : end].strip(b"\r\n") != b"--":
        faults.append("content-type: its boundary does not open and close")
        return
    for at, after in pairwise(fences):
        begin = at + len(fence)
        gap = data.find(_GAP, begin + 2, after)
        if not data.startswith(b"\r\n", begin, after) or gap < 0:
            faults.append("a part without a header")
            continue
        kind, wrong = _part(data[begin + 2 : gap])
        faults += wrong
        if kind is None:
            faults.append("a part without its type")
        elif kind.startswith(b"multipart/"):
            _check_parts(kind, data, gap + 2, after, faults)


@lru_cache(256)
def _part(block: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """The type that the header of a part states, and its faults. Text and HTML have the same header in nearly all letters."""
    faults: list[str] = []
    kinds = [value for name, value in _fields(block, PART_FIELDS, faults) if name == "content-type"]
    return (kinds[0] if len(kinds) == 1 else None), tuple(faults)
