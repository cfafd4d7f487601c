"""Rich text (RTF) to plain text, and the compression that Outlook stores it in (MS-OXRTFCP). Never fails, linear, bounded."""

import re
import struct

from mailgate.understand.mime.charset import decode

_COMPRESSED, _STORED = b"LZFu", b"MELA"
#: The dictionary that both sides begin with (MS-OXRTFCP 2.1.2.1).
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbol"
    b"ArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_PIECE = re.compile(rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL)
#: Groups that hold no words of the text.
_HIDDEN = frozenset(
    {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"listtable", b"listoverridetable",
     b"generator", b"themedata", b"datastore", b"xmlnstbl", b"rsidtbl"}
)  # fmt: skip
_SIGNS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t", b"emdash": "\u2014",
    b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
}  # fmt: skip
_ESCAPED = {b"\\": "\\", b"{": "{", b"}": "}", b"~": "\u00a0", b"_": "-", b"\n": "\n", b"\r": "\n"}
_MOST_GROUPS = 1_000


def decompressed(data: bytes, most: int) -> bytes:
    """The RTF in a PidTagRtfCompressed; b"" when it is broken or would grow beyond `most` bytes."""
    if len(data) < 16:
        return b""
    _, size, _ = struct.unpack_from("<III", data)
    if data[8:12] == _STORED:
        return data[16 : 16 + min(size, most)]
    if data[8:12] != _COMPRESSED or size > most:
        return b""
    ring = bytearray(_DICTIONARY + bytes(4096 - len(_DICTIONARY)))
    write = len(_DICTIONARY)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < size:
        flags = data[position]
        position += 1
        for bit in range(8):
            if position >= len(data) or len(out) >= size:
                break
            if not flags >> bit & 1:
                out.append(data[position])
                ring[write] = data[position]
                write = (write + 1) % 4096
                position += 1
                continue
            if position + 2 > len(data):
                return bytes(out)
            pair = data[position] << 8 | data[position + 1]
            position += 2
            read, length = pair >> 4, (pair & 15) + 2
            if read == write:
                return bytes(out)  # the end mark
            for _ in range(length):
                octet = ring[read]
                out.append(octet)
                ring[write] = octet
                read, write = (read + 1) % 4096, (write + 1) % 4096
    return bytes(out[:size])


def text_of_rtf(data: bytes, most: int) -> str:
    """The words of an RTF text, its paragraphs as lines; at most `most` characters. HTML that is wrapped in it counts by its words, too."""
    out: list[str] = []
    held = bytearray()  #: octets of the code page, which may make a character only together
    label = "cp1252"
    stack: list[tuple[bool, int]] = []
    hidden, skipped, fallback = False, 0, 1  # in a group without words; characters to leave out after a \u; how many a \u has
    size = 0

    def settle() -> None:
        if held:
            out.append(decode(bytes(held), label)[0])
            held.clear()

    for match in _PIECE.finditer(data):
        octet, word, number, sign, brace, plain = match.groups()
        if size > most:
            break
        if brace == b"{":
            if len(stack) > _MOST_GROUPS:
                break
            stack.append((hidden, fallback))
        elif brace == b"}":
            hidden, fallback = stack.pop() if stack else (False, 1)
        elif sign == b"*" or word in _HIDDEN:
            hidden = True
        elif word == b"htmlrtf":
            hidden = number != b"0"
        elif word == b"ansicpg" and number:
            label = f"cp{int(number)}"
        elif word == b"uc":
            fallback = min(int(number or 1), 8) if not (number or b"").startswith(b"-") else 1
        elif hidden:
            continue
        elif word == b"u" and number:
            settle()
            code = int(number) & 0xFFFF if abs(int(number)) <= 0x7FFFFFFF else 0xFFFD
            out.append(chr(code))
            skipped, size = fallback, size + 1
        elif shown := _SIGNS.get(word) or _ESCAPED.get(sign):
            settle()
            out.append(shown)
            size += 1
        elif octet or plain:
            piece = bytes.fromhex(octet.decode("ascii")) if octet else plain
            cut = min(skipped, len(piece))
            skipped -= cut
            held += piece[cut:]
            size += len(piece) - cut
    settle()
    # Characters beyond the BMP come as two halves.
    return "".join(out)[:most].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
