"""DKIM signatures (RFC 6376, 8301, 8463): what a mail says of itself, and whether the key of its domain says the same.

In two steps: the bytes are read once, where hostile bytes may be read, and give a few small digests; the key comes later."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailgate.model.canonical import relaxed_body, relaxed_header, simple_body
from mailgate.model.dns import Answers, DnsReply, Question
from mailgate.understand.identity.lookups import a_domain, ask, is_below
from mailgate.understand.mime.addresses import addresses

MOST_SIGNATURES = 5
LONGEST_HEADER = 1024 * 1024
#: How far a signer's clock may go ahead of ours.
AHEAD = timedelta(hours=1)

#: Of these, readers take one copy. Where one is signed, a copy that is not signed could be the one that is read.
_ONCE = frozenset(
    "from subject to cc date message-id reply-to in-reply-to references mime-version content-type content-transfer-encoding sender".split()
)
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_SIGNATURE_VALUE = re.compile(rb"(\A|;)([ \t\n]*b[ \t\n]*=)[^;]*")


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature with all that the mail itself has to say to it. Only the key is missing."""

    domain: str  #: d=; "" where the signature cannot be read
    selector: str = ""
    algorithm: str = ""  #: "rsa" or "ed25519"; the hash is SHA-256
    digest: bytes = b""  #: of the signed headers
    value: bytes = b""  #: b=
    identity: str = ""  #: the domain of i=
    body_matches: bool = False
    signed_at: datetime | None = None
    expires_at: datetime | None = None
    fault: str = ""  #: why it cannot count, whatever its key says
    covers: tuple[str, ...] = ()  #: names of headers that are there and of which every copy is signed

    @property
    def mark(self) -> str:
        """By which it is known again when it comes a second time."""
        return hashlib.sha256(self.domain.encode() + b"\0" + self.value).hexdigest()[:40]

    @property
    def question(self) -> Question:
        return (f"{self.selector}._domainkey.{self.domain}", "TXT")


@dataclass(frozen=True, slots=True)
class SignedMail:
    """What the signatures of one mail were found to sign."""

    authors: tuple[str, ...] = ()  #: keys of all addresses of all From: as they stand in these bytes
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureResult:
    """Of one signature, in the words of RFC 8601 2.7.1."""

    result: str  #: pass, fail, policy (not acceptable), neutral, temperror, permerror
    domain: str
    because: str = ""


def signatures(raw: bytes) -> SignedMail:
    """Reads the signatures of a mail, the topmost first. Never fails."""
    data = raw.replace(b"\r\n", b"\n").lstrip(b"\n")
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\n")[2]
    head, _, body = data.partition(b"\n\n")
    if len(head) > LONGEST_HEADER:
        return SignedMail()
    fields = _fields(head)
    found = [(index, value) for index, (name, value) in enumerate(fields) if name == b"dkim-signature"][:MOST_SIGNATURES]
    if not found:
        return SignedMail()
    authors = tuple(address.key for address in addresses([value.partition(b":")[2] for name, value in fields if name == b"from"], 50))
    bodies = _Bodies(body)
    return SignedMail(authors, tuple(_signature(value, fields, bodies) for _, value in found))


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """(name in lower case, the whole field as it stands, without its last line end)."""
    fields: list[tuple[bytes, list[bytes]]] = []
    folded: list[bytes] = []  # the lines of the last of them
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and folded:
            folded.append(line)
            continue
        match = _FIELD.match(line)
        folded = [line]
        fields.append((match[1].lower() if match else b"", folded))
    return [(name, b"\n".join(lines)) for name, lines in fields]


class _Bodies:
    """The hash of a body in each of the forms that signatures ask for, made once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._forms: dict[str, bytes] = {}
        self._hashes: dict[tuple[str, int | None], bytes] = {}

    def canonical(self, form: str) -> bytes:
        if form not in self._forms:
            self._forms[form] = (relaxed_body if form == "relaxed" else simple_body)(self._body)
        return self._forms[form]

    def digest(self, form: str, length: int | None) -> bytes:
        if (form, length) not in self._hashes:
            whole = self.canonical(form)
            self._hashes[form, length] = hashlib.sha256(whole if length is None else memoryview(whole)[:length]).digest()
        return self._hashes[form, length]


def tags(text: str) -> dict[str, str] | None:
    """`v=1; a=rsa-sha256` (RFC 6376 3.2), white space around values taken off; None where it is no such list or names a tag twice."""
    found: dict[str, str] = {}
    for piece in text.strip().rstrip(";").split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or not name or name in found:
            return None
        found[name] = value.strip()
    return found


def _signature(field: bytes, fields: list[tuple[bytes, bytes]], bodies: _Bodies) -> Signature:
    value = field.partition(b":")[2]
    said = tags(value.decode("ascii", "replace"))
    if said is None:
        return Signature("", fault="its tags cannot be read")
    domain = a_domain(said.get("d", ""))
    lacking = next((tag for tag in ("v", "a", "b", "bh", "d", "h", "s") if not said.get(tag)), None)
    if lacking or said["v"] != "1" or not domain:
        return Signature(domain, fault=f"no {lacking}= in it" if lacking else "neither version nor domain are known")
    algorithm, _, hashed = said["a"].lower().partition("-")
    selector = said["s"].lower()
    identity = a_domain(said["i"].rpartition("@")[2]) if "i" in said else domain
    header_form, _, body_form = said.get("c", "simple/simple").lower().partition("/")
    body_form = body_form or "simple"
    names = [name.strip().lower().encode("ascii", "replace") for name in said["h"].split(":")]
    signed_value, body_hash = _octets(said["b"]), _octets(said["bh"])
    length = said.get("l")
    fault = ""
    if hashed != "sha256" or algorithm not in ("rsa", "ed25519"):
        fault = f"{said['a'][:30]} is not accepted"  # RFC 8301: SHA-1 proves nothing any more
    elif {header_form, body_form} - {"simple", "relaxed"} or signed_value is None or body_hash is None:
        fault = "its values cannot be read"
    elif not a_domain(f"{selector}.{domain}") or not identity or not is_below(identity, domain):
        fault = "selector or identity do not fit its domain"
    elif said.get("q", "dns/txt").replace(" ", "") != "dns/txt":
        fault = "its key does not lie in DNS"
    elif length is not None and not re.fullmatch("[0-9]{1,20}", length):
        fault = "its l= cannot be read"
    if fault or signed_value is None or body_hash is None:
        return Signature(domain, selector, fault=fault)
    if length is not None and int(length) < len(bodies.canonical(body_form)):
        fault = "signs a part of the body only (l=)"
    return Signature(
        domain,
        selector,
        algorithm,
        _header_digest(field, fields, names, header_form),
        signed_value,
        identity,
        bodies.digest(body_form, int(length) if length is not None else None) == body_hash,
        _instant(said.get("t", "")),
        _instant(said.get("x", "")),
        fault or _unsigned(names, fields),
        _covered(names, fields),
    )


def _covered(names: list[bytes], fields: list[tuple[bytes, bytes]]) -> tuple[str, ...]:
    there = [name for name, _ in fields]
    return tuple(name.decode("ascii", "replace") for name in dict.fromkeys(names) if 0 < there.count(name) <= names.count(name))


def _unsigned(names: list[bytes], fields: list[tuple[bytes, bytes]]) -> str:
    """What is left unsigned that decides what a reader sees, "" when nothing is."""
    there = [name for name, _ in fields]
    if b"from" not in names:
        return "does not sign From:"  # RFC 6376 5.4
    if b"subject" in there and b"subject" not in names:
        return "does not sign Subject:"  # it names the ticket
    twice = next((n for n in dict.fromkeys(names) if n.decode("ascii", "replace") in _ONCE and there.count(n) > names.count(n)), None)
    return f"leaves a second {twice.decode('ascii', 'replace').title()}: unsigned" if twice else ""


def _header_digest(field: bytes, fields: list[tuple[bytes, bytes]], names: list[bytes], form: str) -> bytes:
    """RFC 6376 3.7: the signed fields from the bottom up, then the signature itself without its value."""
    there: dict[bytes, list[bytes]] = {}
    for name, whole in fields:
        there.setdefault(name, []).append(whole)
    canonical = relaxed_header if form == "relaxed" else bytes
    digest = hashlib.sha256()
    for name in names:
        if there.get(name):
            digest.update(canonical(there[name].pop()).replace(b"\n", b"\r\n") + b"\r\n")
    start, _, value = field.partition(b":")
    bare = start + b":" + _SIGNATURE_VALUE.sub(rb"\1\2", value, count=1)
    digest.update(canonical(bare).replace(b"\n", b"\r\n"))
    return digest.digest()


def _octets(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _instant(text: str) -> datetime | None:
    """Seconds since 1970; what no calendar knows is as good as never."""
    try:
        return datetime.fromtimestamp(int(text), UTC) if re.fullmatch("[0-9]{1,12}", text) else None
    except (ValueError, OverflowError, OSError):
        return None


def verify(signature: Signature, answers: Answers, now: datetime) -> SignatureResult:
    """Whether the owner of the domain signed. `now`: when the mail arrived. Raises Missing while the key is not there."""
    # Its library is loaded where signatures are judged, and only there.
    from mailgate.understand.identity.keys import made, read_key, why_unfit

    domain = signature.domain

    def it_is(result: str, because: str) -> SignatureResult:
        return SignatureResult(result, domain, because)

    if signature.fault:
        return it_is("policy" if signature.algorithm else "permerror", signature.fault)
    if signature.expires_at is not None and now > signature.expires_at:
        return it_is("policy", "the signature has expired")
    if signature.signed_at is not None and signature.signed_at > now + AHEAD:
        return it_is("policy", "the signature comes from the future")
    answer = ask(answers, *signature.question)
    if answer.heard is DnsReply.FAILED:
        return it_is("temperror", "its key could not be asked for")
    records = [found for text in answer.records if (found := tags(text)) is not None and "p" in found]
    if not records:
        return it_is("permerror", "its domain has no such key")
    record = records[0]
    kind, flags = record.get("k", "rsa").lower(), {flag.strip() for flag in record.get("t", "").lower().split(":")}
    if record.get("v", "DKIM1") != "DKIM1" or kind != signature.algorithm:
        return it_is("permerror", "its key is of another kind")
    if not record["p"]:
        return it_is("permerror", "its key was withdrawn")
    if "sha256" not in record.get("h", "sha256").lower().replace(" ", "").split(":"):
        return it_is("permerror", "its key is not for SHA-256")
    if not {"*", "email"} & set(record.get("s", "*").lower().replace(" ", "").split(":")):
        return it_is("permerror", "its key is not for mail")
    if "s" in flags and signature.identity != domain:
        return it_is("permerror", "its key is not for subdomains")
    key = read_key(kind, _octets(record["p"]) or b"")
    if key is None:
        return it_is("permerror", "its key cannot be read")
    if unfit := why_unfit(key):
        return it_is("policy", unfit)
    if "y" in flags:
        return it_is("neutral", "its domain is only testing")  # RFC 6376 3.6.1: as if it were not signed
    if not signature.body_matches:
        return it_is("fail", "the body is not what was signed")
    if not made(key, signature.value, signature.digest):
        return it_is("fail", "the header is not what was signed")
    return it_is("pass", f"signed by {domain}")
