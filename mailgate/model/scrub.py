"""Takes what we said in secret out of what a server says back, whatever form it gives it.

A server that repeats our login may fold it, cut it in pieces, encode it anew or change its case. So it is not the form that is looked
for but the secret's own runs of letters: in the words as they stand, without blanks and signs between them, and in what they decode to."""

import base64
import binascii
import html
import itertools
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote, quote_plus, unquote_to_bytes

HIDDEN = "..."
#: Characters of a server's answer that are looked at; what lies behind is cut off, for it might hold anything.
LONGEST = 8192
_LAYERS = 4  #: base64 of a quoted printable of ... so many
_MOST = 12  #: secrets that are known at a time, with the lines that they were said in
_MOST_PIECES = 256
_SHORTEST, _LOOSE = 4, 8  #: letters
_MORE_OF_NUMBERS = 2
_HEXADECIMAL = frozenset("0123456789abcdef")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:,-]?){4,}")
_ESCAPED = re.compile(r"\\(?:u\{?([0-9A-Fa-f]{4})\}?|x([0-9A-Fa-f]{2})|([0-7]{3}))")


class _Secret:
    """One secret, ready to be looked for."""

    def __init__(self, raw: bytes) -> None:
        self.whole: set[str] = set()  #: in all forms, without blanks
        self.close: dict[int, set[str]] = {}  #: length -> runs of it, as short as they may be
        self.loose: dict[int, set[str]] = {}
        self.signs: dict[int, set[str]] = {}  #: runs of a secret that has hardly a letter, signs and all
        for number, form in enumerate(_forms(raw)):
            packed = _signs(form)[0]
            if packed and (number == 0 or len(packed) >= _SHORTEST):
                self.whole.add(packed)
            folded = _letters(form)[0]
            size = _piece(len(folded))
            _runs_of(folded, size, self.close)
            _runs_of(folded, max(size, _LOOSE), self.loose)
            if number == 0 and len(folded) < len(packed) / 2:
                _runs_of(packed, _SHORTEST, self.signs)


def _runs_of(text: str, length: int, into: dict[int, set[str]]) -> None:
    for at in range(len(text) - length + 1):
        run = text[at : at + length]
        if run.isdecimal() or not set(run) - _HEXADECIMAL:  # stands in every date and every number of a server
            run = text[at : at + length + _MORE_OF_NUMBERS]
        into.setdefault(len(run), set()).add(run)


class _TooMuch(Exception):
    """Whatever that is, it is no sentence of a server."""


class _Effort:
    """What one answer may cost."""

    def __init__(self) -> None:
        self._left = 20 * LONGEST
        self.found: dict[tuple[str, int], bool] = {}

    def spend(self, text: str) -> None:
        self._left -= len(text) + 16
        if self._left < 0:
            raise _TooMuch


class Scrubber:
    """Knows what must not be heard again. `clean` never fails, and gives back what holds nothing of it as it was."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Secret] = {}
        self._close: dict[int, set[str]] = {}  #: of all of them
        self._loose: dict[int, set[str]] = {}
        self._of_signs: dict[int, set[str]] = {}

    def know(self, *secrets: str | bytes | None) -> None:
        """Passwords, tokens, and the lines that they were said in."""
        for secret in secrets:
            if not secret:
                continue
            raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
            old = self._known.pop(raw, None)
            known = self._known[raw] = old or _Secret(raw)
            if len(self._known) > _MOST:  # tokens are renewed each hour, for years
                del self._known[next(iter(self._known))]
                self._close, self._loose, self._of_signs = {}, {}, {}
                for one in self._known.values():
                    self._add(one)
            elif old is None:
                self._add(known)

    def _add(self, known: _Secret) -> None:
        for union, own in ((self._close, known.close), (self._loose, known.loose), (self._of_signs, known.signs)):
            for size, pieces in own.items():
                union.setdefault(size, set()).update(pieces)

    def clean(self, said: str, closely: bool = True) -> str:
        """What a server said, with each word that holds something of a secret hidden.
        `closely`: even pieces of a few letters. Such stand by chance in the name of one letter in a hundred, which has to be kept; where
        names matter, only pieces are looked for that chance does not make."""
        if not self._known:
            return said
        said = said[:LONGEST]
        marks = bytearray(len(said))
        try:
            for first, last in self._found(said, closely, _Effort()):
                marks[first:last] = b"\1" * (last - first)
        except _TooMuch:
            return HIDDEN
        return _without(said, marks) if any(marks) else said

    def _found(self, said: str, closely: bool, effort: _Effort) -> Iterator[tuple[int, int]]:
        """Where in these words something of a secret stands."""
        found = False
        for place in self._as_it_stands(said, closely):
            found = True
            yield place
        for decoded, place in _decodings(said):
            if self._is_in(decoded, closely, effort, _LAYERS):
                found = True
                yield place
        if not found:
            decodings, places = _in_pieces(said)
            if any(self._is_in(decoded, closely, effort, _LAYERS) for decoded in decodings):
                yield from places

    def _as_it_stands(self, said: str, closely: bool) -> Iterator[tuple[int, int]]:
        letters, signs = _letters(said), _signs(said)
        for (text, at), runs in ((letters, self._close if closely else self._loose), (signs, self._of_signs)):
            for size, pieces in runs.items():
                for start in range(len(text) - size + 1):
                    if text[start : start + size] in pieces:
                        yield at[start], at[start + size - 1] + 1
        for known in self._known.values():
            for text, at in (letters, signs):
                for whole in known.whole:
                    start = text.find(whole)
                    while start >= 0:
                        yield at[start], at[start + len(whole) - 1] + 1
                        start = text.find(whole, start + 1)

    def _is_in(self, text: str, closely: bool, effort: _Effort, layers: int) -> bool:
        known = effort.found.get((text, layers))
        if known is None:
            effort.spend(text)
            known = next(self._as_it_stands(text, closely), None) is not None or (
                layers > 1 and any(self._is_in(decoded, closely, effort, layers - 1) for decoded, _ in _decodings(text))
            )
            effort.found[text, layers] = known
        return known


def _forms(raw: bytes) -> Iterator[str]:
    yield raw.decode("utf-8", "replace")
    yield raw.decode("latin-1")
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield quopri.encodestring(raw, quotetabs=True).decode("ascii").replace("=\n", "")
    yield raw.hex()
    # Wherever it stands in an encoded text, one of three shifts of it is there; at the ends letters are mixed with their neighbours.
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw).decode("ascii").rstrip("=")
        first = (0, 2, 3)[shift]
        inner = coded[first : len(coded) - ((shift + len(raw)) % 3 > 0)]
        yield inner
    yield base64.b64encode(raw).decode("ascii").rstrip("=")
    yield base64.b32encode(raw).decode("ascii").rstrip("=")


def _piece(length: int) -> int:
    """How many letters in a row give a secret away. A long one has so many runs that short ones stand in any text."""
    return 4 if length <= 64 else 5 if length <= 256 else 7 if length <= 1024 else 9


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text without case, and where each stood."""
    return _kept(text, lambda sign: sign.isalnum())


def _signs(text: str) -> tuple[str, list[int]]:
    """All but blanks."""
    return _kept(text, lambda sign: not sign.isspace())


def _kept(text: str, wanted: Callable[[str], bool]) -> tuple[str, list[int]]:
    kept: list[str] = []
    at: list[int] = []
    for place, sign in enumerate(text):
        if wanted(sign):
            for folded in sign.casefold():  # one sign may fold to several
                kept.append(folded)
                at.append(place)
    return "".join(kept), at


def _decodings(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """What parts of a text may stand for: (decoded, where it stood)."""
    for found in re.finditer(r"\S+", text):
        word = found.group()
        for decoded in _plain_decodings(word):
            if decoded != word:
                yield decoded, found.span()
    for found in (*_BASE64.finditer(text), *_HEX.finditer(text)):
        for decoded in _as_octets(found.group()):
            yield decoded, found.span()


def _in_pieces(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """All that looks like base64, one behind the other, as if it had been cut in pieces; and where they stood."""
    pieces = list(itertools.islice(re.finditer(r"[A-Za-z0-9+/_=-]{2,}", text), _MOST_PIECES))
    if len(pieces) < 2:
        return [], []
    return list(_as_octets("".join(piece.group().rstrip("=") for piece in pieces))), [piece.span() for piece in pieces]


def _plain_decodings(word: str) -> Iterable[str]:
    found = []
    if "%" in word or "+" in word:
        found.append(unquote_to_bytes(word.replace("+", " ")).decode("utf-8", "replace"))
        found.append(unquote_to_bytes(word).decode("utf-8", "replace"))
    if "=" in word:
        found.append(quopri.decodestring(word.encode("utf-8", "replace")).decode("utf-8", "replace"))
    if "&" in word:
        found.append(html.unescape(word))
    if "\\" in word:
        found.append(_ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16) if match[1] or match[2] else int(match[3], 8)), word))
    return found


def _as_octets(word: str) -> Iterator[str]:
    compact = re.sub(r"[\s:,]", "", word)
    if len(compact) % 2 == 0:
        with suppress(ValueError):
            yield bytes.fromhex(compact).decode("utf-8", "replace")
    coded = word.replace("-", "+").replace("_", "/")
    for start in range(min(4, len(coded))):  # letters in front may not belong to it
        part = coded[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue


def _without(said: str, marks: bytearray) -> str:
    """Each word with a mark in it hidden whole; what stands around it stays, and blanks as they are."""
    parts: list[str] = []
    for found in re.finditer(r"\s+|\S+", said):
        word = found.group()
        hidden = not word.isspace() and any(marks[found.start() : found.end()])
        if not hidden:
            parts.append(word)
        elif not parts or parts[-1] != HIDDEN:
            parts.append(HIDDEN)
    return "".join(parts)
