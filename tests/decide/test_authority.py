"""Who may do what with which proof: the whole table, and what a letter that comes back proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from mailgate.decide.authority import TABLE, Need, Shown, entry_proof_in, may, names_others, proof_in, shown_in
from mailgate.decide.situation import Situation
from mailgate.model.evidence import Evidence, EvidenceKind, Proof, Verdict, VerdictKind
from mailgate.model.letter import Audience
from mailgate.model.person import Capability, Person, Role
from mailgate.model.policy import ProveBy
from mailgate.model.reason import Reason
from mailgate.model.ticket import Visibility
from mailgate.model.understood import LetterFacts, Thread
from tests.decide.build import NO_VERDICT, a_mail, a_situation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STAFF = (Role.AGENT, Role.LEAD, Role.OPERATOR)
C = Capability

NOTHING, TOKEN, DOMAIN, BOTH = Proof(), Proof(token=True), Proof(domain=True), Proof(token=True, domain=True)
FAILED = Proof(token=True, domain=True, failed=True)
PROOFS = (NOTHING, TOKEN, DOMAIN, BOTH)


# --- the table ------------------------------------------------------------------------------------------------------------


def expected(capability: Capability, role: Role, proof: Proof, prove_by: ProveBy, evidence: bool) -> bool:
    """The table of the design in other words."""
    staff = {ProveBy.TOKEN: proof.token, ProveBy.DOMAIN: proof.domain, ProveBy.BOTH: proof.token and proof.domain}[prove_by]
    either = proof.token or proof.domain
    if proof.failed:
        return False
    if role in STAFF:
        return capability is C.STATUS or staff
    if role is Role.REQUESTER:
        return {C.PUBLIC_ENTRY: evidence, C.STATUS: True, C.CLOSE: either, C.RATE: either}.get(capability, False)
    if role is Role.PARTICIPANT:
        return {C.PUBLIC_ENTRY: either, C.STATUS: True}.get(capability, False)
    return False


@pytest.mark.parametrize("capability", Capability)
@pytest.mark.parametrize("role", Role)
def test_the_whole_table(capability: Capability, role: Role):
    for proof, prove_by, evidence in product((*PROOFS, FAILED), ProveBy, (True, False)):
        grant = may(capability, role, proof, prove_by, evidence)
        assert grant.allowed == expected(capability, role, proof, prove_by, evidence), (proof, prove_by, evidence)
        assert grant.because


def test_every_capability_knows_every_role():
    assert set(TABLE) == set(Capability)
    assert all(set(row) == set(Role) for row in TABLE.values())


def test_after_a_failed_authentication_nobody_may_do_anything():
    assert not any(may(c, role, FAILED, ProveBy.TOKEN, True).allowed for c in Capability for role in Role)


def test_from_alone_never_commands():
    """(fault 85)"""
    for role, prove_by in product(Role, ProveBy):
        for capability in (C.COMMAND, C.CLOSE, C.RATE):
            assert not may(capability, role, NOTHING, prove_by, True).allowed


def test_the_needs_are_all_used():
    assert {need for row in TABLE.values() for need in row.values()} == set(Need)


# --- what a letter proves -----------------------------------------------------------------------------------------------------

ANN = Person(1, "Ann", "ann@example.org", ("ann.smith@example.org",), agent="ann")
BEN = Person(2, "Ben", "ben@example.org", agent="ben")
MAX = Person(3, "Max", "max@home.example")


def a_letter(
    id: str = "AAAAAAAA", *, ticket: int | None = 7, audience: Audience = Audience.AGENT, age: timedelta = timedelta(days=1),
    spent: bool = False,
    person: int = 1,
) -> LetterFacts:  # fmt: skip
    return LetterFacts(
        id,
        ticket,
        person,
        "x@example.org",
        audience,
        "ticket_opened",
        None,
        None,
        Visibility.PUBLIC,
        NOON - age,
        NOON if spent else None,
        "<x@y>",
    )


def in_a_mail(
    author: str | None, letter: LetterFacts | None, *, purpose: str = "reply", ticket: int | None = 7, to: tuple[str, ...] = (),
    verdict: Verdict = NO_VERDICT, people: tuple[Person, ...] = (ANN, BEN, MAX),
) -> Situation:  # fmt: skip
    """A mail that brings a token of a letter. `author` None: two people wrote it."""
    mail = a_mail(author or ("ann@example.org", "ben@example.org"), to=("support@example.org", *to))
    evidence = Evidence(EvidenceKind.REPLY_ADDRESS, "to", "…", ticket=7, letter="AAAAAAAA", purpose=purpose)
    thread = Thread(ticket, letter.id if letter else None, (evidence,), ())
    s = a_situation(mail, known={person.id: person for person in people}, now=NOON, verdict=verdict)
    return replace(s, letter=letter, thread=thread)


def shown(author: str | None = "ann@example.org", letter: LetterFacts | None = None, *, none: bool = False, **around: Any) -> Shown:
    return shown_in(in_a_mail(author, None if none else letter or a_letter(), **around))


@pytest.mark.parametrize("author", sorted(ANN.keys))
@pytest.mark.parametrize("purpose", ["reply", "action", "rate", "message-id", "anchor"])
def test_a_letter_proves_the_person_it_was_made_for_under_all_their_addresses(author: str, purpose: str):
    result, proof = shown(author, purpose=purpose), Proof(token=True, because=Reason("proof.answers"))
    assert (result.proof, result.entry_proof, result.spent) == (proof, proof, ())


def test_no_letter_and_tokens_that_everybody_sees_prove_nothing():
    assert shown(none=True).proof.token is False
    for purpose in ("bounce", "subject", ""):
        result = shown(purpose=purpose)
        assert (result.proof.token, result.entry_proof.token, result.spent) == (False, False, ())


def test_the_token_of_one_agent_in_a_mail_of_another_proves_neither_and_is_spent():
    for writer, owner in product((ANN, BEN, MAX), repeat=2):
        result = shown(writer.address, a_letter(person=owner.id))
        assert result.proof.token == result.entry_proof.token == (writer == owner)
        assert result.spent == (() if writer == owner else ("AAAAAAAA",))


def test_an_ambiguous_author_proves_nobody():
    """(fault 87)"""
    result = shown(None)
    assert result.proof.because == Reason("proof.ambiguous")
    assert (result.proof.token, result.entry_proof.token, result.spent) == (False, False, ("AAAAAAAA",))


@pytest.mark.parametrize(("about", "ticket"), [(8, 7), (None, 7), (7, None)])
def test_a_letter_about_another_ticket_proves_nothing_here(about: int | None, ticket: int | None):
    result = shown(letter=a_letter(ticket=about), ticket=ticket)
    assert (result.proof.token, result.entry_proof.token, result.spent) == (False, False, ())


def test_a_letter_about_no_ticket_proves_its_holder_in_a_mail_about_none():
    result = shown(letter=a_letter(ticket=None), ticket=None)
    assert (result.proof.token, result.spent) == (True, ())


def test_a_token_that_others_see_proves_once_more_and_never_again():
    first = shown(to=("ben@example.org",))
    assert first.proof.token and first.spent == ("AAAAAAAA",)
    again = shown(letter=a_letter(spent=True))
    assert not again.proof.token and again.spent == ()


def test_a_spent_token_still_lets_an_outsider_write_but_not_command_and_an_agent_neither():
    outsider = shown(MAX.address, a_letter(spent=True, audience=Audience.PARTICIPANT, person=MAX.id))
    assert (outsider.proof.token, outsider.entry_proof.token) == (False, True)
    for audience in (Audience.AGENT, Audience.LEAD, Audience.OPERATOR):
        agent = shown(letter=a_letter(spent=True, audience=audience))
        assert (agent.proof.token, agent.entry_proof.token) == (False, False)


@pytest.mark.parametrize(("age", "proves"), [(timedelta(days=30), True), (timedelta(days=30, seconds=1), False)])
def test_agents_tokens_end_after_thirty_days_and_requesters_do_not(age: timedelta, proves: bool):
    assert shown(letter=a_letter(age=age)).proof.token is proves
    requester = a_letter(age=age * 10, audience=Audience.REQUESTER, person=MAX.id)
    assert shown(MAX.address, requester).proof.token


def test_a_verdict_adds_the_domain_and_a_failure_takes_everything():
    assert shown(verdict=Verdict(VerdictKind.PASS, "example.org", "mx")).proof.domain
    assert shown(none=True, verdict=Verdict(VerdictKind.PASS, "example.net", "mx")).proof == Proof(
        domain=True, because=Reason.of("proof.authentic", Reason("proof.no_letter"), "example.net", "mx")
    )
    failed = shown(verdict=Verdict(VerdictKind.FAIL, "example.org", "mx"))
    assert failed.proof.failed and not failed.proof.token and not failed.entry_proof.token
    assert failed.spent == ("AAAAAAAA",)


def test_our_desks_and_the_author_are_no_others():
    def is_own(address: str) -> bool:
        return address.startswith("support")

    assert not names_others(["support+x@example.org", "Ann@Example.org", ""], ANN.keys, is_own)
    assert names_others(["support@example.org", "ben@example.org"], ANN.keys, is_own)


# --- in a whole situation ----------------------------------------------------------------------------------------------------


def test_an_agent_who_answers_her_own_notice_is_proven():
    assert proof_in(in_a_mail("Ann.Smith@example.org", a_letter())) == (Proof(token=True, because=Reason("proof.answers")), ())


def test_a_colleague_who_answers_her_notice_is_not_and_spends_it():
    proof, spent = proof_in(in_a_mail("ben@example.org", a_letter()))
    assert (proof.token, spent) == (False, ("AAAAAAAA",))
    proof, spent = proof_in(in_a_mail("eve@elsewhere.example", a_letter()))
    assert (proof.token, spent) == (False, ("AAAAAAAA",))


def test_a_copy_to_somebody_else_spends_the_notice():
    proof, spent = proof_in(in_a_mail("ann@example.org", a_letter(), to=("max@home.example",)))
    assert (proof.token, spent) == (True, ("AAAAAAAA",))


def test_a_participant_may_go_on_writing_after_a_copy_went_to_somebody_else():
    carl = Person(1, "Carl", "carl@home.example")
    s = in_a_mail(carl.address, a_letter(audience=Audience.PARTICIPANT, spent=True), people=(carl,))
    assert (proof_in(s)[0].token, entry_proof_in(s)[0].token) == (False, True)


def test_a_mail_that_answers_nothing_proves_nothing():
    assert proof_in(in_a_mail("ann@example.org", None)) == (Proof(because=Reason("proof.no_letter")), ())
