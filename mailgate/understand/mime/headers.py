"""Header values out of their octets: unfolding, encoded words (RFC 2047), parameters (RFC 2231), Message-IDs, dates. Never fails."""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote_to_bytes

from mailgate.understand.mime.charset import clean_line, clean_name, codec_of, decode, decode_all
from mailgate.understand.mime.transfer import from_base64

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_LABELS = re.compile(rb"=\?([^?\s]{1,75})\?[bBqQ]\?")
_COMMENT_FREE = re.compile(r"[()\\\"]")


def unfold(raw: bytes) -> str:
    """A header value on one line, decoded as 8-bit text but with its encoded words left alone."""
    text = decode_all(raw)
    if "\n" in text or "\r" in text:
        text = _FOLD.sub(" ", text)
    return clean_line(text)


def unstructured(raw: bytes) -> str:
    """A text header such as Subject: encoded words decoded, one clean line."""
    if b"=?" not in raw and b"\x1b" not in raw:
        return unfold(raw)
    if b"\x1b" in raw:  # ISO-2022-JP in the raw: cleaning first would take its escapes away
        return clean_line(decode_words(_FOLD.sub(" ", decode_all(raw))))
    return clean_line(decode_words(unfold(raw)))


# --- encoded words -----------------------------------------------------------------------------------------------------


def decode_words(text: str) -> str:
    """RFC 2047, also where words stand within quotes, without white space between them, or cut a character in two."""
    if "=?" not in text:
        return text
    out: list[str] = []
    held: list[bytes] = []  # octets of adjacent words of one charset, joined before they become characters
    charset = ""
    position = plain = 0

    def settle() -> None:
        if held:
            out.append(decode(b"".join(held), charset)[0])
            held.clear()

    while (start := text.find("=?", position)) >= 0:
        word = _word_at(text, start)
        if word is None:
            position = start + 2
            continue
        label, octets, end = word
        between = text[plain:start]
        if between.strip() or not held:
            settle()
            out.append(between)
        if label != charset:
            settle()
            charset = label
        held.append(octets)
        position = plain = end
    settle()
    out.append(text[plain:])
    return "".join(out)


def _word_at(text: str, start: int) -> tuple[str, bytes, int] | None:
    """The encoded word that begins here: (charset, octets, end)."""
    mark = text.find("?", start + 2, start + 80)
    if mark < 0 or text[mark + 2 : mark + 3] != "?":
        return None
    encoding = text[mark + 1].lower()
    label = text[start + 2 : mark].partition("*")[0].strip()
    if encoding not in "bq" or not label or " " in label:
        return None
    end = text.find("?=", mark + 3)
    # Some clients forget the end of the last word; a word never reaches into the next one.
    stop = text.find("=?", mark + 3, end if end >= 0 else None)
    if stop >= 0 and _word_like(text, stop):
        body, after = text[mark + 3 : stop].rstrip(), stop
    elif end < 0:
        if len(text) - mark > 2000:
            return None
        body, after = text[mark + 3 :].rstrip("?"), len(text)
    else:
        body, after = text[mark + 3 : end], end + 2
    octets = body.encode("utf-8", "replace")
    if encoding == "q":
        return label, binascii.a2b_qp(octets.replace(b" ", b"_"), header=True), after
    return label, from_base64(octets)[0], after


def _word_like(text: str, start: int) -> bool:
    mark = text.find("?", start + 2, start + 80)
    return mark > 0 and text[mark + 1 : mark + 3].lower() in ("b?", "q?")


def repairs(raw: bytes) -> tuple[str, ...]:
    """What had to be guessed or left out to read this header: the notes, in words."""
    notes = []
    if not raw.isascii():
        notes.append(decode(raw, None)[1] or "8-bit octets")
    elif b"\x1b" in raw:
        notes.append("ISO-2022-JP in the raw")
    if b"\0" in raw:
        notes.append("NUL taken out")
    names = (label.partition(b"*")[0].decode("ascii", "replace") for label in _LABELS.findall(raw[:8000])[:50])
    notes += [f"unknown charset {name[:40]!r}" for name in names if codec_of(name) is None]
    return tuple(dict.fromkeys(notes))


# --- parameters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContentType:
    """`type` in lower case without parameters; parameter names in lower case, values decoded."""

    type: str
    parameters: Mapping[str, str]
    declared: bool = True


_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]{1,127})\s*/\s*([A-Za-z0-9!#$&^_.+-]{1,127})")
_NAME = re.compile(r"[\s;]*([^\s=;\"]{1,100})\s*=\s*")
_SEGMENT = re.compile(r"([^*]+)\*(\d{1,6})?(\*)?")


def parse_content_type(raw: bytes, default: str) -> ContentType:
    """Content-Type; what is no type at all counts as `default`."""
    text = unfold(raw)
    match = _TYPE.match(text)
    if match is None:
        # "text" alone, "html": seen from mail merge programs.
        word = text.partition(";")[0].strip().lower()
        kind = {"text": "text/plain", "html": "text/html", "text/": "text/plain"}.get(word, default)
        return ContentType(kind, parameters(text.partition(";")[2]), bool(word))
    return ContentType(f"{match[1]}/{match[2]}".lower(), parameters(text[match.end() :]))


def parse_disposition(raw: bytes) -> tuple[str, Mapping[str, str]]:
    """Content-Disposition: the word in lower case, and its parameters."""
    text = unfold(raw)
    word, _, rest = text.partition(";")
    if "=" in word:  # `filename=x` without a word
        return "", parameters(text)
    return word.strip().lower(), parameters(rest)


def parameters(text: str) -> dict[str, str]:
    """`; name=value; name="value"; name*0*=utf-8''%..` (RFC 2231) and the encoded words that RFC 2047 forbids here and everybody sends."""
    plain: dict[str, str] = {}
    segments: dict[str, list[tuple[int, bool, str]]] = {}
    position = 0
    while position < len(text):
        match = _NAME.match(text, position)
        if match is None:
            position = text.find(";", position) + 1
            if position <= 0:
                break
            continue
        value, position = _value_at(text, match.end())
        name = match[1].lower()
        split = _SEGMENT.fullmatch(name) if "*" in name else None
        if split is None:
            plain.setdefault(name, value)
        else:
            segments.setdefault(split[1], []).append((int(split[2] or 0), bool(split[3]) or split[2] is None, value))
    out = {name: clean_line(decode_words(value)) for name, value in plain.items()}
    return out | {name: joined for name, pieces in segments.items() if (joined := _join_segments(pieces))}


def _value_at(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] != '"':
        end = text.find(";", start)
        end = len(text) if end < 0 else end
        return text[start:end].strip(), end
    position = start + 1
    while True:
        end = text.find('"', position)
        if end < 0:
            end = text.find(";", start)
            end = len(text) if end < 0 else end
            return text[start + 1 : end].strip(), end
        slashes = end - len(text[start + 1 : end].rstrip("\\")) - start - 1 if text[end - 1] == "\\" else 0
        if slashes % 2 == 0 or text[end + 1 : end + 2] in ("", ";"):
            return text[start + 1 : end].replace('\\"', '"').replace("\\\\", "\\"), end + 1
        position = end + 1


def _join_segments(pieces: list[tuple[int, bool, str]]) -> str:
    pieces.sort(key=lambda piece: piece[0])
    if not any(encoded for _, encoded, _ in pieces):
        return clean_line(decode_words("".join(value for _, _, value in pieces)))
    label = ""
    octets = []
    for index, (_, encoded, value) in enumerate(pieces):
        if index == 0 and encoded and value.count("'") >= 2:
            label, _, value = value.split("'", 2)
        octets.append(unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace"))
    return clean_line(decode(b"".join(octets), label or None)[0])


# --- names, ids, dates -------------------------------------------------------------------------------------------------

_ANGLE = re.compile(r"<([^<>]{1,998})>")
_BARE_ID = re.compile(r"[^\s<>()\",;]{1,500}@[^\s<>()\",;]{1,255}")
_WHITE = re.compile(r"\s+")


def message_ids(raws: list[bytes], most: int) -> tuple[str, ...]:
    """All Message-IDs of these headers in order, each once, without white space; of too many the first 50 and the latest."""
    text = " ".join(map(unfold, raws))
    found = [f"<{_WHITE.sub('', inner)}>" for inner in _ANGLE.findall(text)]
    if not found:
        found = [f"<{bare}>" for bare in _BARE_ID.findall(text[:4000])]
    ids = list(dict.fromkeys(one for one in found if one != "<>"))
    return tuple(ids if len(ids) <= most else ids[:50] + ids[50 - most :])


def message_id(raw: bytes) -> str | None:
    """The one id of a Message-ID header, whatever it looks like; None when it is empty."""
    found = message_ids([raw], 1)
    if found:
        return found[0]
    bare = _WHITE.sub("", unfold(raw)).strip("<>")[:998]
    return f"<{bare}>" if bare else None


_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_MONTHS |= {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_DATE = re.compile(
    r"(?<!\d)(\d{1,2})[\s-]{1,3}([^\W\d_]{3})[^\W\d_]{0,7}\.?[\s,-]{1,3}(\d{4}|\d{2})[\s,]{1,3}(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?![:.\d])\s{0,3}([+-]\d{4}|[A-Za-z]{1,5})?"
)
_ASCTIME = re.compile(
    r"([A-Za-z]{3})[a-z]{0,7}\s{1,3}(\d{1,2})\s{1,3}(\d{1,2}):(\d{2}):(\d{2})\s{1,3}(?:([+-]\d{4}|[A-Z]{1,5})\s{1,3})?(\d{4})"
)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?")
_ZONES = {
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "CET": 60, "CEST": 120,
    "MEZ": 60, "MESZ": 120, "BST": 60, "JST": 540,
}  # fmt: skip


def date(raw: bytes) -> datetime | None:
    """The instant of a Date header in UTC, None when there is none that a calendar knows."""
    text = unfold(raw[:400])[:120]
    if match := _DATE.search(text):
        day, name, year, hour, minute, second, zone = match.groups()
        month = _MONTHS.get(name.lower())
    elif match := _ASCTIME.search(text):
        name, day, hour, minute, second, zone, year = match.groups()
        month = _MONTHS.get(name.lower())
    elif match := _ISO.search(text):
        year, iso_month, day, hour, minute, second, zone = match.groups()
        month = int(iso_month)
    else:
        return None
    try:
        years = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 70 else 1900)
        local = datetime(years, month or 0, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=_zone(zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text and text[0] in "+-":
        digits = text[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes)) if minutes < 24 * 60 else UTC
    return timezone(timedelta(minutes=_ZONES.get((text or "").upper(), 0)))


def without_comments(text: str) -> str:
    """A structured value without its (nested (comments)); an open one reaches to the end."""
    if "(" not in text:
        return text
    out, depth, start = [], 0, 0
    for match in _COMMENT_FREE.finditer(text):
        sign, at = match[0], match.start()
        if sign == "(":
            if depth == 0:
                out.append(text[start:at])
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
            start = at + 1
    if depth == 0:
        out.append(text[start:])
    return " ".join("".join(out).split())


def display_words(text: str) -> str:
    """Words of a display name: encoded words decoded, cleaned for the eye."""
    return clean_name(decode_words(text))
