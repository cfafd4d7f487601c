"""An agent's mail: all of its commands or none, and nothing internal ever outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.decide.announce import to_outsiders
from mailgate.decide.intake import on_mail
from mailgate.decide.verbs import VERBS
from mailgate.model.events import AgentReplied, CommandsRefused, LetterSuppressed, TicketAssigned, TicketClosed, TicketResolved, WaitStarted
from mailgate.model.letter import Audience
from mailgate.model.person import Person, Role
from mailgate.model.policy import Agent
from mailgate.model.ticket import Entry, HoldReason, Status, TicketKind, Visibility
from mailgate.understand.answers import commands as words
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
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
    hints,
    inside,
    letters,
    outside,
    reply,
    was_refused,
)

EVE = 5
EVES = {EVE: Person(EVE, "Eve", EVE_AT)}


def ticket(decision):
    return decision.changes[-1].after


# --- public or internal: the table of defaults ---------------------------------------------------------------------------


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
    assert outside(decision)[0].name == event(decision, AgentReplied).letter == "NEWLETTA"
    assert outside(decision)[1].name == ""


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


# --- each command ----------------------------------------------------------------------------------------------------------


def test_the_commands_of_the_parser_and_those_that_are_carried_out_are_the_same():
    assert set(VERBS) == {verb.word for verb in words.VERBS if verb.built}


@pytest.mark.parametrize("line", [f"#{verb.form.split()[0].lstrip('#')}" for verb in words.VERBS if not verb.built and verb.rule == "none"])
def test_a_command_that_is_known_and_not_built_is_refused(line):
    decision = an_agents(f"#take\n{line}\nDone.")
    assert was_refused(decision) and faults(decision) == [("E_UNAVAILABLE", 2)]


def test_every_command_that_is_not_there_is_told():
    assert faults(an_agents("#quiet\n#merge into 7\nDone.")) == [("E_UNAVAILABLE", 1), ("E_UNAVAILABLE", 2)]


def test_take():
    decision = an_agents("#take", file=a_file(Status.NEW))
    assert (ticket(decision).status, ticket(decision).owner) == (Status.OPEN, ANN)
    assert decision.commands == ((1, "take"),)
    assert letters(decision) == [("group_told", BOB_AT), ("commands_applied", ANN_AT)]
    assert decision.letters[-1].facts["told"] == (("owner", "", "Ann Berg"),)
    assert faults(an_agents("#take", file=a_file(Status.CLOSED))) == [("E_STATE", 1)]


@pytest.mark.parametrize("whom", ["bob", "BOB", "bob@example.org", "Bob.Frey", '"Bob Frey"', "bobf", '"bob  f"'])
def test_assign_finds_a_colleague(whom):
    decision = an_agents(f"#assign {whom}", file=a_file(Status.NEW))
    assert ticket(decision).owner == BOB
    assert ("ticket_assigned", BOB_AT) in letters(decision)
    assert next(w for w in decision.letters if w.event == "ticket_assigned").facts["by"] == "Ann Berg"


def test_assign_me_takes_and_assign_none_gives_back():
    assert ticket(an_agents("#assign me", file=a_file(Status.NEW))).owner == ANN
    decision = an_agents("#assign none")
    assert ticket(decision).owner is None and event(decision, TicketAssigned).to is None
    assert "ticket_assigned" not in [name for name, _ in letters(decision)]


def test_assign_to_nobody_and_to_several():
    policy = a_policy()
    agents = {**policy.agents, "bo": Agent("bo", "Bo Derman", "bo@example.org", groups=("it",))}
    known = {**KNOWN, 14: Person(14, "Bo Derman", "bo@example.org", agent="bo")}
    policy = replace(policy, agents=agents)
    assert ticket(an_agents("#assign bo", policy=policy, known=known)).owner == 14, "the exact id comes first"
    decision = an_agents('#assign "b"', policy=policy, known=known)
    assert was_refused(decision) and faults(decision) == [("E_AMBIGUOUS", 1)]
    assert hints(decision) == ["Bo Derman (bo), Bob Frey (bob)"]
    for nobody in ("zoe", "zoe@example.org", "...", MAX_AT):
        decision = an_agents(f"#assign {nobody}", policy=policy, known=known)
        assert faults(decision) == [("E_VALUE", 1)], nobody
    assert faults(an_agents("#assign", policy=policy, known=known)) == [("E_ARGS", 1)]
    assert faults(an_agents("#assign bob", file=a_file(Status.CLOSED))) == [("E_STATE", 1)]


def test_an_exact_name_is_not_ambiguous_because_a_longer_one_begins_so():
    policy = a_policy()
    policy = replace(policy, agents={**policy.agents, "x": Agent("x", "Bob Freyer", "x@example.org", groups=("it",))})
    known = {**KNOWN, 14: Person(14, "Bob Freyer", "x@example.org", agent="x")}
    assert ticket(an_agents('#assign "Bob Frey"', policy=policy, known=known, file=a_file(Status.NEW))).owner == BOB


def test_watch_and_unwatch():
    assert ticket(an_agents("#watch")).watchers() == (ANN,)
    assert events(an_agents("#watch", file=a_file(watchers=(ANN,)))) == [], "said again, nothing happens again"
    assert ticket(an_agents("#unwatch", file=a_file(watchers=(ANN, CIM)))).watchers() == (CIM,)
    assert faults(an_agents("#watch\n#unwatch")) == [("E_CONFLICT", 2)]


def test_priority_and_kind():
    decision = an_agents("#priority high\n#kind request")
    assert (ticket(decision).priority, ticket(decision).kind) == (2, TicketKind.REQUEST)
    assert decision.letters[0].facts["told"] == (("priority", "P4", "P2"), ("kind", "incident", "request"))
    assert faults(an_agents("#priority urgentest")) == [("E_VALUE", 1)]
    assert faults(an_agents("#kind disaster")) == [("E_VALUE", 1)]


def test_wait_needs_a_question_that_the_requester_has_read():
    fresh = a_file(Status.NEW)
    decision = an_agents("#wait", file=fresh)
    assert was_refused(decision) and faults(decision) == [("E_STATE", 1)]
    assert faults(an_agents("#note\n#wait\nAsk him.", file=fresh)) == [("E_STATE", 2)]
    decision = an_agents("#wait\nWhich version is it?", file=fresh)
    assert ticket(decision).status is Status.PENDING_USER
    assert event(decision, WaitStarted).letter == outside(decision)[0].name
    assert outside(decision)[0].facts["waiting"] is True
    assert ticket(an_agents("#wait")).status is Status.PENDING_USER, "asked before"
    assert event(an_agents("#wait"), WaitStarted).letter is None


def test_wait_until_a_day():
    decision = an_agents("#wait until 2026-07-01\nWe come back to it.")
    assert event(decision, WaitStarted).until.isoformat() == "2026-07-01T06:00:00+00:00"
    assert faults(an_agents("#wait until 2026-02-31\nWe come back.")) == [("E_VALUE", 1)]
    assert faults(an_agents("#wait until 2025-01-01\nWe come back.")) == [("E_VALUE", 1)]
    assert faults(an_agents("#wait someday\nWe come back.")) == [("E_ARGS", 1)]


def test_hold():
    decision = an_agents("#hold vendor until 3d")
    assert (ticket(decision).status, ticket(decision).hold) == (Status.ON_HOLD, HoldReason.VENDOR)
    assert decision.letters[0].facts["told"] == (("status", "", "on_hold (vendor)"),)
    assert faults(an_agents("#hold")) == [("E_ARGS", 1)]
    assert faults(an_agents("#hold weather")) == [("E_VALUE", 1)]
    assert faults(an_agents("#hold vendor", file=a_file(Status.RESOLVED))) == [("E_STATE", 1)]


def test_resolve_with_words_is_one_letter_that_carries_them():
    decision = an_agents("#resolve\nThe line card was broken. We changed it.", file=a_file(participants=(PIA,)))
    assert ticket(decision).status is Status.RESOLVED
    assert letters(decision) == [("ticket_resolved", MAX_AT), ("ticket_resolved", PIA_AT), ("agent_replied", BOB_AT)]
    first, second = outside(decision)
    assert first.entry.text == second.entry.text == "The line card was broken. We changed it."
    assert (first.closure, second.closure) == (1, None), "only the requester is asked for a rating"
    assert first.name == event(decision, TicketResolved).letter == event(decision, AgentReplied).letter
    assert not first.automatic


def test_resolve_by_a_code_alone_is_told_without_a_word_of_ours():
    decision = an_agents("#resolve fixed", file=a_file(participants=(PIA,)))
    assert letters(decision) == [("ticket_resolved", MAX_AT), ("ticket_resolved", PIA_AT), ("group_told", BOB_AT)]
    assert [(w.entry, w.facts["code"], w.automatic) for w in outside(decision)] == [(None, "fixed", True)] * 2
    assert outside(decision)[0].thread == ("<entry-1@example.net>",)
    assert outside(decision)[0].answers is None, "the agent's own Message-ID is nobody's business"
    assert outside(decision)[0].name == event(decision, TicketResolved).letter


def test_a_note_is_no_solution():
    decision = an_agents("#note\n#resolve\nIt was his own fault.")
    assert was_refused(decision) and faults(decision) == [("E_CLOSURE", 2)] and hints(decision) == ["#resolve CODE"]
    decision = an_agents("#note\n#resolve user-error\nIt was his own fault.")
    assert entries(decision) == [("internal", "It was his own fault.")]
    assert [(w.event, w.entry) for w in outside(decision)] == [("ticket_resolved", None)]
    assert ("note_added", BOB_AT) in inside(decision)


def test_words_that_would_stay_internal_by_default_are_no_solution_and_the_agent_is_told_how():
    notice = a_notice(ANN, "sla_breached", answer_is=Visibility.INTERNAL)
    decision = an_agents("#resolve\nWe changed the line card.", answers=notice)
    assert was_refused(decision) and faults(decision) == [("E_CLOSURE", 1)] and hints(decision) == ["#reply"]
    for wordless in ("#resolve", "#resolve\n\n", "#priority P2\n#resolve"):
        decision = an_agents(wordless)
        assert faults(decision)[0][0] == "E_CLOSURE" and hints(decision) == ["#resolve CODE"], "there are no words that #reply could send"


def test_resolve_on_what_is_resolved_is_an_answer_and_no_second_solution():
    decision = an_agents("#resolve\nOne more thing.", file=a_file(Status.RESOLVED))
    assert [(w.event, w.closure) for w in outside(decision)] == [("agent_replied", None)]
    assert ticket(decision).closure == 1
    decision = an_agents("#resolve fixed", file=a_file(Status.RESOLVED))
    assert letters(decision) == [("group_told", BOB_AT), ("commands_applied", ANN_AT)]
    assert event(decision, TicketResolved).letter is None


def test_close_and_reopen():
    decision = an_agents("#close\nNobody has answered for a year.")
    assert ticket(decision).status is Status.CLOSED
    assert [(w.event, w.closure) for w in outside(decision)] == [("ticket_closed", 1)]
    assert faults(an_agents("#close")) == [("E_CLOSURE", 1)]
    decision = an_agents("#close", file=a_file(Status.RESOLVED))
    assert ticket(decision).status is Status.CLOSED and not outside(decision)
    assert event(decision, TicketClosed).letter is None
    assert ticket(an_agents("#reopen", file=a_file(Status.CLOSED))).status is Status.OPEN
    assert ticket(an_agents("#reopen", file=a_file(Status.REJECTED))).status is Status.NEW


def test_a_closing_letter_that_is_switched_off_is_written_down():
    policy = a_policy(letters={"ticket_resolved": False})
    decision = an_agents("#resolve fixed", policy=policy)
    assert not outside(decision)
    assert event(decision, LetterSuppressed).letter_event == "ticket_resolved"
    assert event(decision, TicketResolved).letter is None
    assert letters(decision) == [("group_told", BOB_AT), ("commands_applied", ANN_AT)]


def test_help_is_answered_and_other_commands_beside_it_have_their_receipt():
    decision = an_agents("#help wait")
    assert letters(decision) == [("help_asked", ANN_AT)]
    assert (decision.letters[0].facts["verb"], set(decision.letters[0].facts["verbs"])) == ("wait", set(VERBS))
    assert letters(an_agents("#help\n#priority P2")) == [("help_asked", ANN_AT), ("commands_applied", ANN_AT)]
    assert letters(an_agents("#help\nTry again."))[0] == ("agent_replied", MAX_AT)


def test_an_agent_cannot_answer_on_a_rejected_ticket():
    decision = an_agents("Sorry for that.", file=a_file(Status.REJECTED))
    assert was_refused(decision) and faults(decision) == [("E_STATE", None)]


# --- admit -------------------------------------------------------------------------------------------------------------------


def waiting(id: int, author: int = EVE) -> Entry:
    return an_entry(id, f"I have it too ({id}).", Visibility.UNVERIFIED, author=author, author_name="Eve", author_role=Role.STRANGER)


def about(entry: int, to: int = ANN):
    return a_notice(to, "unverified_wrote", entry=entry, answer_is=Visibility.INTERNAL)


def test_admit_makes_the_entry_public_and_its_author_take_part():
    file = a_file(entries=(waiting(40),), people=EVES)
    decision = an_agents("#admit", answers=about(40), file=file)
    assert decision.changes[0].admitted == (40,)
    assert [m.person for m in ticket(decision).members if m.role is Role.PARTICIPANT] == [EVE]
    assert events(decision) == ["entry_admitted", "requester_wrote"]
    assert not outside(decision), "what is past is not sent after"
    later = an_agents("Please restart.", file=a_file(participants=(EVE,), people=EVES), known={**KNOWN, **EVES})
    assert [w.person.address for w in outside(later)] == [MAX_AT, EVE_AT]


def test_admit_takes_the_entry_of_its_notice_and_no_other():
    file = a_file(entries=(waiting(40), waiting(41)), people=EVES)
    assert an_agents("#admit", answers=about(40), file=file).changes[0].admitted == (40,)
    decision = an_agents("#admit", answers=about(39), file=file)
    assert faults(decision) == [("E_STATE", 1)], "a colleague admitted that one already; the others were not looked at"
    assert faults(an_agents("#admit", file=file)) == [("E_AMBIGUOUS", 1)]
    assert an_agents("#admit", file=a_file(entries=(waiting(40),), people=EVES)).changes[0].admitted == (40,)
    assert faults(an_agents("#admit")) == [("E_STATE", 1)]


def test_what_was_written_in_the_name_of_an_agent_is_never_admitted():
    decision = an_agents("#admit", answers=about(40), file=a_file(entries=(waiting(40, author=BOB),)))
    assert was_refused(decision) and faults(decision) == [("E_STATE", 1)]


def test_admit_on_a_resolved_ticket_opens_it_and_resolve_in_the_same_mail_solves_it_again():
    file = a_file(Status.RESOLVED, entries=(waiting(40),), people=EVES)
    assert ticket(an_agents("#admit", answers=about(40), file=file)).status is Status.OPEN
    decision = an_agents("#admit\n#reply\n#resolve\nFixed for both of you.", answers=about(40), file=file, known={**KNOWN, **EVES})
    assert ticket(decision).status is Status.RESOLVED
    assert [(w.event, w.person.address) for w in outside(decision)] == [("ticket_resolved", MAX_AT), ("ticket_resolved", EVE_AT)]
    assert outside(decision)[0].name == event(decision, TicketResolved).letter


# --- addresses that say a command ----------------------------------------------------------------------------------------------


def test_an_action_address_with_an_empty_body_is_the_command():
    notice = a_notice(ANN)
    decision = an_agents("", answers=notice, to=(action(notice, "take"),), file=a_file(Status.NEW))
    assert ticket(decision).owner == ANN
    assert decision.commands == ((0, "take"),)
    assert letters(decision) == [("group_told", BOB_AT), ("commands_applied", ANN_AT)]


def test_an_action_address_and_the_same_command_in_the_text_are_one():
    notice = a_notice(ANN)
    decision = an_agents("#take\n\n", answers=notice, to=(action(notice, "take"),))
    assert decision.commands == ((1, "take"),) and events(decision) == ["ticket_taken"]


@pytest.mark.parametrize(("word", "line"), [("take", "#assign bob"), ("watch", "#unwatch"), ("wait", "#resolve"), ("close", "#wait")])
def test_an_action_address_that_contradicts_the_text_is_refused(word, line):
    notice = a_notice(ANN)
    decision = an_agents(f"{line}\nDone.", answers=notice, to=(action(notice, word),))
    assert was_refused(decision) and faults(decision) == [("E_CONFLICT", None)]


def test_two_action_addresses_that_go_together_are_both_carried_out():
    notice = a_notice(ANN)
    decision = an_agents("", answers=notice, to=(action(notice, "take"), action(notice, "watch")))
    assert {line for line, _ in decision.commands} == {0, -1}, "each of its own line: a mail says each line once"
    assert faults(an_agents("", answers=notice, to=(action(notice, "wait"), action(notice, "close")))) == [("E_CONFLICT", None)]
    assert faults(an_agents("", answers=notice, to=(action(notice, "status"),))) == [("E_UNAVAILABLE", None)]


def test_an_action_address_of_somebody_elses_letter_says_nothing():
    mine, other = a_notice(ANN), a_notice(BOB)
    decision = an_agents("Try again.", answers=mine, to=(reply(mine), action(other, "close")), letters=(other,))
    assert events(decision)[:1] == ["agent_replied"] and ticket(decision).status is Status.OPEN
    assert decision.commands == ()


# --- all of it or nothing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faulty", ["#noet", "# take", "#priority", "#priority P9", "#assign nobody-here", "#wait\n#resolve", "#merge into 7", "#status weird"]
)
def test_one_fault_and_nothing_is_done(faulty):
    """(fault 134)"""
    decision = an_agents(f"#take\n#priority P1\n#watch\n{faulty}\nYour printer is fine.", file=a_file(Status.NEW, participants=(PIA,)))
    assert was_refused(decision)
    assert decision.letters[0].person.id == ANN
    assert "Your printer is fine." in decision.letters[0].facts["text"]


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


# --- without a ticket ----------------------------------------------------------------------------------------------------------


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


# --- nothing internal ever leaves ------------------------------------------------------------------------------------------------


def test_a_line_of_a_notice_stops_the_answer():
    file = a_file(notices=("Note by Bob\nThe admin password lies in the blue safe.\n",))
    decision = an_agents("#take\n\nHello,\n> The admin password lies in the blue safe.\nBye", file=file)
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", 4)]
    decision = an_agents("#note\nHello,\n> The admin password lies in the blue safe.", file=file)
    assert entries(decision)[0][0] == "internal", "among colleagues it may be quoted"


def test_a_line_that_hides_in_the_html_stops_the_answer():
    file = a_file(notices=("The admin password lies in the blue safe.",))
    decision = an_agents("Hello.", new_html="<p>Hello.</p><p>The admin password lies in the blue safe.</p>", file=file)
    assert was_refused(decision) and faults(decision) == [("E_QUOTE", None)]


def test_what_the_requester_wrote_himself_may_be_quoted():
    file = a_file(notices=("Max Muster answered\nThe VPN drops every ten minutes.\n",))
    assert events(an_agents("> The VPN drops every ten minutes.\nStill?", file=file))[0] == "agent_replied"


def test_a_letter_to_outsiders_with_an_entry_that_is_not_public_cannot_even_be_wanted():
    s = a_situation(a_mail())
    file = a_file()
    for visibility in (Visibility.INTERNAL, Visibility.UNVERIFIED):
        with pytest.raises(ValueError, match="never leaves"):
            to_outsiders(s, "agent_replied", file.ticket, an_entry(9, "secret", visibility), {p.id: p for p in file.people})


CANARY = "canary-7f3a the cellar door code is 4711"
LINES = st.sampled_from(
    [
        "#note", "#reply", "#internal", "#take", "#assign bob", "#assign none", "#watch", "#unwatch", "#admit", "#wait", "#wait until 3d",
        "#hold vendor", "#resolve", "#resolve fixed", "#close", "#close done", "#reopen", "#priority P1", "#kind request", "#help", "#noet",
        "# note", "", "Hello Max,", "it works again.", "##hash", CANARY, f"> {CANARY}", "On Monday Bob wrote:", "#note", "-- ", "#spam",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(
    lines=st.lists(LINES, max_size=8),
    status=st.sampled_from([s for s in Status if s is not Status.MERGED]),
    who=st.sampled_from([ANN, BOB, CIM]),
    internal=st.booleans(),
    words=st.sampled_from(["", "note", "take", "wait", "close", "reopen", "watch"]),
    direct=st.booleans(),
    proven=st.booleans(),
    html=st.booleans(),
    answer=st.booleans(),
)
def test_no_letter_to_outsiders_ever_carries_what_is_internal(lines, status, who, internal, words, direct, proven, html, answer):
    """(fault 99)"""
    # A colleague's: what somebody noted himself he may say (tests/decide/test_returned.py).
    note = an_entry(60, CANARY, Visibility.INTERNAL, author=CIM if who == BOB else BOB, author_role=Role.AGENT)
    file = a_file(
        status, entries=(note, waiting(61)), notices=(f"Note by Bob\n{CANARY}\n",), participants=(PIA,), watchers=(CIM,), people=EVES
    )
    notice = a_notice(
        who, "note_added" if internal else "requester_wrote", answer_is=Visibility.INTERNAL if internal else Visibility.PUBLIC
    )
    text = "\n".join(lines)
    mail = a_mail(
        KNOWN[who].address,
        text,
        answers=notice,
        to=(action(notice, words) if words else reply(notice),),
        cc=(MAX_AT,) if direct else (),
        new_html="".join(f"<p>{line}</p>" for line in lines) if html else None,
    )
    decision = decided(mail, file=file, letters=(notice if proven else replace(notice, person=99),), answer=answer, known={**KNOWN, **EVES})
    public = {MAX_AT, PIA_AT, EVE_AT}
    for letter in decision.letters:
        if letter.audience.is_outside:
            assert letter.entry is None or letter.entry.visibility is Visibility.PUBLIC
            seen = f"{letter.entry.text if letter.entry else ''}{letter.entry.html if letter.entry else ''}{dict(letter.facts)}"
            assert "canary" not in seen and "4711" not in seen
        else:
            assert letter.person.address not in public
    for change in decision.changes:
        assert all(e.visibility is not Visibility.PUBLIC or "canary" not in e.text for e in change.entries)
        assert proven or not any(e.visibility is Visibility.PUBLIC for e in change.entries)
        assert "canary" not in repr(change.events)
    assert len({letter.person.id for letter in outside(decision)}) == len(outside(decision)), "one letter for one person"
    assert proven or (not outside(decision) and not decision.commands)


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
