"""DNS for our own check, over real UDP to a name server on loopback: asked once, remembered, and left alone when it is dead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mailgate.model.dns import DnsAnswer, DnsReply
from mailgate.model.evidence import VerdictKind
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door
from mailgate.receive import verify
from mailgate.receive.verify import Resolver, UnjudgedMail, verdicts
from mailgate.understand.identity.dkim import signatures
from mailgate.understand.parse import parse
from tests.fakes.dns_server import NameServer, text
from tests.fakes.signer import record, rsa_key, signed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Watch:
    """Monotonic time that is turned by hand; the network's own patience is not."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def server() -> Iterator[NameServer]:
    zone = {
        ("example.org", "TXT"): [*text("v=spf1 mx -all"), *text("something else")],
        ("example.org", "MX"): ["20 late.example.org.", "10 Early.example.org."],
        ("early.example.org", "A"): ["192.0.2.7"],
        ("early.example.org", "AAAA"): ["2001:db8::7"],
        ("late.example.org", "A"): ["192.0.2.8"],
        ("7.2.0.192.in-addr.arpa", "PTR"): ["Early.example.org."],
        ("_dmarc.example.org", "TXT"): text("v=DMARC1; p=reject"),
        ("s1._domainkey.example.org", "TXT"): text(record(rsa_key())),
        ("", "NS"): ["a.root.example."],
    }
    with NameServer(zone) as one:
        yield one


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def alarms() -> list[str]:
    return []


@pytest.fixture
def resolver(server: NameServer, watch: Watch, alarms: list[str]) -> Iterator[Resolver]:
    settings = VerifySettings(dns=True, resolver=(server.place,))
    one = Resolver(settings, lambda kind, what, way_out: alarms.append(kind), watch)
    yield one
    one.close()


def test_every_kind_of_record_comes_as_text(resolver: Resolver):
    questions = [("example.org", "TXT"), ("example.org", "MX"), ("early.example.org", "A"), ("early.example.org", "AAAA"),
                 ("7.2.0.192.in-addr.arpa", "PTR"), ("nowhere.example", "TXT"), ("example.org", "A")]  # fmt: skip
    found = dict(resolver.fetch(questions, 5))
    several = found["example.org", "TXT"]  # in whatever order they come
    found["example.org", "TXT"] = DnsAnswer(several.heard, tuple(sorted(several.records, reverse=True)))
    assert found == {
        ("example.org", "TXT"): DnsAnswer(DnsReply.FOUND, ("v=spf1 mx -all", "something else")),
        ("example.org", "MX"): DnsAnswer(DnsReply.FOUND, ("early.example.org", "late.example.org")),
        ("early.example.org", "A"): DnsAnswer(DnsReply.FOUND, ("192.0.2.7",)),
        ("early.example.org", "AAAA"): DnsAnswer(DnsReply.FOUND, ("2001:db8::7",)),
        ("7.2.0.192.in-addr.arpa", "PTR"): DnsAnswer(DnsReply.FOUND, ("early.example.org",)),
        ("nowhere.example", "TXT"): DnsAnswer(DnsReply.NOTHING),
        ("example.org", "A"): DnsAnswer(DnsReply.NOTHING),
    }


def test_a_long_key_is_put_together_from_its_pieces(resolver: Resolver):
    question = ("s1._domainkey.example.org", "TXT")
    assert resolver.fetch([question], 5)[question].records == (record(rsa_key()),)


def test_an_answer_is_remembered_for_its_time_and_not_longer(resolver: Resolver, server: NameServer, watch: Watch):
    question, nothing = ("example.org", "TXT"), ("nowhere.example", "TXT")
    for _ in range(3):
        resolver.fetch([question, nothing], 5)
    assert sorted(server.asked) == [question, nothing]
    watch.at += verify.LIFE_OF_NOTHING + 1
    resolver.fetch([question, nothing], 5)
    assert sorted(server.asked) == [question, nothing, nothing]
    watch.at += server.ttl
    resolver.fetch([question], 5)
    assert server.asked.count(question) == 2


def test_no_answer_is_remembered_for_longer_than_an_hour_or_less_than_half_a_minute(resolver: Resolver, server: NameServer, watch: Watch):
    server.ttl = 10**6
    resolver.fetch([("example.org", "TXT")], 5)
    watch.at += verify.LONGEST_LIFE + 1
    server.ttl = 0
    resolver.fetch([("example.org", "TXT")], 5)
    watch.at += verify.SHORTEST_LIFE - 1
    resolver.fetch([("example.org", "TXT")], 5)
    assert len(server.asked) == 2


def test_a_broken_name_is_told_from_one_that_is_not_there(resolver: Resolver, server: NameServer, alarms: list[str]):
    server.broken.add("example.org")
    for number in range(10):
        server.broken.add(f"n{number}.example.org")
    questions = [("example.org", "TXT"), *((f"n{number}.example.org", "TXT") for number in range(10))]
    assert {answer.heard for answer in resolver.fetch(questions, 5).values()} == {DnsReply.FAILED}
    assert resolver.fetch([("early.example.org", "A")], 5)[("early.example.org", "A")].heard is DnsReply.FOUND
    assert not alarms


def test_names_that_dns_cannot_hold_fail_and_harm_nobody(resolver: Resolver):
    odd = [("x" * 64 + ".example", "TXT"), ("a..b", "TXT"), ("example.org", "NOTYPE")]
    assert {answer.heard for answer in resolver.fetch(odd, 5).values()} == {DnsReply.FAILED}


def test_one_silent_name_is_not_a_dead_resolver(resolver: Resolver, server: NameServer, alarms: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verify, "ONE_QUESTION", 0.2)
    silent = [(f"n{number}.evil.example", "TXT") for number in range(verify.SILENCES + 3)]
    server.silent.update(name for name, _ in silent)
    assert {answer.heard for answer in resolver.fetch(silent, 5).values()} == {DnsReply.FAILED}
    assert resolver.fetch([("early.example.org", "A")], 5)[("early.example.org", "A")].heard is DnsReply.FOUND
    assert not alarms


def test_a_dead_resolver_is_left_alone_for_a_minute_and_then_found_again(
    resolver: Resolver, server: NameServer, watch: Watch, alarms: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(verify, "ONE_QUESTION", 0.2)
    monkeypatch.setattr(verify, "PROBE_SECONDS", 0.2)
    server.dead = True
    resolver.fetch([(f"n{number}.example", "TXT") for number in range(verify.SILENCES + 1)], 5)
    assert alarms == ["dns_silent"]
    asked = len(server.asked)
    assert resolver.fetch([("example.org", "TXT")], 5)[("example.org", "TXT")].heard is DnsReply.FAILED
    assert len(server.asked) == asked  # nobody waited, nobody asked
    watch.at += verify.LEFT_ALONE + 1
    resolver.fetch([("example.org", "TXT")], 5)
    assert alarms == ["dns_silent"] * 2  # still dead: one question found that out
    assert set(server.asked[asked:]) == {("", "NS")}
    server.dead = False
    watch.at += verify.LEFT_ALONE + 1
    assert resolver.fetch([("example.org", "TXT")], 5)[("example.org", "TXT")].heard is DnsReply.FOUND


# --- verdicts ----------------------------------------------------------------------------------------------------------------

PLAIN = (
    b"From: Ann <ann@example.org>\r\nTo: support@example.org\r\nSubject: x\r\n"
    b"Date: Mon, 1 Jun 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"
)


def case(raw: bytes, peer: str = "192.0.2.7", path: str = "ann@example.org") -> UnjudgedMail:
    return UnjudgedMail(parse(raw), signatures(raw), Arrival(raw, path, ("support@example.org",), Door.SMTP, peer, NOON, NOON))


def test_mails_of_a_batch_are_judged_together_and_their_domain_is_asked_once(resolver: Resolver, server: NameServer):
    trust = VerifySettings(dns=True)
    cases = [case(signed(PLAIN)), case(PLAIN), case(PLAIN, "203.0.113.9"), *(case(signed(PLAIN), "203.0.113.9") for _ in range(20))]
    found = [verdict.verdict.value for verdict in verdicts(cases, trust, resolver)]
    assert found == ["pass", "pass", "fail", *["pass"] * 20]
    assert len(server.asked) == len(set(server.asked)) < 10


def test_a_batch_waits_for_its_time_limit_and_no_longer(resolver: Resolver, server: NameServer, monkeypatch: pytest.MonkeyPatch):
    server.silent.update(("example.org", "_dmarc.example.org", "s1._domainkey.example.org"))
    trust = VerifySettings(dns=True, time_limit=timedelta(seconds=0.3))
    said: list[float] = []
    fetch = resolver.fetch
    monkeypatch.setattr(resolver, "fetch", lambda questions, seconds: said.append(seconds) or fetch(questions, seconds))
    found = verdicts([case(signed(PLAIN))] * 3, trust, resolver)
    assert {verdict.verdict for verdict in found} == {VerdictKind.NONE}
    assert all(seconds <= 0.3 for seconds in said)


def test_a_mail_that_wants_to_know_too_much_is_not_humoured(resolver: Resolver, server: NameServer):
    hosts = [f"m{number}.evil.example" for number in range(10)]
    for number in range(10):
        server.zone[f"i{number}.evil.example", "TXT"] = text("v=spf1 " + " ".join(f"mx:x{number}{n}.evil.example" for n in range(9)))
        for n in range(9):
            server.zone[f"x{number}{n}.evil.example", "MX"] = [f"10 {host}." for host in hosts]
    server.zone["evil.example", "TXT"] = text("v=spf1 " + " ".join(f"include:i{number}.evil.example" for number in range(10)))
    [found] = verdicts([case(PLAIN, path="eve@evil.example")], VerifySettings(dns=True), resolver)
    assert found.verdict is not VerdictKind.PASS
    assert len(server.asked) <= verify.MOST_QUESTIONS
