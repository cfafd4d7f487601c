"""SPF (RFC 7208): whether the owner of a domain lets a host send its mail. Pure: answers of DNS come in, questions go out.

The whole record is read before any of it counts. Every limit of section 4.6.4 holds, so that a record costs few questions."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from mailgate.model.dns import Answers, DnsReply, Question
from mailgate.understand.identity.lookups import Missing, a_domain, ask, expect, is_below
from mailgate.understand.identity.received import Address, Network

MOST_LOOKUPS, MOST_VOID, MOST_HOSTS = 10, 2, 10
LONGEST_RECORD, MOST_TERMS = 4096, 200

_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_MECHANISM = re.compile(r"([+?~-])?(all|include|a|mx|ptr|ip4|ip6|exists)(?:[:/].*)?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)
_CIDR = re.compile(r"(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?\Z")
_MACRO = re.compile(r"%(?:\{([slodiphcrtv])(\d{0,3})(r?)([.+,/_=-]*)\}|([%_-]))", re.IGNORECASE)
_TOP_LABEL = re.compile(r"[0-9]*[a-z-][a-z0-9-]*", re.IGNORECASE)
_CIDR_TAIL = re.compile(r"(?:/\d{1,3})?(?://\d{1,3})?\Z")


@dataclass(frozen=True, slots=True)
class SpfResult:
    result: str  #: pass, fail, softfail, neutral, none, temperror, permerror
    because: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism of a record: `-ip4:192.0.2.0/24`."""

    result: str
    kind: str
    domain: str  #: domain-spec with its macros, "" where the current domain is meant
    network: Network | None = None
    bits: tuple[int, int] = (32, 128)  #: dual-cidr-length


@dataclass(frozen=True, slots=True)
class Record:
    terms: tuple[Term, ...]
    redirect: str = ""


class _RecordBroken(Exception):
    """The result is temperror or permerror, whatever stands around it."""

    def __init__(self, result: str, because: str) -> None:
        super().__init__(because)
        self.found = SpfResult(result, because)


def check_host(peer: str, domain: str, sender: str, helo: str, answers: Answers) -> SpfResult:
    """Whether the host with this IP address may send for `domain`. `sender`: the whole reverse-path. Raises Missing."""
    address = client(peer)
    name = a_domain(domain)
    if address is None or not name:
        return SpfResult("none", "no address or no domain to ask about")
    local = sender.rpartition("@")[0] if "@" in sender else "postmaster"
    try:
        return _Evaluation(address, f"{local or 'postmaster'}@{sender.rpartition('@')[2] or name}", helo, answers).of(name)
    except _RecordBroken as broken:
        return broken.found


def client(peer: str) -> Address | None:
    """The IP address of a peer; an IPv4 address in IPv6 dress is one of IPv4."""
    try:
        address = ipaddress.ip_address(peer.strip().strip("[]").removeprefix("IPv6:").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def read_record(text: str) -> Record:
    """A record that begins with `v=spf1`. Raises `_RecordBroken` for one that is not written as section 4.6 and 12 want it."""
    words = text.split(" ")[1:]
    if len(text) > LONGEST_RECORD or len(words) > MOST_TERMS:
        raise _RecordBroken("permerror", "the record is too long")
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in filter(None, words):
        match = _MECHANISM.fullmatch(word)
        if match is not None:
            terms.append(_term(word, match))
            continue
        modifier = _MODIFIER.fullmatch(word)
        if modifier is None:
            raise _RecordBroken("permerror", f"{word[:40]!a} is no term of SPF")
        name = modifier[1].lower()
        if name in ("redirect", "exp"):
            if name in modifiers or not _well_formed(modifier[2]):
                raise _RecordBroken("permerror", f"{name}= cannot be read")
            modifiers[name] = modifier[2]
    return Record(tuple(terms), modifiers.get("redirect", ""))


def _term(word: str, match: re.Match[str]) -> Term:
    result, kind = _QUALIFIERS[match[1] or "+"], match[2].lower()
    rest = word[match.end(2) :]
    wrong = _RecordBroken("permerror", f"{word[:40]!a} cannot be read")
    if kind == "all":
        if rest:
            raise wrong
        return Term(result, kind, "")
    if kind in ("ip4", "ip6"):
        try:
            network = (ipaddress.IPv4Network if kind == "ip4" else ipaddress.IPv6Network)(rest.removeprefix(":"), strict=False)
        except ValueError:
            raise wrong from None
        return Term(result, kind, "", network)
    bits = (32, 128)
    if kind in ("a", "mx"):
        tail = _CIDR_TAIL.search(rest)
        cut = tail.start() if tail else len(rest)
        lengths = _CIDR.fullmatch(rest[cut:])
        if lengths is None or int(lengths[1] or 32) > 32 or int(lengths[2] or 128) > 128:
            raise wrong
        bits, rest = (int(lengths[1] or 32), int(lengths[2] or 128)), rest[:cut]
    domain = rest[1:]
    if rest and (not rest.startswith(":") or not _well_formed(domain)):
        raise wrong
    if kind in ("include", "exists") and not domain:
        raise wrong
    return Term(result, kind, domain, bits=bits)


def _well_formed(spec: str) -> bool:
    """A domain-spec: visible characters, every % the beginning of a macro, and at its end a name or a macro."""
    plain = _MACRO.sub("", spec)
    if not spec or "%" in plain or not all("!" <= sign <= "~" for sign in spec):
        return False
    if any(match[1] and (match[1].lower() in "crt" or match[2].strip("0") == "" != match[2]) for match in _MACRO.finditer(spec)):
        return False  # those are for explanations, and no digit may be 0
    return spec.endswith("}") or ("." in plain and _TOP_LABEL.fullmatch(plain.rstrip(".").rpartition(".")[2]) is not None)


class _Evaluation:
    """One check with its counters."""

    def __init__(self, address: Address, sender: str, helo: str, answers: Answers) -> None:
        self.address, self.sender, self.helo, self.answers = address, sender, helo, answers
        self.lookups = self.void = 0
        self.kind = "A" if address.version == 4 else "AAAA"

    def of(self, domain: str) -> SpfResult:
        record = self._record(domain)
        if record is None:
            return SpfResult("none", f"{domain} says nothing of SPF")
        self._look_ahead(record, domain)
        for term in record.terms:
            if self._matches(term, domain):
                return SpfResult(term.result, f"{self.address} is {term.kind} of {domain}")
        if record.redirect:
            self._count()
            target = self._expanded(record.redirect, domain)
            found = self.of(target) if target else SpfResult("none")
            if found.result == "none":
                raise _RecordBroken("permerror", f"{domain} redirects to a domain without SPF")
            return found
        return SpfResult("neutral", f"{domain} says neither yes nor no")

    def _record(self, domain: str) -> Record | None:
        answer = ask(self.answers, domain, "TXT")
        if answer.heard is DnsReply.FAILED:
            raise _RecordBroken("temperror", f"{domain} could not be asked")
        texts = [text for text in answer.records if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
        if len(texts) > 1:
            raise _RecordBroken("permerror", f"{domain} has several SPF records")
        return read_record(texts[0]) if texts else None

    def _look_ahead(self, record: Record, domain: str) -> None:
        """What this record will ask for sooner or later is asked at once, as far as the limit reaches."""
        ahead: list[Question] = []
        for term in record.terms[: MOST_LOOKUPS + 5]:
            if term.kind == "all":
                break
            if "%" in term.domain or term.kind not in ("include", "a", "mx"):
                continue
            name = a_domain(term.domain) if term.domain else domain
            if name:
                ahead.append((name, {"include": "TXT", "mx": "MX"}.get(term.kind, self.kind)))
        if len(ahead) > 1:
            try:
                expect(self.answers, ahead[:MOST_LOOKUPS])
            except Missing as missing:
                # One at a time would be right as well; a mechanism before that already matches makes them needless.
                if not any(t.network is not None and self._within(t.network) for t in record.terms):
                    raise missing from None

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _RecordBroken("permerror", f"more than {MOST_LOOKUPS} questions")

    def _ask(self, name: str, kind: str, *, counted: bool = True) -> tuple[str, ...]:
        """The records of a name; too many names that hold nothing are an error (section 4.6.4)."""
        answer = ask(self.answers, name, kind)
        if answer.heard is DnsReply.FAILED:
            raise _RecordBroken("temperror", f"{name} could not be asked")
        if counted and not answer.records:
            self.void += 1
            if self.void > MOST_VOID:
                raise _RecordBroken("permerror", f"more than {MOST_VOID} questions without an answer")
        return answer.records

    def _within(self, network: Network) -> bool:
        return network.version == self.address.version and self.address in network

    def _near(self, records: tuple[str, ...], bits: tuple[int, int]) -> bool:
        length = bits[0] if self.address.version == 4 else bits[1]
        alike = (found for text in records[:100] if (found := client(text)) is not None and found.version == self.address.version)
        return any(self.address in ipaddress.ip_network((found, length), strict=False) for found in alike)

    def _matches(self, term: Term, domain: str) -> bool:
        if term.kind == "all":
            return True
        if term.network is not None:
            return self._within(term.network)
        self._count()
        name = self._expanded(term.domain, domain) if term.domain else domain
        if not name and term.kind == "include":
            raise _RecordBroken("permerror", f"{domain} includes no domain")
        if not name:
            return False
        if term.kind == "include":
            found = self.of(name)
            if found.result == "none":
                raise _RecordBroken("permerror", f"{name} is included and says nothing of SPF")
            return found.result == "pass"
        if term.kind == "exists":
            return bool(self._ask(name, "A"))
        if term.kind == "ptr":
            return self._is_named(name)
        if term.kind == "a":
            return self._near(self._ask(name, self.kind), term.bits)
        hosts = self._ask(name, "MX")
        if len(hosts) > MOST_HOSTS:
            raise _RecordBroken("permerror", f"{name} has more than {MOST_HOSTS} mail servers")
        named = [host for host in map(a_domain, hosts) if host]
        expect(self.answers, [(host, self.kind) for host in named])
        return any(self._near(self._ask(host, self.kind), term.bits) for host in named)

    def _is_named(self, name: str) -> bool:
        """`ptr`, section 5.5: a name of the address that leads back to it. Trouble with DNS is no match."""
        answer = ask(self.answers, self.address.reverse_pointer, "PTR")
        hosts = [host for host in map(a_domain, answer.records[:MOST_HOSTS]) if host and is_below(host, name)]
        expect(self.answers, [(host, self.kind) for host in hosts])
        return any(self._near(ask(self.answers, host, self.kind).records, (32, 128)) for host in hosts)

    def _expanded(self, spec: str, domain: str) -> str:
        """The domain that a domain-spec means; "" when it is none. Too long a name loses labels on its left."""
        text = _MACRO.sub(lambda match: self._macro(match, domain), spec) if "%" in spec else spec
        text = text.rstrip(".").lower()
        while len(text) > 253 and "." in text:
            text = text.partition(".")[2]
        return a_domain(text)

    def _macro(self, match: re.Match[str], domain: str) -> str:
        if match[5] is not None:
            return {"%": "%", "_": " ", "-": "%20"}[match[5]]
        letter, digits, backwards, signs = match[1], match[2], match[3], match[4] or "."
        local, _, host = self.sender.rpartition("@")
        value = {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": domain,
            "i": _dotted(self.address),
            "p": "unknown",  # section 7.3 lets us: it costs the owner of the address, not of the record
            "v": "in-addr" if self.address.version == 4 else "ip6",
            "h": self.helo or "unknown",
        }[letter.lower()]
        if digits or backwards or match[4]:
            parts = re.split(f"[{re.escape(signs)}]", value)
            if backwards:
                parts.reverse()
            value = ".".join(parts[-int(digits) :] if digits else parts)
        return quote(value, safe="-._~") if letter.isupper() else value


def _dotted(address: Address) -> str:
    return str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))
