"""What each command of an agent does, and what it wants for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mailgate.decide.commands.acts import ACTS, ANSWERS
from mailgate.decide.opening import LONGEST_TITLE
from mailgate.model.commands import PLANNED, VERBS, Order
from mailgate.model.events import (
    AgentReplied,
    DuePromised,
    LetterSuppressed,
    OutageNoted,
    TicketAssigned,
    TicketClosed,
    TicketResolved,
    WaitStarted,
)
from mailgate.model.person import Person, Role
from mailgate.model.policy import Agent
from mailgate.model.reason import Reason
from mailgate.model.reporting import Service
from mailgate.model.ticket import HoldReason, Status, TicketKind, TimerKind, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
    EVE,
    EVE_AT,
    EVES,
    KNOWN,
    MAX_AT,
    PIA,
    PIA_AT,
    a_file,
    a_notice,
    a_policy,
    action,
    an_agents,
    entries,
    event,
    events,
    faults,
    hints,
    inside,
    letters,
    outside,
    reply,
    ticket,
    waiting,
    was_refused,
)

# --- each command ----------------------------------------------------------------------------------------------------------


def test_every_command_has_one_act():
    said_before = {verb.word for verb in VERBS.values() if verb.order is Order.READERS}
    assert set(ACTS) == {verb.word for verb in VERBS.values() if not verb.asks} - said_before
    assert set(ANSWERS) == {verb.word for verb in VERBS.values() if verb.asks}


@pytest.mark.parametrize("line", ["#stats", "#merge", "#time 25m", "#tag"])
def test_a_command_that_is_planned_is_refused(line):
    assert line.split()[0][1:] in PLANNED
    decision = an_agents(f"#take\n{line}\nDone.")
    assert was_refused(decision) and faults(decision) == [("E_UNAVAILABLE", 2)]


def test_every_command_that_is_not_there_is_told():
    assert faults(an_agents("#quiet\n#merge into 7\nDone.")) == [("E_UNAVAILABLE", 1), ("E_UNAVAILABLE", 2)]


def test_take():
    decision = an_agents("#take", file=a_file(Status.NEW))
    assert (ticket(decision).status, ticket(decision).owner) == (Status.OPEN, ANN)
    assert decision.commands == ((1, "take"),)
    assert letters(decision) == [("group_told", BOB_AT), ("commands_applied", ANN_AT)]
    assert decision.letters[-1].kind.told == (("take", "", "Ann Berg"),)
    assert faults(an_agents("#take", file=a_file(Status.CLOSED))) == [("E_STATE", 1)]


@pytest.mark.parametrize("whom", ["bob", "BOB", "bob@example.org", "Bob.Frey", '"Bob Frey"', "bobf", '"bob  f"'])
def test_assign_finds_a_colleague(whom):
    decision = an_agents(f"#assign {whom}", file=a_file(Status.NEW))
    assert ticket(decision).owner == BOB
    assert ("ticket_assigned", BOB_AT) in letters(decision)
    assert next(w for w in decision.letters if w.event == "ticket_assigned").kind.by == "Ann Berg"


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
    assert decision.letters[0].kind.told == (("priority", "P4", "P2"), ("kind", "incident", "request"))
    assert faults(an_agents("#priority urgentest")) == [("E_VALUE", 1)]
    assert faults(an_agents("#kind disaster")) == [("E_VALUE", 1)]


def test_title():
    decision = an_agents("#title  VPN of the   branch office drops")
    assert (ticket(decision).title, events(decision)) == ("VPN of the branch office drops", ["title_changed"])
    assert decision.letters[0].kind.told == (("title", "VPN drops", "VPN of the branch office drops"),)
    assert not outside(decision), "the requester reads it with the next letter"
    assert events(an_agents("#title VPN drops")) == [], "said again, nothing happens again"
    assert len(ticket(an_agents(f"#title {'very ' * 100}")).title) == LONGEST_TITLE
    assert faults(an_agents("#title")) == [("E_ARGS", 1)]


def test_a_title_and_the_answer_below_it_leave_together():
    decision = an_agents("#title The VPN of Berlin\nPlease restart.")
    assert events(decision)[:2] == ["title_changed", "agent_replied"] and ticket(decision).title == "The VPN of Berlin"


def test_due_is_the_promise_as_it_was_said_beside_what_the_policy_promises():
    decision = an_agents("#due 2026-07-01\nYou have it by Wednesday.")
    said = event(decision, DuePromised)
    assert said.until == ticket(decision).promised_at
    assert said.until.astimezone(ZoneInfo("Europe/Berlin")).isoformat() == "2026-07-01T18:00:00+02:00"  # when the desk closes
    assert ticket(decision).cycles == ticket(an_agents("You have it by Wednesday.")).cycles
    told = next(one for one in an_agents("#due 2026-07-01\n#note\nBy Wednesday.").letters if one.kind.event == "commands_applied")
    assert told.kind.told == (("due", "", ""),)


def test_due_is_taken_back_and_said_anew():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, promised_at=datetime(2026, 7, 1, 16, tzinfo=UTC)))
    assert ticket(an_agents("#due none", file=file)).promised_at is None
    assert ticket(an_agents("#due 2026-07-02 14:00", file=file)).promised_at == datetime(2026, 7, 2, 12, tzinfo=UTC)
    assert DuePromised not in events(an_agents("#due 2026-07-01", file=file))  # it is so already
    assert an_agents("#due none", file=file).letters[-1].kind.told == (("due", "", "-"),)


@pytest.mark.parametrize("line", ["#due", "#due some day", "#due 2026-02-31", "#due 2025-01-01", "#due until 2026-07-01", "#due none 3d"])
def test_a_date_that_nobody_can_mean_is_no_promise(line):
    (found,) = faults(an_agents(f"{line}\nYou have it then."))
    assert found in (("E_VALUE", 1), ("E_ARGS", 1))


@pytest.mark.parametrize("status", [status for status in Status if not status.is_live and status is not Status.MERGED])
def test_nothing_is_promised_on_a_ticket_that_is_solved(status):
    assert faults(an_agents("#due 2026-07-01", file=a_file(status))) == [("E_STATE", 1)]


NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
MAIL = replace(a_policy(), services={"mail": Service("mail", "E-mail"), "print": Service("print")})


@pytest.mark.parametrize(
    ("said", "began", "ended"),
    [  # the mail arrives on Monday, 1 June 2026, 12:00 in Berlin
        ("mail from 9:00 to 11:30", "07:00", "09:30"),
        ("E-MAIL from 9:00", "07:00", None),
        ("mail 2h", "08:00", None),
        ("mail from 2026-06-01 0:15 until now", "22:15", "10:00"),
        ("mail 90m to 5m", "08:30", "09:55"),
        ("mail from 23:00 to 2026-06-01 1:00", "21:00", "23:00"),
    ],
)
def test_an_outage_is_noted_with_its_instants(said, began, ended):
    decision = an_agents(f"#outage {said}\n#note\nThe disk was full.", policy=MAIL, arrived_at=NOON)
    noted = event(decision, OutageNoted)
    assert noted.service == "mail" and f"{noted.began_at:%H:%M}" == began and (noted.ended_at and f"{noted.ended_at:%H:%M}") == ended
    assert ticket(decision).status is Status.OPEN and "outage" in {row[0] for row in decision.letters[-1].kind.told}


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("wiki from 9:00", "mail, print"),
        ("mail from 2026-06-01 12:30", Reason("hint.future")),
        ("mail from 9:00 to 8:00", Reason("hint.ends_before")),
        ("mail from 9:00 to 9:00", Reason("hint.ends_before")),
        ("mail from 25:00", "9:00, 2026-07-01 9:00, 2h, now"),
        ("mail from 2026-02-30 9:00", "9:00, 2026-07-01 9:00, 2h, now"),
    ],
)
def test_an_outage_that_cannot_have_been_is_refused(said, hint):
    refused = an_agents(f"#outage {said}", policy=MAIL, arrived_at=NOON)
    assert faults(refused) == [("E_VALUE", 1)] and hints(refused) == [hint]


def test_where_no_services_are_set_up_there_is_no_outage():
    assert hints(an_agents("#outage mail from 9:00")) == [Reason("hint.no_services")]


def test_wait_needs_a_question_that_the_requester_has_read():
    fresh = a_file(Status.NEW)
    decision = an_agents("#wait", file=fresh)
    assert was_refused(decision) and faults(decision) == [("E_STATE", 1)]
    assert faults(an_agents("#note\n#wait\nAsk him.", file=fresh)) == [("E_STATE", 2)]
    decision = an_agents("#wait\nWhich version is it?", file=fresh)
    assert ticket(decision).status is Status.PENDING_USER
    assert event(decision, WaitStarted).letter == outside(decision)[0].id
    assert TimerKind.REMIND in {timer.kind for timer in ticket(decision).timers}, "which is what the letter tells"
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
    assert decision.letters[0].kind.told == (("hold", "", "on_hold (vendor)"),)
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
    assert first.id == event(decision, TicketResolved).letter == event(decision, AgentReplied).letter
    assert not first.automatic


def test_resolve_by_a_code_alone_is_told_without_a_word_of_ours():
    decision = an_agents("#resolve fixed", file=a_file(participants=(PIA,)))
    assert letters(decision) == [("ticket_resolved", MAX_AT), ("ticket_resolved", PIA_AT), ("group_told", BOB_AT)]
    assert [(w.entry, w.kind.code, w.automatic) for w in outside(decision)] == [(None, "fixed", True)] * 2
    assert outside(decision)[0].thread == ("<entry-1@example.net>",)
    assert outside(decision)[0].answers is None, "the agent's own Message-ID is nobody's business"
    assert outside(decision)[0].id == event(decision, TicketResolved).letter


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
    assert (decision.letters[0].kind.verb, set(decision.letters[0].kind.verbs)) == ("wait", set(VERBS))
    assert letters(an_agents("#help\n#priority P2")) == [("help_asked", ANN_AT), ("commands_applied", ANN_AT)]
    assert letters(an_agents("#help\nTry again."))[0] == ("agent_replied", MAX_AT)


def test_an_agent_cannot_answer_on_a_rejected_ticket():
    decision = an_agents("Sorry for that.", file=a_file(Status.REJECTED))
    assert was_refused(decision) and faults(decision) == [("E_STATE", None)]


# --- admit -----------------------------------------------------------------------------------------------------------------


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
    assert outside(decision)[0].id == event(decision, TicketResolved).letter


# --- addresses that say a command ------------------------------------------------------------------------------------------


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


def test_a_closing_that_is_sent_although_the_requester_has_the_mail_is_named_by_what_happened():
    """Its refusal finds what it has to take back."""
    decision = an_agents("#close\nThat was it.", file=a_file(Status.RESOLVED), cc=(MAX_AT,))
    [letter] = outside(decision)
    assert letter.event == "ticket_closed" and letter.id == event(decision, TicketClosed).letter == event(decision, AgentReplied).letter
