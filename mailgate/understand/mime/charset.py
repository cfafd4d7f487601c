"""Bytes to characters: by an allow-list, the declared charset first, then what the bytes say. Never fails.

Python would decode with any codec it knows (`rot13`, `unicode_escape`, `idna`), so a label is only a key of this table. UTF-7 is in it:
old mail needs it, and what it could hide from a filter hides nothing here, because HTML is cleaned after it was decoded."""

import codecs
import re
import unicodedata
from functools import lru_cache

#: label -> codec. A label may be understood wider than it says where senders mean the wider one (as in the WHATWG's encoding standard).
_WIDER = {
    "ascii": "utf-8", "us": "utf-8", "utf8": "utf-8", "utf8mb4": "utf-8", "unicode11utf8": "utf-8", "7bit": "utf-8",
    "latin1": "windows-1252", "iso88591": "windows-1252", "l1": "windows-1252", "cp1252": "windows-1252", "ansi": "windows-1252",
    "8859": "windows-1252", "ansix341968": "utf-8", "iso646us": "utf-8", "usascii": "utf-8", "default": "utf-8", "gb2312": "gb18030",
    "gbk": "gb18030", "cp936": "gb18030", "gb18030": "gb18030", "gb231280": "gb18030", "euccn": "gb18030", "xgbk": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs", "cp950": "cp950", "cnbig5": "big5hkscs", "xxbig5": "big5hkscs", "shiftjis": "cp932",
    "sjis": "cp932", "xsjis": "cp932", "windows31j": "cp932", "mskanji": "cp932", "cp932": "cp932", "eucjp": "euc_jp", "xeucjp": "euc_jp",
    "iso2022jp": "iso2022_jp_ext", "iso2022jp1": "iso2022_jp_ext", "iso2022jp2": "iso2022_jp_2", "iso2022jp3": "iso2022_jp_3",
    "cp50221": "iso2022_jp_ext", "ksc56011987": "cp949", "ksc5601": "cp949", "euckr": "cp949", "cp949": "cp949", "uhc": "cp949",
    "windows949": "cp949", "iso2022kr": "iso2022_kr", "johab": "johab", "iso88598i": "iso8859_8", "iso88598e": "iso8859_8",
    "iso88599": "windows-1254", "latin5": "windows-1254", "iso885911": "cp874", "tis620": "cp874", "cp874": "cp874", "windows874": "cp874",
    "dos874": "cp874", "hzgb2312": "hz", "koi8r": "koi8_r", "koi8u": "koi8_u", "koi8": "koi8_r", "macintosh": "mac_roman",
    "macroman": "mac_roman", "xmacroman": "mac_roman", "mac": "mac_roman", "utf16": "utf-16", "utf16le": "utf-16-le",
    "utf16be": "utf-16-be", "utf32": "utf-32", "utf32le": "utf-32-le", "utf32be": "utf-32-be", "latin2": "iso8859_2", "utf7": "utf-7",
    "unicode11utf7": "utf-7", "latin9": "iso8859_15", "viscii": "windows-1258", "xmaccyrillic": "mac_cyrillic",
}  # fmt: skip
_DOS = (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)
_CODECS = {
    **_WIDER,
    **{f"iso8859{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"{prefix}{n}": f"cp{n}" for n in range(1250, 1259) for prefix in ("windows", "cp", "win", "xcp")},
    **{f"{prefix}{n}": f"cp{n}" for n in _DOS for prefix in ("cp", "ibm", "dos")},
    "windows1252": "windows-1252",
}

#: Codecs in which an octet below 0x80 is not always the ASCII character.
_SHIFTING = frozenset(
    "utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be hz iso2022_kr iso2022_jp_ext iso2022_jp_2 iso2022_jp_3".split()
)

#: Codecs of East Asia, of whose characters many look like one in UTF-8.
_SEVERAL_OCTETS = frozenset({"gb18030", "big5hkscs", "cp950", "cp932", "euc_jp", "cp949", "johab"})

_JIS_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]{1,75}\?[bBqQ]\?")
_FOREIGN_WORD = re.compile(rb"[A-Za-z]{0,20}[\x80-\xff]+[A-Za-z]{0,20}")
_ASCII_OCTETS = bytes(range(128))
#: A character of two to four octets (RFC 3629 4), but for what is refused within them.
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LABEL = re.compile(r"[^a-z0-9]")
#: What a legacy text is searched with: enough to tell, and a bound for the price.
_SAMPLE = 16 * 1024
#: How far the lines are looked for that it is searched in.
_MOST_ASKED = 1024 * 1024


def codec_of(label: str | None) -> str | None:
    """The codec that a charset label stands for, None for an unknown or refused one."""
    if not label or len(label) > 64:
        return None
    return _CODECS.get(_LABEL.sub("", label.lower()))


def decode(data: bytes, label: str | None) -> tuple[str, str | None]:
    """The text of `data`, not yet cleaned, and a defect note where the label was no help."""
    codec = codec_of(label)
    if data.isascii() and codec not in _SHIFTING:
        if b"\x1b" in data and _JIS_ESCAPE.search(data):
            return _iso_2022_jp(data) or _replace(data, "iso2022_jp_ext"), "ISO-2022-JP without its label"
        return data.decode("ascii"), f"unknown charset {label[:40]!r}" if label and codec is None else None
    if codec is not None and codec not in ("utf-8", "windows-1252") and not (codec == "utf-7" and not data.isascii()):
        text = _strictly(data, codec)
        if text is not None:
            return text, None
    if codec is None and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and (text := _strictly(data, "utf-16")) is not None:
        return text, "UTF-16 without its label"
    if (text := _strictly(data, "utf-8")) is not None:
        return text, None if codec == "utf-8" else f"UTF-8 declared as {label[:40]!r}" if label else "8-bit text without a charset"
    if codec == "windows-1252":
        return _windows_1252(data), None
    if codec is None or codec == "utf-8":
        guess = _guess(data)
        if guess not in _SEVERAL_OCTETS and _is_damaged_utf_8(data):
            return _replace(data, "utf-8"), "broken utf-8"
        if guess is not None and (text := _strictly(data, guess)) is not None:
            return text, f"charset guessed: {guess}"
    if codec is not None and (codec in _SHIFTING or _mostly(data, codec)):
        return _replace(data, codec), f"broken {codec}"
    return _windows_1252(data), "charset unknown, read as Windows-1252"


def decode_all(data: bytes) -> str:
    """8-bit header octets without any label: UTF-8, else what the bytes say."""
    if data.isascii() and (b"\x1b$" not in data or _ENCODED_WORD.search(data)):
        return data.decode("ascii")
    return decode(data, None)[0]


def _strictly(data: bytes, codec: str) -> str | None:
    return _iso_2022_jp(data) if codec == "iso2022_jp_ext" else _by_python(data, codec)


def _by_python(data: bytes | bytearray, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except ValueError:  # UnicodeError is one
        return None


def _iso_2022_jp(data: bytes) -> str | None:
    """ISO-2022-JP with the characters that Windows added to it (circled numbers and their like), which Python's codecs refuse."""
    if not data.isascii():
        return None  # seven bits are all that it has
    out = bytearray()
    double = False
    for index, piece in enumerate(data.split(b"\x1b")):
        if index:
            mode, piece = (piece[:3], piece[3:]) if piece[:2] == b"$(" else (piece[:2], piece[2:])
            if mode == b"$(D":
                return _by_python(data, "iso2022_jp_ext")
            double = mode in (b"$@", b"$B")
            if mode == b"(I":
                out += bytes(byte | 0x80 for byte in piece)
                continue
        if not double:
            out += piece
            continue
        for line in piece.splitlines(keepends=True):
            body = line.rstrip(b"\r\n")
            for high, low in zip(body[::2], body[1::2], strict=False):
                row, cell = (high - 0x21) & 0x7F, low + 0x7E if high % 2 == 0 else low + (0x1F if low < 0x60 else 0x20)
                out += bytes(((row // 2 + (0x81 if row < 62 else 0xC1)) & 0xFF, cell & 0xFF))
            out += line[len(body) :]
    text = _by_python(out, "cp932")
    return _by_python(data, "iso2022_jp_ext") if text is None else text


def _replace(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec, "replace")
    except (UnicodeError, ValueError):  # UTF-16 raises at a missing half even so
        return data.decode("windows-1252", "replace")


def _windows_1252(data: bytes) -> str:
    return _strictly(data, "windows-1252") or data.decode("windows-1252", "replace")


def _mostly(data: bytes, codec: str) -> bool:
    """Whether a text that breaks off or holds a few wild octets is still in its declared charset."""
    return _replace(data[:_SAMPLE], codec).count("\ufffd") * 20 <= len(data[:_SAMPLE])


def _is_damaged_utf_8(data: bytes) -> bool:
    """Whether most foreign octets are characters of UTF-8: the others then belong to none, and make none doubtful."""
    foreign = data[:_MOST_ASKED].translate(None, _ASCII_OCTETS)
    left = _UTF_8.sub(b"", data[:_MOST_ASKED]).translate(None, _ASCII_OCTETS)
    return len(foreign) > 4 * len(left)


def _guess(data: bytes) -> str | None:
    # A few foreign words in much ASCII tell little about themselves: the lines that hold them are asked alone.
    telling = b"\n".join(line for line in data[:_MOST_ASKED].split(b"\n") if not line.isascii())
    return detected((telling or data)[:_SAMPLE])


@lru_cache(maxsize=32)
def detected(sample: bytes) -> str | None:
    """The codec that the octets look like, None in doubt. The same header is read in more than one way: it is asked once."""
    import chardet  # slow to load, and wanted by the worker alone, which does so before its first mail

    verdict = chardet.detect(sample)
    name, sure = verdict.get("encoding"), verdict.get("confidence") or 0.0
    # Three words give nobody confidence. Words that are foreign letters throughout are at least no Western ones.
    words = b"".join(_FOREIGN_WORD.findall(sample))
    foreign = len(words.translate(None, _ASCII_OCTETS)) * 2 > len(words)
    return codec_of(name) if isinstance(name, str) and sure >= (0.03 if foreign else 0.3) else None


# Written as code points: a source file that holds such characters could not be reviewed.
_C0 = "".join(map(chr, (*range(9), *range(14, 32), 127)))
_C1 = "".join(map(chr, range(0x80, 0xA0)))
_BIDI = "".join(map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_ZERO_WIDTH = "".join(
    map(chr, (0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200C, 0x200D, *range(0x2060, 0x2065), 0x3164, 0xFFA0))
)
_NO_CHARACTER = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"

_UNWANTED = re.compile(f"[{_C0}{_C1}{_BIDI}\ufeff{_NO_CHARACTER}]")
_UNWANTED_IN_NAMES = re.compile(f"[{_C0}{_C1}{_BIDI}\ufeff{_NO_CHARACTER}{_ZERO_WIDTH}\U000e0000-\U000e007f]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_MANY_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{9,}")


def clean_text(text: str) -> str:
    """Text of several lines: line ends are LF; NUL, controls, surrogates, noncharacters and bidi controls are gone."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _UNWANTED.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """One line, as of a header or subject: as `clean_text`, every run of white space that holds a break or tab is one space."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _UNWANTED.sub("", re.sub(r"[^\S \u3000]+", " ", text)).strip()


def clean_name(text: str) -> str:
    """A name for display: one line, and nothing in it that cannot be seen, turns the line around or piles up marks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text[:4096])
    return _MANY_MARKS.sub("", _UNWANTED_IN_NAMES.sub("", _SPACES.sub(" ", text))).strip()
