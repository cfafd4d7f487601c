"""A new mail: one ticket, one acknowledgement at most, and a group that hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailgate.decide.opening import MOST_IDS, open_ticket
from mailgate.model.events import LetterSuppressed, TicketOpened
from mailgate.model.letter import Audience
from mailgate.model.person import Person
from mailgate.model.policy import Agent, Metric
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB_AT,
    EVE_AT,
    KNOWN,
    MAX,
    MAX_AT,
    NOON,
    NUMBER,
    a_file,
    a_mail,
    a_policy,
    a_situation,
    an_attachment,
    days,
    decided,
    event,
    events,
    inside,
    outside,
    when,
)

SPAM = "You won! Claim at http://prize.example/now or mail prize@elsewhere.example before tomorrow evening, dear winner of it all"


def acknowledged(decision):
    [ack] = outside(decision)
    return ack


def test_a_new_mail_opens_a_ticket_that_is_acknowledged_once_and_announced_to_its_group():
    decision = decided(a_mail(EVE_AT, "My screen is black.", message_id="<m1@elsewhere.example>"))
    [change] = decision.changes
    assert change.before is None and (change.after.number, change.after.status) == (2000, Status.NEW)
    assert event(decision, TicketOpened).requester == change.after.requester == decision.people[0].id == 900
    assert [(e.visibility, e.text) for e in change.entries] == [(Visibility.PUBLIC, "My screen is black.")]
    assert change.after.cycle(Metric.FIRST_REPLY) is not None
    ack = acknowledged(decision)
    assert (ack.event, ack.audience, ack.person.address, ack.automatic) == ("ticket_opened", Audience.REQUESTER, EVE_AT, True)
    assert ack.answers == "<m1@elsewhere.example>"
    assert inside(decision) == [("ticket_opened", ANN_AT), ("ticket_opened", BOB_AT)]
    assert {w.answer_is for w in decision.letters if w.audience is Audience.AGENT} == {Visibility.PUBLIC}
    assert decision.message_ids == ("<m1@elsewhere.example>",)


def test_a_notice_says_how_much_working_time_the_promises_leave():
    decision = decided(a_mail(EVE_AT, "My screen is black."))
    [change] = decision.changes
    targets = {cycle.metric: cycle.target_s for cycle in change.after.cycles}
    told = {(w.kind.reply_left_s, w.kind.solution_left_s) for w in decision.letters if w.audience is Audience.AGENT}
    assert told == {(targets.get(Metric.FIRST_REPLY), targets.get(Metric.RESOLUTION))}


def test_clocks_start_when_the_mail_arrived_and_not_when_it_is_read():
    """(fault 55)"""
    decision = decided(a_mail(EVE_AT), arrived_at=when("mon 8:30"), now=when("mon 12:00"))
    assert decision.changes[0].after.arrived_at == when("mon 8:30")
    assert decision.changes[0].after.cycle(Metric.FIRST_REPLY).started_at == when("mon 8:30")


def test_a_mail_without_a_subject_has_a_title_and_a_long_one_is_cut():
    assert decided(a_mail(EVE_AT, subject="  ")).changes[0].after.title == "(no subject)"
    assert len(decided(a_mail(EVE_AT, subject="x" * 5000)).changes[0].after.title) == 250


# --- an acknowledgement goes to whoever From: names ------------------------------------------------------------------------


def test_an_acknowledgement_carries_neither_the_words_nor_the_files_of_a_mail():
    ack = acknowledged(decided(a_mail(EVE_AT, "Buy now", attachments=(an_attachment(),))))
    assert ack.entry is None and "Buy" not in repr((ack.kind, ack.shown_title))


def test_the_subject_of_a_strangers_acknowledgement_is_ours_and_so_is_its_thread():
    """An acknowledgement carries nothing of what a forger wrote (fault 77)."""
    ack = acknowledged(decided(a_mail(EVE_AT, subject=SPAM, references=("<read.http.prize.example@x>",))))
    assert ack.shown_title == "" and ack.thread == ()
    assert not ack.proven, "counts against the budget of unknown addresses"
    assert acknowledged(decided(a_mail(EVE_AT, subject="http://prize.example"))).shown_title == ""


def test_an_address_that_only_ever_stood_in_from_is_not_known_however_often():
    seen = {**KNOWN, 6: Person(6, "Eve", EVE_AT)}
    ack = acknowledged(decided(a_mail(EVE_AT, subject=SPAM), known=seen))
    assert ack.person.id == 6 and not ack.proven and ack.shown_title == ""


def test_who_once_proved_to_read_our_letters_and_an_agent_get_their_subject_back():
    for person in (Person(6, "Eve", EVE_AT, proven=True), replace(KNOWN[ANN], id=6, address=EVE_AT)):
        ack = acknowledged(decided(a_mail(EVE_AT, subject=SPAM), known={**KNOWN, 6: person}))
        assert ack.proven and ack.shown_title == SPAM


@pytest.mark.parametrize(("age", "known"), [(0, True), (89, True), (90, True), (91, False), (400, False)])
def test_a_proof_holds_for_ninety_days(age: int, known: bool):
    eve = Person(6, "Eve", EVE_AT, proven=True, proven_at=NOON - days(age))
    ack = acknowledged(decided(a_mail(EVE_AT, subject=SPAM), known={**KNOWN, 6: eve}))
    assert ack.proven is known and (ack.shown_title == SPAM) is known


def test_an_agent_who_left_is_known_no_more():
    policy = a_policy()
    policy = replace(policy, agents={k: v for k, v in policy.agents.items() if k != "ann"})
    assert not acknowledged(decided(a_mail(ANN_AT, subject=SPAM), policy=policy)).proven


NEVER = Reason.of("never_answered", Reason("a.list"))


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        ({"answer": False, "answer_because": Reason.of("silent.null reverse-path", "<>")}, Reason("silent.null reverse-path")),
        ({"answer": False, "answer_because": NEVER}, NEVER),
        ({"received_at": NOON + days(1.1)}, Reason("too_old")),
        ({"same_message_id": True}, Reason("answered_before")),
        ({"policy": a_policy(letters={"ticket_opened": False})}, Reason("switched_off")),
    ],
)
def test_what_is_not_acknowledged_opens_a_ticket_all_the_same_and_says_why(around, reason):
    decision = decided(a_mail(EVE_AT), **around)
    assert events(decision) == ["ticket_opened", "letter_suppressed"] and not outside(decision)
    assert event(decision, LetterSuppressed).reason == reason
    assert bool(inside(decision)) == ("policy" not in around)


def test_a_mail_that_waited_for_less_than_a_day_is_still_acknowledged():
    assert outside(decided(a_mail(EVE_AT), received_at=NOON + days(0.9)))


def test_the_same_message_id_with_other_content_is_kept_and_flagged():
    """(fault 12)"""
    decision = decided(a_mail(EVE_AT), same_message_id=True, message_ids={"<mail@x>": 7})
    assert decision.changes[0].entries[0].flags == ("proof:none", "same_message_id")


# --- agents with a request of their own --------------------------------------------------------------------------------------


def test_an_agents_own_request_is_announced_to_his_colleagues():
    decision = decided(a_mail(ANN_AT))
    assert inside(decision) == [("ticket_opened", BOB_AT)] and acknowledged(decision).person.id == ANN


def test_an_agent_who_is_the_whole_group_gets_a_notice_to_answer():
    policy = a_policy()
    alone = replace(policy, agents={"ann": policy.agents["ann"]})
    assert inside(decided(a_mail(ANN_AT), policy=alone)) == [("ticket_opened", ANN_AT)]
    unheard = decided(a_mail(ANN_AT), answer=False, answer_because="precedence: bulk")
    assert ("ticket_opened", ANN_AT) in inside(unheard), "who was not acknowledged is not left out"


# --- Message-IDs ---------------------------------------------------------------------------------------------------------------


def test_a_stranger_who_cites_somebody_elses_mail_opens_a_ticket_of_his_own_and_takes_nothing_over():
    mail = a_mail(EVE_AT, message_id="<mine@x>", in_reply_to=("<entry-1@example.net>",), references=("<other@x>", "<entry-1@example.net>"))
    decision = decided(mail, file=a_file(), message_ids={"<entry-1@example.net>": NUMBER})
    assert events(decision) == ["ticket_opened"] and decision.changes[0].after.number == 2000
    assert decision.message_ids == ("<mine@x>", "<other@x>")


def test_a_stranger_who_uses_a_known_message_id_as_his_own_does_not_take_it_over():
    decision = decided(a_mail(EVE_AT, message_id="<entry-1@example.net>"), file=a_file(), message_ids={"<entry-1@example.net>": NUMBER})
    assert decision.changes[0].before is None and decision.message_ids == ()


def test_only_ids_that_were_looked_up_are_claimed():
    # An id that nobody looked up may belong to another ticket: to claim it would conflict each time anew.
    references = tuple(f"<{n}@x>" for n in range(400))
    mail = a_mail(EVE_AT, message_id="<own@x>", references=references, in_reply_to=tuple(f"<p{n}@x>" for n in range(60)))
    s = a_situation(mail)
    looked_up = {e.value for e in s.thread.evidence}
    claimed = open_ticket(s).message_ids
    assert set(claimed) <= looked_up and len(claimed) == MOST_IDS
    assert claimed[:2] == ("<own@x>", "<p0@x>") and "<399@x>" in claimed, "its own, and the newest"


# --- after the reopening time ----------------------------------------------------------------------------------------------------


def test_an_answer_after_the_reopening_time_opens_a_ticket_that_follows_the_old_one():
    late = when("mon 11:00") + days(14.1)
    decision = decided(a_mail(in_reply_to=("<entry-1@example.net>",)), file=a_file(Status.CLOSED), arrived_at=late)
    [change] = decision.changes
    assert (change.before, change.after.follows, change.after.requester) == (None, NUMBER, MAX)
    assert event(decision, TicketOpened).follows == NUMBER
    ack = acknowledged(decision)
    assert (ack.event, ack.kind.old_ref, ack.ticket) == ("follow_up_opened", f"IT-{NUMBER}", 2000)
    assert ("ticket_opened", ANN_AT) in inside(decision)
    assert "<entry-1@example.net>" not in decision.message_ids


def test_an_answer_within_it_opens_the_ticket_again():
    decision = decided(
        a_mail(in_reply_to=("<entry-1@example.net>",)), file=a_file(Status.CLOSED), arrived_at=when("mon 11:00") + days(13.9)
    )
    assert decision.changes[0].after.status is Status.OPEN and decision.changes[0].after.number == NUMBER


def test_a_desk_whose_group_is_empty_still_opens_and_acknowledges():
    policy = a_policy()
    nobody = replace(policy, agents={"cim": Agent("cim", "Cim Oz", "cim@example.org", groups=("network",))})
    decision = decided(a_mail(MAX_AT), policy=nobody)
    assert outside(decision) and not inside(decision)


@pytest.mark.parametrize(
    ("now", "back"),
    [("mon 12:00", None), ("mon 7:59", "mon 8:00"), ("mon 18:00", "tue 8:00"), ("fri 20:00", "mon2 8:00"), ("sat 12:00", "mon2 8:00")],
)
def test_an_acknowledgement_knows_when_somebody_is_back(now: str, back: str | None):
    ack = acknowledged(decided(a_mail(EVE_AT), arrived_at=when(now), now=when(now)))
    assert ack.kind.back_at == (when(back) if back else None)


def test_where_a_promise_is_counted_around_the_clock_or_hours_never_come_nobody_is_back():
    policy = a_policy()
    always = replace(policy, slas={key: replace(sla, calendar="always", targets={}) for key, sla in policy.slas.items()})
    assert acknowledged(decided(a_mail(EVE_AT), policy=always, arrived_at=when("sat 12:00"), now=when("sat 12:00"))).kind.back_at is None
