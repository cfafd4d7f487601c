"""Signs what leaves for the domain that stands in its From: (RFC 6376, RFC 8463). The sealed letter stays as it is below the signatures.

The same letter and key give the same octets each time, so a retry is the same mail. Keys are files; one that is replaced counts from the
next letter on, and one that cannot be used lets nothing leave unsigned."""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mailgate.compose.headers import dkim_signature
from mailgate.model.canonical import relaxed_header
from mailgate.model.installation import DkimSettings

#: Signed once more than they are there, also where they are not: nobody can put a second one above ours (RFC 6376 8.15).
OVERSIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version", "content-type",
)  # fmt: skip
#: The same, but only where they are there: servers on the way may add the first, and lists the others.
IF_THERE = ("content-transfer-encoding", "auto-submitted", "feedback-id")
LIST_FIELDS = "list-"
#: What a relay changes that gives letters a Message-ID of its own.
_RENAMED = frozenset({"message-id", "date"})
SHORTEST_KEY, LONGEST_KEY = 2048, 4096  #: bits of RSA; every verifier has to take these (RFC 8301 3.2)
_WINDOW = 65536  #: octets of a body that are looked at at a time
_WHITE = re.compile(rb"[ \t]{2,}|\t")  #: single blanks stay as they are, and those are nearly all

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class BadKey(Exception):
    """A file is no key that can sign. The text stands behind the name of the file, and holds nothing of it."""


class Unsigned(Exception):
    """A letter cannot be signed now, so it does not leave."""


def read_key(data: bytes) -> PrivateKey:
    """A private key in PEM (PKCS#8, or PKCS#1 for RSA) or, for Ed25519, its 32 octets in base64. Raises BadKey."""
    try:
        key = serialization.load_pem_private_key(data, None)
    except TypeError:
        raise BadKey("is locked with a password, which nobody is there to type: write it without one (openssl pkey -in … -out …)") from None
    except (ValueError, UnsupportedAlgorithm):
        try:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(b"".join(data.split()), validate=True))
        except (ValueError, binascii.Error):
            raise BadKey("is no private key in PEM: `mailgate dkim key` makes one") from None
    if isinstance(key, RSAPrivateKey):
        if not SHORTEST_KEY <= key.key_size <= LONGEST_KEY:
            raise BadKey(f"is an RSA key of {key.key_size} bits, and servers want {SHORTEST_KEY} to {LONGEST_KEY}: make a new one")
        return key
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey("is neither an RSA nor an Ed25519 key, and no other signs mail")
    return key


def algorithm_of(key: PrivateKey) -> str:
    return "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"


def record_of(key: PrivateKey) -> str:
    """What the domain publishes: `v=DKIM1; k=rsa; p=…`."""
    raw, der = serialization.Encoding.Raw, serialization.Encoding.DER
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"
    public = key.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def txt(record: str) -> str:
    """A TXT record as a zone file has it: one string may hold 255 octets (RFC 1035 3.3)."""
    return " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255))


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A key as it was read, and by what it is told that the file is still the same."""

    stamp: tuple[int, int, int]
    key: PrivateKey


class Signer:
    """Signs with the first key of each algorithm that a domain has; the others are there to be published. For any thread."""

    def __init__(self, keys: Sequence[DkimSettings], renamed: bool = False) -> None:
        """`renamed`: the relay gives letters a Message-ID of its own, so that cannot be signed."""
        self._keys, self._renamed = keys, renamed
        self._loaded: dict[str, _Loaded] = {}

    def sign(self, pieces: Sequence[bytes], at: datetime) -> bytes:
        """The header fields to put on top of a letter, "" where its domain has no key. `pieces`: its header, and the rest from the empty
        line on. Raises Unsigned."""
        fields = _fields(pieces[0])
        mine = self._of(_domain(fields))
        if not mine:
            return b""
        body = base64.b64encode(relaxed_digest(pieces[1:])).decode()
        names = [name for name in _signed(fields) if not (self._renamed and name in _RENAMED)]
        taken = _taken(fields, names)
        return b"".join(_signature(one, key, names, taken, body, at) for one, key in mine)

    def _of(self, domain: str) -> list[tuple[DkimSettings, PrivateKey]]:
        """The keys of the nearest domain that has any: its own, or one above it."""
        above = [one.domain for one in self._keys if domain == one.domain or domain.endswith(f".{one.domain}")]
        nearest = max(above, key=len, default="")
        found: dict[str, tuple[DkimSettings, PrivateKey]] = {}
        for one in self._keys:
            if one.domain == nearest:
                key = self._key(one)
                found.setdefault(algorithm_of(key), (one, key))
        return list(found.values())

    def _key(self, one: DkimSettings) -> PrivateKey:
        path = Path(one.key_file)
        try:
            stat = os.stat(path)
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            known = self._loaded.get(one.key_file)
            if known is None or known.stamp != stamp:
                known = self._loaded[one.key_file] = _Loaded(stamp, read_key(path.read_bytes()))
        except OSError as error:
            raise Unsigned(f"the key of {one.selector}._domainkey.{one.domain} cannot be read: {error.strerror}") from None
        except BadKey as bad:
            raise Unsigned(f"the key of {one.selector}._domainkey.{one.domain} {bad}") from None
        return known.key


def relaxed_digest(pieces: Iterable[bytes]) -> bytes:
    """SHA-256 of a body in its relaxed form (RFC 6376 3.4.4), a window at a time: a letter with large files is held once as it is.
    The first piece may begin with the empty line behind the header."""
    digest, blank, begun = hashlib.sha256(), 0, False
    for lines in _whole_lines(pieces):
        text = lines
        if b" " in lines or b"\t" in lines:
            text = _WHITE.sub(b" ", lines).replace(b" \r\n", b"\r\n")
        if not text.endswith(b"\n"):
            text = text.rstrip(b" ")
        kept = text.rstrip(b"\r\n")
        if kept:
            digest.update(b"\r\n" * blank + text[: len(kept)])
            blank, begun = 0, True
        blank += (len(text) - len(kept)) // 2
    if begun:
        digest.update(b"\r\n")
    return digest.digest()


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The body in stretches of whole lines, without the empty line above it; the last line may have no end."""
    rest, first = b"", True
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), _WINDOW):
            rest += view[start : start + _WINDOW]
            if first and len(rest) >= 4:
                rest, first = rest.removeprefix(b"\r\n\r\n"), False
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
    if rest:
        yield rest


def _fields(header: bytes) -> list[tuple[str, bytes]]:
    """(name in lower case, the field in its relaxed form), from top to bottom."""
    fields = header.replace(b"\r\n ", b"\n ").split(b"\r\n")
    return [(field.partition(b":")[0].decode("ascii").lower(), relaxed_header(field)) for field in fields]


def _domain(fields: Sequence[tuple[str, bytes]]) -> str:
    """Of the From: that a reader sees: the signature has to be in line with it (RFC 9989)."""
    value = next((value for name, value in fields if name == "from"), b"")
    return value.rpartition(b"@")[2].rstrip(b"> ").decode("ascii", "replace").lower()


def _signed(fields: Sequence[tuple[str, bytes]]) -> list[str]:
    there = [name for name, _ in fields]
    lists = dict.fromkeys(name for name in there if name.startswith(LIST_FIELDS))
    names = [*OVERSIGNED, *(name for name in (*IF_THERE, *lists) if name in there)]
    return [name for name in names for _ in range(there.count(name) + 1)]


def _taken(fields: Sequence[tuple[str, bytes]], names: Sequence[str]) -> bytes:
    """The fields as they are signed: of one name from the bottom up, and nothing for one more than there are (RFC 6376 5.4.2)."""
    there: dict[str, list[bytes]] = {}
    for name, value in fields:
        there.setdefault(name, []).append(value)
    return b"".join(there[name].pop() + b"\r\n" for name in names if there.get(name))


def _signature(one: DkimSettings, key: PrivateKey, names: Sequence[str], taken: bytes, body: str, at: datetime) -> bytes:
    tags = [
        ("v", "1"),
        ("a", algorithm_of(key)),
        ("c", "relaxed/relaxed"),
        ("d", one.domain),
        ("s", one.selector),
        ("t", str(int(at.timestamp()))),
        ("h", ":".join(names)),
        ("bh", body),
    ]
    unsigned = dkim_signature([*tags, ("b", "")]).encode("ascii")
    digest = hashlib.sha256(taken + relaxed_header(unsigned.replace(b"\r\n", b"\n"))).digest()
    if isinstance(key, RSAPrivateKey):
        made = key.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))
    else:
        made = key.sign(digest)  # RFC 8463 3: the digest is what is signed
    return dkim_signature([*tags, ("b", base64.b64encode(made).decode())]).encode("ascii") + b"\r\n"
