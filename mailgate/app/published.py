"""What the world can look up about the domains of our desks, and what is still to be published: SPF, DKIM, DMARC, MX, reverse DNS.

Judged from answers that are there; what is lacking is asked for, and all of it is judged again."""

import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from mailgate.model.dns import Answers, DnsAnswer, DnsReply, Question
from mailgate.model.installation import DkimSettings, RelaySettings, is_loopback
from mailgate.receive.verify import Resolver
from mailgate.send.dkim import BadKey, read_key, record_of, txt
from mailgate.settings import Examined
from mailgate.understand.identity import (
    Missing,
    SpfResult,
    Unknown,
    a_domain,
    ask,
    check_host,
    client,
    expect,
    is_below,
    organisation_of,
    policy_of,
    steps,
    tags,
)

Found = tuple[str, str, bool]  #: what was looked at, what was seen, and whether it is well

MOST_ROUNDS = 20
#: An address that nobody lets send (RFC 5737): what SPF says of it is what it says of strangers.
NOBODY = "192.0.2.1"
#: Names that are for examples and tests, or for one network alone (RFC 2606, 6761, 6762): the world knows nothing of them.
RESERVED = ("example", "example.com", "example.net", "example.org", "test", "invalid", "localhost", "local", "internal", "lan", "home.arpa")
_SILENT = "the resolver does not answer: look at another time"
_NO_MX = "so no answer comes back: publish MX 10 with the name of your mail server"
_STRANGERS = {"fail": "-all", "softfail": "~all", "neutral": "?all"}


def published(found: Examined, resolver: Resolver, seconds: float) -> Iterator[Found]:
    """One line for each thing that is looked up, after so many seconds at most."""
    looks, deadline = list(_looks(found)), time.monotonic() + seconds
    answers: dict[Question, DnsAnswer] = {}
    for _ in range(MOST_ROUNDS):
        told: list[Found] = []
        missing: set[Question] = set()
        for name, look in looks:
            try:
                told.append((name, *look(answers)))
            except Missing as lacking:
                missing |= lacking.questions
        if not missing:
            yield from told
            return
        answers.update(resolver.fetch(missing, deadline - time.monotonic()))
    yield "published", "DNS leads on and on: ask it yourself", False


def domains(found: Examined) -> tuple[str, ...]:
    """Those of the desks that the world can look up. Where a resolver is named, that one may know of others."""
    named = dict.fromkeys(a_domain(desk.domain) for desk in found.policy.desks.values()) if found.policy else {}
    own_resolver = found.verify is not None and bool(found.verify.resolver)
    return tuple(name for name in named if name and (own_resolver or not any(is_below(name, one) for one in RESERVED)))


def _looks(found: Examined) -> Iterator[tuple[str, Callable[[Answers], tuple[str, bool]]]]:
    relay = found.relay
    if relay is None:
        return
    for domain in domains(found):
        keys = [one for one in found.dkim if is_below(domain, one.domain)]
        yield "spf", partial(_spf, domain, relay)
        if not keys:
            words = f"{domain}: no key in [[dkim]], so its letters leave unsigned unless the relay signs them"
            yield "dkim", lambda _, words=words: (words, True)  # type: ignore[misc]
        yield "dmarc", partial(_dmarc, domain, bool(keys), relay, found.settings.operator if found.settings else f"postmaster@{domain}")
        yield "mx", partial(_mx, domain, tuple(door.hostname.lower() for door in found.doors))
    for key in found.dkim:
        yield "dkim", partial(_dkim, key)
    if is_loopback(relay.host) and domains(found):
        yield "reverse dns", partial(_reverse, relay.helo.lower())


def _spf(domain: str, relay: RelaySettings, answers: Answers) -> tuple[str, bool]:
    texts = [text for text in ask(answers, domain, "TXT").records if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    strangers = check_host(NOBODY, domain, f"postmaster@{domain}", "", answers)
    if strangers.result == "temperror":
        return f"{domain}: {_SILENT}", True
    if not texts:
        wanted = f'"v=spf1 mx a:{relay.host} ~all"' if not is_loopback(relay.host) else '"v=spf1 mx ~all"'
        return f"{domain} says nothing of SPF. Publish as TXT of {domain}, with whatever else sends for it: {wanted}", False
    if len(texts) > 1:
        return f"{domain} has {len(texts)} SPF records, so none of them counts: make one of them", False
    if strangers.result == "permerror":
        return f"{domain}: its SPF record does not count: {strangers.because}", False
    if strangers.result == "pass":
        return f'{domain}: its SPF record lets anybody send for it: let it end with "~all" or "-all"', False
    ends = f'one record, and of all others it says "{_STRANGERS.get(strangers.result, strangers.result)}"'
    if is_loopback(relay.host):
        return f"{domain}: {ends}; whether it lets in the mail server of this machine depends on that one's address outside", True
    path = f"postmaster@{domain}"
    said = [(address, check_host(address, domain, path, relay.helo, answers)) for address in _addresses(relay.host, answers)]
    return f"{domain}: {ends}; {_of_the_relay(relay.host, said)}", True


def _of_the_relay(host: str, said: Iterable[tuple[str, SpfResult]]) -> str:
    results = {address: result.result for address, result in said}
    passed = [address for address, result in results.items() if result == "pass"]
    if passed:
        return f"it lets the relay send ({host}, {passed[0]})"
    if not results:
        return f"{host} has no address in DNS"
    return f"it does not name {host} ({', '.join(results)}): whoever runs the relay says what to include where that host sends itself"


def _addresses(host: str, answers: Answers) -> list[str]:
    if client(host) is not None:
        return [host]
    name = a_domain(host)
    if not name:
        return []
    expect(answers, [(name, "A"), (name, "AAAA")])
    return [address for kind in ("A", "AAAA") for address in answers[name, kind].records]


def _dkim(key: DkimSettings, answers: Answers) -> tuple[str, bool]:
    name = f"{key.selector}._domainkey.{key.domain}"
    try:
        ours = record_of(read_key(Path(key.key_file).read_bytes()))
    except (OSError, BadKey):  # said among the mistakes of the configuration
        return f"{name}: our key cannot be read, so it cannot be compared", False
    answer = ask(answers, name, "TXT")
    if answer.heard is DnsReply.FAILED:
        return f"{name}: {_SILENT}", True
    records = [found for text in answer.records if (found := tags(text)) is not None and "p" in found]
    if not records:
        return f"{name} is not published, so whatever it signs counts nothing. Publish as TXT: {txt(ours)}", False
    wanted = tags(ours) or {}
    if len(records) > 1:
        return f"{name} has {len(records)} keys, and readers take any of them: leave one", False
    [record] = records
    if (record.get("k", "rsa"), "".join(record["p"].split())) != (wanted["k"], wanted["p"]):
        return f"{name} publishes another key than the one in {key.key_file}. Publish as TXT: {txt(ours)}", False
    if "y" in record.get("t", "").replace(" ", "").split(":"):
        return f"{name}: our key, but t=y says that it is only a test: take that out", False
    return f"{name}: published, and the same as ours ({wanted['k']})", True


def _dmarc(domain: str, signs: bool, relay: RelaySettings, reports: str, answers: Answers) -> tuple[str, bool]:
    try:
        policy, organisation = policy_of(domain, answers), organisation_of(domain, answers)
    except Unknown:
        return f"{domain}: {_SILENT}", True
    place = next((name for name in (domain, organisation) if _record(name, answers)), None)
    if not policy.found or place is None:
        several = next((name for name in steps(domain) if len(_texts(name, answers)) > 1), None)
        if several:
            return f"_dmarc.{several} has several DMARC records, so none of them counts: leave one", False
        told = f'Publish as TXT of _dmarc.{organisation}: "v=DMARC1; p=none; rua=mailto:{reports}"'
        return f"{domain} has no DMARC record, and large providers want one. {told}", False
    record = _record(place, answers)
    asked = record.get("p", "none").lower() if place == domain else record.get("sp", record.get("p", "none")).lower()
    bounces = relay.reverse_path_form != "null"
    aligned = " and ".join(
        word for word, is_so in (("our signature (d=)", signs), ("the reverse-path, where SPF lets the relay send", bounces)) if is_so
    )
    aligned = aligned or "neither a signature of ours nor the reverse-path <>"
    words = f"{domain}: p={asked} (_dmarc.{place}); in line with From: are {aligned}"
    if not signs and not bounces:
        way_out = "sign with a key of [[dkim]], or let the relay sign for this domain"
        return f"{words}: {way_out}", asked == "none"
    if policy.dkim == "strict" and signs and not bounces:
        return f"{words}; adkim=s wants a key of {domain} itself", True
    return words, True


def _texts(name: str, answers: Answers) -> list[str]:
    return [text for text in ask(answers, f"_dmarc.{name}", "TXT").records if text[:8].replace(" ", "").startswith("v=DMARC1")]


def _record(name: str, answers: Answers) -> Mapping[str, str]:
    texts = _texts(name, answers)
    return (tags(texts[0]) or {}) if len(texts) == 1 else {}


def _mx(domain: str, doors: tuple[str, ...], answers: Answers) -> tuple[str, bool]:
    answer = ask(answers, domain, "MX")
    if answer.heard is DnsReply.FAILED:
        return f"{domain}: {_SILENT}", True
    if answer.records == ("",):
        return f"{domain} says that it takes no mail (MX 0 .), {_NO_MX}", False
    if not answer.records:
        expect(answers, [(domain, "A"), (domain, "AAAA")])
        addresses = [*answers[domain, "A"].records, *answers[domain, "AAAA"].records]
        if not addresses:
            return f"{domain} has neither MX nor address, {_NO_MX}", False
        return f"{domain} has no MX; servers take its address ({addresses[0]}) instead: better publish MX 10", True
    hosts = [a_domain(host) for host in answer.records[:5]]
    expect(answers, [(host, kind) for host in hosts if host for kind in ("A", "AAAA")])
    lost = [host for host in hosts if host and not any(answers[host, kind].records for kind in ("A", "AAAA"))]
    if lost and len(lost) == len(hosts):
        return f"{domain}: its mail server {lost[0]} has no address, so no answer comes back: publish one, or name another as MX", False
    ours = next((host for host in hosts if host in doors), None)
    leads = "which is what our door calls itself" if ours else "which has to hand it on to a door, or into a mailbox that is fetched"
    return f"{domain}: mail goes to {ours or hosts[0]}, {leads}", True


def _reverse(name: str, answers: Answers) -> tuple[str, bool]:
    """Of the name that this machine says as EHLO: a mail server on it calls itself so, too, or by another name of its own."""
    if not a_domain(name) or any(is_below(name, one) for one in ("localhost", "local", "localdomain")):
        return "hostname in mailgate.toml is no name that the world could look up; a mail server of yours that sends needs one", True
    addresses = [address for address in _addresses(name, answers) if not ipaddress.ip_address(address).is_loopback]
    if not addresses:
        return (
            f"{name} has no address in DNS: where the mail server of this machine sends itself, publish A, and let its address lead back",
            True,
        )
    asked = {address: ipaddress.ip_address(address).reverse_pointer for address in addresses[:4]}
    expect(answers, [(pointer, "PTR") for pointer in asked.values()])
    lost = [address for address, pointer in asked.items() if name not in answers[pointer, "PTR"].records]
    if any(answers[asked[address], "PTR"].heard is DnsReply.FAILED for address in lost):
        return f"{name}: {_SILENT}", True
    if lost:
        said = ", ".join(answers[asked[lost[0]], "PTR"].records) or "no name"
        return f"{lost[0]} leads back to {said} and not to {name}: let whoever gave you the address set its PTR to {name}", False
    return f"{name}: its address leads back to it ({', '.join(asked)})", True
