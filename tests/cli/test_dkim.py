"""`mailgate dkim key` makes a key, and `mailgate check` says what the world knows of our domains: over real DNS packets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dns.resolver
import pytest
from typer.testing import CliRunner

from mailgate import settings
from mailgate.app.published import published
from mailgate.cli import app
from mailgate.receive.verify import Resolver
from mailgate.send.dkim import algorithm_of, read_key, record_of
from mailgate.settings import Examined
from tests.cli.house import House, configured
from tests.cli.test_check import lines
from tests.fakes.dns_server import NameServer, text
from tests.fakes.signer import ed25519_key, in_pem, record, rsa_key
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.database("sqlite", because="what is checked is beside the record")

Zone = dict[tuple[str, str], list[str]]


@pytest.mark.parametrize(("extra", "algorithm"), [((), "rsa-sha256"), (("--ed25519",), "ed25519-sha256")])
def test_a_key_is_made_private_and_what_to_publish_is_said(tmp_path: Path, extra: tuple[str, ...], algorithm: str) -> None:
    path = tmp_path / "mg1.pem"
    done = CliRunner().invoke(app, ["dkim", "key", "Example.org", "MG1", str(path), *extra])
    assert done.exit_code == 0 and stat.S_IMODE(path.stat().st_mode) == 0o600
    made = read_key(path.read_bytes())
    assert algorithm_of(made) == algorithm
    assert "mg1._domainkey.example.org" in done.output and record_of(made) in done.output.replace('" "', "")
    assert 'selector = "mg1"' in done.output and f'key_file = "{path}"' in done.output and "PRIVATE" not in done.output
    before = path.read_bytes()
    again = CliRunner().invoke(app, ["dkim", "key", "example.org", "mg1", str(path)])
    assert again.exit_code == 1 and "nothing was overwritten" in again.output and path.read_bytes() == before


@pytest.mark.parametrize(("domain", "selector"), [("nonsense", "mg1"), ("example.org", "m_g"), ("example.org", ""), ("a b.org", "mg1")])
def test_no_key_is_made_for_names_that_dns_cannot_hold(tmp_path: Path, domain: str, selector: str) -> None:
    path = tmp_path / "mg1.pem"
    done = CliRunner().invoke(app, ["dkim", "key", domain, selector, str(path)])
    assert done.exit_code == 2 and not path.exists()


GOOD: Zone = {
    ("example.org", "TXT"): text("v=spf1 ip4:127.0.0.0/8 -all"),
    ("example.org", "MX"): ["10 mx.example.org."],
    ("mx.example.org", "A"): ["192.0.2.10"],
    ("_dmarc.example.org", "TXT"): text("v=DMARC1; p=reject"),
    ("r1._domainkey.example.org", "TXT"): text(record(rsa_key())),
    ("e1._domainkey.example.org", "TXT"): text(record(ed25519_key())),
    ("desk.example.org", "A"): ["192.0.2.20"],
    ("20.2.0.192.in-addr.arpa", "PTR"): ["desk.example.org."],
}


def a_house(folder: Path, server: NameServer, sink: SmtpSink, keys: bool = True, relay: str = "127.0.0.1") -> House:
    house = configured(
        folder,
        **{
            "# dns = false ": f'dns = true\nresolver = ["{server.place}"]\ntime_limit = "1s"\n# ',
            'kind = "maildir"': f'kind = "smtp"\nhost = "{relay}"\nport = {sink.port}\ntls = "none"\n#',
            'hostname = "localhost"': 'hostname = "desk.example.org"',
        },
    )
    if keys:
        path = house.config / "mailgate.toml"
        for name, key in (("r1", rsa_key()), ("e1", ed25519_key())):
            (house.config / f"{name}.pem").write_bytes(in_pem(key))
            (house.config / f"{name}.pem").chmod(0o600)
            path.write_text(path.read_text() + f'\n[[dkim]]\ndomain = "example.org"\nselector = "{name}"\nkey_file = "{name}.pem"\n')
    return house


def said_of(house: House, *names: str) -> tuple[list[str], int]:
    said, code = lines(house)
    return [" ".join(line.split()) for line in said if line.split()[1] in names], code


LOOKED_AT = ("spf", "dkim", "dmarc", "mx", "reverse", "published")


def test_where_all_is_published_all_is_well(tmp_path: Path) -> None:
    with NameServer(GOOD) as server, SmtpSink() as sink:
        said, code = said_of(a_house(tmp_path, server, sink), *LOOKED_AT)
    assert code == 0 and len(said) == 6 and all(line.startswith("ok ") for line in said), said
    assert 'example.org: one record, and of all others it says "-all"' in said[0]
    assert "p=reject (_dmarc.example.org); in line with From: are our signature (d=)" in said[1]
    assert "mail goes to mx.example.org" in said[2]
    assert [line.split(":")[0] for line in said[3:5]] == ["ok dkim r1._domainkey.example.org", "ok dkim e1._domainkey.example.org"]
    assert "its address leads back to it (192.0.2.20)" in said[5]


A_KEY = ("r1._domainkey.example.org", "TXT")
#: What is published instead, what of it is told, and whether that is well.
CASES: dict[str, tuple[Zone, str, bool]] = {
    "no spf": ({("example.org", "TXT"): text("other words")}, "says nothing of SPF. Publish as TXT of example.org, with whatever", False),
    "two spf": ({("example.org", "TXT"): [*text("v=spf1 -all"), *text("v=spf1 mx -all")]}, "2 SPF records, so none of them counts", False),
    "open spf": ({("example.org", "TXT"): text("v=spf1 +all")}, "lets anybody send for it", False),
    "broken spf": ({("example.org", "TXT"): text("v=spf1 ip4:nonsense -all")}, "its SPF record does not count", False),
    "endless spf": (
        {("example.org", "TXT"): text("v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(11)) + " -all")}
        | {(f"h{n}.example.org", "A"): ["198.51.100.1"] for n in range(11)},
        "more than 10 questions",
        False,
    ),
    "soft spf": ({("example.org", "TXT"): text("v=spf1 ~all")}, 'of all others it says "~all"', True),
    "no key": (
        {A_KEY: []},
        'r1._domainkey.example.org is not published, so whatever it signs counts nothing. Publish as TXT: "v=DKIM1;',
        False,
    ),
    "other key": ({A_KEY: text(record(rsa_key(1024)))}, "r1._domainkey.example.org publishes another key than the one in", False),
    "withdrawn key": ({A_KEY: text("v=DKIM1; k=rsa; p=")}, "r1._domainkey.example.org publishes another key", False),
    "two keys": ({A_KEY: [*text(record(rsa_key())), *text(record(rsa_key(1024)))]}, "has 2 keys, and readers take any", False),
    "test key": ({A_KEY: text(record(rsa_key(), "t=y; "))}, "t=y says that it is only a test", False),
    "no dmarc": ({("_dmarc.example.org", "TXT"): []}, 'Publish as TXT of _dmarc.example.org: "v=DMARC1; p=none; rua=mailto:post', False),
    "two dmarc": ({("_dmarc.example.org", "TXT"): text("v=DMARC1;") + text("v=DMARC1; p=none")}, "several DMARC records", False),
    "dmarc of above": (
        {("_dmarc.example.org", "TXT"): [], ("_dmarc.org", "TXT"): text("v=DMARC1; p=none; sp=quarantine")},
        "p=quarantine (_dmarc.org)",
        True,
    ),
    "no mx": ({("example.org", "MX"): []}, "example.org has neither MX nor address, so no answer comes back: publish MX 10", False),
    "address only": ({("example.org", "MX"): [], ("example.org", "A"): ["192.0.2.9"]}, "has no MX; servers take its address", True),
    "null mx": ({("example.org", "MX"): ["0 ."]}, "says that it takes no mail (MX 0 .)", False),
    "lost mx": ({("mx.example.org", "A"): []}, "its mail server mx.example.org has no address", False),
    "our mx": ({("example.org", "MX"): ["10 desk.example.org."]}, "which is what our door calls itself", True),
    "other ptr": ({("20.2.0.192.in-addr.arpa", "PTR"): ["host-20.isp.example."]}, "leads back to host-20.isp.example and not to", False),
    "no ptr": ({("20.2.0.192.in-addr.arpa", "PTR"): []}, "leads back to no name", False),
    "no address": ({("desk.example.org", "A"): []}, "desk.example.org has no address in DNS", True),
}


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NameServer, Examined]]:
    """A house whose world is changed from test to test."""
    with NameServer(GOOD) as server, SmtpSink() as sink:
        found = settings.examine(a_house(tmp_path_factory.mktemp("house"), server, sink).config)
        assert not found.mistakes
        yield server, found


def told(server: NameServer, found: Examined, zone: Zone, *broken: str) -> list[tuple[str, str, bool]]:
    server.zone, server.broken = zone, set(broken)
    assert found.verify is not None
    with closing(Resolver(found.verify)) as resolver:
        return list(published(found, resolver, 60))


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_with_what_to_publish(examined: tuple[NameServer, Examined], case: str) -> None:
    changed, words, fine = CASES[case]
    said = told(*examined, GOOD | changed)
    assert [good for _, line, good in said if words in line] == [fine], said
    assert all(good for _, line, good in said if words not in line), said


def test_without_a_key_and_without_a_reverse_path_a_strict_policy_is_told(tmp_path: Path) -> None:
    with NameServer(GOOD) as server, SmtpSink() as sink:
        said, code = said_of(a_house(tmp_path, server, sink, keys=False), *LOOKED_AT)
    assert code == 1 and any("neither a signature of ours nor the reverse-path <>: sign with a key" in line for line in said), said
    assert any(line.startswith("ok dkim example.org: no key in [[dkim]]") for line in said)


def test_whether_spf_lets_in_a_relay_elsewhere_is_told(tmp_path: Path) -> None:
    from mailgate.app.published import _spf
    from mailgate.model.dns import DnsAnswer, DnsReply
    from mailgate.model.installation import RelaySettings

    relay = RelaySettings(host="smtp.example.net", helo="desk.example.org")
    there = {
        ("example.org", "TXT"): DnsAnswer(DnsReply.FOUND, ("v=spf1 include:example.net ~all",)),
        ("example.net", "TXT"): DnsAnswer(DnsReply.FOUND, ("v=spf1 ip4:198.51.100.0/24 -all",)),
        ("smtp.example.net", "A"): DnsAnswer(DnsReply.FOUND, ("198.51.100.7",)),
        ("smtp.example.net", "AAAA"): DnsAnswer(DnsReply.NOTHING),
    }
    assert "it lets the relay send (smtp.example.net, 198.51.100.7)" in _spf("example.org", relay, there)[0]
    there["smtp.example.net", "A"] = DnsAnswer(DnsReply.FOUND, ("203.0.113.7",))
    assert "it does not name smtp.example.net (203.0.113.7)" in _spf("example.org", relay, there)[0]


def test_a_silent_resolver_is_said_as_such_and_nothing_else_fails(tmp_path: Path) -> None:
    with NameServer(GOOD) as server, SmtpSink() as sink:
        server.dead = True
        said, code = lines(a_house(tmp_path, server, sink))
    wrong = [line for line in said if line.startswith("no ")]
    assert code == 1 and [line.split()[1] for line in wrong] == ["dns"], said
    assert sum("the resolver does not answer: look at another time" in line for line in said) >= 4


@pytest.mark.parametrize("broken", ["example.org", "_dmarc.example.org", "r1._domainkey.example.org", "20.2.0.192.in-addr.arpa"])
def test_a_name_whose_server_is_broken_is_no_mistake(examined: tuple[NameServer, Examined], broken: str) -> None:
    said = told(*examined, GOOD, broken)
    assert any("look at another time" in line for _, line, _ in said) and all(good for *_, good in said), said


def test_names_for_examples_and_letters_that_stay_here_ask_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be asked")

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", asked)
    with SmtpSink() as sink:
        house = configured(tmp_path, **{'kind = "maildir"': f'kind = "smtp"\nport = {sink.port}\ntls = "none"\n#'})
        said, code = said_of(house, *LOOKED_AT)
    assert said == [] and code == 0
