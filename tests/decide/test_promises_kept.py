"""Clocks that once went wrong, each with the smallest history that showed it. The numbers are those of the cases they come from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from mailgate.decide import sla
from mailgate.decide.calendar import elapsed
from mailgate.decide.lifecycle import apply
from mailgate.decide.rules import rules_for
from mailgate.decide.transitions import ROWS, Unless, can_merge, requester_was_asked, says_how
from mailgate.model.events import (
    AgentReplied,
    BreachAnnulled,
    HoldStarted,
    KindChanged,
    LetterRefused,
    PolicyChanged,
    PriorityChanged,
    RequesterClosed,
    RequesterReopened,
    RequesterWrote,
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketResolved,
    TicketTaken,
    WaitStarted,
)
from mailgate.model.policy import Metric, Policy, Sla, Target, When
from mailgate.model.ticket import Cycle, HoldReason, Outcome, Ticket, TicketKind
from tests.decide.life import BOB, BUSINESS, CIM, MAX, Life, a_blank, a_policy, said, when
from tests.decide.test_sla import heard

REPLY, NEXT, UPDATE, SOLUTION, PICKUP = Metric.FIRST_REPLY, Metric.NEXT_REPLY, Metric.UPDATE, Metric.RESOLUTION, Metric.PICKUP
EIGHT_HOURS = Target(480, "business")
#: Everything is promised to P3 and P4, and P5 nothing.
EVERYTHING = {(priority, metric): EIGHT_HOURS for priority in (3, 4) for metric in Metric}


def on(ticket: Ticket) -> dict[str, str]:
    """The clocks that are on, and since when they count."""
    return {c.metric.value: said(c.started_at) for c in ticket.cycles if c.is_on}


def edited(life: Life, policy: Policy, text: str) -> Life:
    life.policy = policy
    return life.at(text, PolicyChanged, policy=policy.digest, sla="standard")


def with_holiday(*days: int, **more: object) -> Policy:
    calendar = replace(BUSINESS, holidays=frozenset(date(2026, 6, day) for day in days))
    return replace(a_policy(calendar=calendar, **more), digest="d2", former={BUSINESS.digest: BUSINESS})  # type: ignore[arg-type]


# --- an edited policy ------------------------------------------------------------------------------------------------------


def test_case_1_a_running_clock_counts_by_the_policy_as_it_is_now() -> None:
    life = Life("mon 17:00", policy=a_policy(promises={(4, REPLY): EIGHT_HOURS}))
    assert said(life.cycle(REPLY).due_at) == "tue 15:00"
    edited(life, with_holiday(2, promises={(4, REPLY): Target(60, "business")}), "mon 17:10")
    assert (said(life.cycle(REPLY).due_at), said(life.cycle(REPLY).breach_at)) == ("mon 18:00", "wed 8:00")
    assert heard(life, "tue 12:00") == []
    [changed] = life.cycle(REPLY).retargets
    assert (changed.by, changed.cause, changed.from_s, changed.to_s) == ("mailgate", "policy", 28800, 3600)


def test_case_1_what_was_stopped_before_is_never_counted_anew() -> None:
    life = Life().at("mon 10:00", AgentReplied, actor=BOB)
    before = life.cycle(REPLY)
    assert edited(life, with_holiday(1, 2, promises={(4, REPLY): Target(1, "business")}), "mon 11:00").cycle(REPLY) == before


def test_an_edited_reason_of_a_hold_counts_for_holds_of_before() -> None:
    life = Life().at("mon 10:00", HoldStarted, actor=BOB, reason=HoldReason.VENDOR)
    assert life.cycle().outcome is Outcome.RUNNING
    edited(life, a_policy(pause_on_hold=frozenset({"vendor"})), "mon 15:00")
    assert (life.cycle().outcome, [said(p.began_at) for p in life.cycle().pauses]) == (Outcome.PAUSED, ["mon 10:00"])


def test_case_2_a_clock_is_judged_by_the_calendar_that_it_was_counted_on() -> None:
    """The hours are edited under their name, and the answer comes before anybody has counted anew."""
    longer = replace(BUSINESS, hours=(((300, 1200),),) * 5 + ((), ()))
    for is_kept in (True, False):
        life = Life("mon 17:00", policy=a_policy(promises={(4, REPLY): Target(540, "business")}))
        former = {BUSINESS.digest: BUSINESS} if is_kept else {}
        life.policy = replace(a_policy(calendar=longer, promises={(4, REPLY): Target(540, "business")}), digest="d2", former=former)
        cycle = life.at("tue 15:30", AgentReplied, actor=BOB).cycle(REPLY)
        spent = elapsed(BUSINESS if is_kept else longer, when("mon 17:00"), when("tue 15:30"))
        assert cycle.elapsed_s == spent == (8.5 if is_kept else 13.5) * 3600
        assert cycle.outcome is (Outcome.MET if is_kept else Outcome.MISSED)
        assert (cycle.stopped_at or cycle.due_at) <= cycle.breach_at or cycle.outcome is Outcome.MISSED


# --- one clock of a metric -------------------------------------------------------------------------------------------------


def test_case_4_a_refused_answer_takes_with_it_what_it_had_started() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB, letter="A")
    life.at("mon 11:00", RequesterWrote, actor=MAX)
    assert on(life.ticket) == {"update": "mon 10:00", "resolution": "mon 9:00", "work": "mon 9:00", "next_reply": "mon 11:00"}
    life.at("mon 12:00", LetterRefused, letter="A")
    assert on(life.ticket) == {"first_reply": "mon 9:00", "update": "mon 9:00", "resolution": "mon 9:00", "work": "mon 9:00"}
    assert {(c.metric, c.cancel_reason) for c in life.ticket.cycles if c.cancel_reason} == {(UPDATE, "annulled"), (NEXT, "annulled")}


def test_case_4_of_two_questions_around_a_refused_answer_the_older_one_waits() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB)
    life.at("mon 11:00", RequesterWrote, actor=MAX).at("mon 12:00", AgentReplied, actor=BOB, letter="B")
    life.at("mon 13:00", RequesterWrote, actor=MAX).at("mon 14:00", LetterRefused, letter="B")
    assert (on(life.ticket)["next_reply"], on(life.ticket)["update"], said(life.ticket.waiting_since)) == (
        "mon 11:00",
        "mon 10:00",
        "mon 11:00",
    )


def test_case_4_the_first_answer_that_did_arrive_stops_what_a_refused_one_had_not_stopped() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB, letter="A")
    life.at("mon 11:00", RequesterWrote, actor=MAX).at("mon 12:00", AgentReplied, actor=BOB, letter="B")
    life.at("mon 15:00", AgentReplied, actor=BOB, letter="C").at("mon 16:00", LetterRefused, letter="A")
    first, exchange = life.cycle(REPLY), life.cycle(NEXT)
    assert (said(first.stopped_at), first.stopped_by, first.annulled_by) == ("mon 12:00", "B", "A")
    assert (exchange.outcome, exchange.cancel_reason) == (Outcome.CANCELLED, "annulled")
    updates = [c for c in life.ticket.cycles if c.metric is UPDATE and c.outcome is not Outcome.CANCELLED]
    assert [(said(c.started_at), said(c.stopped_at)) for c in updates] == [
        ("mon 9:00", "mon 12:00"), ("mon 12:00", "mon 15:00"), ("mon 15:00", "-"),
    ]  # fmt: skip


def test_case_4_two_answers_that_bounce_one_after_the_other_leave_what_there_was() -> None:
    for first, then in (("A", "B"), ("B", "A")):
        life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB, letter="A")
        life.at("mon 11:00", RequesterWrote, actor=MAX).at("mon 12:00", AgentReplied, actor=BOB, letter="B")
        life.at("mon 13:00", LetterRefused, letter=first).at("mon 14:00", LetterRefused, letter=then)
        assert on(life.ticket) == {"first_reply": "mon 9:00", "update": "mon 9:00", "resolution": "mon 9:00", "work": "mon 9:00"}


# --- the same facts, the same clock --------------------------------------------------------------------------------------------


def test_case_5_a_promise_that_comes_late_leaves_out_what_was_waited_for_before() -> None:
    """Four days of waiting for the requester, in which nothing was promised."""

    def lived(priority: int) -> Cycle:
        life = Life(priority=priority, policy=a_policy(promises={(3, SOLUTION): Target(1440, "business")}))
        life.at("mon 10:00", WaitStarted, actor=BOB).at("fri 10:00", RequesterWrote, actor=MAX)
        if priority != 3:
            life.at("fri 11:00", PriorityChanged, actor=BOB, before=priority, after=3)
        return life.cycle()

    assert said(lived(5).due_at) == said(lived(3).due_at) == "tue2 13:00"
    assert lived(5).pauses == lived(3).pauses


def test_case_5_a_promise_that_was_given_up_comes_back_with_what_was_waited_for_meanwhile() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", PriorityChanged, actor=BOB, before=4, after=5)
    life.at("mon 11:00", WaitStarted, actor=BOB).at("wed 11:00", RequesterWrote, actor=MAX)
    life.at("wed 12:00", PriorityChanged, actor=BOB, before=5, after=4)
    assert [(p.cause, said(p.began_at), said(p.ended_at)) for p in life.cycle().pauses] == [("pending_user", "mon 11:00", "wed 11:00")]
    assert (life.cycle().n, said(life.cycle().due_at)) == (1, "wed 17:00")


def test_case_11_an_answer_while_we_wait_keeps_the_requester_informed() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB).at("mon 10:00", WaitStarted, actor=BOB)
    life.at("tue 10:00", AgentReplied, actor=BOB)
    assert (said(life.cycle(UPDATE).started_at), life.cycle(UPDATE).outcome) == ("tue 10:00", Outcome.PAUSED)
    assert said(life.at("wed 10:00", RequesterWrote, actor=MAX).cycle(UPDATE).due_at) == "wed 18:00"


def test_the_word_reopen_waits_for_an_answer_as_a_mail_does() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", TicketResolved, actor=BOB)
    life.at("tue 10:00", RequesterReopened, actor=MAX)
    assert (on(life.ticket)["next_reply"], life.ticket.waiting_since) == ("tue 10:00", when("tue 10:00"))


def test_a_question_that_the_requester_withdrew_is_not_owed_when_they_come_back() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB).at("mon 11:00", RequesterWrote, actor=MAX)
    life.at("mon 12:00", RequesterClosed, actor=MAX).at("tue 10:00", RequesterWrote, actor=MAX)
    assert on(life.ticket)["next_reply"] == "tue 10:00"


def test_a_mail_that_came_late_makes_its_exchange_count_from_when_it_arrived() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", AgentReplied, actor=BOB).at("mon 15:00", RequesterWrote, actor=MAX)
    life.at("mon 14:00", RequesterWrote, actor=MAX, now="mon 16:00")
    assert (on(life.ticket)["next_reply"], said(life.cycle(NEXT).due_at), life.cycle(NEXT).n) == ("mon 14:00", "tue 12:00", 1)


def test_other_promises_let_the_next_reply_count_before_the_first_answer_as_well() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING, from_first_message=True))
    assert on(life.ticket)["next_reply"] == on(life.ticket)["first_reply"] == "mon 9:00"
    edited(life, replace(a_policy(promises=EVERYTHING), digest="d2"), "mon 10:00")
    assert ("next_reply" in on(life.ticket), life.cycle(NEXT).cancel_reason) == (False, "no_policy")


def test_a_ticket_from_before_goes_on_as_if_it_had_always_remembered() -> None:
    life = Life(priority=2).at("mon 10:00", AgentReplied, actor=BOB).at("mon 10:00", WaitStarted, actor=BOB)
    life.at("mon 12:00", RequesterWrote, actor=MAX).at("mon 13:00", TicketResolved, actor=BOB)
    after = {}
    for is_old in (False, True):
        ticket = replace(life.ticket, turns=(), waits=(), history=9) if is_old else life.ticket
        later = RequesterWrote(at=when("wed 13:00"), actor=MAX)
        after[is_old] = on(step := apply(ticket, later, life.rules, when("wed 13:00")).ticket), step.cycles, step.waits, step.waiting_since
    assert after[True] == after[False]


# --- breaches --------------------------------------------------------------------------------------------------------------


def test_case_6_what_was_breached_is_watched_again_under_a_longer_promise() -> None:
    life = Life(priority=2)
    assert heard(life, "mon 10:00") == ["first_reply breached"]
    life.at("mon 10:01", PriorityChanged, actor=BOB, before=2, after=4)
    [annulled] = sla.unfounded(life.ticket, when("mon 10:02"))
    assert annulled == BreachAnnulled(at=when("mon 10:02"), metric=REPLY, cycle=1, cause="priority")
    life.step(annulled, when("mon 10:02"), None)  # type: ignore[arg-type]
    assert (life.cycle(REPLY).breach_annulled_by, life.cycle(REPLY).breached_at) == ("priority", when("mon 10:00"))
    assert sla.unfounded(life.ticket, when("mon 10:03")) == ()
    assert heard(life, "mon 15:00") == ["first_reply 75"]
    assert heard(life, "mon 17:00") == ["first_reply breached"]
    assert (life.cycle(REPLY).breach_annulled_by, life.cycle(REPLY).breached_at) == (None, when("mon 17:00"))


def test_a_breach_on_a_day_that_turns_out_to_be_a_holiday_is_annulled_also_where_it_was_answered_since() -> None:
    for is_answered in (False, True):
        life = Life("mon 17:30", priority=2)
        assert heard(life, "tue 8:30") == ["first_reply breached"]
        edited(life, with_holiday(2), "tue 9:00")
        if is_answered:
            life.at("tue 9:30", AgentReplied, actor=BOB)
            assert life.cycle(REPLY).outcome is Outcome.MET
        assert [(e.metric, e.cause) for e in sla.unfounded(life.ticket, when("tue 10:00"))] == [(REPLY, "policy")]


def test_case_7_a_breach_that_was_only_seen_when_it_was_answered_is_told_when_the_answer_bounces() -> None:
    life = Life(priority=2).at("mon 11:00", AgentReplied, actor=BOB, letter="A")
    assert (life.cycle(REPLY).outcome, life.cycle(REPLY).breached_at) == (Outcome.MISSED, when("mon 10:00"))
    life.at("mon 11:30", LetterRefused, letter="A")
    assert (life.ticket.next_check_at, heard(life, "mon 11:31")) == (when("mon 9:45"), ["first_reply breached"])
    assert heard(life, "mon 11:32") == []


def test_case_7_one_that_was_told_is_not_told_again() -> None:
    life = Life(priority=2)
    assert heard(life, "mon 10:00") == ["first_reply breached"]
    life.at("mon 11:00", AgentReplied, actor=BOB, letter="A").at("mon 11:30", LetterRefused, letter="A")
    assert (life.cycle(REPLY).breached_at, heard(life, "mon 11:31")) == (when("mon 10:00"), [])


def test_case_8_what_a_guard_lets_happen_can_be_told_from_the_history() -> None:
    """What a guard asks besides ticket and event is not recorded: where it says no, nothing may happen that would be."""
    unrecorded = {requester_was_asked, says_how, can_merge}
    held_back = [row for row in ROWS if isinstance(row.guard, Unless) and row.guard.guard in unrecorded]
    assert held_back
    assert [row for row in held_back if row.error is None] == []


def test_case_10_all_of_a_span_is_counted_however_long_it_is() -> None:
    start, end = datetime(2010, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    days = sum((start + timedelta(days=n)).weekday() < 5 for n in range((end - start).days))
    assert elapsed(BUSINESS, start, end) == days * 10 * 3600


# --- tickets that an agent opens -------------------------------------------------------------------------------------------


def test_who_was_written_to_first_is_owed_no_first_reply_but_the_next_ones() -> None:
    ticket = a_blank()
    policy = a_policy(promises=EVERYTHING)
    life = Life(policy=policy)
    life.ticket = ticket
    life.at("mon 9:00", TicketOpened, actor=BOB, desk="it", kind=TicketKind.INCIDENT, priority=4, requester=MAX, group="it", by_agent=True)
    first = life.cycle(REPLY)
    assert (first.outcome, first.cancel_reason, life.ticket.waiting_since) == (Outcome.CANCELLED, "agent_created", None)
    assert on(life.ticket) == {"update": "mon 9:00", "resolution": "mon 9:00", "work": "mon 9:00", "pickup": "mon 9:00"}
    assert on(life.at("mon 10:00", RequesterWrote, actor=MAX).ticket)["next_reply"] == "mon 10:00"


# --- pickup ------------------------------------------------------------------------------------------------------------------


def pickups(life: Life) -> list[tuple[str, str, str | None]]:
    return [(said(c.started_at), c.outcome.value, c.cancel_reason) for c in life.ticket.cycles if c.metric is PICKUP]


def test_somebody_accepts_a_ticket_and_each_hand_over_starts_anew() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", TicketTaken, actor=BOB)
    assert pickups(life) == [("mon 9:00", "met", None)]
    life.at("mon 11:00", TicketAssigned, actor=BOB, to=CIM)
    assert pickups(life) == [("mon 9:00", "met", None)]
    life.at("mon 12:00", TicketAssigned, actor=CIM, to=None)
    assert pickups(life)[1:] == [("mon 12:00", "running", None)]
    life.at("tue 18:00", AgentReplied, actor=BOB)
    assert pickups(life)[1:] == [("mon 12:00", "missed", None)]


def test_a_ticket_that_nobody_took_is_given_up_with_its_solution_and_starts_anew_with_a_reopening() -> None:
    life = Life(policy=a_policy(promises=EVERYTHING)).at("mon 10:00", RequesterClosed, actor=MAX)
    assert pickups(life) == [("mon 9:00", "cancelled", "resolved")]
    life.at("tue 10:00", RequesterWrote, actor=MAX)
    assert pickups(life)[1:] == [("tue 10:00", "running", None)]


def test_a_group_with_hours_of_its_own_takes_tickets_in_them() -> None:
    policy = a_policy(promises=EVERYTHING)
    groups = policy.groups | {"it": replace(policy.groups["it"], calendar="always")}
    life = Life("mon 17:00", policy=replace(policy, groups=groups))
    assert (said(life.cycle(PICKUP).due_at), said(life.cycle(REPLY).due_at)) == ("tue 1:00", "tue 15:00")


# --- which promises ------------------------------------------------------------------------------------------------------------


def chosen(ticket: Ticket, *more: Sla) -> str:
    return rules_for(a_policy(more=more), ticket).sla.id


def test_promises_with_conditions_come_by_their_order_and_then_by_their_place_and_the_desks_last() -> None:
    ticket = replace(a_blank(), kind=TicketKind.REQUEST, category="vpn", vip=True, organisation="acme")
    requests = Sla("requests", {}, when=When(kind=frozenset({"request"})))
    important = Sla("important", {}, when=When(vip=True))
    assert chosen(ticket, requests, important) == "requests"
    assert chosen(ticket, important, requests) == "important"
    assert chosen(ticket, requests, replace(important, order=-1)) == "important"
    assert chosen(replace(ticket, vip=False, kind=TicketKind.INCIDENT), requests, important) == "standard"
    assert chosen(ticket, Sla("no condition", {}, order=-5)) == "standard"


def test_all_that_a_condition_names_has_to_be_so() -> None:
    ticket = replace(a_blank(), category="vpn", organisation="acme", vip=True)
    fits = {
        When(desk=frozenset({"it", "hr"})): True,
        When(desk=frozenset({"hr"})): False,
        When(group=frozenset({"it"}), kind=frozenset({"incident"})): True,
        When(group=frozenset({"network"}), kind=frozenset({"incident"})): False,
        When(category=frozenset({"vpn"}), organisation=frozenset({"acme"}), vip=True): True,
        When(category=frozenset({"mail"})): False,
        When(organisation=frozenset({"other"})): False,
        When(vip=False): False,
    }
    assert {when_: chosen(ticket, Sla("some", {}, when=when_)) == "some" for when_ in fits} == fits


def test_another_kind_is_promised_something_else_from_the_start() -> None:
    requests = Sla("requests", {(4, SOLUTION): Target(4800, "business")}, when=When(kind=frozenset({"request"})))
    life = Life(policy=a_policy(more=(requests,)))
    life.at("mon 10:00", KindChanged, actor=BOB, before=TicketKind.INCIDENT, after=TicketKind.REQUEST)
    assert (life.cycle().target_s, said(life.cycle().due_at), life.cycle(REPLY).cancel_reason) == (288000, "thu2 9:00", "no_policy")
    assert [(r.by, r.cause) for r in life.cycle().retargets] == [(str(BOB), "policy")]


def test_a_closed_ticket_is_owed_nothing_whatever_its_policy() -> None:
    life = Life().at("mon 10:00", TicketClosed, actor=BOB)
    edited(life, replace(a_policy(promises=EVERYTHING), digest="d2"), "mon 11:00")
    assert on(life.ticket) == {}


def test_what_a_node_of_the_version_before_records_meanwhile_counts_as_said() -> None:
    life = Life("mon 9:00")
    answered = Life("mon 9:00").at("mon 10:00", AgentReplied, actor=BOB)
    life.ticket = replace(answered.ticket, turns=life.ticket.turns, history=2)  # it knows no turns, and leaves them as they were
    life.at("mon 11:00", PriorityChanged, actor=BOB, before=4, after=4)
    assert (life.cycle(REPLY).outcome, life.ticket.turns) == (Outcome.MET, answered.ticket.turns)
    asked = answered.at("mon 12:00", RequesterWrote, actor=MAX)
    life.ticket = replace(asked.ticket, turns=life.ticket.turns, history=3)
    life.at("mon 13:00", PriorityChanged, actor=BOB, before=4, after=4)
    assert (life.ticket.turns, life.ticket.waiting_since) == (asked.ticket.turns, when("mon 12:00"))
