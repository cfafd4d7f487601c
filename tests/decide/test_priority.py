"""Priority follows from impact and urgency; what a mail says moves them within bounds, and what an agent sets stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailgate.decide.priority import SIGNS, Degrees, degrees_of
from mailgate.decide.requesters import known_as, requester_of
from mailgate.model.events import ImpactChanged, KindChanged, PriorityChanged, StandingChanged, TicketOpened, UrgencyAsked, UrgencyChanged
from mailgate.model.person import Person
from mailgate.model.policy import Policy
from mailgate.model.routing import Category, Organisation, PrioritySettings, RoutingRule
from mailgate.model.ticket import Origin, Status, Ticket, TicketKind
from tests.decide.build import (
    ANN,
    KNOWN,
    MAX,
    MAX_AT,
    a_file,
    a_mail,
    a_policy,
    a_requesters,
    a_scene,
    an_agents,
    decided,
    event,
    events,
    faults,
    letters,
    ticket,
    was_refused,
)

HIGH, LOW = (("importance", "high"),), (("importance", "low"),)


def a_policy_with(**more: Any) -> Policy:
    return replace(a_policy(), **more)


def opened(
    text: str = "The mouse is broken.", *, policy: Policy | None = None, subject: str = "Help", vip: bool = False, **mail: Any
) -> Ticket:
    known = {**KNOWN, MAX: replace(KNOWN[MAX], vip=vip)}
    decision = decided(a_mail(text=text, subject=subject, language_sure=True, **mail), policy=policy, known=known)
    made = ticket(decision)
    assert (policy or a_policy()).priority.of(made.impact or 0, made.urgency or 0) == made.priority, "the matrix always holds"
    told = event(decision, TicketOpened)
    assert (told.impact, told.urgency, told.priority, told.why) == (made.impact, made.urgency, made.priority, made.why)
    return made


def codes(made: Ticket) -> list[str]:
    return [reason.code.removeprefix("why.") for reason in made.why]


# --- the matrix ------------------------------------------------------------------------------------------------------------------


def test_the_matrix_is_that_of_the_field() -> None:
    cells = [[PrioritySettings().of(i, u) for u in (1, 2, 3)] for i in (1, 2, 3)]
    assert cells == [[1, 2, 3], [2, 3, 4], [3, 4, 5]]


@pytest.mark.parametrize(("priority", "cell"), [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (4, (3, 2)), (5, (3, 3))])
def test_a_priority_has_its_most_ordinary_cell(priority: int, cell: tuple[int, int]) -> None:
    assert PrioritySettings().cell(priority) == cell


def test_a_new_ticket_of_which_nothing_is_known_begins_at_the_default() -> None:
    assert (opened().priority, opened().impact, opened().urgency, opened().why) == (4, 3, 2, ())
    assert opened(policy=a_policy_with(default_priority=3)).priority == 3
    other = PrioritySettings(matrix=((1, 1, 1), (2, 2, 2), (3, 4, 4)))
    assert opened(policy=a_policy_with(priority=other)).urgency == 2


# --- signs, one by one ------------------------------------------------------------------------------------------------------------

STEPS = [
    ({"headers": HIGH}, (3, 1), 3, ["header"]),
    ({"headers": LOW}, (3, 3), 5, ["header"]),
    ({"text": "It is urgent."}, (3, 1), 3, ["urgent"]),
    ({"text": "It is urgent.", "headers": HIGH}, (3, 1), 3, ["urgent"]),
    ({"text": "No rush."}, (3, 3), 5, ["calm"]),
    ({"text": "No rush, it is low.", "headers": LOW}, (3, 3), 5, ["calm"]),
    ({"text": "It is urgent, but no rush."}, (3, 3), 5, ["calm"]),
    ({"text": "No rush.", "headers": HIGH}, (3, 2), 4, ["header", "calm"]),
    ({"text": "It is urgent.", "headers": LOW}, (3, 2), 4, ["urgent", "header"]),
    ({"text": "Nobody can print."}, (2, 2), 3, ["breadth"]),
    ({"text": "Nobody can print, urgent!"}, (2, 1), 2, ["breadth", "urgent"]),
    ({"text": "I answered a phishing mail."}, (2, 1), 2, ["security"]),
    ({"text": "The mail server is down."}, (3, 2), 4, []),
]  # fmt: skip


@pytest.mark.parametrize(("mail", "degrees", "priority", "why"), STEPS)
def test_each_sign_moves_one_step_with_its_reason(mail, degrees, priority, why) -> None:
    made = opened(**mail)
    assert ((made.impact, made.urgency), made.priority, codes(made)) == (degrees, priority, why)


def test_an_outage_counts_where_the_service_is_critical() -> None:
    policy = a_policy_with(priority=PrioritySettings(critical_services=("Mail server", "SAP")))
    made = opened("The mail server is down.", policy=policy)
    assert ((made.impact, made.urgency), codes(made)) == ((2, 2), ["outage"])
    assert str(made.why[0]) == "says that Mail server is down (down)"
    assert opened("The mailserver is down.", policy=policy).why == ()
    assert opened("SAPphire is down.", policy=policy).why == ()
    assert opened("It is down.", subject="SAP", policy=policy).impact == 2


def test_quoted_words_move_nothing() -> None:
    assert opened("See below.", quoted="> It is urgent, nobody can work.").why == ()


# --- how far words go --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "vip", "priority"),
    [
        ({"text": "It is urgent."}, True, 3),
        ({"headers": HIGH}, True, 3),
        ({"text": "It is urgent.", "headers": HIGH}, True, 3),
        ({"text": "Nobody can print."}, True, 2),
        ({"text": "Nobody can print, urgent! I answered a phishing mail.", "headers": HIGH}, True, 2),
        ({"text": "Nobody can print, urgent! I answered a phishing mail.", "headers": HIGH}, False, 2),
        ({"text": "I answered a phishing mail."}, True, 2),
    ],
)
def test_words_never_reach_the_highest_priority_and_those_of_one_person_not_the_second(mail, vip, priority) -> None:
    assert opened(vip=vip, **mail).priority == priority


def test_what_was_held_back_is_said() -> None:
    made = opened("It is urgent.", vip=True)
    assert (codes(made), str(made.why[-1])) == (["vip", "urgent", "held"], "words alone make it no more than P3")


def test_the_policy_says_how_far_words_go() -> None:
    never = a_policy_with(priority=PrioritySettings(words_reach=5, wide_words_reach=5))
    for text in ("It is urgent.", "Nobody can print.", "I answered a phishing mail."):
        assert opened(text, policy=never).priority == 4
    further = a_policy_with(priority=PrioritySettings(words_reach=2))
    assert opened("It is urgent.", policy=further, vip=True).priority == 2


def test_no_mixture_of_signs_reaches_the_highest_priority() -> None:
    said = ("It is urgent.", "Nobody can print.", "I answered a phishing mail.", "SAP is down.")
    policy = a_policy_with(priority=PrioritySettings(critical_services=("SAP",)))
    for number in range(2 ** len(said)):
        text = " ".join(one for at, one in enumerate(said) if number >> at & 1)
        for vip in (False, True):
            assert opened(text, policy=policy, vip=vip, headers=HIGH).priority >= 2
    assert len(SIGNS) == 5


# --- what the policy says itself ----------------------------------------------------------------------------------------------------


def test_a_vip_counts_as_a_team_and_a_policy_may_reach_the_highest() -> None:
    made = opened(vip=True)
    assert ((made.impact, made.urgency, made.vip), codes(made)) == ((2, 2, True), ["vip"])
    rule = RoutingRule(name="alarm", subject="alarm", impact=1, urgency=1)
    assert opened(subject="ALARM", policy=a_policy_with(routing=(rule,))).priority == 1


def test_what_a_rule_says_wins_over_words_and_headers() -> None:
    rule = RoutingRule(name="wish", subject="wish", impact=3, urgency=3)
    policy = a_policy_with(routing=(rule,))
    made = opened("It is urgent, nobody can work. I answered a phishing mail.", subject="A wish", policy=policy, headers=HIGH)
    assert (made.impact, made.urgency, made.priority) == (3, 3, 5)
    only = a_policy_with(routing=(replace(rule, urgency=None),))
    assert (opened("It is urgent, nobody can work.", subject="A wish", policy=only).impact) == 3


def test_an_organisation_makes_vips_and_an_operator_says_otherwise() -> None:
    policy = a_policy_with(organisations={"board": Organisation("board", domains=frozenset({"example.net"}), vip=True)})
    max_ = KNOWN[MAX]
    assert requester_of(policy, max_).vip and requester_of(policy, max_).organisation == "board"
    assert not requester_of(policy, replace(max_, vip=False)).vip
    below = Person(9, "Kim", "kim@mail.example.net")
    assert requester_of(policy, below).organisation == "board"
    assert requester_of(policy, Person(9, "Kim", "kim@notexample.net")).organisation is None
    assert requester_of(policy, replace(below, organisation="gone")).organisation == "board"
    assert opened(policy=policy).organisation == "board"


# --- by hand -----------------------------------------------------------------------------------------------------------------------


def after(text: str, **more: Any) -> Ticket:
    return ticket(an_agents(text, file=a_file(**more)))


def test_impact_and_urgency_are_set_by_hand_and_the_priority_follows() -> None:
    decision = an_agents("#impact 1\n#urgency 1", file=a_file(impact=3, urgency=2))
    made = ticket(decision)
    assert (made.impact, made.urgency, made.priority, made.impact_by, made.urgency_by, made.priority_by) == (1, 1, 1, ANN, ANN, None)
    assert [type(e) for e in decision.changes[0].events] == [ImpactChanged, UrgencyChanged, PriorityChanged]
    assert event(decision, PriorityChanged).source is Origin.MATRIX
    assert ("priority", "P4", "P1") in decision.letters[-1].kind.told  # type: ignore[attr-defined]


def test_an_old_ticket_begins_where_a_new_one_does() -> None:
    made = after("#urgency 1", impact=None, urgency=None)
    assert (made.impact, made.urgency, made.priority) == (None, 1, 3)
    assert degrees_of(a_policy(), made) == Degrees(3, 1)


@pytest.mark.parametrize("text", ["#priority P2\n#impact 1\n#urgency 1", "#impact 1\n#urgency 1\n#priority P2"])
def test_a_priority_by_hand_is_the_last_word_wherever_it_stands(text: str) -> None:
    made = after(text, impact=3, urgency=2)
    assert (made.priority, made.priority_by, made.impact, made.urgency) == (2, ANN, 1, 1)


def test_a_priority_by_hand_stays_when_impact_changes_later() -> None:
    made = after("#impact 1", impact=3, urgency=2, priority=5, priority_by=ANN)
    assert (made.priority, made.impact) == (5, 1)


@pytest.mark.parametrize("line", ["#impact 0", "#impact 4", "#impact high", "#urgency", "#urgency 1 2", "#impact 1.5"])
def test_a_degree_is_one_two_or_three(line: str) -> None:
    decision = an_agents(f"{line}\nDone.")
    assert was_refused(decision) and faults(decision)[0][0] in ("E_VALUE", "E_ARGS")


def test_a_request_waits_as_long_as_the_policy_says() -> None:
    decision = an_agents("#kind request", file=a_file(impact=3, urgency=2))
    made = ticket(decision)
    assert (made.kind, made.priority, made.impact, made.urgency) == (TicketKind.REQUEST, 5, 3, 3)
    assert event(decision, UrgencyChanged).source is Origin.KIND and event(decision, KindChanged)
    other = a_policy_with(request_priority=3)
    assert ticket(an_agents("#kind request", file=a_file(impact=3, urgency=2), policy=other)).priority == 3
    back = after("#kind incident", kind=TicketKind.REQUEST, impact=3, urgency=3, priority=5)
    assert (back.priority, back.urgency) == (4, 2)
    assert after("#kind problem", impact=1, urgency=1, priority=1).priority == 1


@pytest.mark.parametrize(
    ("text", "before", "priority"),
    [
        ("#kind request\n#priority P2", {}, 2),
        ("#priority P2\n#kind request", {}, 2),
        ("#kind request", {"priority": 2, "priority_by": ANN}, 2),
        ("#kind request", {"urgency": 1, "urgency_by": ANN, "priority": 3}, 3),
        ("#kind request", {"impact": 1, "impact_by": ANN, "priority": 2}, 3),
        ("#kind request\n#urgency 1", {}, 3),
    ],
)
def test_what_an_agent_has_set_stays_when_it_becomes_a_request(text, before, priority) -> None:
    assert after(text, **{"impact": 3, "urgency": 2, **before}).priority == priority


# --- the requester's one word ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["urgent", "#urgent", "Dringend!", "C'est urgent", "至急", "عاجل"])
def test_one_word_raises_a_request_by_a_step(word: str) -> None:
    decision = a_requesters(word, file=a_file(impact=3, urgency=2))
    made = ticket(decision)
    assert (made.urgency, made.priority, made.urgency_by, made.priority_by) == (1, 3, None, None)
    assert events(decision)[0] == "requester_wrote" and event(decision, UrgencyAsked).counts
    assert event(decision, PriorityChanged).source is Origin.REQUESTER
    assert ("status_asked", MAX_AT) in letters(decision)


@pytest.mark.parametrize(
    "ticket_",
    [
        {"urgency_asked_at": a_file().ticket.created_at},
        {"urgency_by": ANN},
        {"priority_by": ANN},
        {"urgency": 1, "priority": 3},
        {"impact": 1, "urgency": 2, "priority": 2},
    ],
    ids=["asked before", "urgency by hand", "priority by hand", "urgent already", "would be the highest"],
)
def test_the_word_changes_nothing_where_it_must_not(ticket_) -> None:
    file = a_file(**{"impact": 3, "urgency": 2, **ticket_})
    decision = a_requesters("urgent", file=file)
    assert not event(decision, UrgencyAsked).counts
    assert (ticket(decision).urgency, ticket(decision).priority) == (file.ticket.urgency, file.ticket.priority)


@pytest.mark.parametrize(("before", "counts"), [(0, True), (2, True), (3, False), (10, False)])
def test_the_word_counts_three_times_in_a_month(before: int, counts: bool) -> None:
    file = a_file(impact=3, urgency=2)
    decision = a_requesters("urgent", file=file, pressed=before)
    assert event(decision, UrgencyAsked).counts is counts


def test_the_word_on_a_solved_request_is_a_message_that_opens_it_again() -> None:
    decision = a_requesters("urgent", file=a_file(Status.RESOLVED, impact=3, urgency=2))
    assert ticket(decision).status is Status.OPEN


# --- who the requester is, later ------------------------------------------------------------------------------------------------------


def test_a_live_ticket_follows_its_requesters_standing() -> None:
    scene = a_scene(a_file())
    assert known_as(scene, KNOWN[MAX]) is None
    decision = known_as(scene, replace(KNOWN[MAX], vip=True))
    assert decision is not None and event(decision, StandingChanged).vip and ticket(decision).vip
    assert known_as(a_scene(a_file(Status.CLOSED)), replace(KNOWN[MAX], vip=True)) is None


def test_a_category_names_impact_and_urgency() -> None:
    category = Category("vpn", name="VPN", impact=2, urgency=1)
    made = opened(subject="[vpn] It drops", policy=a_policy_with(categories={"vpn": category}))
    assert (made.priority, made.category, codes(made)) == (2, "vpn", ["subject"])
