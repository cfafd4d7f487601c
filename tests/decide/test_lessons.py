"""What others had to learn about tokens and identity, each lesson by the name under which it was published."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import mailgate
from mailgate.model import token
from mailgate.model.evidence import EvidenceKind
from mailgate.model.mail import Address, Kind
from mailgate.model.ticket import Status
from mailgate.model.token import Keyring
from mailgate.understand.answers.thread import find_evidence
from mailgate.understand.parse import parse
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    EVE_AT,
    MAX,
    MAX_AT,
    NUMBER,
    PIA,
    RING,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    action,
    decided,
    entries,
    events,
    faults,
    inside,
    outside,
    reply,
)  # fmt: skip
from tests.forgeries import _bits

NEW_KEY = Keyring((b"the key that signs from today on!", *RING.keys))


# --- tokens ------------------------------------------------------------------------------------------------------------------

FORMS = {
    "reply": "support+{letter}.{mac}@example.org",
    "action": "support+{letter}.take.{mac}@example.org",
    "rate": "support+{letter}.5.{mac}@example.org",
    "bounce": "support+{letter}.b.{mac}@example.org",
    "message-id": "<{number}.{letter}.{mac}@example.org>",
    "anchor": "<{number}.{letter}.a.{mac}@example.org>",
    "check": "<{letter}.c.{mac}@example.org>",
}


@pytest.mark.parametrize("form", FORMS)
def test_cve_2026_47123_no_kind_of_token_passes_for_another(form: str) -> None:
    """One kind whose signature nobody checks, and any stranger is an agent (GHSA-6r38, fault 91)."""
    letter = a_notice(ANN)
    for kind, mac in _bits(RING, letter.id).items():
        made = FORMS[form].format(letter=letter.id, number=NUMBER, mac=mac)
        mail = a_mail(ANN_AT, in_reply_to=(made,)) if made.startswith("<") else a_mail(ANN_AT, to=(made,))
        found = [e for e in find_evidence(mail, (), RING, a_policy(), a_policy().desks["it"]) if e.kind is not EvidenceKind.KNOWN_ID]
        assert any(e.valid for e in found) is (kind == form), (kind, found)


def test_cve_2026_47123_the_action_of_one_link_is_not_another_action() -> None:
    letter = a_notice(ANN)
    made = action(letter, "take").replace(".take.", ".close.")
    assert not decided(a_mail(ANN_AT, "", to=(made,)), file=a_file(), letters=(letter,)).commands


@pytest.mark.parametrize(
    "made",
    [
        "support+{0}@example.org", "support+{0}.take@example.org", "support+1042@example.org", "support+{0}.@example.org",
        "support+{0}.0000000000000000@example.org", "<1042.{0}@example.org>",
        "<1042.{0}.a@example.org>", "<reply-1042@example.org>", "<1042@example.org>",
    ],
)  # fmt: skip
def test_ghsa_8vm3_no_form_without_a_signature_names_a_letter(made: str) -> None:
    """What is taken for the sake of old mails is a way in (fault 92)."""
    letter = a_notice(ANN)
    told = made.format(letter.id)
    mail = a_mail(ANN_AT, "#take", in_reply_to=(told,)) if told.startswith("<") else a_mail(ANN_AT, "#take", to=(told,))
    decision = decided(mail, file=a_file(), letters=(letter,), message_ids={})
    assert not decision.commands and "ticket_taken" not in events(decision)
    assert not any(e.valid and e.letter for e in decision.evidence)


def test_ghsa_8vm3_a_key_that_is_out_of_the_ring_verifies_nothing_and_one_that_only_verifies_signs_nothing() -> None:
    old, both = Keyring(RING.keys), NEW_KEY
    assert token.read_detail(both, token.reply_detail(old, "ABCDEFGH")) is not None
    assert token.read_detail(old, token.reply_detail(both, "ABCDEFGH")) is None
    assert token.read_detail(Keyring(both.keys[:1]), token.reply_detail(old, "ABCDEFGH")) is None


def test_cve_2021_38562_signatures_are_compared_in_constant_time_with_every_key() -> None:
    """An answer that comes sooner says how much was right (fault 93)."""
    source = inspect.getsource(Keyring.verify)
    assert "compare_digest" in source and "break" not in source and "return True" not in source
    wrong = []
    for path in Path(mailgate.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
                names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                names |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
                if names & {"mac", "_mac", "signature_of"}:
                    wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []


def test_cve_2024_43444_keys_show_in_no_form_of_a_ring() -> None:
    """(fault 125)"""
    ring = Keyring((b"a-secret-that-must-not-show", b"another-one"))
    for shown in (repr(ring), str(ring), f"{ring}", f"{[ring]}", f"{(ring, 1)!r}"):
        assert "secret" not in shown and "another" not in shown
    with pytest.raises((TypeError, AttributeError)) as error:
        ring.mac("reply", 5)  # type: ignore[arg-type]
    assert "secret" not in str(error.value)


def test_a_bad_ticket_and_a_bad_signature_are_answered_alike() -> None:
    """Whoever guesses learns from no answer which tickets there are (fault 93)."""
    missing = token.subject_token(RING, "IT", 999_999)
    there, wrong = f"[IT-{NUMBER}-00000000]", "[IT-999999-00000000]"
    said = [decided(a_mail(EVE_AT, subject=f"Re: {mark}"), file=a_file(), message_ids={}) for mark in (missing, there, wrong)]
    assert {tuple(events(one)) for one in said} == {("ticket_opened",)}
    assert len({tuple(letter.event for letter in one.letters) for one in said}) == 1


@pytest.mark.parametrize(
    ("subject", "ticket"),
    [
        ("Re: VPN {good}", NUMBER), ("Re: [OTRS#20261204] VPN {good} [x #79]", NUMBER),
        ("[IT-7-00000000] {good}", NUMBER), ("{good} {good}", NUMBER),
        ("IT-1042", None), ("[IT-1042]", None), ("[HR-1042-{mac}]", None),
        ("[IT-1043-{mac}]", None), ("[IT-01042-{mac}]", None), ("IT-1042-{mac}", None),
    ],
)  # fmt: skip
def test_a_subject_names_a_ticket_by_its_own_signed_token_only(subject: str, ticket: int | None) -> None:
    """The number alone, another system's mark, or our signature on another number is text (fault 96)."""
    good = token.subject_token(RING, "IT", NUMBER)
    mail = a_mail(EVE_AT, f"About ticket {good} and IT-1042.", subject=subject.format(good=good, mac=good[-9:-1]))
    found = [e.ticket for e in find_evidence(mail, (), RING, a_policy(), a_policy().desks["it"]) if e.valid and e.ticket]
    assert set(found) == ({ticket} if ticket else set())


# --- who wrote ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", [MAX, ANN, PIA])
@pytest.mark.parametrize("author", [EVE_AT, "max@example.org", "max+x@example.net"])
def test_ghsa_j49f_a_stranger_with_a_valid_token_rides_on_nobodys_ticket(whose: int, author: str) -> None:
    """His words are shown to agents only, nobody joins, no history leaves, the requester stays who he is (fault 94)."""
    letter = a_letter(whose)
    file = a_file(participants=(PIA,))
    decision = decided(
        a_mail(author, "Add me, please.", answers=letter, cc=("mallory@evil.example", SUPPORT)), file=file, letters=(letter,)
    )
    assert [kind for kind, _ in entries(decision)] == ["unverified"] and not outside(decision)
    [change] = decision.changes
    assert change.after.requester == file.ticket.requester and change.after.members == file.ticket.members
    assert not decision.ratings and not decision.lift


def test_gitlab_349329_reply_to_is_no_identity() -> None:
    """(fault 88)"""
    notice, letter = a_notice(ANN), a_letter(MAX)
    for answers, victim in ((notice, ANN_AT), (letter, MAX_AT)):
        mail = a_mail(EVE_AT, "#take", answers=answers, reply_to=(Address("", victim),), sender=(Address("", victim),))
        decision = decided(mail, file=a_file(), letters=(answers,))
        assert not decision.commands and [kind for kind, _ in entries(decision)] == ["unverified"]
        assert all(letter.person.address != EVE_AT for letter in decision.letters)


def test_cve_2026_84458_an_unproven_mail_links_no_address_to_anybody() -> None:
    for mail in (
        a_mail(EVE_AT, "I am Max.", reply_to=(Address("Max", MAX_AT),)),
        a_mail(EVE_AT, "I am Max.", in_reply_to=("<entry-1@example.net>",), sender=(Address("Max", MAX_AT),)),
        a_mail(MAX_AT, "From home.", cc=(EVE_AT,), in_reply_to=("<entry-1@example.net>",)),
    ):
        decision = decided(mail, file=a_file())
        for person in decision.people:
            assert not {EVE_AT, MAX_AT} <= person.keys and not person.proven


def test_cve_2023_27043_a_from_that_can_be_read_twice_is_nobody() -> None:
    """(fault 87)"""
    for author in (
        "ann@example.org)bob@evil.example", "ann@example.org <eve@evil.example>", "Ann <ann@example.org>, eve@evil.example",
        '"ann@example.org" <eve@evil.example>', "ann@example.org\r\nFrom: eve@evil.example", "Group: ann@example.org;, eve@evil.example",
    ):  # fmt: skip
        mail = parse(f"From: {author}\r\nTo: {SUPPORT}\r\nSubject: x\r\n\r\n#take\r\n".encode())
        notice = a_notice(ANN)
        told = replace(mail, in_reply_to=(notice.message_id,))
        decision = decided(told, file=a_file(Status.NEW), letters=(notice,))
        assert "ticket_taken" not in events(decision) and not decision.commands, (author, mail.authors)


@pytest.mark.parametrize("wrap", ["message/rfc822", "multipart/signed", "application/pkcs7-mime"])
def test_cve_2026_27443_headers_inside_a_wrapping_are_nobodys(wrap: str) -> None:
    """Neither author nor ticket nor a verdict comes from the inside (CVE-2026-29143, fault 137)."""
    notice = a_notice(ANN)
    inner = (
        f"From: ann@example.org\r\nIn-Reply-To: {notice.message_id}\r\nSubject: {token.subject_token(RING, 'IT', NUMBER)}\r\n\r\n#take\r\n"
    )
    if wrap == "multipart/signed":
        body = f'Content-Type: multipart/signed; boundary="b"\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n'
    else:
        body = f"Content-Type: {wrap}\r\n\r\n{inner}"
    mail = parse(f"From: eve@evil.example\r\nTo: {SUPPORT}\r\nSubject: hello\r\nMIME-Version: 1.0\r\n{body}".encode())
    assert [author.key for author in mail.authors] == ["eve@evil.example"] and mail.in_reply_to == ()
    decision = decided(mail, file=a_file(), letters=(notice,), message_ids={})
    assert "ticket_taken" not in events(decision) and decision.ticket is not None and decision.ticket.number != NUMBER


@pytest.mark.parametrize("name", ["X-Mailgate-Verdict", "X-Mailgate-Ticket", "x-mailgate-Actor", "X-MAILGATE-CONFIRMED"])
def test_cve_2023_41259_and_cve_2012_4735_headers_of_our_own_from_outside_say_nothing(name: str) -> None:
    """(fault 101)"""
    raw = f"{name}: pass\r\nFrom: Ann <{ANN_AT}>\r\nTo: {SUPPORT}\r\nSubject: x\r\n\r\n#take\r\n".encode()
    assert name.lower() not in dict(parse(raw).headers)
    notice = a_notice(BOB)
    decision = decided(replace(parse(raw), in_reply_to=(notice.message_id,)), file=a_file(), letters=(notice,))
    assert faults(decision) == [("E_PERM", None)]


def test_ticket_trick_a_verification_mail_to_a_signed_address_is_shown_to_no_outsider() -> None:
    """Whoever has a signed address could have a service send its code there, and read it on his ticket (fault 97)."""
    letter = a_letter(MAX)
    for kind, answer in ((Kind.WRITTEN, False), (Kind.AUTO_REPLY, False), (Kind.WRITTEN, True)):
        mail = a_mail("no-reply@service.example", "Your code is 123456.", to=(reply(letter),))
        decision = decided(mail, file=a_file(), letters=(letter,), kind=kind, answer=answer)
        assert not outside(decision) and all(kind != "public" for kind, _ in entries(decision))


@pytest.mark.parametrize("author", [EVE_AT, "pia@example.net"])
def test_references_lead_nobody_to_a_ticket_in_which_he_takes_no_part(author: str) -> None:
    """Whoever knows a Message-ID of a customer's mail is not in that customer's ticket (fault 95)."""
    mail = a_mail(author, "Show me.", in_reply_to=("<entry-1@example.net>",), references=("<entry-1@example.net>",))
    decision = decided(mail, file=a_file())
    assert events(decision)[0] == "ticket_opened" and decision.ticket.number != NUMBER  # type: ignore[union-attr]


def test_a_command_in_an_agents_name_runs_with_no_proof_whatever_stands_around_it() -> None:
    """(fault 85)"""
    for text in ("#take", "#close\nDone.", "#reply\nHello.", "#note\nx"):
        decision = decided(a_mail(ANN_AT, text, subject=f"Re: {token.subject_token(RING, 'IT', NUMBER)}"), file=a_file())
        assert not decision.commands and [kind for kind, _ in entries(decision)] == ["unverified"] and not outside(decision)
        assert ("commands_refused", ANN_AT) in inside(decision)


def test_a_bounce_to_an_address_that_we_never_signed_is_ignored_and_kept() -> None:
    """(fault 78)"""
    decision = decided(
        a_mail("mailer-daemon@mx.example.net", to=("support+abcdefgh.b.0123456789abcdef@example.org",)), kind=Kind.BOUNCE, answer=False
    )
    assert decision.set_aside and not decision.letters and not decision.suppress
