"""The bytes of a mail as a tree of parts (RFC 5322, RFC 2045 to 2046). Cuts by lines only; never fails, never recurses, linear in the mail.

Nothing is decoded here: values are octets as they came, so that each room above reads them in its own way."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from itertools import islice

from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime.headers import ContentType, parse_content_type, unfold
from mailgate.understand.mime.transfer import undo

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
#: After a line that is no header field, only a field of these names says that the header goes on.
_WELL_KNOWN = re.compile(
    rb"(?:subject|from|to|cc|date|message-id|mime-version|content-type|content-transfer-encoding|received|reply-to|references)[ \t]*:",
    re.IGNORECASE,
)
_SPACED_FROM = re.compile(rb"From[ \t]{1,9}:")
_DELIMITER = re.compile(rb"^--([^\n]{6,70})$", re.MULTILINE)
_BLANK_AT_ITS_END = re.compile(rb'boundary\s{0,3}=\s{0,3}"([^"\n]{1,9000} )"', re.IGNORECASE)
_STATED_BOUNDARY = re.compile(rb'boundary\s{0,3}=\s{0,3}"?([^\s";]{1,200})', re.IGNORECASE)
#: Octets of a part's header in which its boundary is looked for before the part is cut out.
_BOUNDARY_WITHIN = 2_000
_PLAIN = ContentType("text/plain", {}, declared=False)
_MESSAGE = ContentType("message/rfc822", {}, declared=False)


@dataclass(slots=True)
class MimePart:
    """One part: its header fields in order (lower-case name, raw value), what it says it is, and either children or a body."""

    path: str  #: "1.2": parts counted from 1, depth first; "" is a multipart mail itself
    fields: list[tuple[str, bytes]]
    type: ContentType
    body: bytes = b""  #: as transferred, line ends LF; empty when there are children
    children: list[MimePart] = field(default_factory=list)

    def first(self, name: str) -> bytes | None:
        """The first field of this (lower-case) name, still folded."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def encoding(self) -> str:
        raw = self.first("content-transfer-encoding")
        return unfold(raw).partition(";")[0].partition("(")[0].strip().strip('"').lower() if raw else ""


@dataclass(slots=True)
class Tree:
    root: MimePart
    defects: list[str]

    def leaves(self) -> list[MimePart]:
        """All parts without children, in order."""
        out, stack = [], [self.root]
        while stack:
            part = stack.pop()
            if part.children:
                stack.extend(reversed(part.children))
            else:
                out.append(part)
        return out


def grow(raw: bytes, limits: ReadingLimits) -> Tree:
    """The tree of a mail."""
    defects: list[str] = []
    data = raw.replace(b"\r\n", b"\n")
    if b"\r" in data[:1000] and b"\n" not in data[:1000]:
        data = data.replace(b"\r", b"\n")
        defects.append("lines end in a bare CR")
    data = data.removeprefix(codecs.BOM_UTF8)
    data = data.lstrip(b"\n") if data.startswith(b"\n") else data
    if data.startswith((b"From ", b">From ")) and not _SPACED_FROM.match(data):
        data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
    fields, body = split_header(data, limits, defects)
    root = MimePart("", fields, _type_of(fields, _PLAIN, defects), body)
    del data, body  # each cut is a copy, and a copy of a large mail is large
    work, parts, candidates = [(root, 0)], 1, 0
    while work:
        part, depth = work.pop()
        if not part.type.type.startswith("multipart/"):
            continue
        if depth >= limits.depth:
            defects.append(f"multiparts deeper than {limits.depth}")
            continue
        if part.encoding not in ("", "7bit", "8bit", "binary") and not _is_said_to_be_base64(part):
            part.body = undo(part.body, part.encoding)[0]
        pieces, seen = _split_multipart(part, limits.parts - parts, limits.delimiters - candidates, defects)
        candidates += seen
        if not pieces:
            continue
        default = _MESSAGE if part.type.type == "multipart/digest" else _PLAIN
        prefix = f"{part.path}." if part.path else ""
        if (begun := _begun_in_its_header(part)) is not None:
            pieces.insert(0, begun)
        part.body = b""
        parts += len(pieces)
        pieces.reverse()
        while pieces:
            fields, body = split_header(pieces.pop(), limits, defects)
            part.children.append(MimePart(f"{prefix}{len(part.children) + 1}", fields, _type_of(fields, default, defects), body))
            del body
        work.extend((child, depth + 1) for child in reversed(part.children))
    if not root.children:
        root.path = "1"
    return Tree(root, list(dict.fromkeys(defects)))


def rooted(root: MimePart, above: str) -> MimePart:
    """The same tree, all its paths under another address."""
    stack = [root]
    while stack:
        part = stack.pop()
        part.path = above + part.path
        stack.extend(part.children)
    return root


def split_header(data: bytes, limits: ReadingLimits, defects: list[str]) -> tuple[list[tuple[str, bytes]], bytes]:
    """The header fields of a mail or part, and its body."""
    if data.startswith(b"\n"):
        return [], data[1:]
    if data[:1] in (b" ", b"\t") and _WELL_KNOWN.match(below := data[data.find(b"\n") + 1 :][:100]) and below != data[:100]:
        defects.append("the header begins with a continued line")  # what it continued was cut off
        data = data[data.find(b"\n") + 1 :]
    end = data.find(b"\n\n")
    block, body = (data, b"") if end < 0 else (data[:end], data[end + 2 :])
    # One endless field must not hide those behind it, so each is capped before all of them are.
    if len(block) > 4 * limits.header_block:
        cut = block.rfind(b"\n", 0, 4 * limits.header_block)
        block = block[: cut if cut > 0 else 4 * limits.header_block]
        defects.append(f"header longer than {4 * limits.header_block} bytes")
    names: list[str] = []
    values: list[list[bytes]] = []
    too_long: list[str] = []
    lines = block.split(b"\n")
    offset = size = 0
    last: int | None = None  # where the last field of a well-known name stands, looked up when it matters
    for index, line in enumerate(lines):
        match = _FIELD.match(line)
        if match is not None:
            names.append(match[1].decode("ascii").lower())
            values.append([line[match.end() : match.end() + limits.header]])
            size = len(line)
            if size > limits.header:
                too_long.append(names[-1])
        elif line[:1] in (b" ", b"\t") and names:
            size += len(line)
            if size <= limits.header:
                values[-1].append(line)
            elif size - len(line) <= limits.header:
                too_long.append(names[-1])
        elif names and index < (last := _last_field(lines) if last is None else last):
            defects.append("a line in the header is no header field")
        elif line.strip():
            if names or offset:
                defects.append("the header ends without an empty line")
            body = data[offset:]
            break
        offset += len(line) + 1
    defects.extend(f"{name[:40]}: longer than {limits.header} bytes" for name in dict.fromkeys(too_long[:10]))
    if len(names) > limits.headers:
        defects.append(f"more than {limits.headers} header fields")
    fields = []
    room = limits.header_block
    for name, folded in zip(names[: limits.headers], values, strict=False):
        value = folded[0] if len(folded) == 1 else b"\n".join(folded)
        room -= len(name) + len(value)
        if room < 0:
            defects.append(f"header longer than {limits.header_block} bytes")
            break
        fields.append((name[:200], value))
    return fields, body


def _last_field(lines: list[bytes]) -> int:
    return next((index for index in range(len(lines) - 1, -1, -1) if _WELL_KNOWN.match(lines[index])), -1)


def _type_of(fields: list[tuple[str, bytes]], default: ContentType, defects: list[str]) -> ContentType:
    stated = [value for name, value in fields if name == "content-type"]
    if not stated:
        return default
    if len(stated) > 1:
        defects.append("several Content-Type headers, the first counts")
    return parse_content_type(stated[0], default.type)


def _split_multipart(part: MimePart, room: int, candidates: int, defects: list[str]) -> tuple[list[bytes], int]:
    """The pieces between the boundary lines, and how many lines had to be looked at. No pieces: the body is no multipart."""
    data = part.body
    boundary = _boundary(part)
    if not boundary or (not data.startswith(b"--" + boundary) and b"\n--" + boundary not in data):
        # Only a boundary that closes itself is believed: "-- " lines and rules of dashes are everywhere.
        guess = next((m[1].rstrip() for m in islice(_DELIMITER.finditer(data), 20) if b"\n--" + m[1].rstrip() + b"--" in data), None)
        why = "boundary not found" if boundary else "multipart without a boundary"
        if guess is None:
            defects.append(why)
            return [], 0
        boundary = guess
        defects.append(f"{why}, guessed")
    mark = b"--" + boundary
    starts: list[tuple[int, int]] = []  # (where the delimiter line begins, where the next piece begins)
    seen, closed = 0, False
    if data.startswith(mark):
        starts, closed = _delimiter(data, 0, len(mark), starts)
    position = data.find(b"\n" + mark, starts[-1][1] - 1 if starts else 0)
    while position >= 0 and not closed:
        seen += 1
        if seen > candidates:
            defects.append("too many boundary lines")
            break
        if len(starts) > room:
            defects.append("too many parts")
            break
        before = len(starts)
        starts, closed = _delimiter(data, position + 1, len(mark), starts)
        begin = starts[-2][1] if len(starts) > 1 else position
        if closed and _is_of_a_child(data[begin : min(begin + _BOUNDARY_WITHIN, position + 1)], boundary):
            starts.pop()
            before, closed = len(starts), False
        position = data.find(b"\n" + mark, starts[-1][1] - 1 if len(starts) > before else position + 1)
    if not starts:
        defects.append("boundary not found")
        return [], seen
    if not closed:
        defects.append("multipart not closed")
        if data.rstrip().endswith(mark + b"--"):
            data = data.rstrip()[: -len(mark) - 2]  # its end stands on the last line of the text
    ends = [max(start - 1, 0) for start, _ in starts[1:]]
    pieces = [data[begin:end] for (_, begin), end in zip(starts, [*ends, len(data)], strict=True)]
    if closed:
        pieces.pop()
    return pieces[:room], seen


def _is_said_to_be_base64(part: MimePart) -> bool:
    """A multipart that says base64, with its boundary in plain sight: no base64 has a line of dashes."""
    boundary = _boundary(part) if part.encoding == "base64" else b""
    return bool(boundary) and b"--" + boundary in part.body


def _begun_in_its_header(part: MimePart) -> bytes | None:
    """The first piece of an inner multipart, where the line above it was lost: its header then goes on with that of the piece."""
    places = [at for at, (name, _) in enumerate(part.fields) if name == "content-type"]
    if len(places) != 2 or not part.path:  # a whole mail of two types comes from a careless program, and means nobody
        return None
    below = part.fields[places[1] :]
    text, mark, _ = part.body.partition(b"--" + _boundary(part))
    if not mark or not text.strip() or not parse_content_type(below[0][1], "").type.startswith("text/"):
        return None
    return b"".join(b"%s:%s\n" % (name.encode(), value) for name, value in below) + b"\n" + text


def _is_of_a_child(piece: bytes, boundary: bytes) -> bool:
    """Whether a line that seems to close a multipart is one within its last piece: its boundary is the same with "--" behind."""
    stated = _STATED_BOUNDARY.search(piece.partition(b"\n\n")[0])
    return stated is not None and stated[1] == boundary + b"--"


def _boundary(part: MimePart) -> bytes:
    """The boundary that is looked for. RFC 2046 lets none end with a blank; where one does, lines with it count, if there are any."""
    stated = part.type.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
    raw = _BLANK_AT_ITS_END.search(part.first("content-type") or b"") if stated else None
    if raw is not None and raw[1].rstrip() == stated and b"\n--" + raw[1] in b"\n" + part.body:
        return raw[1]
    return stated


def _delimiter(data: bytes, start: int, size: int, starts: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], bool]:
    """Adds the delimiter line at `start` when it is one; whether it closes the multipart."""
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    tail = data[start + size : end].strip()
    if tail in (b"", b"--"):
        starts.append((start, min(end + 1, len(data))))
    return starts, tail == b"--"
