"""Who is given a ticket, and what becomes of the question whether they take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailgate.decide import assignment, giving
from mailgate.decide.scene import Scene
from mailgate.model.assignment import Absence, Availability, HeardBy, SearchStage
from mailgate.model.events import Event, OwnerSought, TicketOffered, TicketOpened, name_of
from mailgate.model.letter import Audience
from mailgate.model.person import Person, Role
from mailgate.model.policy import Agent, Assign, Group, Metric, Mode, Policy, Target
from mailgate.model.ticket import Member, Status, Ticket, TicketFile, TicketKind
from tests.decide.assigning import Office
from tests.decide.life import ANN, BOB, CIM, MAX, PEOPLE, a_blank, a_policy, a_scene, said, when

DAN = 14
AGENTS = {**{p.agent: p for p in PEOPLE.values() if p.agent}, "dan": Person(DAN, "Dan Roe", "dan@example.org", agent="dan")}


def a_team(
    strategy: Assign = Assign.LEAST_LOADED, mode: Mode | None = None, *, manager: str | None = None, **agents: dict[str, Any]
) -> Policy:
    """Ann leads Bob, Cim and Dan; what is said of one of them comes on top."""
    policy = a_policy()
    plain = {
        "ann": Agent("ann", "Ann Berg", "ann@example.org", groups=(), role=Role.LEAD),
        **{id_: Agent(id_, id_.title(), f"{id_}@example.org", groups=("it",)) for id_ in ("bob", "cim", "dan")},
    }
    team = {id_: replace(agent, **agents.get(id_, {})) for id_, agent in plain.items()}
    group = Group("it", "IT", "ann", assign=strategy, mode=mode, manager=manager)
    return replace(policy, agents=team, groups={"it": group})


def a_scene_at(at: str, ticket: Ticket, policy: Policy, **staff: Availability) -> Scene:
    """`bob=Availability(BOB, load=3)`: how it stands with whom."""
    scene = a_scene(TicketFile(ticket, (PEOPLE[MAX],), ()), when(at), policy=policy, agents=AGENTS)
    return replace(scene, staff={one.person: one for one in staff.values()})


def sought(policy: Policy, at: str = "mon 9:00", priority: int = 4, **more: Any) -> Ticket:
    """A new ticket for which an owner is looked for."""
    blank = replace(a_blank(priority), **more)
    scene = a_scene_at(at, blank, policy)
    events: tuple[Event, ...] = (
        TicketOpened(at=when(at), desk="it", kind=TicketKind.INCIDENT, priority=priority, requester=blank.requester, group="it"),
        OwnerSought(at=when(at)),
    )
    ticket = blank
    for event in events:
        ticket = scene.step(ticket, event).ticket
    return ticket


def asked(policy: Policy, at: str = "mon 9:00", *, ticket: Ticket | None = None, **staff: Availability) -> str:
    """Who is asked, and why; "-": nobody."""
    ticket = ticket or sought(policy, at)
    choice = assignment.choose(a_scene_at(at, ticket, policy, **staff), ticket)
    return f"{choice.candidate.agent.id} {choice.reason.code.removeprefix('assign.')}" if choice else "-"


# --- whom ----------------------------------------------------------------------------------------------------------------


def test_whoever_has_the_least_in_proportion_to_what_they_can_carry_is_asked():
    policy = a_team(cim={"capacity": 40})
    assert asked(policy, bob=Availability(BOB, load=2), cim=Availability(CIM, load=3), dan=Availability(DAN, load=2)) == "cim most_room"


def test_of_equals_the_one_whose_last_turn_is_longest_ago_is_asked_and_of_those_the_first_by_id():
    given = {"bob": Availability(BOB, given_at=when("mon 8:50")), "cim": Availability(CIM, given_at=when("mon 8:40"))}
    assert asked(a_team(), **given) == "dan most_room"  # never had one
    assert asked(a_team(), **given, dan=Availability(DAN, given_at=when("mon 8:45"))) == "cim most_room"
    assert asked(a_team()) == "bob most_room"


def test_by_turns_nobody_asks_how_much_somebody_has_while_they_have_room():
    staff = {"bob": Availability(BOB, load=19, given_at=when("mon 8:00")), "cim": Availability(CIM, given_at=when("mon 8:30"))}
    assert asked(a_team(Assign.ROUND_ROBIN), **staff, dan=Availability(DAN, given_at=when("mon 8:45"))) == "bob next_turn"


@pytest.mark.parametrize("strategy", [Assign.LEAST_LOADED, Assign.ROUND_ROBIN])
def test_nobody_is_asked_who_is_full_or_away_or_has_passed_or_takes_part(strategy: Assign):
    policy = a_team(strategy)
    away = Availability(DAN, absences=(Absence(DAN, when("mon 8:00"), None),))
    assert asked(policy, bob=Availability(BOB, load=20), dan=away).startswith("cim")
    ticket = sought(policy)
    assert ticket.search is not None
    passed = replace(ticket, search=replace(ticket.search, passed=(BOB,)), requester=CIM)
    assert asked(policy, ticket=passed).startswith("dan")
    copied = replace(passed, members=(Member(DAN, Role.PARTICIPANT),))
    assert asked(policy, ticket=copied) == "-"


def test_an_absence_counts_from_its_beginning_to_its_end():
    policy = a_team(cim={"groups": ()}, dan={"groups": ()})
    absence = Availability(BOB, absences=(Absence(BOB, when("mon 9:00"), when("mon 12:00")),))
    assert [asked(policy, at, bob=absence)[:3] for at in ("mon 8:59", "mon 9:00", "mon 11:59", "mon 12:00")] == ["bob", "-", "-", "bob"]


def test_who_is_at_work_goes_before_who_is_not():
    policy = a_team(bob={"hours": "always"})
    busy = {"bob": Availability(BOB, load=19)}
    assert asked(policy, "mon 9:00", **busy) == "cim most_room"
    assert asked(policy, "mon 7:00", **busy) == "bob most_room"  # the others begin at 8


def test_at_night_who_comes_before_the_first_reply_is_due_is_asked_and_otherwise_who_comes_first():
    policy = a_team()
    assert asked(policy, "sat 3:00") == "bob most_room"  # P4: due in 8 hours of work
    urgent = sought(policy, "sat 3:00", priority=1)  # due in 15 minutes
    assert asked(policy, "sat 3:00", ticket=urgent) == "bob back_first"


def test_who_will_be_away_when_their_day_begins_is_not_asked_at_night():
    late = {"bob": Availability(BOB, absences=(Absence(BOB, when("mon2 0:00"), when("tue2 0:00")),))}
    assert asked(a_team(), "sat 3:00", **late) == "cim most_room"


def test_a_group_that_only_announces_asks_nobody():
    assert asked(a_team(Assign.MANUAL)) == "-"


def test_who_is_alone_in_a_group_is_given_it_and_of_several_one_is_asked_unless_the_policy_says_otherwise():
    alone = a_team(cim={"groups": ()}, dan={"groups": ()})
    assert assignment.mode_of(alone, "it") is Mode.PUSH
    assert assignment.mode_of(a_team(), "it") is Mode.OFFER
    assert assignment.mode_of(a_team(mode=Mode.PUSH), "it") is Mode.PUSH


# --- who stands in ---------------------------------------------------------------------------------------------------------


def away(person: int, delegate: int | None = None) -> Availability:
    return Availability(person, absences=(Absence(person, when("mon 8:00"), None, delegate),))


@pytest.mark.parametrize(
    ("staff", "who"),
    [
        ([away(BOB, CIM)], CIM),
        ([away(BOB, CIM), away(CIM, DAN)], DAN),  # who stands in is away as well
        ([away(BOB, CIM), away(CIM)], None),
        ([away(BOB)], None),
        ([], None),  # nobody is away
        ([away(BOB, CIM), away(CIM, BOB)], None),  # each for the other
        ([away(BOB, BOB)], None),
        ([away(BOB + i, BOB + i + 1) for i in range(9)], BOB + 9),
        ([away(BOB + i, BOB + i + 1) for i in range(10)], None),  # too long a chain
    ],
)
def test_who_stands_in_is_found_along_the_chain_and_no_loop_is_walked_for_ever(staff: list[Availability], who: int | None):
    assert assignment.stand_in({one.person: one for one in staff}, BOB, when("mon 9:00")) == who


# --- the question ----------------------------------------------------------------------------------------------------------


def the_round(ticket: Ticket, policy: Policy, at: str, **staff: Availability) -> giving.GivenOut:
    return giving.when_due(a_scene_at(at, ticket, policy, **staff), ticket)


def names(given: giving.GivenOut) -> list[str]:
    return [f"{name_of(e)} {getattr(e, 'to', '')}".strip() for e in given.events]


def test_an_offer_that_nobody_answers_goes_to_the_next_three_times_then_to_the_lead_then_to_the_manager():
    policy = a_team(manager="dan", dan={"groups": ()}, ann={"groups": ("it",)})
    policy = replace(policy, agents={**policy.agents, "eva": Agent("eva", "Eva", "eva@example.org", groups=("it",))})
    ticket, at, told = sought(policy, priority=2), "mon 9:00", []
    agents = {**AGENTS, "eva": Person(15, "Eva", "eva@example.org", agent="eva")}
    for _ in range(5):
        scene = replace(a_scene_at(at, ticket, policy), agents=agents)
        given = giving.when_due(scene, ticket)
        told.append((names(given), [(letter.person.id, letter.audience) for letter in given.letters]))
        ticket = given.ticket
        assert ticket.search is not None
        at = said(ticket.search.at)
    assert told == [
        ([f"ticket_offered {ANN}"], [(ANN, Audience.AGENT)]),
        ([f"offer_expired {ANN}", f"ticket_offered {BOB}"], [(BOB, Audience.AGENT)]),
        ([f"offer_expired {BOB}", f"ticket_offered {CIM}"], [(CIM, Audience.AGENT)]),
        ([f"offer_expired {CIM}", "nobody_took"], [(ANN, Audience.LEAD)]),
        (["nobody_took"], [(DAN, Audience.AGENT)]),
    ]
    assert ticket.search is not None and ticket.search.stage is SearchStage.LEFT
    assert ticket.search.told is HeardBy.MANAGER and ticket.search.at is None  # that was all


def test_without_a_manager_the_operator_hears_and_without_a_lead_at_once():
    policy = a_team(bob={"capacity": 1}, cim={"groups": ()}, dan={"groups": ()})
    full = Availability(BOB, load=1)
    first = the_round(sought(policy), policy, "mon 9:00", bob=full)
    assert (names(first), first.alarm) == (["nobody_took"], None)
    assert first.ticket.search is not None and first.ticket.search.stage is SearchStage.WAITING
    second = giving.when_due(replace(a_scene_at(said(first.ticket.search.at), first.ticket, policy), staff={BOB: full}), first.ticket)
    assert second.alarm is not None and second.alarm.kind == "unclaimed" and second.letters == ()
    leaderless = replace(policy, groups={"it": replace(policy.groups["it"], lead=None)})
    assert the_round(sought(leaderless), leaderless, "mon 9:00", bob=full).alarm is not None


def test_an_offer_lasts_for_its_groups_working_time_by_priority_and_from_the_beginning_of_its_readers_day():
    policy = a_team()
    lasts = {}
    for priority in range(1, 6):
        given = the_round(sought(policy, priority=priority), policy, "mon 9:00")
        assert given.ticket.search is not None
        lasts[priority] = said(given.ticket.search.at)
    assert lasts == {1: "mon 9:10", 2: "mon 9:30", 3: "mon 11:00", 4: "mon 13:00", 5: "mon 17:00"}
    night = the_round(sought(policy, "fri 20:00", priority=4), policy, "fri 20:00")
    assert night.ticket.search is not None and said(night.ticket.search.at) == "mon2 12:00"
    own = a_team(bob={"hours": "late"}, cim={"groups": ()}, dan={"groups": ()})
    late = replace(own.calendars["business"], id="late", hours=(((660, 1080),),) * 7)
    own = replace(own, calendars={**own.calendars, "late": late}, groups={"it": replace(own.groups["it"], mode=Mode.OFFER)})
    begins = the_round(sought(own, "mon 9:00", priority=2), own, "mon 9:00")
    assert begins.ticket.search is not None and said(begins.ticket.search.at) == "mon 11:30"


def test_the_time_to_take_an_offer_is_the_promised_one_in_the_hours_of_the_group():
    policy = a_team()
    sla = policy.slas["standard"]
    promised = replace(sla, targets={**sla.targets, (4, Metric.PICKUP): Target(60, "business")})
    weekend = replace(policy.calendars["business"], id="weekend", hours=((),) * 5 + (((600, 720),),) * 2)
    policy = replace(policy, slas={"standard": promised}, calendars={**policy.calendars, "weekend": weekend})
    given = the_round(sought(policy), policy, "mon 9:00")
    assert given.ticket.search is not None and said(given.ticket.search.at) == "mon 10:00"
    policy = replace(policy, groups={"it": replace(policy.groups["it"], calendar="weekend")})
    ticket = sought(policy)
    given = the_round(ticket, policy, "mon 9:00")
    pickup = ticket.cycle(Metric.PICKUP)
    assert given.ticket.search is not None and said(given.ticket.search.at) == "sat 11:00"
    assert pickup is not None and said(pickup.due_at) == "sat 11:00"  # and so is the clock of it


def test_what_waits_is_offered_as_soon_as_somebody_has_room_and_until_then_nothing_is_written():
    policy = a_team(cim={"groups": ()}, dan={"groups": ()})
    full = Availability(BOB, load=20)
    ticket = the_round(sought(policy), policy, "mon 9:00", bob=full).ticket
    assert giving.again(a_scene_at("mon 9:30", ticket, policy, bob=full), ticket).events == ()
    given = giving.again(a_scene_at("mon 9:30", ticket, policy, bob=Availability(BOB, load=19)), ticket)
    assert names(given) == [f"ticket_pushed {BOB}"] and given.ticket.status is Status.OPEN and given.ticket.owner == BOB


def test_the_offer_says_why_and_until_when_and_the_letter_is_not_sent_later():
    given = the_round(sought(a_team()), a_team(), "mon 9:00", bob=Availability(BOB, load=3, tickets=2))
    (letter,) = given.letters
    (offered,) = (e for e in given.events if isinstance(e, TicketOffered))
    assert letter.person.id == CIM and letter.expires_at == offered.until
    assert getattr(letter.kind, "because") == offered.reason  # noqa: B009 - of this kind alone


def test_whoever_gives_says_whose_turn_it_was_so_that_another_node_cannot_give_as_well():
    given = the_round(sought(a_team()), a_team(), "mon 9:00", bob=Availability(BOB, turns=7))
    assert given.turn == (BOB, 7)


# --- absence ----------------------------------------------------------------------------------------------------------------


def owned(policy: Policy, owner: int) -> Ticket:
    return replace(sought(policy), owner=owner, search=None, status=Status.OPEN)


def test_what_an_absent_owner_cannot_do_goes_to_who_stands_in_and_else_to_the_group():
    policy = a_team()
    ticket = owned(policy, BOB)
    to_dan = giving.handed_over(a_scene_at("mon 9:00", ticket, policy, bob=away(BOB, DAN)), ticket)
    assert [name_of(e) for e in to_dan.changes[0].events] == ["ticket_assigned", "owner_sought", "ticket_offered"]
    assert to_dan.changes[0].after.owner is None and [one.person.id for one in to_dan.letters] == [DAN]
    to_group = giving.handed_over(a_scene_at("mon 9:00", ticket, policy, bob=away(BOB)), ticket)
    assert [one.person.id for one in to_group.letters] == [CIM]
    manual = a_team(Assign.MANUAL)
    back = giving.handed_over(a_scene_at("mon 9:00", owned(manual, BOB), manual, bob=away(BOB)), owned(manual, BOB))
    assert [one.event for one in back.letters] == ["group_told"] * 2 and back.changes[0].after.search is None
    asked_dan = giving.handed_over(a_scene_at("mon 9:00", owned(manual, BOB), manual, bob=away(BOB, DAN)), owned(manual, BOB))
    assert [(one.event, one.person.id) for one in asked_dan.letters] == [("ticket_offered", DAN)]


def test_an_offer_to_somebody_who_went_away_is_taken_back_and_counts_as_no_round():
    policy = a_team()
    ticket = the_round(sought(policy), policy, "mon 9:00").ticket
    given = giving.taken_back(a_scene_at("mon 9:10", ticket, policy, bob=away(BOB)), ticket)
    assert [name_of(e) for e in given.changes[0].events] == ["offer_withdrawn", "ticket_offered"]
    search = given.changes[0].after.search
    assert search is not None and (search.rounds, search.passed, search.offer and search.offer.to) == (1, (), CIM)
    assert giving.taken_back(a_scene_at("mon 9:10", ticket, policy), ticket).changes == ()


# --- all together, at random ---------------------------------------------------------------------------------------------------


def offices(count: int, tickets: int, after: Callable[[Office], object] = lambda office: None) -> list[str]:
    found = []
    for seed in range(count):
        office = Office(seed).run(tickets)
        after(office)
        found += [f"seed {seed}: {fault}" for fault in office.faults]
    return found


def test_in_random_offices_nobody_is_over_their_measure_or_away_and_nothing_waits_in_vain():
    given: list[str] = []
    assert offices(12, 25, lambda office: given.extend(event for _, event, _ in office.log)) == []
    assert {"TicketOffered", "TicketPushed", "OfferAccepted", "OfferDeclined", "OfferExpired", "OfferWithdrawn", "NobodyTook"} <= set(given)


def test_the_same_office_gives_the_same_agents():
    assert Office(3).run(25).log == Office(3).run(25).log


@pytest.mark.parametrize("broken", ["load", "absence", "again"])
def test_the_watch_over_random_offices_sees_what_goes_wrong(broken: str, monkeypatch: pytest.MonkeyPatch):
    if broken == "load":
        free = assignment._free
        idle = lambda s: replace(s, staff={id_: replace(one, load=0) for id_, one in s.staff.items()})  # noqa: E731
        monkeypatch.setattr(assignment, "_free", lambda s, *more: free(idle(s), *more))
    if broken == "absence":
        monkeypatch.setattr(Availability, "is_away", lambda self, at: False)
    if broken == "again":
        monkeypatch.setattr(giving, "again", lambda scene, ticket: giving.GivenOut(ticket))
    assert offices(12, 25) != []


@pytest.mark.exam
def test_ten_thousand_tickets_of_random_offices():
    assert offices(400, 25) == []
