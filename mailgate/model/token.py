"""Tokens: the signed names by which a mail finds its ticket and a person proves to hold a letter of ours.

Subject tokens find and never authorise (40 bits over prefix and number). All other tokens name the letter they came in
and carry 80 bits; each kind has a key derivation of its own, so that no kind passes for another. No unsigned form exists."""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32
_CLEAN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None})
_SYMBOLS = "0-9A-HJKMNP-TV-Za-hjkmnp-tv-zOoIiLl"

#: What a token may do. `reply`, the seven actions and `rate` are spoken in an address (`rate` in a web link as well), `page` in a web link;
#: the rest stand in headers.
Purpose = Literal["subject", "reply", "action", "rate", "bounce", "page", "message-id", "anchor", "check"]

ACTIONS = frozenset({"note", "take", "wait", "close", "reopen", "status", "watch"})
SCORES = frozenset("12345")
#: Characters behind the + of an address: letter, the longest word, signature, and the points between.
LONGEST_DETAIL = 8 + 1 + max(map(len, ACTIONS)) + 1 + 16

SUBJECT_TOKEN = re.compile(rf"\[([A-Za-z][A-Za-z0-9]{{0,9}})-([1-9][0-9]{{0,11}})-([{_SYMBOLS}]{{8}})\]")
_DETAIL = re.compile(rf"([{_SYMBOLS}]{{8}})(?:\.([A-Za-z]+|[1-5]))?\.([{_SYMBOLS}]{{16}})")
_PAGE = re.compile(rf"([{_SYMBOLS}]{{8}})\.([{_SYMBOLS}]{{16}})")
_OWN_ID = re.compile(rf"<(?:([1-9][0-9]{{0,11}})\.)?([{_SYMBOLS}]{{8}})(\.[ac])?\.([{_SYMBOLS}]{{16}})@([^<>@\s]{{1,255}})>")
#: The mark between letter and signature.
_MARKS: dict[str, Purpose] = {"": "message-id", ".a": "anchor", ".c": "check"}


_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def encode(data: bytes) -> str:
    """Crockford base32, upper case; 5 bytes become 8 symbols, 10 bytes 16. The length is a multiple of five."""
    bits = int.from_bytes(data, "big")
    return "".join([_PAIRS[(bits >> shift) & 1023] for shift in range(len(data) * 8 - 10, -1, -10)])


def fold(symbols: str) -> str:
    """The one spelling of a token that people may type in several: upper case, O as 0, I and L as 1."""
    return symbols.upper().translate(_CLEAN)


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Signs with the first key, verifies with all of them. Keys never show in repr, logs or errors."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Keyring({len(self.keys)} keys)"

    def mac(self, purpose: Purpose, text: str, size: int = 10) -> str:
        """The signature of `text` for one purpose; `size` bytes of HMAC-SHA-256 as Crockford base32, upper case."""
        return _mac(self.keys[0], purpose, text, size)

    @property
    def prints(self) -> tuple[str, ...]:
        """A name for each key, from which it cannot be told: whoever sees two of them knows whether it is the same key."""
        return tuple(hmac.digest(key, b"mailgate print of a key", "sha256")[:8].hex() for key in self.keys)

    def verify(self, purpose: Purpose, text: str, mac: str, size: int = 10) -> bool:
        """Whether any key of the ring made this MAC. Constant time in the MAC."""
        given = fold(mac).encode("ascii", "replace")
        good = False
        for key in self.keys:
            good |= hmac.compare_digest(_mac(key, purpose, text, size).encode(), given)
        return good


@lru_cache(512)
def _mac(key: bytes, purpose: str, text: str, size: int) -> str:
    """All letters of a decision bear the same subject token, and the second letter to colleagues names the tokens of the first."""
    mac = _signer(key, purpose).copy()
    mac.update(text.encode())
    return encode(mac.digest()[:size])


@lru_cache(64)
def _signer(key: bytes, purpose: str) -> hmac.HMAC:
    """What signs for one purpose, ready for its text: only ever copied. A letter holds half a dozen signatures."""
    return hmac.new(hmac.digest(key, b"mailgate " + purpose.encode(), "sha256"), digestmod="sha256")


def subject_token(ring: Keyring, prefix: str, number: int) -> str:
    """`[IT-1042-K7QF3M9X]`."""
    return f"[{prefix}-{number}-{ring.mac('subject', f'{prefix.upper()}-{number}', 5)}]"


@dataclass(frozen=True, slots=True)
class SubjectToken:
    prefix: str
    number: int
    valid: bool


def find_subject_tokens(ring: Keyring, subject: str) -> tuple[SubjectToken, ...]:
    """All tokens of our form in a subject, valid or not, in order."""
    return tuple(
        SubjectToken(p.upper(), int(n), ring.verify("subject", f"{p.upper()}-{n}", mac, 5)) for p, n, mac in SUBJECT_TOKEN.findall(subject)
    )


@dataclass(frozen=True, slots=True)
class AddressToken:
    """What the subaddress of a desk says: which letter, what for. Only handed out when its MAC is good."""

    letter: str
    purpose: Purpose
    word: str  #: the action or the score, else ""


def _signed_text(letter: str, word: str) -> str:
    return f"{letter}.{word}" if word else letter


def reply_detail(ring: Keyring, letter: str) -> str:
    return f"{letter.lower()}.{ring.mac('reply', letter.upper()).lower()}"


def action_detail(ring: Keyring, letter: str, action: str) -> str:
    return f"{letter.lower()}.{action}.{ring.mac('action', _signed_text(letter.upper(), action)).lower()}"


def rating_detail(ring: Keyring, letter: str, score: int) -> str:
    return f"{letter.lower()}.{score}.{ring.mac('rate', _signed_text(letter.upper(), str(score))).lower()}"


def bounce_detail(ring: Keyring, letter: str) -> str:
    return f"{letter.lower()}.b.{ring.mac('bounce', letter.upper()).lower()}"


def well_formed_detail(detail: str) -> bool:
    """Whether a subaddress has the form of a token. Such mail is always taken in at the door; a bad MAC makes it an ordinary mail."""
    return _DETAIL.fullmatch(detail) is not None


def read_detail(ring: Keyring, detail: str) -> AddressToken | None:
    """The token in a subaddress if its MAC is good, else None."""
    match = _DETAIL.fullmatch(detail)
    if match is None:
        return None
    letter, word, mac = fold(match[1]), (match[2] or "").lower(), match[3]
    if word == "":
        purpose: Purpose = "reply"
    elif word == "b":
        purpose = "bounce"
    elif word in SCORES:
        purpose = "rate"
    elif word in ACTIONS:
        purpose = "action"
    else:
        return None
    text = letter if purpose in ("reply", "bounce") else _signed_text(letter, word)
    return AddressToken(letter, purpose, "" if word == "b" else word) if ring.verify(purpose, text, mac) else None


def page_detail(ring: Keyring, letter: str) -> str:
    """What a link to the requester's page says: the letter that it stands in."""
    return f"{letter.lower()}.{ring.mac('page', letter.upper()).lower()}"


def read_page(ring: Keyring, detail: str) -> str | None:
    """The letter of a link to the requester's page if its MAC is good, else None."""
    match = _PAGE.fullmatch(detail)
    if match is None:
        return None
    letter = fold(match[1])
    return letter if ring.verify("page", letter, match[2]) else None


def split_address(address: str) -> tuple[str, str, str]:
    """`support+x@example.org` -> ("support", "x", "example.org"), the domain in lower case; detail "" when there is none."""
    local, _, domain = address.rpartition("@")
    base, _, detail = local.partition("+")
    return base, detail, domain.lower()


@dataclass(frozen=True, slots=True)
class OwnId:
    number: int | None  #: the ticket; None: a letter about no ticket
    letter: str
    anchor: bool
    check: bool = False  #: a letter by which `mailgate check --roundtrip` wrote to itself


def _own_id(ring: Keyring, purpose: Purpose, mark: str, number: int | None, letter: str, domain: str) -> str:
    begin = "" if number is None else f"{number}."
    return f"<{begin}{letter.lower()}{mark}.{ring.mac(purpose, f'{begin}{letter.upper()}').lower()}@{domain}>"


def message_id(ring: Keyring, number: int | None, letter: str, domain: str) -> str:
    """`<1042.<letter>.<mac>@domain>`; without the number for a letter about no ticket."""
    return _own_id(ring, "message-id", "", number, letter, domain)


def anchor_id(ring: Keyring, number: int | None, letter: str, domain: str) -> str:
    """`<1042.<letter>.a.<mac>@domain>`: stands before all others in References, because some relays rewrite Message-ID."""
    return _own_id(ring, "anchor", ".a", number, letter, domain)


def thread_id(prefix: str, number: int, domain: str) -> str:
    """`<it-1042.thread.mailgate@domain>`: what all letters of a ticket stand below in a mail program, so that it shows one conversation.
    It is signed by nobody, and whoever reads a mail passes over it: it finds no ticket and proves nothing."""
    return f"<{prefix.lower()}-{number}.thread.mailgate@{domain}>"


_THREAD_ID = re.compile(r"<[a-z][a-z0-9]{0,9}-[1-9][0-9]{0,11}\.thread\.mailgate@[^<>@\s]{1,255}>", re.IGNORECASE)


def is_thread_id(value: str) -> bool:
    return _THREAD_ID.fullmatch(value) is not None


def check_id(ring: Keyring, letter: str, domain: str) -> str:
    """`<<letter>.c.<mac>@domain>`: the anchor of a letter that we write to ourselves to see what comes back."""
    return _own_id(ring, "check", ".c", None, letter, domain)


def read_own_id(ring: Keyring, value: str) -> OwnId | None:
    """Our own Message-ID or anchor if its MAC is good, whatever the domain says; else None."""
    match = _OWN_ID.fullmatch(value)
    if match is None:
        return None
    letter, purpose = fold(match[2]), _MARKS[match[3] or ""]
    good = ring.verify(purpose, f"{match[1]}.{letter}" if match[1] else letter, match[4])
    return OwnId(int(match[1]) if match[1] else None, letter, purpose == "anchor", purpose == "check") if good else None


def find_check_id(ring: Keyring, text: str) -> OwnId | None:
    """The first signed id of a check in a line of text: where a relay rewrites headers, the subject still has it."""
    found = (read_own_id(ring, match[0]) for match in _OWN_ID.finditer(text[:1000]) if match[3] == ".c")
    return next((own for own in found if own is not None), None)


_MAC_BEHIND = re.compile(rf"\.(?=([{_SYMBOLS}]{{16}}))")
_LETTER_BEFORE = re.compile(rf"(?:(\d{{1,12}})\.)?([{_SYMBOLS}]{{8}})((?:\.[A-Za-z]{{1,8}}|\.[1-5])?)\Z")
_LONGEST_BEFORE = 12 + 1 + 8 + 1 + 8
_JOINING = re.compile("=\r?\n|[\\s\u00ad\u200b-\u200f\u2060\ufeff]+")
#: A text with more of them was made to be slow; one is enough to stop a letter.
MOST_FORMS = 200


def signed_forms(text: str) -> tuple[str, ...]:
    """What has the form of something that we sign, with or without an address or brackets around it, in lower case; no key is needed.
    Also across the ends of lines, blanks that nobody sees, and percent signs: how mail programs break and write links."""
    found: dict[str, None] = {}
    readings = [text, _JOINING.sub("", text)]
    if "%" in text:
        readings.append(unquote(readings[1]))
    for reading in dict.fromkeys(readings):
        for match in _MAC_BEHIND.finditer(reading):
            before = _LETTER_BEFORE.search(reading, max(0, match.start() - _LONGEST_BEFORE), match.start())
            if before is not None:
                number = f"{before[1]}." if before[1] else ""
                found[f"{number}{before[2]}{before[3]}.{match[1]}".lower()] = None
                if len(found) >= MOST_FORMS:
                    return tuple(found)
    return tuple(found)


_MAC_WORD = re.compile(r"\.[0-9a-z]{16}(?![0-9a-z])")
_LETTER_WORD = re.compile(r"(?<![0-9a-z])[0-9a-z]{8}(?:\.[a-z]{1,8}|\.[1-5])?\Z")
_SUBJECT_WORD = re.compile(r"\[[a-z][a-z0-9]{0,9}-[1-9][0-9]{0,11}-[0-9a-z]{8}\]")


def tokens_in(low: str) -> Iterator[str]:
    """All that looks like a token of ours and stands by itself in a text in lower case; no key is needed."""
    for mac in _MAC_WORD.finditer(low):
        # <letter>.<mac>, <letter>.<word>.<mac>: what stands before is looked at only here.
        if letter := _LETTER_WORD.search(low, max(0, mac.start() - 18), mac.start()):
            yield letter[0] + mac[0]
    if "[" in low:
        yield from _SUBJECT_WORD.findall(low)


def letter_of(ring: Keyring, form: str) -> str | None:
    """The letter that one of `signed_forms` names, when any of our keys made it, for whatever purpose; else None."""
    *before, mac = form.split(".")
    number = before.pop(0) if len(before[0]) != 8 or (len(before) > 1 and len(before[1]) == 8 and before[0].isdigit()) else ""
    letter, mark = fold(before[0]), before[1] if len(before) > 1 else ""
    detail = ".".join((*before, mac))
    if read_detail(ring, detail) is not None or read_page(ring, detail) is not None:
        return letter
    # Digits that stand before the number by chance are no part of it.
    numbers = [f"{number[at:]}." for at in range(len(number)) if number[at] != "0"]
    purpose = _MARKS.get(f".{mark}" if mark else "")
    if purpose is not None and any(ring.verify(purpose, f"{each}{letter}", mac) for each in ("", *numbers)):
        return letter
    return None
