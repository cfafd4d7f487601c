"""SPF as RFC 7208 describes it, in cases of our own: mechanisms, limits, macros, and what is wrong with records."""

from __future__ import annotations

import pytest

from mailgate.model.dns import DnsAnswer, DnsReply, Question
from mailgate.understand.identity.lookups import Missing
from mailgate.understand.identity.spf import SpfResult, check_host

IP4, IP6, OTHER = "192.0.2.7", "2001:db8::7", "203.0.113.9"
Zone = dict[Question, tuple[str, ...]]


def check(
    zone: Zone,
    peer: str = IP4,
    domain: str = "a.example",
    sender: str = "max.o'hara-x@a.example",
    failing: frozenset[str] = frozenset(),
    helo: str = "host.a.example",
) -> SpfResult:
    """Asked until nothing is lacking."""
    answers: dict[Question, DnsAnswer] = {}
    for _ in range(60):
        try:
            return check_host(peer, domain, sender, helo, answers)
        except Missing as missing:
            assert not missing.questions & answers.keys()
            for question in missing.questions:
                found = zone.get(question, ())
                heard = DnsReply.FAILED if question[0] in failing else DnsReply.FOUND if found else DnsReply.NOTHING
                answers[question] = DnsAnswer(heard, found)
    raise AssertionError("never comes to an end")


def says(record: str, more: Zone | None = None, peer: str = IP4) -> str:
    return check({("a.example", "TXT"): (f"v=spf1 {record}".rstrip(),), **(more or {})}, peer).result


HOSTS: Zone = {
    ("a.example", "A"): (IP4,),
    ("a.example", "AAAA"): (IP6,),
    ("mail.example", "A"): ("192.0.2.9", IP4),
    ("a.example", "MX"): ("mx1.example", "mx2.example"),
    ("mx1.example", "A"): ("192.0.2.99",),
    ("mx2.example", "A"): (IP4,),
    ("mx2.example", "AAAA"): (IP6,),
    ("yes.example", "TXT"): (f"v=spf1 ip4:{IP4} ip6:{IP6} -all",),
    ("no.example", "TXT"): ("v=spf1 -all",),
    ("7.2.0.192.in-addr.arpa", "PTR"): ("host.mail.example", "evil.example"),
    ("host.mail.example", "A"): (IP4,),
    ("evil.example", "A"): (OTHER,),
    ("7.2.0.192.in.who.example", "A"): ("127.0.0.2",),
}


@pytest.mark.parametrize(
    ("record", "ip4", "ip6"),
    [
        ("", "neutral", "neutral"),
        ("-all", "fail", "fail"),
        ("~all", "softfail", "softfail"),
        ("?all", "neutral", "neutral"),
        ("all", "pass", "pass"),
        ("+ALL", "pass", "pass"),
        ("-all ip4:192.0.2.7", "fail", "fail"),  # what stands behind all is never read
        ("ip4:192.0.2.7 -all", "pass", "fail"),
        ("ip4:192.0.2.0/24 -all", "pass", "fail"),
        ("ip4:192.0.2.8/31 -all", "fail", "fail"),
        ("ip4:0.0.0.0/0 -all", "pass", "fail"),
        ("ip6:2001:db8::/32 -all", "fail", "pass"),
        ("ip6:2001:db8::7 -all", "fail", "pass"),
        ("-ip4:192.0.2.7 all", "fail", "pass"),
        ("a -all", "pass", "pass"),
        ("a:mail.example -all", "pass", "fail"),
        ("a:mail.example. -all", "pass", "fail"),
        ("a:nowhere.example -all", "fail", "fail"),
        ("a/24 -all", "pass", "pass"),
        ("a:mx1.example/24 -all", "pass", "fail"),
        ("a:mx1.example/24//64 -all", "pass", "fail"),
        ("a//64 -all", "pass", "pass"),
        ("mx -all", "pass", "pass"),
        ("mx/32 -all", "pass", "pass"),
        ("mx:nowhere.example -all", "fail", "fail"),
        ("include:yes.example -all", "pass", "pass"),
        ("include:no.example ?all", "neutral", "neutral"),  # a failure inside is no match
        ("-include:yes.example all", "fail", "fail"),
        ("include:nowhere.example all", "permerror", "permerror"),
        ("redirect=yes.example", "pass", "pass"),
        ("redirect=no.example", "fail", "fail"),
        ("?all redirect=yes.example", "neutral", "neutral"),
        ("redirect=nowhere.example", "permerror", "permerror"),
        ("ptr:mail.example -all", "pass", "fail"),
        ("ptr:evil.example -all", "fail", "fail"),  # the name does not lead back
        ("ptr -all", "fail", "fail"),
        ("exists:%{ir}.in.who.example -all", "pass", "fail"),
        ("exists:nowhere.example -all", "fail", "fail"),
        ("exp=why.example -all", "fail", "fail"),
        ("moo=what.example -all", "fail", "fail"),  # a modifier nobody knows is none of our business
        ("v=spf1 -all", "fail", "fail"),
        ("  a   -all  ", "pass", "pass"),
    ],
)
def test_a_record_says(record: str, ip4: str, ip6: str):
    assert says(record, HOSTS) == ip4
    assert says(record, HOSTS, IP6) == ip6


@pytest.mark.parametrize(
    "record",
    [
        "ip4:192.0.2.300 -all",
        "ip4:192.0.2.7/33 -all",
        "ip4 -all",
        "ip6:192.0.2.7 -all",
        "ip6:2001:db8::/129 -all",
        "ip4:2001:db8::7",
        "a/33 -all",
        "a//129 -all",
        "a/024",
        "a: -all",
        "a:localhost -all",
        "a:192.0.2.7 -all",
        "mx:/24",
        "include -all",
        "include: -all",
        "include:yes.example/24",
        "exists",
        "exists:a.example/24",
        "all:a.example",
        "all/8",
        "-all.",
        "foo -all",
        "foo:a.example -all",
        "+redirect=a.example",
        "redirect=yes.example redirect=yes.example",
        "exp=a.example exp=a.example",
        "redirect=",
        "a:%a.example",
        "a:%{x}.example",
        "a:%{i.example",
        "a:%{d0}.example",
        "exists:%{c}.example",
        "exists:%{i}%",
        "-all extra\u00e9",
        "-all " + "a " * 300,
        "-all " + "x=" + "y" * 5000,
    ],
)
def test_a_record_with_a_mistake_says_nothing_even_where_an_earlier_word_would_match(record: str):
    assert says(record, HOSTS) == "permerror"


def test_who_says_nothing_or_too_much():
    assert check({}).result == "none"
    assert check({("a.example", "TXT"): ("hello", "v=spf10 -all", "v=spf1-all")}).result == "none"
    assert check({("a.example", "TXT"): ("hello", "V=SPF1 -ALL")}).result == "fail"
    assert check({("a.example", "TXT"): ("v=spf1 all", "v=spf1 -all")}).result == "permerror"
    assert check({("a.example", "TXT"): ("v=spf1",)}).result == "neutral"


@pytest.mark.parametrize(
    "domain", ["", "localhost", "a..example", "-.", "x" * 64 + ".example", "a b.example", "a.example" * 30, "[192.0.2.7]"]
)
def test_a_domain_that_dns_cannot_hold_has_no_say(domain: str):
    assert check({}, domain=domain).result == "none"


def test_an_ipv4_address_in_ipv6_dress_is_one_of_ipv4():
    assert says("ip4:192.0.2.7 -all", peer="::ffff:192.0.2.7") == "pass"
    assert check({}, peer="unknown").result == "none"


# --- limits ------------------------------------------------------------------------------------------------------------


def test_ten_questions_are_the_limit_wherever_they_are_asked():
    zone: Zone = {(f"i{n}.example", "TXT"): ("v=spf1 -all",) for n in range(12)}
    assert says(" ".join(f"include:i{n}.example" for n in range(10)) + " all", zone) == "pass"
    assert says(" ".join(f"include:i{n}.example" for n in range(11)) + " all", zone) == "permerror"
    deep: Zone = {(f"i{n}.example", "TXT"): (f"v=spf1 include:i{n + 1}.example ?all",) for n in range(12)}
    assert says("include:i0.example all", deep) == "permerror"
    assert says("ip4:192.0.2.1 " * 50 + "all") == "pass"  # those ask nobody


def test_a_loop_ends():
    assert says("include:a.example -all") == "permerror"
    assert says("redirect=a.example") == "permerror"
    assert says("include:b.example -all", {("b.example", "TXT"): ("v=spf1 include:a.example",)}) == "permerror"


def test_two_questions_may_be_in_vain():
    assert says("a:n1.example a:n2.example all") == "pass"
    assert says("a:n1.example a:n2.example a:n3.example all") == "permerror"
    assert says("a:n1.example mx:n2.example exists:n3.example all") == "permerror"


def test_ten_mail_servers_are_the_limit():
    hosts = tuple(f"m{n}.example" for n in range(11))
    zone: Zone = {(host, "A"): (OTHER,) for host in hosts}
    assert says("mx -all", {**zone, ("a.example", "MX"): hosts[:10]}) == "fail"
    assert says("mx -all", {**zone, ("a.example", "MX"): hosts}) == "permerror"


def test_dns_that_does_not_answer_is_neither_yes_nor_no():
    zone: Zone = {("a.example", "TXT"): ("v=spf1 a:x.example include:y.example -all",), ("y.example", "TXT"): ("v=spf1 -all",)}
    assert check(zone, failing=frozenset({"a.example"})).result == "temperror"
    assert check(zone, failing=frozenset({"x.example"})).result == "temperror"
    assert check(zone, failing=frozenset({"y.example"})).result == "temperror"
    assert check({("a.example", "TXT"): ("v=spf1 ptr -all",)}, failing=frozenset({"7.2.0.192.in-addr.arpa"})).result == "fail"


# --- macros --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "name", "peer"),
    [
        ("%{i}.x.example", "192.0.2.7.x.example", IP4),
        ("%{ir}.x.example", "7.2.0.192.x.example", IP4),
        ("%{i}.x.example", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.x.example", IP6),
        ("%{v}.x.example", "in-addr.x.example", IP4),
        ("%{v}.x.example", "ip6.x.example", IP6),
        ("%{d}.x.example", "a.example.x.example", IP4),
        ("%{d1}.x.example", "example.x.example", IP4),
        ("%{d1r}.x.example", "a.x.example", IP4),
        ("%{o2}.x.example", "a.example.x.example", IP4),
        ("%{l-}.x.example", "max.ohara.x.x.example", IP4),
        ("%{lr-}.x.example", "x.max.ohara.x.example", IP4),
        ("%{L1r-}.x.example", "max.ohara.x.example", IP4),
        ("%{h}.x.example", "host.a.example.x.example", IP4),
        ("%{p}.x.example", "unknown.x.example", IP4),
    ],
)
def test_macros_name_what_is_asked(spec: str, name: str, peer: str):
    answers = {("a.example", "TXT"): DnsAnswer(DnsReply.FOUND, (f"v=spf1 exists:{spec} -all",))}
    with pytest.raises(Missing) as missing:
        check_host(peer, "a.example", "max.ohara-x@a.example", "host.a.example", answers)
    assert missing.value.questions == {(name, "A")}


def test_a_name_that_macros_make_too_long_loses_its_beginning():
    answers = {("a.example", "TXT"): DnsAnswer(DnsReply.FOUND, ("v=spf1 exists:" + "%{d}." * 40 + "x.example -all",))}
    with pytest.raises(Missing) as missing:
        check_host(IP4, "a.example", "max@a.example", "", answers)
    [(name, _)] = missing.value.questions
    assert 240 < len(name) <= 253 and name.endswith(".a.example.x.example")


def test_a_name_that_macros_make_impossible_matches_nothing():
    zone: Zone = {("a.example", "TXT"): ("v=spf1 exists:%{l}.x.example -all",)}
    assert check(zone, sender="a b<>@a.example").result == "fail"
    assert check(zone, sender=f"{'x' * 70}@a.example").result == "fail"
