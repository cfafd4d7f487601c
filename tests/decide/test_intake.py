"""Every kind of mail, every role of its author: what follows, and what must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.decide.intake import AUTHORS, KINDS
from mailgate.model.events import AutoReplyReceived, LetterSuppressed, UnverifiedWrote
from mailgate.model.letter import Audience
from mailgate.model.mail import Kind
from mailgate.model.person import Person, Role
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM_AT,
    EVE_AT,
    KNOWN,
    MAX,
    MAX_AT,
    NOON,
    PIA,
    PIA_AT,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_requesters,
    a_situation,
    action,
    an_agents,
    an_attachment,
    an_entry,
    days,
    decided,
    entries,
    event,
    events,
    faults,
    inside,
    letters,
    outside,
    rate,
    reply,
)

NOREPLY = Reason.of("silent.nobody reads there", "noreply@elsewhere.example")
MACHINES = (Kind.AUTO_REPLY, Kind.BOUNCE, Kind.DELIVERY_NOTICE, Kind.COMPLAINT)


def test_every_kind_and_every_role_has_its_row():
    assert set(KINDS) == set(Kind)
    assert set(AUTHORS) == set(Role)


# --- kinds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MACHINES)
def test_a_machine_that_belongs_to_no_ticket_is_set_aside(kind):
    decision = decided(a_mail(EVE_AT), kind=kind, answer=False)
    assert decision.set_aside is not None and kind.value in str(decision.set_aside)
    assert decision.changes == () and decision.letters == ()


@pytest.mark.parametrize("kind", [Kind.AUTO_REPLY, Kind.DELIVERY_NOTICE])
@pytest.mark.parametrize("status", [Status.NEW, Status.OPEN, Status.PENDING_USER, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED])
def test_a_machine_on_a_ticket_is_hidden_and_changes_nothing(kind, status):
    file = a_file(status)
    decision = a_requesters("I am away until Friday.", file=file, kind=kind, answer=False)
    [change] = decision.changes
    assert change.after == change.before == file.ticket
    assert [(e.visibility, e.hidden) for e in change.entries] == [(Visibility.INTERNAL, True)]
    assert isinstance(change.events[0], AutoReplyReceived)
    assert decision.letters == () and decision.people == ()


@pytest.mark.parametrize("kind", MACHINES)
def test_an_agents_vacation_notice_is_no_content(kind):
    decision = an_agents("#resolve\nI am away.", kind=kind, answer=False)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)


def test_a_letter_of_our_own_that_comes_back_is_kept_and_nothing_follows():
    """(fault 16)"""
    decision = a_requesters("It drops.", kind=Kind.LOOP, answer=False)
    assert (decision.changes, decision.letters, decision.set_aside) == ((), (), None)


def test_an_unreadable_mail_is_set_aside():
    assert decided(a_mail(), kind=Kind.UNREADABLE).set_aside


def test_a_list_mail_opens_a_ticket_and_is_not_answered():
    decision = decided(a_mail(EVE_AT), kind=Kind.LIST, answer=False, answer_because="a mail of kind list is never answered")
    assert events(decision) == ["ticket_opened", "letter_suppressed"] and not outside(decision)


@pytest.mark.parametrize("authors", [(), (MAX_AT, EVE_AT), ("",)])
def test_a_mail_whose_author_is_not_one_person_identifies_nobody(authors):
    letter = a_letter(MAX)
    for file in (None, a_file()):
        decision = decided(a_mail(authors, "#take\nclose", answers=letter), file=file, letters=(letter,))
        assert decision.set_aside and not decision.changes and not decision.letters


@pytest.mark.parametrize("own", [SUPPORT, "Support@Example.org", "support+anything@example.org"])
def test_a_mail_in_our_own_name_is_set_aside_and_never_answered(own):
    for file in (None, a_file()):
        letter = a_letter(MAX)
        decision = decided(a_mail(own, answers=letter), file=file, letters=(letter,))
        assert decision.set_aside and not decision.letters and not decision.changes


def test_a_rejected_ticket_takes_nothing_more_from_outside():
    file = a_file(Status.REJECTED, participants=(PIA,))
    for author, to in ((MAX_AT, MAX), (PIA_AT, PIA), (EVE_AT, MAX)):
        letter = a_letter(to)
        decision = decided(a_mail(author, answers=letter), file=file, letters=(letter,))
        assert decision.set_aside and not decision.letters and not decision.changes
    assert events(an_agents("#reopen", file=file)) == ["ticket_reopened"]


# --- who is it? --------------------------------------------------------------------------------------------------------------


def test_an_agent_who_asked_himself_is_the_requester_when_he_answers_as_one_and_an_agent_when_he_answers_a_notice():
    file = a_file(requester=BOB, owner=ANN, people=KNOWN)
    letter = a_letter(BOB, "ticket_opened", audience=Audience.REQUESTER, answer_is=Visibility.INTERNAL)
    decision = decided(a_mail(BOB_AT, "#resolve\nStill broken.", answers=letter), file=file, letters=(letter,))
    assert entries(decision) == [("public", "#resolve\nStill broken.")] and events(decision) == ["requester_wrote"]
    assert inside(decision) == [("requester_wrote", ANN_AT)]
    decision = an_agents("#note\nI know it now.", who=BOB, file=file)
    assert events(decision) == ["note_added"]


def test_an_agent_whom_the_policy_no_longer_has_is_a_stranger_and_his_notices_command_no_more():
    """(fault 90)"""
    policy = a_policy()
    policy = replace(policy, agents={k: v for k, v in policy.agents.items() if k != "bob"})
    decision = an_agents("#resolve\nDone.", who=BOB, policy=policy)
    assert entries(decision) == [("unverified", "#resolve\nDone.")]
    assert letters(decision) == [("unverified_wrote", ANN_AT)], "the owner is gone, so the group hears of it"
    assert decision.changes[0].after.status is Status.OPEN


def test_a_stranger_with_a_valid_token_is_seen_by_agents_only():
    letter = a_letter(MAX)
    mail = a_mail(EVE_AT, "close", answers=letter, cc=("mallory@elsewhere.example",), attachments=(an_attachment(),))
    file = a_file(Status.RESOLVED, participants=(PIA,))
    decision = decided(mail, file=file, letters=(letter,))
    assert entries(decision) == [("unverified", "close")]
    assert inside(decision) == [("unverified_wrote", BOB_AT)] and not outside(decision)
    assert decision.changes[0].after == file.ticket, "nobody joins, nothing is reopened, no id is remembered"
    assert decision.message_ids == () and decision.ratings == ()
    assert decision.changes[0].entries[0].reverse == EVE_AT
    assert decision.spent == (letter.id,), "whoever has seen it must not command with it later in the requester's name"
    assert [p.address for p in decision.people] == [EVE_AT] and not decision.people[0].proven


def test_a_stranger_who_rates_with_somebody_elses_link_is_not_counted():
    """(fault 121)"""
    letter = a_letter(MAX, "ticket_resolved", closure=1)
    decision = decided(a_mail(EVE_AT, "", answers=letter, to=(rate(letter, 1),)), file=a_file(Status.RESOLVED), letters=(letter,))
    assert decision.ratings == () and entries(decision)[0][0] == "unverified"


def test_a_participant_needs_a_token_of_his_own():
    file = a_file(participants=(PIA,))
    letter = a_letter(PIA)
    assert entries(decided(a_mail(PIA_AT, answers=letter), file=file, letters=(letter,)))[0][0] == "public"
    by_id = decided(a_mail(PIA_AT, in_reply_to=("<entry-1@example.net>",)), file=file)
    assert entries(by_id)[0][0] == "unverified"
    theirs = a_letter(MAX)
    assert entries(decided(a_mail(PIA_AT, answers=theirs), file=file, letters=(theirs,)))[0][0] == "unverified"


def test_a_requester_is_believed_to_write_when_anything_names_his_ticket():
    decision = decided(a_mail(in_reply_to=("<entry-1@example.net>",)), file=a_file())
    assert entries(decision) == [("public", "It drops again.")] and not decision.people


def test_a_bad_subject_token_is_counted_against_its_author():
    decision = decided(a_mail(EVE_AT, subject="Re: [IT-1042-00000000]"))
    assert decision.bad_token == EVE_AT and events(decision) == ["ticket_opened"]
    assert decided(a_mail(EVE_AT)).bad_token is None


# --- From: alone never commands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["#resolve\nDone, all fixed.", "#take", "#noet\nText", "#admit"])
def test_commands_in_the_name_of_an_agent_without_proof_are_kept_unverified_and_told_to_the_address_on_file(text):
    file = a_file(Status.NEW, participants=(PIA,))
    theirs = a_notice(BOB)
    decision = decided(a_mail(ANN_AT, text, answers=theirs), file=file, letters=(theirs,))
    assert decision.changes[0].after == file.ticket
    assert events(decision) == ["unverified_wrote"] and entries(decision) == [("unverified", text)]
    assert decision.commands == () and decision.message_ids == ()
    assert not outside(decision)
    assert sorted(inside(decision)) == [("commands_refused", ANN_AT), ("unverified_wrote", BOB_AT)]
    assert faults(decision) == [("E_PERM", None)]
    assert decision.spent == (theirs.id,)


def test_an_agent_whose_plain_answer_was_not_believed_hears_of_it():
    theirs = a_notice(BOB)
    answer = a_mail(ANN_AT, "Please restart.", answers=theirs)
    decision = decided(answer, letters=(theirs,), file=a_file(owner=ANN))
    assert not outside(decision) and inside(decision) == [("unverified_wrote", ANN_AT)]
    decision = decided(answer, letters=(theirs,), file=a_file(owner=BOB))
    assert inside(decision) == [("unverified_wrote", BOB_AT), ("unverified_wrote", ANN_AT)]


def test_an_action_address_without_proof_is_a_command_without_proof():
    theirs = a_notice(BOB)
    decision = decided(a_mail(ANN_AT, "", answers=theirs, to=(action(theirs, "take"),)), file=a_file(Status.NEW), letters=(theirs,))
    assert events(decision) == ["unverified_wrote"] and faults(decision) == [("E_PERM", None)]


def test_a_machine_in_an_agents_name_without_proof_is_not_answered():
    theirs = a_notice(BOB)
    mail = a_mail(CIM_AT, "#take", answers=theirs)
    decision = decided(mail, file=a_file(), letters=(theirs,), answer=False, answer_because="null reverse-path: <>")
    assert events(decision) == ["unverified_wrote", "letter_suppressed"]
    assert "commands_refused" not in [name for name, _ in letters(decision)]


# --- who is known ----------------------------------------------------------------------------------------------------------------


def test_whoever_answers_a_letter_of_ours_for_the_first_time_is_known_from_then_on():
    decision = a_requesters("It drops again.")
    assert decision.people == (replace(KNOWN[MAX], proven=True, proven_at=NOON),)
    known = {**KNOWN, MAX: replace(KNOWN[MAX], proven=True, proven_at=NOON - timedelta(hours=1))}
    assert a_requesters("It drops again.", known=known).people == ()


def test_a_proof_that_grows_old_is_renewed_by_the_next_answer():
    known = {**KNOWN, MAX: replace(KNOWN[MAX], proven=True, proven_at=NOON - timedelta(days=2))}
    assert a_requesters("It drops again.", known=known).people == (replace(known[MAX], proven_at=NOON),)


def test_a_vacation_notice_a_forwarded_token_and_a_citation_make_nobody_known():
    assert a_requesters("Away.", kind=Kind.AUTO_REPLY, answer=False).people == ()
    assert a_requesters("Away.", answer=False, answer_because="subject of an absence: away").people == (), "an unmarked absence"
    assert decided(a_mail(in_reply_to=("<entry-1@example.net>",)), file=a_file()).people == ()
    spent = a_letter(MAX, spent_at=NOON)
    assert a_requesters("It drops.", answers=spent).people == ()
    letter = a_letter(MAX)
    stranger = decided(a_mail(EVE_AT, answers=letter), file=a_file(), letters=(letter,))
    assert [p.proven for p in stranger.people] == [False]


def test_agents_need_not_be_remembered_as_known():
    assert an_agents("Please restart.").people == ()


# --- the trace and the history -------------------------------------------------------------------------------------------------------


def test_every_decision_says_which_rule_fired():
    for kind in Kind:
        for file in (None, a_file()):
            letter = a_letter(MAX)
            decision = decided(a_mail(answers=letter), file=file, letters=(letter,), kind=kind, answer=kind is Kind.WRITTEN)
            assert [line.rule for line in decision.trace][:3] == ["classify", "thread", "answer"]
            assert decision.set_aside or len(decision.trace) > 3


SECRETS = ("max@example.net", "pia@example.net", "elsewhere", "canary", "Max", "Muster", "Eve", "noreply")
MAILS = st.builds(
    lambda author, text, cc: (author, text, cc),
    st.sampled_from([MAX_AT, PIA_AT, EVE_AT, ANN_AT, BOB_AT, CIM_AT]),
    st.sampled_from(
        ["canary", "close", "reopen", "status", "help", "thank you", "1\ncanary", "#take\ncanary", "#canary", "#resolve\ncanary", "#admit",
         "", "#assign canary", "#note\n#resolve fixed\ncanary"]
    ),
    st.sampled_from([(), (EVE_AT,), (EVE_AT, PIA_AT, "new@elsewhere.example")]),
)  # fmt: skip


@settings(max_examples=300)
@given(
    mail=MAILS,
    to=st.sampled_from([MAX, PIA, ANN, BOB]),
    status=st.sampled_from([s for s in Status if s is not Status.MERGED]),
    kind=st.sampled_from(list(Kind)),
    answer=st.booleans(),
    reached=st.booleans(),
    late=st.booleans(),
    off=st.booleans(),
)
def test_histories_hold_neither_words_nor_addresses_and_no_machine_is_answered(mail, to, status, kind, answer, reached, late, off):
    author, text, cc = mail
    letter = a_letter(to, closure=1 if to == MAX else None)
    waiting = an_entry(61, "canary", Visibility.UNVERIFIED, author=5, author_name="Eve")
    file = a_file(status, participants=(PIA,), entries=(waiting,), people={5: Person(5, "Eve", "eve5@elsewhere.example")})
    policy = a_policy(letters={"ticket_opened": False, "ticket_resolved": False, "status_asked": False} if off else {})
    answer = answer and kind is Kind.WRITTEN
    decision = decided(
        a_mail(author, text, answers=letter if reached else None, cc=cc),
        file=file if reached else None,
        letters=(letter,),
        kind=kind,
        answer=answer,
        answer_because=Reason("answerable") if answer else NOREPLY,
        received_at=NOON + days(2) if late else NOON,
        policy=policy,
    )
    for change in decision.changes:
        for fact in change.events:
            assert not any(secret in repr(fact) for secret in SECRETS), fact
    for wanted in decision.letters:
        assert not policy.is_own(wanted.person.address)
        mere_answer = wanted.automatic and wanted.answers is not None
        assert answer or not mere_answer, f"a machine's mail was answered by {wanted.event}"
        if wanted.audience.is_outside and wanted.automatic and wanted.answers:
            assert not late
            assert wanted.entry is None, "a machine's letter repeats nobody's words"
            assert wanted.person.address == author or wanted.person.id == MAX
    told = {wanted.event for wanted in decision.letters if wanted.answers}
    held = {e.letter_event for change in decision.changes for e in change.events if isinstance(e, LetterSuppressed)}
    assert not (told & held)
    if any(isinstance(e, UnverifiedWrote) for change in decision.changes for e in change.events):
        assert not outside(decision)
    assert all(change.after.requester == change.before.requester for change in decision.changes if change.before)


def test_a_mail_answered_by_nobody_names_the_rule_in_the_history_and_the_whole_reason_in_the_trace():
    decision = decided(a_mail(EVE_AT), answer=False, answer_because=NOREPLY)
    assert event(decision, LetterSuppressed).reason == Reason("silent.nobody reads there")
    assert any("noreply@elsewhere.example" in str(line.saw) for line in decision.trace)


def test_evidence_and_proof_stay_with_the_mail():
    letter = a_letter(MAX)
    s = a_situation(a_mail(answers=letter, to=(reply(letter), "reception@example.com")), file=a_file(), letters=(letter,))
    decision = KINDS[Kind.WRITTEN](s)
    assert decision.proof.token and decision.spent == (letter.id,)


def test_hundreds_of_absences_that_come_back_at_once_are_answered_by_nobody():
    """Half a company is on holiday, and each of its programs says so to the same letter (fault 71)."""
    letter = a_letter(MAX)
    for n in range(500):
        mail = a_mail(f"user{n}@elsewhere.example", "I am away until Monday.", answers=letter)
        decision = decided(mail, file=a_file(Status.PENDING_USER), letters=(letter,), kind=Kind.AUTO_REPLY, answer=False)
        assert (decision.letters, decision.people) == ((), ())
        assert all(change.after.status is Status.PENDING_USER for change in decision.changes)
