"""Forged, swapped and repeated tokens, stamps, signed mails and reports, as many as wanted: each says whether it was obeyed.

Real tokens, real signatures (by dkimpy), the real readers and the real decision; only sockets and the record are left out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from mailgate.decide import once
from mailgate.model import token
from mailgate.model.decision import Decision
from mailgate.model.dns import DnsAnswer, DnsReply
from mailgate.model.events import name_of
from mailgate.model.evidence import Verdict
from mailgate.model.installation import VerifySettings
from mailgate.model.letter import Audience
from mailgate.model.mail import Arrival, Door, Kind, Report
from mailgate.model.policy import Policy, ProveBy
from mailgate.model.token import Keyring
from mailgate.model.understood import LetterFacts
from mailgate.understand.identity.dkim import signatures
from mailgate.understand.identity.verdict import by_word, judge, needs_signatures, with_signatures
from mailgate.understand.parse import parse
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    EVE_AT,
    MAX,
    MAX_AT,
    NOON,
    NUMBER,
    RING,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    decided,
)  # fmt: skip
from tests.fakes.signer import SIGNED, record, rsa_key, signed

#: What may follow from a mail that proves nothing: it is kept, shown, and comes back.
HARMLESS = frozenset("ticket_opened requester_wrote unverified_wrote commands_refused letter_suppressed auto_reply_received".split())
WORDS = ("#take", "#close", "#resolve\nIt was the cable.", "#note\nSeen.", "#priority P1", "Please restart it.", "close", "5", "reopen")
OLD = Keyring((b"a key that was thrown away, 32 b.",))
OTHER = 7  #: another ticket


def by_domain() -> Policy:
    policy = a_policy()
    return replace(policy, desks={id_: replace(desk, agents_prove_by=ProveBy.DOMAIN) for id_, desk in policy.desks.items()})


def was_obeyed(decision: Decision) -> bool:
    """Whether anything happened that somebody has to be entitled to."""
    said = {name_of(event) for change in decision.changes for event in change.events}
    done = any(not key.startswith("asked:") for key in decision.once)
    return bool(said - HARMLESS or done or decision.commands or decision.ratings or decision.confirms or decision.suppress or decision.lift)


def _mac(draw: random.Random) -> str:
    return "".join(draw.choice(token.ALPHABET) for _ in range(16)).lower()


def _subject(draw: random.Random) -> str:
    good = token.subject_token(RING, "IT", NUMBER)
    return draw.choice((f"Re: VPN [IT-{NUMBER}-{_mac(draw)[:8].upper()}]", f"Re: VPN {good}", "VPN", f"AW: VPN {good.lower()}"))


# --- tokens ---------------------------------------------------------------------------------------------------------------


def random_token(draw: random.Random) -> bool:
    """Made up: as an address, as an action, as a rating, as a Message-ID, as an anchor."""
    letter = a_notice(ANN)
    mac = _mac(draw)
    details = (f"{letter.id}.{mac}", f"{letter.id}.take.{mac}", f"{letter.id}.close.{mac}", f"{letter.id}.5.{mac}", f"{letter.id}.b.{mac}")
    cited = (
        f"<{NUMBER}.{letter.id}.{mac}@example.org>",
        f"<{NUMBER}.{letter.id}.a.{mac}@example.org>",
        f"<{letter.id}.c.{mac}@example.org>",
    )
    mail = a_mail(
        draw.choice((ANN_AT, MAX_AT)), draw.choice(WORDS), to=(f"support+{draw.choice(details)}@example.org",),
        in_reply_to=(draw.choice(cited),), references=(draw.choice(cited),), subject=_subject(draw),
    )  # fmt: skip
    return was_obeyed(decided(mail, file=a_file(), letters=(letter,)))


def _bits(ring: Keyring, letter: str) -> dict[str, str]:
    """The signature of each kind of token for one letter."""
    return {
        "reply": token.reply_detail(ring, letter).rpartition(".")[2],
        "action": token.action_detail(ring, letter, "take").rpartition(".")[2],
        "rate": token.rating_detail(ring, letter, 5).rpartition(".")[2],
        "bounce": token.bounce_detail(ring, letter).rpartition(".")[2],
        "message-id": token.message_id(ring, NUMBER, letter, "x").partition("@")[0].rpartition(".")[2],
        "anchor": token.anchor_id(ring, NUMBER, letter, "x").partition("@")[0].rpartition(".")[2],
        "check": token.check_id(ring, letter, "x").partition("@")[0].rpartition(".")[2],
    }


def swapped_kind(draw: random.Random) -> bool:
    """A good signature in the place of another kind: what servers see becomes what commands, one action another. CVE-2026-47123."""
    letter = a_notice(ANN) if draw.random() < 0.7 else a_letter(MAX, "ticket_resolved", closure=1)
    mac = _bits(RING, letter.id)
    forms = {
        "reply": f"support+{letter.id}.{{}}@example.org", "action": f"support+{letter.id}.take.{{}}@example.org",
        "rate": f"support+{letter.id}.5.{{}}@example.org", "message-id": f"<{NUMBER}.{letter.id}.{{}}@example.org>",
        "anchor": f"<{NUMBER}.{letter.id}.a.{{}}@example.org>",
    }  # fmt: skip
    form = draw.choice(tuple(forms))
    kind = draw.choice([each for each in mac if each != form])
    made = forms[form].format(mac[kind])
    if form == "action" and draw.random() < 0.5:
        made = f"support+{letter.id}.close.{mac['action']}@example.org"  # the action of another link
    where = {"in_reply_to": (made,)} if made.startswith("<") else {"to": (made,)}
    author = ANN_AT if letter.person == ANN else MAX_AT
    return was_obeyed(decided(a_mail(author, draw.choice(WORDS[:5]), **where), file=a_file(), letters=(letter,)))


def other_ticket(draw: random.Random) -> bool:
    """A good token of Ann's for another ticket, and a good subject or somebody's id for this one: nothing happens here."""
    mine, theirs = a_notice(ANN, ticket=OTHER), a_notice(BOB)
    cited = draw.choice(((mine.message_id,), (theirs.message_id,), (mine.message_id, theirs.message_id)))
    mail = a_mail(ANN_AT, draw.choice(WORDS[:5]), in_reply_to=cited, subject=_subject(draw))
    return was_obeyed(decided(mail, file=a_file(), letters=(mine, theirs)))


def other_person(draw: random.Random) -> bool:
    """Somebody has a letter that was not made for him, as a forward or a mailbox shows it."""
    theirs = draw.choice((a_notice(BOB), a_letter(MAX), a_letter(MAX, "ticket_resolved", closure=1)))
    author = draw.choice((ANN_AT, EVE_AT, MAX_AT if theirs.person == BOB else ANN_AT))
    to = draw.choice((
        (f"support+{token.reply_detail(RING, theirs.id)}@example.org",),
        (f"support+{token.action_detail(RING, theirs.id, 'close')}@example.org",),
        (f"support+{token.rating_detail(RING, theirs.id, 1)}@example.org",), (SUPPORT,),
    ))  # fmt: skip
    mail = a_mail(author, draw.choice(WORDS), to=to, in_reply_to=(theirs.message_id,), subject=_subject(draw))
    return was_obeyed(decided(mail, file=a_file(), letters=(theirs,)))


def old_key(draw: random.Random) -> bool:
    """Signed with a key that was taken out of the ring (GHSA-8vm3: no form is taken for good that it does not sign)."""
    letter = a_notice(ANN)
    details = (token.reply_detail(OLD, letter.id), token.action_detail(OLD, letter.id, "take"), token.rating_detail(OLD, letter.id, 5))
    cited = (token.message_id(OLD, NUMBER, letter.id, "example.org"), token.anchor_id(OLD, NUMBER, letter.id, "example.org"))
    bare = (letter.id, f"{letter.id}.take", f"{letter.id}.")
    mail = a_mail(
        draw.choice((ANN_AT, MAX_AT)), draw.choice(WORDS), to=(f"support+{draw.choice((*details, *bare))}@example.org",),
        in_reply_to=(draw.choice(cited),), subject=_subject(draw),
    )  # fmt: skip
    return was_obeyed(decided(mail, file=a_file(), letters=(letter,)))


def spent_or_old(draw: random.Random) -> bool:
    """A token that others have seen, or of months ago: its holder is asked, and nothing happens before he answers."""
    how = draw.choice(({"spent_at": NOON - timedelta(hours=1)}, {"made_at": NOON - timedelta(days=draw.randint(31, 400))}))
    letter = a_notice(ANN, **how)
    asked = draw.choice(((0, 0), (5, 5), (2, 20)))
    return was_obeyed(decided(a_mail(ANN_AT, draw.choice(WORDS[:6]), answers=letter), file=a_file(), letters=(letter,), asked=asked))


def forged_answer_to_a_question(draw: random.Random) -> bool:
    """A question whether a mail is Ann's, answered by somebody else, twice, too late, by a machine, or with other words than yes."""
    made = NOON - timedelta(hours=draw.randint(0, 40))
    question = a_notice(ANN, "confirmation_asked", about=55, made_at=made)
    way = draw.choice(("other", "used", "late", "machine", "words", "bare"))
    author, text, around = ANN_AT, draw.choice(("yes", "Ja", "#yes", "ok")), {}
    if way == "other":
        author = draw.choice((BOB_AT, MAX_AT, EVE_AT))
    elif way == "used":
        question = replace(question, spent_at=NOON)
    elif way == "late":
        question = replace(question, made_at=NOON - timedelta(days=draw.randint(3, 20)))
    elif way == "machine":
        around = {"kind": Kind.AUTO_REPLY, "answer": False}
    elif way == "words":
        text = draw.choice(("I am away until Monday.", "yes, but only the first line", "no", "Nein.", "Thank you!", "Who asks?", ""))
    mail = a_mail(author, text, answers=question)
    if way == "bare":
        mail = a_mail(author, text, subject=_subject(draw), to=(f"support+{question.id}.{_mac(draw)}@example.org",))
    return was_obeyed(decided(mail, file=a_file(), letters=(question,), **around))


# --- stamps ----------------------------------------------------------------------------------------------------------------

TRUST = VerifySettings(
    servers=frozenset({"mx.example.org", "mx.google.com"}),
    microsoft=True,
    hops=frozenset({"mail.example.org"}),
    providers=(("box", "google"),),
)
PASSES = (
    "mx.example.org; dmarc=pass header.from=example.org", "mx.google.com; dmarc=pass header.from=example.org",
    "mx.example.org; auth=pass smtp.auth=ann@example.org", "mx.example.org; spf=pass smtp.mailfrom=ann@example.org",
    "mx.example.org; dkim=pass header.d=example.org", "spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org",
)  # fmt: skip
_EVIL = "from evil.example (evil.example [203.0.113.9])"
OURS_ON_TOP = (
    f"Received: {_EVIL} by mx.example.org (Postfix) with ESMTPS",
    "Received: from mx.example.org (mx.example.org [192.0.2.7]) by mail.example.org\r\n"
    f"Received: {_EVIL}\r\n by mx.example.org (Postfix) with ESMTPS",
)  # fmt: skip
FAKES = (
    "Received: from ann-pc ([10.0.0.7]) by mx.example.org (Postfix) with ESMTPSA",
    "Received: by mx.example.org (Postfix, from userid 1000)",
    "Received: from mx.example.org by mail.example.org", "Received: by 2002:a05:6402:0:0:0:0:0 with SMTP id x",
    "Received: from x by AM0PR01.eurprd01.prod.outlook.com",
)  # fmt: skip


def spoofed_stamp(draw: random.Random) -> bool:
    """One to twenty stamps of the sender's own, with `Received:` lines that look like ours, through every way in."""
    mine = [f"Authentication-Results: {draw.choice(PASSES)}" for _ in range(draw.choice((1, 1, 2, 20)))]
    mine += draw.sample(FAKES, draw.randint(0, 3))
    draw.shuffle(mine)
    way = draw.choice(("stranger at the door", "behind our server", "behind a foreign server", "mailbox elsewhere", "mailbox"))
    door, peer = Door.SMTP, "127.0.0.1"
    head = ""
    if way == "stranger at the door":
        peer = f"203.0.113.{draw.randint(1, 254)}"
    elif way == "behind our server":
        # It stamps on top, and says nothing of the author.
        head = f"Authentication-Results: mx.example.org; dmarc=none header.from=example.org\r\n{draw.choice(OURS_ON_TOP)}\r\n"
        if draw.random() < 0.5:  # or it does not stamp at all: then the next Received: is the border
            head, mine = f"{draw.choice(OURS_ON_TOP)}\r\n", [FAKES[1], *mine]
    elif way == "behind a foreign server":
        head = f"Received: {_EVIL} by relay.hoster.example (Postfix)\r\n"
    elif way == "mailbox elsewhere":
        door, peer, head = Door.IMAP, "other", "Received: from evil.example by imap.hoster.example\r\n"
        mine = mine if draw.random() < 0.5 else [f"Received: {_EVIL} by mx.hoster.example", *mine]
    else:
        door, peer = Door.IMAP, "box"
        head = (
            "Received: by 2002:a05:6402:1::2 with SMTP id a\r\nReceived: from evil.example (evil.example. [203.0.113.9])\r\n"
            " by mx.google.com with ESMTPS id b\r\nAuthentication-Results: mx.google.com; spf=softfail smtp.mailfrom=evil.example\r\n"
        )
    raw = (head + "".join(f"{line}\r\n" for line in mine) + f"From: Ann <{ANN_AT}>\r\nTo: {SUPPORT}\r\nSubject: {_subject(draw)}\r\n"
           f"Message-ID: <{draw.random()}@evil.example>\r\n\r\n{draw.choice(WORDS[:6])}\r\n").encode()  # fmt: skip
    mail = parse(raw)
    verdict = by_word(mail, Arrival(raw, EVE_AT, (SUPPORT,), door, peer, NOON, NOON), TRUST, by_domain().domains)
    return verdict.passed or was_obeyed(decided(mail, file=a_file(), policy=by_domain(), verdict=verdict, message_ids={}))


# --- signed mails said again -----------------------------------------------------------------------------------------------

OWN = VerifySettings(dns=True)


@cache
def _answers() -> Mapping[tuple[str, str], DnsAnswer]:
    found = {("s1._domainkey.example.org", "TXT"): record(rsa_key()), ("_dmarc.example.org", "TXT"): "v=DMARC1; p=none"}
    nothing = {("_dmarc.org", "TXT"): DnsAnswer(DnsReply.NOTHING)}
    return {question: DnsAnswer(DnsReply.FOUND, (text,)) for question, text in found.items()} | nothing


@dataclass
class Signed:
    """A mail that Ann signed and sent, and what the record knows after it."""

    raw: bytes
    known: frozenset[str] = field(default_factory=frozenset)


@cache
def _signed(which: int) -> Signed:
    """Of every kind one: by subject, by reply address, by citing, with or without t=, long ago or today."""
    draw = random.Random(which)
    letter = NOTICES[which % len(NOTICES)]
    made = NOON - timedelta(days=90) if which % 4 == 3 else NOON - timedelta(minutes=5)
    to = f"support+{token.reply_detail(RING, letter.id)}@example.org" if which % 3 == 0 else SUPPORT
    cited = f"In-Reply-To: {letter.message_id}\r\n" if which % 3 == 1 else ""
    subject = f"Re: VPN {token.subject_token(RING, 'IT', NUMBER)}" if which % 3 == 2 else "Re: VPN"
    raw = (
        f"From: Ann <{ANN_AT}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {made:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <signed-{which}@example.org>\r\n{cited}\r\n{draw.choice(WORDS[:6])}\r\n"
    ).encode()
    more = {"t": str(int(made.timestamp()))} if which % 2 else {}
    mail = signed(raw, headers=(*SIGNED, "in-reply-to"), **more)
    seen = _verdict(mail)
    assert seen.passed and seen.signatures, "the mail itself is good"
    return Signed(mail, frozenset(once.keys_of(parse(mail), seen)[:1]) | {once.signature_key(m) for s in seen.signatures for m in s.marks})


NOTICES: tuple[LetterFacts, ...] = tuple(a_notice(ANN) for _ in range(6))
THEIRS: tuple[LetterFacts, ...] = tuple(a_notice(ANN, answer_is=NOTICES[0].answer_is) for _ in range(6))


def _verdict(raw: bytes, stamp: bool = False) -> Verdict:
    came = Arrival(raw, None, (SUPPORT,), Door.SMTP, "127.0.0.1", NOON, NOON)
    mail = parse(raw)
    if stamp:
        verdict = by_word(mail, came, TRUST, frozenset())
        return with_signatures(mail, came, TRUST, verdict, signatures(raw)) if needs_signatures(mail, came, TRUST, verdict) else verdict
    said = judge(mail, signatures(raw), came, OWN, _answers())
    assert isinstance(said, Verdict), said
    return said


def said_again(draw: random.Random) -> bool:
    """A signed mail of before, with other headers on top, another recipient, a citation of another letter, or just once more."""
    first = _signed(draw.randrange(24))
    lines: list[str] = []
    theirs = draw.choice(THEIRS)
    for _ in range(draw.randint(0, 3)):
        lines.append(draw.choice((
            f"X-Mailer: {draw.random()}", f"Received: from a by b; {draw.random()}",
            f"Cc: support+{token.reply_detail(RING, theirs.id)}@example.org",
            f"References: {theirs.message_id}", f"Delivered-To: support+{token.action_detail(RING, theirs.id, 'close')}@example.org",
            "Reply-To: eve@evil.example", f"Cc: support+{token.action_detail(RING, theirs.id, 'take')}@example.org",
            "Sender: eve@evil.example",
        )))  # fmt: skip
    # Not seen before: then it must not be obeyed where another letter's token, unsigned, says which ticket it is about.
    new = any("support+" in line or "References" in line for line in lines) and draw.random() < 0.3
    raw = "".join(f"{line}\r\n" for line in lines).encode() + first.raw
    stamped = draw.random() < 0.3
    if stamped:
        raw = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org\r\n" + raw
    mail, verdict = parse(raw), _verdict(raw, stamped)
    known = frozenset() if new else first.known
    around = {"file": a_file(), "policy": by_domain(), "verdict": verdict, "message_ids": {}}
    if not new:
        return was_obeyed(decided(mail, letters=(*NOTICES, *THEIRS), once=known, **around))
    # The signed evidence leads nowhere any more (that ticket is gone): only the unsigned one is left.
    plain = replace(mail, subject="VPN", to=(), in_reply_to=())
    return was_obeyed(decided(plain, letters=THEIRS, **around))


def signed_long_ago(draw: random.Random) -> bool:
    """Never seen here, signed by Ann for this ticket, and older than a day: she is asked."""
    first = _signed(draw.choice((3, 7, 11, 15, 19, 23)))
    raw = f"X-Again: {draw.random()}\r\n".encode() + first.raw
    mail, verdict = parse(raw), _verdict(raw)
    return was_obeyed(decided(mail, file=a_file(), policy=by_domain(), verdict=verdict, letters=NOTICES, message_ids={}))


# --- reports ---------------------------------------------------------------------------------------------------------------


def forged_report(draw: random.Random) -> bool:
    """Somebody saw one letter: its Message-ID, its anchor, its reply address. Without a null reverse-path nothing moves; with one, nobody
    is suppressed."""
    letter = draw.choice((a_letter(MAX), a_letter(MAX, "ticket_resolved", closure=1), a_notice(ANN)))
    if draw.random() < 0.3:
        letter = replace(letter, answered_at=NOON - timedelta(minutes=1))
    whom = MAX_AT if letter.person == MAX else ANN_AT
    cited = draw.choice((letter.message_id, token.anchor_id(RING, NUMBER, letter.id, "example.org")))
    to = draw.choice(
        (SUPPORT, f"support+{token.reply_detail(RING, letter.id)}@example.org", f"support+{letter.id}.b.{_mac(draw)}@example.org")
    )
    report = Report(whom, "failed", "5.1.1", "550", True, "user unknown")
    null = draw.random() < 0.4
    kind = draw.choice((Kind.BOUNCE, Kind.BOUNCE, Kind.COMPLAINT))
    mail = a_mail(
        draw.choice(("mailer-daemon@evil.example", EVE_AT)),
        "It could not be delivered.",
        to=(to,),
        reports=(report,),
        reported_ids=(cited,),
    )
    decision = decided(mail, kind=kind, answer=False, file=a_file(), letters=(letter,), null_path=null, dead_letters=frozenset({letter.id}))
    if null and letter.answered_at is None:
        return bool(decision.suppress)
    return was_obeyed(decision) or bool(decision.letters)


def replayed_report(draw: random.Random) -> bool:
    """A real bounce of before, with its secret address, after its reader has answered another letter: he is not silenced again."""
    letter = a_letter(MAX, made_at=NOON - timedelta(days=2))
    to = f"support+{token.bounce_detail(RING, letter.id)}@example.org"
    report = Report(MAX_AT, "failed", "5.1.1", "550", True, "user unknown")
    mail = a_mail("mailer-daemon@mx.example.net", "It could not be delivered.", to=(to,), reports=(report,))
    answer = NOON - timedelta(hours=draw.randint(0, 40))
    around = {"file": a_file(), "letters": (letter,), "null_path": True, "answer": False}
    return bool(decided(mail, kind=Kind.BOUNCE, last_answer=answer, dead_letters=frozenset({"OTHERONE"}), **around).suppress)


KINDS: Mapping[str, Callable[[random.Random], bool]] = {
    kind.__name__: kind
    for kind in (
        random_token, swapped_kind, other_ticket, other_person, old_key, spent_or_old, forged_answer_to_a_question, spoofed_stamp,
        said_again,
        signed_long_ago, forged_report, replayed_report,
    )
}  # fmt: skip


def run(n: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """So many forgeries of all kinds in turn: how many of each, and how many of them were obeyed."""
    draw, tried, obeyed = random.Random(seed), Counter[str](), Counter[str]()
    names = tuple(KINDS)
    for index in range(n):
        name = names[index % len(names)]
        tried[name] += 1
        obeyed[name] += KINDS[name](draw)
    return tried, +obeyed


__all__ = ["KINDS", "Audience", "run", "was_obeyed"]
