"""An agent's mail: all of its commands or none, and who reads its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.decide.intake import on_mail
from mailgate.model.events import AgentReplied, CommandsRefused
from mailgate.model.letter import Audience
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
    CIM_AT,
    EVE_AT,
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
    a_situation,
    action,
    an_agents,
    an_attachment,
    days,
    decided,
    entries,
    event,
    events,
    faults,
    inside,
    letters,
    outside,
    reply,
    ticket,
    was_refused,
)

# --- public or internal: the table of defaults -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "notice", "public"),
    [
        ("Try again.", "requester_wrote", True),
        ("Try again.", "ticket_opened", True),
        ("#note\nTry again.", "requester_wrote", False),
        ("#internal\nTry again.", "requester_wrote", False),
        ("Try again.", "note_added", False),
        ("Try again.", "sla_warned", False),
        ("Try again.", "commands_refused", False),
        ("Try again.", "low_rating_given", False),
        ("Try again.", "unverified_wrote", False),
        ("#reply\nTry again.", "note_added", True),
        ("#reply\nTry again.", "sla_breached", True),
        ("#public false\nTry again.", "requester_wrote", False),
    ],
)
def test_the_notice_that_is_answered_decides_who_reads_the_answer(text, notice, public):
    """An answer to an internal notice stays inside, whatever quotes it brings along (GHSA-6ww2, fault 99)."""
    internal = ("note_added", "sla_warned", "sla_breached", "commands_refused", "low_rating_given", "unverified_wrote")
    answer_is = Visibility.INTERNAL if notice in internal else Visibility.PUBLIC
    decision = an_agents(text, answers=a_notice(ANN, notice, answer_is=answer_is))
    assert entries(decision) == [("public" if public else "internal", "Try again.")]
    assert [letter.person.address for letter in outside(decision)] == ([MAX_AT] if public else [])


def test_an_answer_to_the_note_address_is_internal():
    notice = a_notice(ANN)
    decision = an_agents("Ask the vendor.", answers=notice, to=(action(notice, "note"),))
    assert entries(decision) == [("internal", "Ask the vendor.")]
    assert not outside(decision)


def test_a_note_address_and_reply_in_the_text_contradict_each_other():
    notice = a_notice(ANN)
    decision = an_agents("#reply\nAsk the vendor.", answers=notice, to=(action(notice, "note"),))
    assert was_refused(decision) and faults(decision) == [("E_CONFLICT", None)]


def test_a_public_answer_goes_to_every_outsider_in_a_letter_of_their_own():
    """(fault 32)"""
    decision = an_agents("Please restart.", file=a_file(participants=(PIA,)))
    assert [(w.event, w.audience, w.person.id, w.automatic) for w in outside(decision)] == [
        ("agent_replied", Audience.REQUESTER, MAX, False),
        ("agent_replied", Audience.PARTICIPANT, PIA, False),
    ]
    assert outside(decision)[0].id == event(decision, AgentReplied).letter == "NEWLETTA"
    assert outside(decision)[1].id == ""


def test_the_first_public_answer_owns_the_ticket():
    after = ticket(an_agents("Please restart.", file=a_file(Status.NEW)))
    assert (after.status, after.owner) == (Status.OPEN, ANN)


def test_what_the_requester_has_directly_is_recorded_as_public_and_not_sent_again():
    decision = an_agents("Please restart.", cc=(MAX_AT,), file=a_file(participants=(PIA,)))
    assert entries(decision) == [("public", "Please restart.")]
    assert [w.person.address for w in outside(decision)] == [PIA_AT]
    assert event(decision, AgentReplied).letter is None, "a letter that is not written cannot be refused"


def test_what_the_requester_has_directly_is_public_also_as_an_answer_to_a_note():
    decision = an_agents("Please restart.", cc=(MAX_AT.upper(),), answers=a_notice(ANN, "note_added", answer_is=Visibility.INTERNAL))
    assert entries(decision) == [("public", "Please restart.")]
    assert not outside(decision)


def test_a_note_that_also_went_to_the_requester_stays_what_the_agent_called_it():
    assert entries(an_agents("#note\nPlease restart.", cc=(MAX_AT,))) == [("internal", "Please restart.")]


def test_a_solution_is_sent_also_to_who_has_it_directly():
    decision = an_agents("#resolve\nThe line card was broken.", cc=(MAX_AT, PIA_AT), file=a_file(participants=(PIA,)))
    assert letters(decision)[:2] == [("ticket_resolved", MAX_AT), ("ticket_resolved", PIA_AT)]


def test_an_attachment_alone_is_an_answer():
    decision = an_agents("", attachments=(an_attachment(),))
    assert events(decision)[0] == "agent_replied"
    assert outside(decision)[0].entry.attachments == (an_attachment(),)


def test_a_mail_in_which_nothing_new_was_found_comes_back():
    decision = an_agents("")
    assert was_refused(decision) and faults(decision) == [("E_EMPTY", None)]
    assert faults(an_agents("#reply")) == [("E_EMPTY", None)]


def test_the_html_of_an_agent_travels_only_where_no_command_was_cut_off():
    html = "<p>Please restart.</p>"
    assert outside(an_agents("Please restart.\n", new_html=html))[0].entry.html == html
    assert outside(an_agents("#take\nPlease restart.", new_html="<p>#take</p><p>Please restart.</p>"))[0].entry.html is None


def test_words_are_never_switched_off():
    policy = a_policy(letters={"agent_replied": False, "ticket_resolved": False})
    answer = an_agents("Please restart.", policy=policy)
    assert [(w.event, w.person.address) for w in outside(answer)] == [("agent_replied", MAX_AT)]
    decision = an_agents("#resolve\nIt was the line card.", policy=policy)
    assert [(w.event, w.entry is not None, w.closure) for w in outside(decision)] == [("ticket_resolved", True, None)], "not asked to rate"


def test_stale_and_twice_used_ids_make_no_difference_to_what_an_agent_says():
    decision = an_agents("Please restart.", same_message_id=True, received_at=NOON + days(2))
    assert [w.person.address for w in outside(decision)] == [MAX_AT]
    assert decision.changes[0].entries[0].flags == ("proof:token", "same_message_id")


def test_a_notice_older_than_thirty_days_commands_no_more():
    """(CVE-2026-41902, fault 91)"""
    decision = an_agents("#take\nDone.", answers=a_notice(ANN, made_at=NOON - timedelta(days=31)))
    assert events(decision) == ["commands_refused"] and not entries(decision) and not decision.commands
    assert inside(decision) == [("confirmation_asked", "ann@example.org")]


def test_an_agent_who_takes_part_as_an_outsider_does_not_publish_by_answering_his_letter():
    letter = a_letter(CIM, audience=Audience.PARTICIPANT, answer_is=Visibility.INTERNAL)
    decision = an_agents("Seen it.", who=CIM, answers=letter, to=(reply(letter), SUPPORT), file=a_file(participants=(CIM,)))
    assert entries(decision) == [("internal", "Seen it.")]


# --- colleagues ------------------------------------------------------------------------------------------------------------


def test_who_answers_on_a_colleagues_ticket_is_heard_by_him_and_watches_from_then_on():
    decision = an_agents("Please restart.", who=ANN, file=a_file(owner=BOB))
    assert [w.person.address for w in outside(decision)] == [MAX_AT]
    assert inside(decision) == [("agent_replied", BOB_AT)]
    assert (ticket(decision).owner, ticket(decision).watchers()) == (BOB, (ANN,))
    assert events(decision) == ["agent_replied", "watcher_added"], "the history alone must be able to say who watches"


def test_who_says_unwatch_beside_his_answer_does_not_watch():
    assert ticket(an_agents("#unwatch\nPlease restart.", file=a_file(watchers=(ANN,)))).watchers() == ()


def test_a_note_is_heard_by_the_owner_and_the_watchers_and_not_by_its_author():
    decision = an_agents("#note\nAsk the vendor.", who=BOB, file=a_file(watchers=(CIM, BOB)))
    assert ("note_added", CIM_AT) in inside(decision) and ("note_added", BOB_AT) not in inside(decision)
    assert [w.answer_is for w in decision.letters if w.event == "note_added"] == [Visibility.INTERNAL]


def test_a_note_on_a_ticket_of_nobody_is_heard_by_its_group():
    decision = an_agents("#note\nAsk the vendor.", file=a_file(Status.NEW))
    assert ("note_added", BOB_AT) in inside(decision) and ("note_added", CIM_AT) not in inside(decision)


# --- all of it or nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faulty", ["#noet", "# take", "#priority", "#priority P9", "#assign nobody-here", "#wait\n#resolve", "#merge into 7", "#status weird"]
)
def test_one_fault_and_nothing_is_done(faulty):
    """(fault 134)"""
    decision = an_agents(f"#take\n#priority P1\n#watch\n{faulty}\nYour printer is fine.", file=a_file(Status.NEW, participants=(PIA,)))
    assert was_refused(decision)
    assert decision.letters[0].person.id == ANN
    assert "Your printer is fine." in decision.letters[0].kind.text


def test_a_fault_of_the_state_that_shows_only_at_the_end_undoes_the_beginning():
    decision = an_agents("#priority P1\n#hold vendor\nOne more thing.", file=a_file(Status.RESOLVED))
    assert was_refused(decision) and faults(decision) == [("E_STATE", 2)]


def test_the_order_is_owner_fields_message_state_whatever_was_written_first():
    decision = an_agents("#resolve\n#priority P2\n#take\nFixed.", file=a_file(Status.NEW))
    assert events(decision) == ["ticket_taken", "priority_changed", "agent_replied", "ticket_resolved"]


def test_the_history_of_a_refused_mail_holds_codes_and_no_words():
    assert event(an_agents("#noet\nThe secret."), CommandsRefused).codes == ("E_UNKNOWN",)


def test_an_agents_machine_is_not_answered_and_its_refused_words_stay_on_the_ticket():
    decision = an_agents("#noet\nYour printer is fine.", answer=False, answer_because="precedence: bulk")
    assert decision.letters == () and events(decision) == ["commands_refused", "letter_suppressed"]
    assert entries(decision) == [("internal", "#noet\nYour printer is fine.")]
    decision = an_agents("#take", answer=False, answer_because="precedence: bulk")
    assert letters(decision) == [("ticket_lost", BOB_AT)]
    assert events(decision) == ["ticket_taken", "letter_suppressed"]


def test_a_receipt_can_be_switched_off_and_an_error_cannot():
    policy = a_policy(letters={"commands_applied": False, "commands_refused": False})
    assert letters(an_agents("#take", policy=policy)) == [("ticket_lost", BOB_AT)]
    assert letters(an_agents("#tkae", policy=policy)) == [("commands_refused", ANN_AT)]


def test_letters_about_a_ticket_come_from_its_own_desk_whichever_took_the_mail_in():
    policy = a_policy()
    other = replace(policy.desks["it"], id="hr", address="hr@example.org", prefix="HR")
    policy = replace(policy, desks={**policy.desks, "hr": other})
    notice = a_notice(ANN)
    s = a_situation(a_mail(ANN_AT, "#take", answers=notice), file=a_file(), letters=(notice,), policy=policy)
    decision = on_mail(replace(s, desk=other))
    assert {w.desk for w in decision.letters} == {"it"}


# --- without a ticket ------------------------------------------------------------------------------------------------------


def test_commands_in_a_mail_that_belongs_to_no_ticket_come_back():
    decision = decided(a_mail(ANN_AT, "#resolve\nIt works again."))
    assert decision.changes == () and faults(decision) == [("E_NOTICKET", 1)]
    assert letters(decision) == [("commands_refused", ANN_AT)]
    assert faults(decided(a_mail(ANN_AT, "#noet\nIt works."))) == [("E_UNKNOWN", 1)]


def test_help_needs_no_ticket():
    assert letters(decided(a_mail(ANN_AT, "#help"))) == [("help_asked", ANN_AT)]


def test_a_requesters_hash_is_text():
    """(fault 134)"""
    assert events(decided(a_mail(EVE_AT, "#resolve\nIt works."))) == ["ticket_opened"]
    assert events(decided(a_mail(ANN_AT, "My own screen is black."))) == ["ticket_opened"], "an agent may need help, too"
