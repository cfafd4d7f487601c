"""DMARC: which record counts for a domain, and what its organisation is, by walking up the tree (RFC 9989)."""

from __future__ import annotations

import pytest

from mailgate.model.dns import DnsAnswer, DnsReply, Question
from mailgate.understand.identity.dmarc import DmarcPolicy, Unknown, organisation_of, policy_of, steps
from mailgate.understand.identity.lookups import Missing


def policy(domain: str, **records: str) -> DmarcPolicy:
    """`records`: what stands at `_dmarc.<name>`, dots written as __."""
    return policy_of(domain, answers(domain, {name.replace("__", "."): text for name, text in records.items()}))


def answers(domain: str, records: dict[str, str]) -> dict[Question, DnsAnswer]:
    return {
        (f"_dmarc.{name}", "TXT"): DnsAnswer(DnsReply.FOUND, (records[name],)) if name in records else DnsAnswer(DnsReply.NOTHING)
        for name in steps(domain)
    }


def test_the_names_of_a_walk():
    assert steps("a.b.example.org") == ("a.b.example.org", "b.example.org", "example.org", "org")
    deep = ".".join("abcdefghijk") + ".example.org"
    assert steps(deep) == (deep, "g.h.i.j.k.example.org", "h.i.j.k.example.org", "i.j.k.example.org", "j.k.example.org", "k.example.org",
                           "example.org", "org")  # fmt: skip
    assert len(steps(".".join("x" * 100))) == 8


def test_the_record_of_the_domain_comes_first_and_then_that_of_its_organisation():
    assert policy("mail.example.org", example__org="v=DMARC1; p=none; adkim=s") == DmarcPolicy("example.org", True, "strict", "relaxed")
    both = policy("mail.example.org", mail__example__org="v=DMARC1; p=none; aspf=s", example__org="v=DMARC1; p=none; adkim=s")
    assert both == DmarcPolicy("example.org", True, "relaxed", "strict")
    assert policy("example.org") == DmarcPolicy("example.org")


@pytest.mark.parametrize(
    ("domain", "records", "organisation"),
    [
        ("a.example.org", {"example__org": "v=DMARC1; p=none"}, "example.org"),
        ("a.example.org", {}, "a.example.org"),
        ("a.dept.example.org", {"dept__example__org": "v=DMARC1; p=none; psd=n", "example__org": "v=DMARC1; p=none"}, "dept.example.org"),
        ("a.shop.example", {"example": "v=DMARC1; p=none; psd=y", "shop__example": "v=DMARC1; p=none"}, "shop.example"),
        ("a.shop.example", {"example": "v=DMARC1; p=none; psd=y"}, "shop.example"),
        ("example", {"example": "v=DMARC1; p=none; psd=y"}, "example"),
    ],
)
def test_the_organisation_is_what_the_tree_says(domain: str, records: dict[str, str], organisation: str):
    assert policy(domain, **records).organisation == organisation
    assert organisation_of(domain, answers(domain, {k.replace("__", "."): v for k, v in records.items()})) == organisation


@pytest.mark.parametrize("text", ["v=DMARC2; p=none", "v=spf1 -all", "DMARC1", "v=DMARC1; p=none; p=none", "p=none; v=DMARC1", ""])
def test_what_is_no_record_is_none(text: str):
    assert not policy("example.org", example__org=text).found


def test_several_records_are_none():
    found = {
        **answers("example.org", {}),
        ("_dmarc.example.org", "TXT"): DnsAnswer(DnsReply.FOUND, ("v=DMARC1; p=none", "v=DMARC1; p=reject")),
    }
    assert not policy_of("example.org", found).found


def test_dns_that_does_not_answer_leaves_the_policy_unknown_and_what_is_lacking_is_asked_at_once():
    with pytest.raises(Unknown):
        policy_of("example.org", {**answers("example.org", {}), ("_dmarc.org", "TXT"): DnsAnswer(DnsReply.FAILED)})
    with pytest.raises(Missing) as missing:
        policy_of("a.example.org", {})
    assert {name for name, _ in missing.value.questions} == {"_dmarc.a.example.org", "_dmarc.example.org", "_dmarc.org"}
