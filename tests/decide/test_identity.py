"""What follows from who wrote it: a domain that is authentic proves, a failure falls below a bare From:."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide.announce import why_no_answer
from mailgate.model.evidence import Verdict, VerdictKind
from mailgate.model.policy import Policy, ProveBy
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN_AT,
    KNOWN,
    MAX,
    MAX_AT,
    PIA,
    PIA_AT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_requesters,
    a_situation,
    an_agents,
    decided,
    entries,
    events,
    inside,
    letters,
    outside,
    when,
)

GOOD = Verdict(VerdictKind.PASS, "example.org", "mx.example.org", "dmarc=pass header.from=example.org")
BAD = Verdict(VerdictKind.FAIL, "example.org", "mx.example.org", "dmarc=fail header.from=example.org")
SILENT = Verdict(by="mx.example.org", because="dmarc=none")


def policy(prove_by: ProveBy) -> Policy:
    base = a_policy()
    return replace(base, desks={id_: replace(desk, agents_prove_by=prove_by) for id_, desk in base.desks.items()})


def a_new_mail_of_ann(text: str, verdict: Verdict, prove_by: ProveBy):
    """Not an answer to a letter: only its References name the ticket."""
    mail = a_mail(ANN_AT, text, references=("<entry-1@example.net>",))
    return decided(mail, file=a_file(watchers=(1,), owner=KNOWN_ANN), policy=policy(prove_by), verdict=verdict, verdict_source=True)


KNOWN_ANN = next(id_ for id_, person in KNOWN.items() if person.address == ANN_AT)


@pytest.mark.parametrize(
    ("prove_by", "token", "verdict", "allowed"),
    [
        (ProveBy.TOKEN, True, SILENT, True),
        (ProveBy.TOKEN, True, GOOD, True),
        (ProveBy.TOKEN, True, BAD, False),
        (ProveBy.TOKEN, False, GOOD, False),
        (ProveBy.DOMAIN, False, GOOD, True),
        (ProveBy.DOMAIN, True, GOOD, True),
        (ProveBy.DOMAIN, True, SILENT, False),
        (ProveBy.DOMAIN, False, SILENT, False),
        (ProveBy.DOMAIN, True, BAD, False),
        (ProveBy.BOTH, True, GOOD, True),
        (ProveBy.BOTH, True, SILENT, False),
        (ProveBy.BOTH, False, GOOD, False),
        (ProveBy.BOTH, True, BAD, False),
    ],
)
def test_agents_prove_themselves_as_their_desk_asks(prove_by: ProveBy, token: bool, verdict: Verdict, allowed: bool):
    if token:
        decision = an_agents("#resolve fixed", policy=policy(prove_by), verdict=verdict, verdict_source=True)
    else:
        decision = a_new_mail_of_ann("#resolve fixed", verdict, prove_by)
    assert ("ticket_resolved" in events(decision)) is allowed
    assert bool(decision.commands) is allowed
    if not allowed:
        assert entries(decision) == [("unverified", "#resolve fixed")]
        assert not outside(decision)


def test_an_agent_who_falls_short_is_told_why_and_a_forger_makes_no_machine_write_to_him():
    short = a_new_mail_of_ann("#resolve fixed", SILENT, ProveBy.DOMAIN)
    [refusal] = [letter for letter in short.letters if letter.event == "commands_refused"]
    [fault] = refusal.kind.faults  # type: ignore[attr-defined]
    assert "no server that we trust bears out From:" in str(fault.hint)
    forged = a_new_mail_of_ann("#resolve fixed", BAD, ProveBy.DOMAIN)
    assert {event for event, _ in inside(forged)} == {"unverified_wrote"}
    assert ("unverified_wrote", ANN_AT) in inside(forged)  # she hears that somebody uses her name


def test_a_colleague_of_an_authentic_domain_is_still_only_himself():
    """The domain says that it is from there; the address says who it is."""
    mail = a_mail("stranger@example.org", "#resolve fixed", references=("<entry-1@example.net>",))
    decision = decided(mail, file=a_file(), policy=policy(ProveBy.DOMAIN), verdict=GOOD)
    assert "ticket_resolved" not in events(decision) and not decision.commands


def test_an_agents_commands_without_a_ticket_are_not_answered_when_the_mail_is_not_his():
    for verdict, event in ((SILENT, "help_asked"), (BAD, "ticket_opened")):
        decision = decided(a_mail(ANN_AT, "#help"), verdict=verdict, verdict_source=True)
        assert event in [letter.event for letter in decision.letters]
        assert (("help_asked", ANN_AT) in letters(decision)) is (verdict is SILENT)


# --- outsiders ----------------------------------------------------------------------------------------------------------------


def test_a_requester_whose_domain_is_authentic_closes_rates_and_copies_in_with_a_token_that_others_have_seen():
    spent = a_letter(MAX, spent_at=when("mon 11:00"))
    for verdict, closed in ((SILENT, False), (GOOD, True)):
        decision = a_requesters("close", answers=spent, verdict=verdict)
        assert ("requester_closed" in events(decision)) is closed, verdict
    asked = a_letter(MAX, event="ticket_resolved", closure=1, spent_at=when("mon 11:00"))
    for verdict, rated in ((SILENT, False), (GOOD, True)):
        decision = a_requesters("5\nThanks", answers=asked, file=a_file(Status.RESOLVED), verdict=verdict)
        assert ("rating_given" in events(decision)) is rated
    for verdict, joined in ((SILENT, False), (GOOD, True)):
        decision = a_requesters("See Zoe.", answers=spent, cc=("zoe@else.example",), verdict=verdict)
        assert ("participant_joined" in events(decision)) is joined


def test_a_participant_of_an_authentic_domain_writes_without_a_letter_of_ours():
    mail = a_mail(PIA_AT, "Here, too.", references=("<entry-1@example.net>",))
    for verdict, visibility in ((SILENT, "unverified"), (GOOD, "public"), (BAD, "unverified")):
        decision = decided(mail, file=a_file(participants=(PIA,)), verdict=verdict, verdict_source=True)
        assert entries(decision) == [(visibility, "Here, too.")]


def test_a_stranger_of_an_authentic_domain_is_a_stranger():
    mail = a_mail("eve@elsewhere.example", "Me!", answers=a_letter(MAX))
    decision = decided(mail, file=a_file(), letters=(), verdict=replace(GOOD, domain="elsewhere.example"))
    assert all(entry.visibility is not Visibility.PUBLIC for change in decision.changes if change.before for entry in change.entries)


def test_a_failure_keeps_the_words_for_agents_only_even_with_a_good_token():
    decision = a_requesters("It burns.", verdict=BAD)
    assert entries(decision) == [("unverified", "It burns.")]
    assert not outside(decision)
    assert decision.proof is not None and decision.proof.failed
    assert decision.spent  # whoever wrote it has seen the token


@pytest.mark.parametrize("wish", ["status", "help", "close", "reopen"])
def test_a_failure_is_granted_no_wish_and_gets_no_answer(wish: str):
    decision = a_requesters(wish, verdict=BAD)
    assert not outside(decision)
    assert "requester_closed" not in events(decision) and "requester_reopened" not in events(decision)


def test_a_failure_opens_a_ticket_and_is_not_acknowledged():
    decision = decided(a_mail("new@example.org"), verdict=BAD)
    assert "ticket_opened" in events(decision) and not outside(decision)
    assert "letter_suppressed" in events(decision)
    assert inside(decision)
    assert why_no_answer(a_situation(a_mail("new@example.org"), verdict=BAD)) == Reason("proof.failed_author")


@pytest.mark.parametrize(
    ("who", "source", "verdict", "shown"),
    [
        ("stranger", False, Verdict(), ""),  # nobody could have said anything, and it names a place to go to
        ("stranger", True, Verdict(), ""),
        ("stranger", True, SILENT, ""),
        ("stranger", True, GOOD, "Buy now at shop.example.com"),
        ("known", True, SILENT, "Buy now at shop.example.com"),
        ("known", False, Verdict(), "Buy now at shop.example.com"),
    ],
)
def test_an_acknowledgement_repeats_the_subject_of_whoever_is_known_or_authentic(who: str, source: bool, verdict: Verdict, shown: str):
    known = {**KNOWN, MAX: replace(KNOWN[MAX], proven=who == "known")}
    mail = a_mail(MAX_AT, subject="Buy now at shop.example.com")
    [ack] = outside(decided(mail, known=known, verdict=verdict, verdict_source=source))
    assert str(ack.shown_title).startswith(shown) and bool(ack.shown_title) is bool(shown)
    assert ("shop.example.com" in str(ack.shown_title)) is ("shop" in shown)
    assert ack.proven is (who == "known" or verdict is GOOD)


def test_an_authentic_domain_does_not_make_an_address_known_for_ever():
    """Whoever owns a domain can sign for any name in it; only who answered a letter of ours has shown that somebody reads there."""
    decision = decided(a_mail("new@example.org"), verdict=GOOD)
    assert not any(person.proven for person in decision.people)


def test_the_trace_says_who_said_what_where_anybody_could_have():
    def traced(**more: object) -> list[tuple[str, str]]:
        return [(str(t.saw), t.then) for t in decided(a_mail(), **more).trace if t.rule == "authenticate"]  # type: ignore[arg-type]

    assert traced() == []
    assert traced(verdict=BAD) == [("mx.example.org: dmarc=fail header.from=example.org", "fail")]
    assert traced(verdict_source=True) == [("nobody whom we trust says anything of the author", "none")]


def test_an_internal_note_stays_internal_when_only_the_domain_proves():
    decision = a_new_mail_of_ann("Between us: he is wrong.", GOOD, ProveBy.DOMAIN)
    assert entries(decision) == [("internal", "Between us: he is wrong.")]  # it answers no notice that would make it public
    assert not outside(decision)
    assert a_notice().answer_is is Visibility.PUBLIC
