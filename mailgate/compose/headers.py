"""The one writer of headers of our letters: nothing that stood in a mail can become a header, a second address or a second line.

RFC 5322 (fields, folding), RFC 2047 (encoded words), RFC 2231 (file names), RFC 6532 (UTF-8 only in an address that needs it).
Every value passes `safe`; the finished bytes are read once more, by other rules, in `strict`."""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from mailgate.compose.strict import Unsealable

#: Longest line of a header without its line end, where folding can help it (RFC 5322 2.1.1).
LINE = 78
#: Longest encoded word. RFC 2047 allows 75; shorter ones fit behind the name of their field on its first line.
WORD = 60
#: References: the first and the newest of a thread, in so many octets.
NEWEST_REFERENCES = 20
LONGEST_REFERENCES = 4096

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_DOT_ATOM = re.compile(rf"[{_ATEXT}\u00a0-\U0010ffff]+(?:\.[{_ATEXT}\u00a0-\U0010ffff]+)*")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*|\[[0-9A-Za-z:.]+\]")
_ID = re.compile(r"<[!-;=?A-~]{1,400}@[!-;=?A-~]{1,400}>")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+,./()~{|}=?^_`-]+")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&^_.+-]+")
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_Q = {byte: chr(byte) if byte in _Q_SAFE else "_" if byte == 32 else f"={byte:02X}" for byte in range(256)}
_PERCENT_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`{}~")
_PERCENT = {byte: chr(byte) if byte in _PERCENT_SAFE else f"%{byte:02X}" for byte in range(256)}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def safe(text: str, where: str) -> str:
    """The text itself. Raises Unsealable for line ends of any kind, tabs, NUL and other controls, and lone surrogates."""
    if text.isprintable():
        return text
    if bad := _FORBIDDEN.search(text):
        raise Unsealable(f"{where}: a character U+{ord(bad[0]):04X} must not stand in a header")
    return text


def unstructured(name: str, text: str) -> str:
    """`Subject: ...`, folded. What a plain header cannot say stands in encoded words; the ASCII words around it stay readable."""
    safe(text, name)
    if text.isascii() and len(name) + 2 + len(text) <= LINE and "=?" not in text and "  " not in text and text.strip(" ") == text:
        return f"{name}: {text}" if text else f"{name}:"
    return _fold(name, _tokens(text))


def _tokens(text: str) -> list[str]:
    """Plain words and encoded words, to be put together with one blank each."""
    words = text.split(" ")
    strange = [i for i, word in enumerate(words) if not word or not word.isascii() or "=?" in word or len(word) > WORD]
    if not strange:
        return words
    first, last = strange[0], strange[-1]
    # A blank between two encoded words is not read, so all from the first to the last strange word is encoded in one.
    return [*words[:first], *encoded_words(" ".join(words[first : last + 1])), *words[last + 1 :]]


def encoded_words(text: str) -> list[str]:
    """RFC 2047 words in UTF-8, Q or B as is shorter, none over 60 characters, no character (and where it fits, no grapheme) split.
    Q leaves only letters, figures and `!*+-/` as they are, so that the words may also stand in a display name."""
    data = text.encode()
    quoted = sum(len(_Q[byte]) for byte in data)
    room = WORD - len("=?utf-8?q??=")
    if quoted <= (len(data) + 2) // 3 * 4:
        if quoted <= room:
            return [f"=?utf-8?q?{''.join([_Q[byte] for byte in data])}?="]
        return [f"=?utf-8?q?{''.join(piece)}?=" for piece in _packed(text, lambda part: [_Q[byte] for byte in part.encode()], room)]
    # Latin-1 makes one character of each byte, so that B and Q are packed alike.
    pieces = _packed(text, lambda part: [part.encode().decode("latin-1")], room // 4 * 3)
    return [f"=?utf-8?b?{b64encode(''.join(piece).encode('latin-1')).decode()}?=" for piece in pieces]


def _packed(text: str, measure: Callable[[str], list[str]], room: int) -> Iterator[list[str]]:
    """Pieces of the measured text that fit into `room`, cut between graphemes; a grapheme that is too long itself between characters."""
    piece: list[str] = []
    size = 0
    for cluster in clusters(text):
        parts = [cluster]
        measured = measure(cluster)
        if _size(measured) > room:
            parts = list(cluster)
        for part in parts:
            measured = measure(part) if len(parts) > 1 else measured
            if piece and size + _size(measured) > room:
                yield piece
                piece, size = [], 0
            piece.extend(measured)
            size += _size(measured)
    if piece:
        yield piece


def _size(measured: list[str]) -> int:
    return sum(map(len, measured))


def clusters(text: str) -> Iterator[str]:
    """What people see as one character, near enough: base with marks, joined emoji, pairs of flag letters, Hangul syllables."""
    cluster = ""
    flags = 0
    for char in text:
        if cluster and (
            _extends(char) or cluster[-1] == "\u200d" or (_is_flag(char) and flags % 2 == 1) or (_is_jamo(char) and _is_jamo(cluster[-1]))
        ):
            cluster += char
            flags += _is_flag(char)
            continue
        if cluster:
            yield cluster
        cluster, flags = char, int(_is_flag(char))
    if cluster:
        yield cluster


def _extends(char: str) -> bool:
    code = ord(char)
    if code < 0x300:
        return False
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in "\u200c\u200d"
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff"


def _fold(name: str, tokens: Iterable[str]) -> str:
    lines: list[str] = []
    line = f"{name}:"
    bare = True
    for token in tokens:
        if not bare and len(line) + 1 + len(token) > LINE:
            lines.append(line)
            line = ""
        line = f"{line} {token}"
        bare = False
    lines.append(line)
    return "\r\n".join(lines)


@lru_cache(4096)
def wire_address(address: str) -> str:
    """The address as the envelope says it: the domain in ASCII. Raises Unsealable when it is none."""
    local, at, domain = safe(address, "address").rpartition("@")
    if not at or not local or not domain or len(address) > 320:
        raise Unsealable("address: it is none")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise Unsealable("address: its domain has no ASCII form") from None
    if not _DOMAIN.fullmatch(domain):
        raise Unsealable("address: its domain is none")
    if not _QUOTED_LOCAL.fullmatch(local) and re.search(r'[\s<>()\[\]:;@\\,"]', local):
        raise Unsealable("address: a character before the @ is not allowed there")
    return f"{local}@{domain}"


@lru_cache(4096)
def _in_header(address: str) -> str:
    """Some addresses (`a..b@`, `a.@`) exist and are no dot-atoms: in a header their first half is quoted."""
    address = wire_address(address)
    local, _, domain = address.rpartition("@")
    if _DOT_ATOM.fullmatch(local) or local[0] == '"':
        return address
    return f'"{local}"@{domain}'


def mailbox(name: str, address: str) -> list[str]:
    """`"Name" <address>` as pieces to fold between; the name in encoded words where a quoted string might be misread."""
    return [*_display_name(name), f"<{_in_header(address)}>"]


@lru_cache(1024)
def _display_name(name: str) -> tuple[str, ...]:
    """Every letter says one at least twice."""
    name = safe(name, "name").strip(" ")
    if not name:
        return ()
    if len(name) <= WORD and _PLAIN_NAME.fullmatch(name) and "  " not in name and "=?" not in name:
        return (f'"{name}"',)
    return tuple(encoded_words(name))


def mailbox_field(field: str, name: str, address: str) -> str:
    """`From: "Name" <address>`."""
    return _fold(field, mailbox(name, address))


def message_ids(name: str, ids: Sequence[str], first: int = 1) -> str:
    """`References: <a> <b>`: so many of the first, then the newest 20 in at most 4 KiB.
    What is no Message-ID is left out; "" when none is left."""
    good = list(dict.fromkeys(one for one in ids if _ID.fullmatch(one)))
    if not good:
        return ""
    head, newest = good[:first], good[first:][-NEWEST_REFERENCES:]
    while newest and sum(len(one) + 3 for one in head + newest) > LONGEST_REFERENCES:
        del newest[0]
    return _fold(name, head + newest)


@lru_cache(16)
def date(at: datetime) -> str:
    """`Mon, 01 Jun 2026 08:00:00 +0000`."""
    at = at.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month]} {at.year:04} {at.hour:02}:{at.minute:02}:{at.second:02} +0000"


def parameter(field: str, value: str, name: str, text: str) -> str:
    """`Content-Disposition: attachment; filename=...`: RFC 2231 where the name is long or not plain."""
    safe(text, name)
    if len(text) <= WORD and _TOKEN.fullmatch(text):
        return _fold(field, [f"{value};", f'{name}="{text}"'])
    if len(text) <= WORD - 10 and re.fullmatch(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]+", text) and "=?" not in text:
        return _fold(field, [f"{value};", f'{name}="{text}"'])
    pieces = ["".join(piece) for piece in _packed(text, lambda part: [_PERCENT[byte] for byte in part.encode()], WORD - 12)]
    if len(pieces) == 1:
        return _fold(field, [f"{value};", f"{name}*=utf-8''{pieces[0]}"])
    pieces[0] = f"utf-8''{pieces[0]}"
    rows = [f"{name}*{index}*={piece}" for index, piece in enumerate(pieces)]
    return _fold(field, [f"{value};", *(f"{row};" for row in rows[:-1]), rows[-1]])


def dkim_signature(tags: Sequence[tuple[str, str]]) -> str:
    """`DKIM-Signature: v=1; …` (RFC 6376 3.5), folded only where white space is not read: behind a tag, behind a colon of h=, and within
    base64. What follows the last tag is its value alone, so that it can be left out while the rest is signed."""
    tokens: list[str] = []
    for name, value in tags:
        end = "" if name == tags[-1][0] else ";"
        if name == "h":
            pieces = [f"{field}:" for field in value.split(":")]
            pieces[-1] = pieces[-1][:-1]
        else:
            pieces = [value[start : start + 64] for start in range(0, len(value), 64)] or [""]
        first, *more = pieces
        tokens += [f"{name}={first}", *more]
        tokens[-1] += end
    return _fold("DKIM-Signature", tokens)
