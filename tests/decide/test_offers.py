"""What mails do to an offer, and what agents say of their absence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailgate.model.assignment import Absence, Offer, OwnerSearch, SearchStage
from mailgate.model.decision import Decision
from mailgate.model.evidence import Verdict, VerdictKind
from mailgate.model.mail import Kind
from mailgate.model.policy import Assign, Policy, ProveBy
from mailgate.model.ticket import Status, TicketFile
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    KNOWN,
    MAX_AT,
    NOON,
    SUPPORT,
    a_file,
    a_letter,
    a_mail,
    a_notice,
    a_policy,
    a_requesters,
    an_agents,
    decided,
    entries,
    events,
    faults,
    hints,
    letters,
    ticket,
    when,
)

UNTIL = when("mon 13:00")


def a_giving_policy() -> Policy:
    policy = a_policy()
    return replace(policy, groups={**policy.groups, "it": replace(policy.groups["it"], assign=Assign.LEAST_LOADED)})


def offered(to: int = BOB, status: Status = Status.NEW) -> TicketFile:
    """A ticket that is offered to Bob."""
    search = OwnerSearch(SearchStage.OFFERED, when("mon 9:00"), UNTIL, rounds=1, offer=Offer(to, 1, when("mon 9:00"), UNTIL))
    return a_file(status, search=search, offers=1, owner=None)


def bobs(text: str, file: TicketFile | None = None, who: int = BOB, **around: Any) -> Decision:
    notice = a_notice(who, "ticket_offered")
    return an_agents(text, who=who, answers=notice, file=file or offered(), policy=a_giving_policy(), **around)


# --- the end of an offer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "who", "happened", "owner"),
    [
        ("#take", BOB, ["ticket_taken", "offer_accepted"], BOB),
        ("Please restart it.", BOB, ["agent_replied", "watcher_added", "offer_accepted"], BOB),
        ("#note\nlooks like DNS", BOB, ["note_added"], None),
        ("#decline", BOB, ["offer_declined"], None),
        ("#take", ANN, ["ticket_taken", "offer_withdrawn"], ANN),
        ("Please restart it.", ANN, ["agent_replied", "watcher_added", "offer_withdrawn"], ANN),
        ("#assign bob", ANN, ["ticket_assigned", "offer_accepted"], BOB),
        ("#resolve fixed", ANN, ["ticket_resolved", "offer_withdrawn"], ANN),
    ],
)
def test_who_was_asked_has_it_by_taking_or_answering_and_whatever_else_happens_ends_the_offer(text, who, happened, owner):
    decision = bobs(text, who=who)
    found = [one for one in events(decision) if one not in ("watcher_added", "letter_suppressed")]
    assert found == [one for one in happened if one != "watcher_added"]
    after = ticket(decision)
    assert after.owner == owner
    assert (after.search is None) == (owner is not None)


def test_a_declined_offer_is_due_for_the_next_one_and_who_declined_is_not_asked_again():
    search = ticket(bobs("#decline")).search
    assert search is not None
    assert (search.stage, search.at, search.passed, search.offer) == (SearchStage.DUE, NOON, (BOB,), None)


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("#decline", []),
        ("#decline too busy", [("internal", "too busy")]),
        ("#decline\nI know nothing of it.", [("internal", "I know nothing of it.")]),
        ("#decline too busy\nAsk Ann.", [("internal", "too busy\n\nAsk Ann.")]),
    ],
)
def test_why_somebody_passes_a_ticket_on_stays_inside_and_is_told_to_nobody_but_by_the_next_offer(text, noted):
    decision = bobs(text)
    assert entries(decision) == noted
    assert letters(decision) == [("commands_applied", BOB_AT)]


def test_only_who_was_asked_can_decline():
    assert faults(bobs("#decline", who=ANN)) == [("E_STATE", 1)]
    assert [h.code for h in hints(bobs("#decline", who=ANN))] == ["hint.not_offered"]
    assert faults(bobs("#decline", a_file(Status.NEW))) == [("E_STATE", 1)]


def test_what_the_requester_writes_meanwhile_goes_to_who_was_asked_and_changes_nothing_of_the_offer():
    decision = a_requesters("It is worse now.", file=offered(), policy=a_giving_policy())
    assert letters(decision) == [("requester_wrote", BOB_AT)]
    assert ticket(decision).search == offered().ticket.search


def test_a_ticket_that_its_requester_closes_asks_nobody_any_more():
    decision = a_requesters("solved", file=offered(), policy=a_giving_policy())
    assert "offer_withdrawn" in events(decision) and ticket(decision).search is None


# --- the beginning of a search -------------------------------------------------------------------------------------------------


def test_a_new_ticket_of_a_group_that_assigns_is_announced_to_nobody_and_somebody_is_sought():
    decision = decided(a_mail(MAX_AT, "It drops."), policy=a_giving_policy())
    assert events(decision) == ["ticket_opened", "owner_sought"]
    assert letters(decision) == [("ticket_opened", MAX_AT)]
    manual = decided(a_mail(MAX_AT, "It drops."))
    assert "owner_sought" not in events(manual) and ("ticket_opened", ANN_AT) in letters(manual)


def test_who_gives_a_ticket_back_is_not_the_first_to_be_asked_for_it():
    mine = a_file(Status.OPEN, owner=BOB)
    decision = an_agents("#assign none", who=BOB, file=mine, policy=a_giving_policy())
    assert events(decision) == ["ticket_assigned", "owner_sought"]
    search = ticket(decision).search
    assert search is not None and search.passed == (BOB,)


# --- absence ------------------------------------------------------------------------------------------------------------------


def berlin(day: int, hour: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    ("said", "begins", "ends"),
    [
        ("#away", NOON, None),
        ("#away 2026-06-01", NOON, berlin(2)),  # the day itself
        ("#away 2026-06-03", berlin(3), berlin(4)),
        ("#away 2026-06-03..2026-06-05", berlin(3), berlin(6)),  # both days included
        ("#away until 2026-06-05", NOON, berlin(6)),
        ("#away tomorrow..fri", berlin(2), berlin(6)),
        ("#away 2026-05-28..2026-06-02", NOON, berlin(3)),  # it has begun
    ],
)
def test_an_absence_is_whole_days_of_its_agents(said, begins, ends):
    decision = an_agents(said)
    assert decision.absences == (Absence(ANN, begins, ends),)
    assert letters(decision) == [("commands_applied", ANN_AT)]


def test_one_stands_in():
    assert an_agents("#away until fri delegate bob").absences[0].delegate == BOB


@pytest.mark.parametrize(
    "said", ["#away 2026-05-01", "#away 2026-06-31", "#away 2026-06-05..2026-06-03", "#away until fri delegate ann", "#away 2126-06-05"]
)
def test_what_is_no_absence_comes_back(said):
    assert faults(an_agents(said)) == [("E_VALUE", 1)]
    assert an_agents(said).absences == ()


def test_back_ends_it():
    decision = an_agents("#back")
    assert decision.back == (ANN,) and decision.absences == ()


def to_the_desk(text: str, who: int = ANN, **around: Any) -> Decision:
    """A mail that belongs to no ticket."""
    return decided(a_mail(KNOWN[who].address, text, subject="holidays"), **around)


def test_a_from_alone_commands_no_absence():
    decision = to_the_desk("#away")
    assert decision.absences == () and faults(decision) == [("E_PERM", None)]


def test_an_agent_who_is_proven_says_so_without_a_ticket():
    policy = a_policy()
    by_domain = replace(policy, desks={"it": replace(policy.desks["it"], agents_prove_by=ProveBy.DOMAIN)})
    passed = Verdict(VerdictKind.PASS, "example.org", "mx.example.org", "dkim=pass")
    decision = to_the_desk("#away until fri delegate bob", policy=by_domain, verdict=passed)
    assert (decision.changes, decision.absences) == ((), (Absence(ANN, NOON, berlin(6), BOB),))
    assert letters(decision) == [("absence_noted", ANN_AT)]
    assert to_the_desk("#back", policy=by_domain, verdict=passed).back == (ANN,)


def test_a_letter_that_is_about_no_ticket_proves_its_reader():
    welcome = a_letter(ANN, "agent_welcomed", ticket=None)
    mail = a_mail(ANN_AT, "#away until fri", answers=welcome, subject="Re: Welcome")
    decision = decided(mail, letters=(welcome,))
    assert decision.absences == (Absence(ANN, NOON, berlin(6)),)
    assert decision.letters[0].kind.to_at == berlin(6) - timedelta(minutes=1)  # the day that was named, not the next one
    again = decided(mail, letters=(welcome,), once=frozenset(decision.once))
    assert again.absences == ()  # what is sent on, or said again, is carried out once


# --- an automatic reply of an agent's --------------------------------------------------------------------------------------------


def test_an_agents_vacation_notice_stops_offers_for_a_day_and_tells_the_lead_once():
    asked = a_notice(BOB, "ticket_offered")
    reply = a_mail(BOB_AT, "I am out of office.", answers=asked, to=(SUPPORT,))
    decision = decided(reply, file=a_file(), letters=(asked,), kind=Kind.AUTO_REPLY, answer=False)
    assert decision.absences == (Absence(BOB, NOON, NOON + timedelta(hours=24), suspected=True),)
    assert letters(decision) == [("absence_suspected", ANN_AT)]
    fail = Verdict(VerdictKind.FAIL, "example.org", "mx", "dmarc=fail")
    failed = decided(reply, file=a_file(), letters=(asked,), kind=Kind.AUTO_REPLY, answer=False, verdict=fail)
    assert failed.absences == () and failed.letters == ()


def test_a_vacation_notice_that_anybody_could_have_written_keeps_no_work_from_an_agent():
    forged = a_mail(BOB_AT, "I am out of office.")
    decision = decided(forged, kind=Kind.AUTO_REPLY, answer=False)
    assert decision.absences == () and decision.letters == ()
    passed = decided(forged, kind=Kind.AUTO_REPLY, answer=False, verdict=Verdict(VerdictKind.PASS, "example.org", "mx", "dmarc=pass"))
    assert [one.suspected for one in passed.absences] == [True]
