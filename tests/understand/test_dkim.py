"""DKIM: what another hand signed is found to be signed, and whatever was changed afterwards is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailgate.model.dns import Answers, DnsAnswer, DnsReply
from mailgate.understand.identity.dkim import SignatureResult, SignedMail, signatures, tags, verify
from mailgate.understand.identity.lookups import Missing
from tests.fakes.signer import SIGNED, Key, ed25519_key, record, rsa_key, signed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

MAIL = (
    b"Received: from x by y; Mon, 1 Jun 2026 12:00:00 +0000\r\n"
    b"From: Ann Berg <ann@example.org>\r\n"
    b"To: support@example.org\r\n"
    b"Subject: The printer\r\n\ton the third   floor burns\r\n"
    b"Date: Mon, 1 Jun 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"Hello  there, \r\n"
    b"\tit burns.\r\n"
    b"\r\n\r\n"
)


def keys(key: Key | None = None, more: str = "", name: str = "s1._domainkey.example.org") -> Answers:
    return {(name, "TXT"): DnsAnswer(DnsReply.FOUND, (record(key or rsa_key(), more),))}


def outcome(raw: bytes, answers: Answers | None = None, now: datetime = NOON) -> SignatureResult:
    [signature] = signatures(raw).signatures
    return verify(signature, keys() if answers is None else answers, now)


@pytest.mark.parametrize("form", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"])
@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_a_signature_of_another_hand_is_good_in_every_form(form: str, key: Key):
    assert outcome(signed(MAIL, form=form, key=key), keys(key)).result == "pass"


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("a word of the body", b"it burns.", b"it is fine."),
        ("a line below the body", b"\r\n\r\n\r\n", b"\r\n\r\n\r\nResolve it.\r\n"),
        ("the author", b"<ann@example.org>", b"<bob@example.org>"),
        ("the subject", b"third   floor", b"fourth   floor"),
        ("the date", b"12:00:00 +0000\r\nMessage", b"12:00:01 +0000\r\nMessage"),
        ("the Message-ID", b"<1@", b"<2@"),
    ],
)
@pytest.mark.parametrize("form", ["simple/simple", "relaxed/relaxed"])
def test_whatever_was_changed_afterwards_fails(what: str, old: bytes, new: bytes, form: str):
    raw = signed(MAIL, form=form)
    assert old in raw
    assert outcome(raw.replace(old, new, 1)).result == "fail"


def test_white_space_that_servers_change_is_forgiven_in_the_relaxed_form_only():
    changed = (b"Hello  there, \r\n", b"Hello there,\r\n"), (b"Subject: The printer\r\n\ton", b"subject:The printer on")
    for form, result in (("relaxed/relaxed", "pass"), ("simple/simple", "fail")):
        raw = signed(MAIL, form=form)
        for old, new in changed:
            assert old in raw
            raw = raw.replace(old, new, 1)
        assert outcome(raw).result == result, form


def test_line_ends_of_a_pipe_change_nothing():
    assert outcome(signed(MAIL).replace(b"\r\n", b"\n")).result == "pass"
    assert outcome(b"From ann@example.org Mon Jun  1 12:00:00 2026\n" + signed(MAIL).replace(b"\r\n", b"\n")).result == "pass"


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n\r\n", b"no line end", b" \r\n", b"x \t \r\n \r\n\t\r\n", b"a\r\n\r\nb\r\n"])
@pytest.mark.parametrize("form", ["simple/simple", "relaxed/relaxed"])
def test_odd_ends_of_a_body_are_counted_as_the_signer_counts_them(body: bytes, form: str):
    raw = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    assert outcome(signed(raw, form=form)).result == "pass"


def test_a_part_of_the_body_is_not_the_whole_of_it():
    raw = signed(MAIL, length=True)
    assert outcome(raw).result == "pass"  # l= that reaches to the end
    longer = outcome(raw + b"#resolve\r\n")
    assert (longer.result, "l=" in longer.because) == ("policy", True)


def test_a_signature_ends_when_it_says_so_and_does_not_come_from_the_future():
    def at(instant: datetime) -> str:
        return str(int(instant.timestamp()))

    assert outcome(signed(MAIL, t=at(NOON - timedelta(days=1)), x=at(NOON + timedelta(days=1)))).result == "pass"
    assert outcome(signed(MAIL, x=at(NOON - timedelta(seconds=1)))).result == "policy"
    assert outcome(signed(MAIL, t=at(NOON + timedelta(days=1)))).result == "policy"


#: (what, the tags that make it so, the result)
TAGS: tuple[tuple[str, dict[str, str | None], str], ...] = (
    ("SHA-1 proves nothing", {"a": "rsa-sha1"}, "policy"),
    ("an algorithm nobody knows", {"a": "rsa-sha512"}, "policy"),
    ("another version", {"v": "2"}, "permerror"),
    ("no body hash", {"bh": None}, "permerror"),
    ("no selector", {"s": None}, "permerror"),
    ("a body hash of another body", {"bh": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, "fail"),
    ("an identity of somebody else", {"i": "@example.net"}, "policy"),
    ("a key that lies elsewhere", {"q": "http"}, "policy"),
    ("a length that is none", {"l": "-1"}, "policy"),
)


@pytest.mark.parametrize(("why", "changed", "result"), TAGS, ids=[why for why, _, _ in TAGS])
def test_a_signature_that_is_not_as_it_must_be_never_passes(why: str, changed: dict[str, str | None], result: str):
    [signature] = signatures(signed(MAIL, **changed)).signatures
    said = verify(signature, keys(), NOON)
    assert said.result in (result, "permerror" if result == "policy" else result), said


@pytest.mark.parametrize(
    ("why", "published", "result"),
    [
        ("withdrawn", ("v=DKIM1; k=rsa; p=",), "permerror"),
        ("not there", (), "permerror"),
        ("no key at all", ("v=spf1 -all", "hello"), "permerror"),
        ("not base64", ("v=DKIM1; p=!!!",), "permerror"),
        ("no key inside", ("v=DKIM1; p=aGVsbG8=",), "permerror"),
        ("another version", (record(rsa_key()).replace("DKIM1", "DKIM2"),), "permerror"),
        ("of another kind", (record(ed25519_key()),), "permerror"),
        ("of another pair", (record(rsa_key(1024)),), "fail"),
        ("for SHA-1 only", (record(rsa_key(), "h=sha1; "),), "permerror"),
        ("for SHA-256 as well", (record(rsa_key(), "h=sha1:sha256; "),), "pass"),
        ("not for mail", (record(rsa_key(), "s=tlsrpt; "),), "permerror"),
        ("for mail", (record(rsa_key(), "s=email; "),), "pass"),
        ("in testing", (record(rsa_key(), "t=y; "),), "neutral"),
        ("not for subdomains", (record(rsa_key(), "t=s; "),), "pass"),
        ("without its version", (record(rsa_key()).removeprefix("v=DKIM1; "),), "pass"),
    ],
)
def test_the_key_of_the_domain_decides(why: str, published: tuple[str, ...], result: str):
    answers = {("s1._domainkey.example.org", "TXT"): DnsAnswer(DnsReply.FOUND if published else DnsReply.NOTHING, published)}
    assert outcome(signed(MAIL), answers).result == result


def test_a_key_may_refuse_to_sign_for_subdomains():
    raw = signed(MAIL, identity="ann@mail.example.org")
    assert outcome(raw).result == "pass"
    assert outcome(raw, keys(more="t=s; ")).result == "permerror"


def test_dns_that_does_not_answer_is_no_failure():
    answers = {("s1._domainkey.example.org", "TXT"): DnsAnswer(DnsReply.FAILED)}
    assert outcome(signed(MAIL), answers).result == "temperror"


def test_a_key_that_is_not_there_yet_is_asked_for():
    with pytest.raises(Missing) as missing:
        outcome(signed(MAIL), {})
    assert missing.value.questions == {("s1._domainkey.example.org", "TXT")}


def test_a_short_key_is_not_accepted():
    key = rsa_key(1024)
    assert outcome(signed(MAIL, key=key), keys(key)).result == "pass"
    short = ("v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANMbQtEu2LK1v2/Hxs9r7ruhkgYyMJW6C/R9Df1NS5tZV5j2kOMX1S5zLGQYkGQGdE0zCrDq"
             "YVzvgm0hTbmJ5bkCAwEAAQ==")  # fmt: skip
    said = outcome(signed(MAIL), {("s1._domainkey.example.org", "TXT"): DnsAnswer(DnsReply.FOUND, (short,))})
    assert said.result in ("policy", "permerror")


def test_what_decides_what_a_reader_sees_must_not_be_left_unsigned():
    assert outcome(signed(MAIL, headers=("to", "from", "date"))).because == "does not sign Subject:"
    raw = signed(MAIL)
    for extra in (
        b"From: Bob <bob@example.org>\r\n",
        b"Subject: [IT-1042-K7QF3M9X]\r\n",
        b"Date: now\r\n",
        b"Message-ID: <3@example.org>\r\n",
    ):
        said = outcome(extra + raw)
        assert said.result == "policy" and "unsigned" in said.because, extra
    assert outcome(b"X-Spam: no\r\nReceived: from y by z\r\n" + raw).result == "pass"


def test_signing_a_header_once_more_than_it_is_there_keeps_others_out():
    raw = signed(MAIL, headers=(*SIGNED, "from", "subject"))
    assert outcome(raw).result == "pass"
    assert outcome(b"Subject: another\r\n" + raw).result == "fail"


def test_of_many_signatures_five_are_looked_at():
    raw = MAIL
    for number in range(8):
        raw = signed(raw, selector=f"s{number}")
    found = signatures(raw).signatures
    assert [signature.selector for signature in found] == ["s7", "s6", "s5", "s4", "s3"]
    assert all(verify(s, {s.question: DnsAnswer(DnsReply.FOUND, (record(rsa_key()),))}, NOON).result == "pass" for s in found)


def test_a_mail_without_a_signature_costs_nothing():
    assert signatures(MAIL) == SignedMail()
    assert signatures(b"") == SignedMail()


@pytest.mark.parametrize(
    "raw",
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=; s=; h=from; bh=; b=\r\n\r\n",
        b"DKIM-Signature: v=1; v=1\r\n\r\n",
        b"DKIM-Signature: \xff\xfe;;;;=\r\n\r\nbody",
        b"DKIM-Signature\r\n\r\n",
        b"DKIM-Signature: " + b"h=" + b"from:" * 100_000 + b"\r\n\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a/../b; h=from; bh=aa==; b=aa==\r\n\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; t=9999999999999; x=999999999999; bh=YQ==; b=YQ==\r\n\r\n",
        b"\r\n" * 100_000,
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from; bh=YQ==; b=YQ==\r\n\r\n" + b" \r\n\t" * 300_000,
    ],
)
def test_hostile_signatures_raise_nothing_and_pass_nothing(raw: bytes):
    for signature in signatures(raw).signatures:
        try:
            assert verify(signature, {signature.question: DnsAnswer(DnsReply.FOUND, (record(rsa_key()),))}, NOON).result != "pass"
        except Missing:
            pytest.fail("nothing more was to be asked")


def test_a_tag_that_stands_twice_makes_the_list_unreadable():
    assert tags("v=1; a=b ;") == {"v": "1", "a": "b"}
    assert tags("v=1; v=2") is None
    assert tags("nothing") is None
