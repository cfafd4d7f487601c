"""Who wrote it: stamps of servers, forged stamps, insiders, and our own check, as an agent's domain sees it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailgate.model.dns import Answers, DnsAnswer, DnsReply, Question, Wanted
from mailgate.model.evidence import Verdict, VerdictKind
from mailgate.model.installation import VerifySettings
from mailgate.model.mail import Arrival, Door, Mail
from mailgate.understand.identity.dkim import SignedMail, signatures
from mailgate.understand.identity.verdict import AUTH_AS, by_word, client_of, judge, needs_check
from mailgate.understand.parse import parse
from tests.fakes.signer import record, rsa_key, signed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TRUST = VerifySettings(servers=frozenset({"mx.example.org"}))
OURS = frozenset({"example.org"})
PASS, FAIL, NONE = VerdictKind.PASS, VerdictKind.FAIL, VerdictKind.NONE


def raw(*stamps: str, author: str = "Ann <ann@example.org>", more: str = "", body: str = "#resolve\r\n") -> bytes:
    """A mail with these Authentication-Results on top, the first one topmost."""
    head = "".join(f"Authentication-Results: {stamp}\r\n" for stamp in stamps)
    return (
        f"{head}{more}From: {author}\r\nTo: support@example.org\r\nSubject: Printer\r\n"
        f"Date: Mon, 1 Jun 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n{body}"
    ).encode()


def arrival(door: Door = Door.LMTP, peer: str = "127.0.0.1", path: str | None = "ann@example.org", **more: object) -> Arrival:
    return Arrival(b"", path, ("support@example.org",), door, peer, NOON, NOON, **more)  # type: ignore[arg-type]


def word(data: bytes, trust: VerifySettings = TRUST, came: Arrival | None = None) -> Verdict:
    return by_word(parse(data), came or arrival(), trust, OURS)


# --- stamps, true and forged ------------------------------------------------------------------------------------------------

MX, EVIL = "mx.example.org; ", "mx.evil.example; "
D = "dmarc=pass header.from=example.org"
SIGNED_BY_US = "dkim=pass header.d=example.org"

#: (why, the stamps from the top, the verdict)
STAMPS: tuple[tuple[str, tuple[str, ...], VerdictKind], ...] = (
    ("no stamp", (), NONE),
    ("an empty one", (MX + "none",), NONE),
    ("DMARC passed", (MX + D,), PASS),
    ("DMARC failed", (MX + "dmarc=fail header.from=example.org",), FAIL),
    ("DMARC failed, and nobody wants to know", (MX + "dmarc=fail (p=none) header.from=example.org",), FAIL),
    ("DMARC failed, and does not say for whom", (MX + "dmarc=fail",), FAIL),
    ("DMARC passed for nobody in particular", (MX + "dmarc=pass",), NONE),
    ("DMARC passed for somebody else", (MX + "dmarc=pass header.from=evil.example",), NONE),
    ("DMARC failed for somebody else", (MX + "dmarc=fail header.from=evil.example",), NONE),
    ("DMARC passed for a subdomain", (MX + "dmarc=pass header.from=mail.example.org",), NONE),
    ("DMARC passed for a name that ends alike", (MX + "dmarc=pass header.from=notexample.org",), NONE),
    ("DMARC did not get an answer", (MX + "dmarc=temperror header.from=example.org",), NONE),
    ("DMARC is not published", (MX + "dmarc=none header.from=example.org",), NONE),
    ("DMARC passed by a guess", (MX + "dmarc=bestguesspass header.from=example.org",), NONE),
    ("both verdicts in one stamp: somebody put one into a value", (MX + f"{D}; dmarc=fail header.from=example.org",), FAIL),
    ("a stamp of another server", (EVIL + D,), NONE),
    ("a stamp of another server above ours", (EVIL + D, MX + "dmarc=fail header.from=example.org"), FAIL),
    ("a forged stamp below ours", (MX + "dmarc=none header.from=example.org", MX + D), NONE),
    ("twenty forged stamps below ours", (MX + "spf=fail smtp.mailfrom=evil.example", *(MX + D,) * 20), FAIL),
    ("a forged failure below our pass", (MX + D, MX + "dmarc=fail header.from=example.org"), PASS),
    ("a stamp of a server whose name only begins like ours", ("mx.example.org.evil.example; " + D,), NONE),
    ("a stamp of a server whose name only ends like ours", ("evil.mx.example.org; " + D,), NONE),
    ("a stamp of no server", (D,), NONE),
    ("the server in capitals", ("MX.Example.Org; " + D,), PASS),
    ("a signature of the domain", (MX + SIGNED_BY_US,), PASS),
    ("a signature of the domain that failed", (MX + "dkim=fail header.d=example.org",), FAIL),
    ("a signature that failed beside one that is good", (MX + f"dkim=fail header.d=example.org; {SIGNED_BY_US}",), PASS),
    ("a signature of somebody else", (MX + "dkim=pass header.d=evil.example",), NONE),
    ("another's good signature, and SPF fails", (MX + "dkim=pass header.d=evil.example; spf=fail smtp.mailfrom=example.org",), FAIL),
    ("a signature of a subdomain", (MX + "dkim=pass header.d=news.example.org",), NONE),
    ("a subdomain's signature, and SPF fails", (MX + "dkim=pass header.d=news.example.org; spf=fail smtp.mailfrom=x@example.org",), NONE),
    ("a signature named by its identity", (MX + "dkim=pass header.i=@example.org header.s=s1",), PASS),
    ("a signature that was not looked at", (MX + "dkim=neutral header.d=example.org",), NONE),
    ("a policy against a signature", (MX + "dkim=policy header.d=example.org",), NONE),
    ("the host may send for it", (MX + "spf=pass smtp.mailfrom=ann@example.org",), PASS),
    ("the host may send for somebody else", (MX + "spf=pass smtp.mailfrom=evil.example",), NONE),
    ("the host only says its name", (MX + "spf=pass smtp.helo=example.org",), NONE),
    ("the host may not send", (MX + "spf=fail smtp.mailfrom=example.org",), FAIL),
    ("the host perhaps may not send", (MX + "spf=softfail smtp.mailfrom=example.org",), NONE),
    ("the host may not send, but it is signed", (MX + f"spf=fail smtp.mailfrom=example.org; {SIGNED_BY_US}",), PASS),
    ("the host may not send, and the key could not be asked for",
     (MX + "spf=fail smtp.mailfrom=example.org; dkim=temperror header.d=example.org",), NONE),
    ("he logged in as himself", (MX + "auth=pass smtp.auth=ann@example.org",), PASS),
    ("he logged in, and DMARC does not know", (MX + "dmarc=fail header.from=example.org; auth=pass smtp.auth=ann@example.org",), PASS),
    ("somebody else logged in", (MX + "auth=pass smtp.auth=bob@example.org",), NONE),
    ("somebody logged in", (MX + "auth=pass smtp.auth=ann",), NONE),
    ("somebody logged in and says who he is", (MX + "auth=pass smtp.mailfrom=ann@example.org",), NONE),
    ("nobody could log in", (MX + "auth=fail smtp.auth=ann@example.org",), NONE),
    ("only a chain of others (ARC)", (MX + "arc=pass header.oldest-pass=1",), NONE),
    ("a stamp that cannot be read", (MX + "spf=pass smtp.mailfrom=evil.example(.example.org",), NONE),
    ("a comment that would be a verdict", (MX + f"spf=none ({D})",), NONE),
    ("a value that would be a verdict", (MX + f'spf=none smtp.mailfrom="x; {D}"@evil.example',), NONE),
)  # fmt: skip


@pytest.mark.parametrize(("why", "stamps", "verdict"), STAMPS, ids=[why for why, _, _ in STAMPS])
def test_only_the_topmost_stamp_of_a_configured_server_counts(why: str, stamps: tuple[str, ...], verdict: VerdictKind):
    """(fault 86)"""
    said = word(raw(*stamps))
    assert said.verdict is verdict, said
    assert (said.domain == "example.org") is (verdict is not NONE)
    assert word(raw(*stamps), VerifySettings()) == Verdict()  # nobody is configured: nothing counts


@pytest.mark.parametrize(
    "author",
    [
        "Ann <ann@example.org>, Eve <eve@evil.example>",
        "Eve <eve@evil.example>, Ann <ann@example.org>",
        "ann@example.org <eve@evil.example>",
        "<ann@example.org> <eve@evil.example>",
        "Ann <ann@example.org",
        "Team: ann@example.org, eve@evil.example;",
        "",
        "Ann",
        "Ann <ann@localhost>",
        "Ann <@example.org:eve@evil.example>",
        "=?utf-8?q?ann=40example.org?= <eve@evil.example>",
        '"ann@example.org" <eve@evil.example>',
        "ann@example.org(eve@evil.example",
        "ann@example.org.evil.example",
        "Ann <ann@example.org>\r\nFrom: Eve <eve@evil.example>",
        "Eve <eve@evil.example>\r\nFrom: Ann <ann@example.org>",
        "Eve <eve@evil.example>\r\nFrom : Ann <ann@example.org>",
        "Eve <eve@evil.example>\r\nSender: Ann <ann@example.org>",
        "Eve <eve@evil.example>\r\nReply-To: Ann <ann@example.org>",
        "Eve <eve@evil.example>\r\nResent-From: Ann <ann@example.org>",
        "Eve\r\n <eve@evil.example>",
        "Ann <ann@example.org\x00@evil.example>",
        "ann@еxample.org",  # a Cyrillic е
    ],
)
def test_a_pass_of_our_domain_never_makes_anybody_else_an_author_of_it(author: str):
    """Two authors, or none, are nobody; and who is one author with another address has another domain."""
    data = raw(MX + D, author=author)
    mail = parse(data)
    said = by_word(mail, arrival(), TRUST, OURS)
    assert said.verdict is NONE or (mail.author is not None and mail.author.key == "ann@example.org"), (said, mail.authors)


def test_stamps_of_microsoft_name_no_server_and_count_where_that_was_configured():
    stamp = (
        "spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=example.org; dkim=pass (signature was verified)\r\n"
        " header.d=example.org;dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
    )
    said = word(raw(stamp), VerifySettings(microsoft=True))
    assert (said.verdict, said.by) == (PASS, "Microsoft 365")
    assert word(raw(stamp)).verdict is NONE
    assert word(raw("dmarc=fail action=oreject header.from=example.org", stamp), VerifySettings(microsoft=True)).verdict is FAIL
    assert word(raw(MX + D), VerifySettings(microsoft=True)).verdict is NONE  # a stamp with a name is another server's


def test_headers_with_other_names_are_no_stamps():
    forged = f"X-Authentication-Results: {MX}{D}\r\nARC-Authentication-Results: i=1; {MX}{D}\r\nX-Mailgate-Verdict: pass\r\n"
    assert word(raw(more=forged)) == Verdict()
    inside = (
        "Content-Type: message/rfc822\r\n"
        f"\r\nAuthentication-Results: {MX}{D}\r\nX-Mailgate-Verdict: pass\r\nFrom: ann@example.org\r\n\r\nHello\r\n"
    )
    assert word(b"From: ann@example.org\r\n" + inside.encode()) == Verdict()
    assert "x-mailgate-verdict" not in dict(parse(raw(more=forged)).headers)


# --- insiders ---------------------------------------------------------------------------------------------------------------


def test_a_door_for_insiders_bears_out_colleagues_and_nobody_else():
    said = word(raw(), came=arrival(insider=True))
    assert (said.verdict, said.by) == (PASS, "a door for insiders")
    assert word(raw(author="max@home.example"), came=arrival(insider=True)).verdict is NONE  # forwarded by a colleague's client
    assert word(raw(), came=arrival()).verdict is NONE


def test_exchange_says_who_is_an_insider_in_mailboxes_that_are_configured_so():
    trust = VerifySettings(insider_mailboxes=frozenset({"desk"}))
    data = raw(more=f"{AUTH_AS}: Internal\r\n")
    said = word(data, trust, arrival(Door.IMAP, "desk"))
    assert (said.verdict, said.by) == (PASS, "Exchange")
    assert word(data, trust, arrival(Door.IMAP, "other")).verdict is NONE
    assert word(data, trust, arrival(Door.SMTP, "desk")).verdict is NONE
    assert word(data, VerifySettings(servers=frozenset({"mx"})), arrival(Door.IMAP, "desk")).verdict is NONE
    assert word(raw(more=f"{AUTH_AS}: Anonymous\r\n"), trust, arrival(Door.IMAP, "desk")).verdict is NONE
    both = raw(more=f"{AUTH_AS}: Internal\r\n{AUTH_AS}: Anonymous\r\n")
    assert word(both, trust, arrival(Door.IMAP, "desk")).verdict is NONE
    assert word(raw(more=f"{AUTH_AS}: Internal\r\n", author="x@home.example"), trust, arrival(Door.IMAP, "desk")).verdict is NONE


def test_an_insiders_word_outweighs_a_failure():
    assert word(raw(MX + "dmarc=fail header.from=example.org"), came=arrival(insider=True)).verdict is PASS


# --- our own check ------------------------------------------------------------------------------------------------------------

OWN = VerifySettings(dns=True)
CLIENT, STRANGE = "192.0.2.7", "203.0.113.9"
DIRECT = arrival(Door.SMTP, CLIENT, helo="mail.example.org")
ZONE: dict[Question, str] = {
    ("s1._domainkey.example.org", "TXT"): record(rsa_key()),
    ("s1._domainkey.news.example.org", "TXT"): record(rsa_key()),
    ("s1._domainkey.evil.example", "TXT"): record(rsa_key()),
    ("example.org", "TXT"): "v=spf1 ip4:192.0.2.0/24 -all",
    ("evil.example", "TXT"): "v=spf1 ip4:203.0.113.0/24 -all",
    ("_dmarc.example.org", "TXT"): "v=DMARC1; p=reject",
}


def answer(question: Question, zone: dict[Question, str], failing: frozenset[str]) -> DnsAnswer:
    if question[0] in failing:
        return DnsAnswer(DnsReply.FAILED)
    return DnsAnswer(DnsReply.FOUND, (zone[question],)) if question in zone else DnsAnswer(DnsReply.NOTHING)


def checked(
    data: bytes,
    came: Arrival = DIRECT,
    *,
    trust: VerifySettings = OWN,
    failing: frozenset[str] = frozenset(),
    without: tuple[str, ...] = (),
    **changed: str,
) -> Verdict:
    """Asked again until nothing is lacking, as the shell does. `changed`: other DMARC tags."""
    zone = {question: text for question, text in ZONE.items() if question[0] not in without}
    if changed:
        zone["_dmarc.example.org", "TXT"] = "v=DMARC1; " + "; ".join(f"{k}={v}" for k, v in changed.items())
    mail: Mail = parse(data)
    answers: dict[Question, DnsAnswer] = {}
    for _ in range(20):
        said = judge(mail, signatures(data), came, trust, answers)
        if not isinstance(said, Wanted):
            return said
        assert not said.questions & answers.keys(), "asked for what it has"
        answers.update((question, answer(question, zone, failing)) for question in said.questions)
    raise AssertionError("never comes to an end")


PLAIN = raw()
AT_EVIL = replace(DIRECT, peer=STRANGE, reverse_path="eve@evil.example")


@pytest.mark.parametrize(
    ("why", "data", "came", "verdict"),
    [
        ("signed, and from its own host", signed(PLAIN), DIRECT, PASS),
        ("signed, and from anywhere", signed(PLAIN), replace(DIRECT, peer=STRANGE), PASS),
        ("signed, and through a list", signed(PLAIN), AT_EVIL, PASS),
        ("from its own host, not signed", PLAIN, DIRECT, PASS),
        ("from its own host, the signature broken", signed(PLAIN).replace(b"#resolve", b"#close"), DIRECT, PASS),
        ("from anywhere", PLAIN, replace(DIRECT, peer=STRANGE), FAIL),
        ("from anywhere, the signature broken", signed(PLAIN).replace(b"#resolve", b"#close"), replace(DIRECT, peer=STRANGE), FAIL),
        ("signed by somebody else, from his host", signed(PLAIN, "evil.example"), AT_EVIL, FAIL),
        ("signed by a subdomain", signed(PLAIN, "news.example.org"), AT_EVIL, PASS),
        ("through our own server, signed", signed(PLAIN), arrival(), PASS),
        ("through our own server, not signed", PLAIN, arrival(), NONE),  # nobody can say from where
        ("through our own server, the signature broken", signed(PLAIN).replace(b"#resolve", b"#close"), arrival(), FAIL),
        ("from a mailbox, signed", signed(PLAIN), arrival(Door.IMAP, "desk", None), PASS),
        ("two authors", raw(author="ann@example.org, eve@evil.example"), DIRECT, NONE),
        ("a second From: above the signed one", b"From: ann@example.org\r\n" + signed(PLAIN), DIRECT, NONE),
    ],
)
def test_our_own_check_says_what_dmarc_says(why: str, data: bytes, came: Arrival, verdict: VerdictKind):
    said = checked(data, came)
    assert said.verdict is verdict, said


def test_a_signature_counts_only_where_its_bytes_name_the_author_whom_we_read():
    data = signed(PLAIN)
    answers = {question: answer(question, ZONE, frozenset()) for question in (*ZONE, ("_dmarc.org", "TXT"))}
    sealed = signatures(data)
    for authors, verdict in ((sealed.authors, PASS), (("eve@evil.example",), NONE), ((*sealed.authors, "eve@evil.example"), NONE)):
        said = judge(parse(data), replace(sealed, authors=authors), arrival(), OWN, answers)
        assert isinstance(said, Verdict) and said.verdict is verdict


def test_a_domain_can_ask_for_strict_alignment():
    subdomain = signed(PLAIN, "news.example.org")
    assert checked(subdomain, AT_EVIL, p="none").verdict is PASS
    assert checked(subdomain, AT_EVIL, p="none", adkim="s").verdict is FAIL
    assert checked(subdomain, AT_EVIL, p="none", aspf="s").verdict is PASS
    assert checked(signed(PLAIN), AT_EVIL, p="none", adkim="s").verdict is PASS


def test_a_failure_is_one_whatever_the_domain_wants_done_with_it():
    for policy in ("none", "quarantine", "reject"):
        assert checked(PLAIN, replace(DIRECT, peer=STRANGE), p=policy).verdict is FAIL


def test_without_dmarc_only_the_domain_itself_or_its_parent_counts():
    gone = ("_dmarc.example.org",)
    assert checked(signed(PLAIN), AT_EVIL, without=gone).verdict is PASS
    assert checked(signed(PLAIN, "news.example.org"), AT_EVIL, without=gone).verdict is NONE
    child = raw(author="ann@news.example.org")
    assert checked(signed(child), AT_EVIL, without=gone).verdict is PASS
    assert checked(PLAIN, replace(DIRECT, peer=STRANGE), without=gone).verdict is FAIL
    assert checked(PLAIN, AT_EVIL, without=gone).verdict is NONE  # another domain's host may send for that domain


def test_dns_that_does_not_answer_is_no_failure():
    broken = signed(PLAIN).replace(b"#resolve", b"#close")
    for name in ("s1._domainkey.example.org", "_dmarc.example.org", "example.org"):
        assert checked(broken, replace(DIRECT, peer=STRANGE), failing=frozenset({name})).verdict is NONE, name
    assert checked(signed(PLAIN), failing=frozenset({"_dmarc.example.org"})).verdict is PASS  # the domain itself needs no policy


def test_the_first_questions_are_asked_together():
    said = judge(parse(signed(PLAIN)), signatures(signed(PLAIN)), DIRECT, OWN, {})
    assert isinstance(said, Wanted)
    names = {name for name, _ in said.questions}
    assert names == {"s1._domainkey.example.org", "example.org", "_dmarc.example.org", "_dmarc.org"}


def test_our_own_check_is_for_mails_that_nobody_said_anything_of():
    mail = parse(PLAIN)
    assert needs_check(mail, Verdict(), OWN)
    assert not needs_check(mail, Verdict(), TRUST)
    assert not needs_check(mail, Verdict(PASS, "example.org", "mx"), OWN)
    assert not needs_check(parse(raw(author="")), Verdict(), OWN)


# --- the host that sent it ------------------------------------------------------------------------------------------------------

HOPS = replace(OWN, hops=frozenset({"mx.example.org", "in.example.org"}))
POSTFIX = f"from mail.home.example (mail.home.example [{CLIENT}])\r\n by mx.example.org (Postfix) with ESMTPS id 1; Mon, 1 Jun 2026"
INNER = "from mx.example.org (mx.example.org [10.0.0.5]) by in.example.org (Postfix) with ESMTP id 2; Mon, 1 Jun 2026"
FORGED = f"from mail.example.org (mail.example.org [{CLIENT}]) by mx.example.org (Postfix) with ESMTPS id 3; Mon, 1 Jun 2026"


@pytest.mark.parametrize(
    ("why", "received", "client"),
    [
        ("our server", (POSTFIX,), CLIENT),
        ("two servers of ours", (INNER, POSTFIX), CLIENT),
        ("within our server", ("by in.example.org (Postfix, from userid 0) id 9; Mon, 1 Jun 2026", INNER, POSTFIX), CLIENT),
        ("nobody of ours", (f"from a (b [{CLIENT}]) by mx.home.example; Mon",), None),
        ("ours only below somebody else's", (f"from a (b [{STRANGE}]) by mx.home.example; Mon", FORGED), None),
        ("what somebody wrote below ours", (POSTFIX.replace(CLIENT, STRANGE), FORGED), STRANGE),
        ("a name that is an address", (f"from [{CLIENT}] (unknown [{STRANGE}]) by mx.example.org (Postfix); Mon",), STRANGE),
        ("Exim, with a name that is an address", (f"from [{STRANGE}] (helo=[{CLIENT}]) by mx.example.org with esmtp; Mon",), STRANGE),
        ("Exim", (f"from mail.home.example ([{STRANGE}] helo=x[{CLIENT}]) by mx.example.org with esmtp; Mon",), STRANGE),
        ("Exchange", (f"from mail.home.example ({CLIENT}) by mx.example.org (10.0.0.1) with Microsoft SMTP Server; Mon",), CLIENT),
        ("IPv6", ("from x (x [IPv6:2001:db8::7]) by mx.example.org (Postfix); Mon",), "2001:db8::7"),
        ("no address", ("from x by mx.example.org with ESMTP; Mon",), None),
        ("no header", (), None),
        ("a name that is a word of the grammar", (f"from by (x [{CLIENT}]) by mx.example.org; Mon",), CLIENT),
        ("a name that is half of the grammar", (f"from x[{STRANGE}]by (y [{CLIENT}]) by mx.example.org; Mon",), CLIENT),
    ],
)  # fmt: skip
def test_our_own_servers_say_where_they_had_it_from(why: str, received: tuple[str, ...], client: str | None):
    mail = parse(raw(more="".join(f"Received: {one}\r\n" for one in received)))
    found = client_of(mail, arrival(), HOPS)
    assert (found.address if found else None) == client
    assert client_of(mail, arrival(), OWN) is None  # nobody is named


def test_a_peer_is_asked_about_unless_it_is_a_server_of_ours():
    mail = parse(raw(more=f"Received: {POSTFIX}\r\n"))
    direct = client_of(mail, arrival(Door.SMTP, STRANGE, helo="evil.example"), HOPS)
    assert direct is not None and (direct.address, direct.helo) == (STRANGE, "evil.example")
    named = replace(HOPS, hop_networks=(ipaddress.ip_network(f"{STRANGE}/32"),))
    through = client_of(mail, arrival(Door.SMTP, STRANGE), named)
    assert through is not None and (through.address, through.helo) == (CLIENT, "mail.home.example")


def test_spf_counts_through_our_own_server_where_it_says_who_came():
    data = raw(more=f"Received: {POSTFIX}\r\n")
    assert checked(data, arrival(), trust=HOPS).verdict is PASS
    assert checked(raw(more=f"Received: {POSTFIX.replace(CLIENT, STRANGE)}\r\n"), arrival(), trust=HOPS).verdict is FAIL
    assert checked(data, arrival()).verdict is NONE


def test_a_mail_without_signatures_is_judged_without_them():
    answers: Answers = {}
    said = judge(parse(PLAIN), SignedMail(), arrival(), OWN, answers)
    assert isinstance(said, Wanted) and all(name.startswith("_dmarc.") for name, _ in said.questions)
