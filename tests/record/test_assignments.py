"""What the record says of who is given work: loads, offers, turns, absences, and what waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailgate.decide.assignment import WEIGHTS
from mailgate.model.assignment import Absence, Availability, Offer, OwnerSearch, SearchStage
from mailgate.model.decision import Change, Decision
from mailgate.model.events import AgentReplied, Event, OfferDeclined, OwnerSought, TicketAssigned, TicketOffered, TicketTaken
from mailgate.model.person import Person
from mailgate.model.reason import Reason
from mailgate.model.ticket import Status, Ticket, TicketKind
from mailgate.record.rows import Conflict, ToRecord

NOW = datetime.fromisoformat("2026-06-01T10:00:00+00:00")
HOUR = timedelta(hours=1)
MAX, ANN, BOB = 1, 2, 3
PEOPLE = tuple(Person(id_, name, f"{name}@example.org", agent=name) for id_, name in ((MAX, "max"), (ANN, "ann"), (BOB, "bob")))


def a_ticket(number: int, **more: Any) -> Ticket:
    given: dict[str, Any] = {"status": Status.OPEN, "priority": 3, **more}
    return Ticket(number=number, desk="it", title="Printer", kind=TicketKind.INCIDENT, requester=MAX, group="it", created_at=NOW,
                  arrived_at=NOW, **given)  # fmt: skip


def put(store: Any, *tickets: Ticket, people: tuple[Person, ...] = ()) -> None:
    for ticket in tickets:
        store.record([ToRecord(None, Decision(changes=(Change(None, ticket, ()),), people=people))], NOW)


def waiting(number: int, priority: int = 3) -> Ticket:
    return a_ticket(number, status=Status.NEW, priority=priority, search=OwnerSearch(SearchStage.WAITING, NOW, None))


def offered(number: int, to: int) -> tuple[Ticket, Change]:
    sought = a_ticket(number, status=Status.NEW, search=OwnerSearch(SearchStage.DUE, NOW, NOW))
    after = replace(
        sought, offers=1, search=OwnerSearch(SearchStage.OFFERED, NOW, NOW + HOUR, rounds=1, offer=Offer(to, 1, NOW, NOW + HOUR))
    )
    events = (OwnerSought(at=NOW), TicketOffered(at=NOW, to=to, n=1, until=NOW + HOUR, reason=Reason("assign.next_turn")))
    return after, Change(None, after, events)


def test_what_an_agent_has_is_open_and_new_tickets_and_open_offers(store: Any) -> None:
    put(store, a_ticket(1, owner=ANN, priority=1), people=PEOPLE)
    put(store, a_ticket(2, owner=ANN), a_ticket(3, owner=ANN, status=Status.RESOLVED), a_ticket(4, owner=ANN, status=Status.ON_HOLD))
    after, change = offered(5, ANN)
    store.record([ToRecord(None, Decision(changes=(change,), turn_of=(ANN, 0)))], NOW)
    found = store.assignments.availabilities([ANN, BOB], WEIGHTS, NOW)
    assert found == {ANN: Availability(ANN, load=4 + 2 + 2, tickets=2, turns=1, given_at=NOW), BOB: Availability(BOB)}
    kept = store.tickets.files([5])[5].ticket
    assert (kept.search, kept.offers) == (after.search, 1)
    declined = replace(kept, search=replace(kept.search, stage=SearchStage.WAITING, offer=None))
    event = OfferDeclined(at=NOW, to=ANN, n=1)
    store.record([ToRecord(None, Decision(changes=(Change(kept, declined, (event,)),)))], NOW)
    assert store.assignments.availabilities([ANN], WEIGHTS, NOW)[ANN].load == 6


def test_a_turn_that_somebody_else_took_meanwhile_is_a_conflict_and_nothing_is_written(store: Any) -> None:
    put(store, a_ticket(1), people=PEOPLE)
    for number, before, works in ((2, 0, True), (3, 0, False), (4, 1, True), (5, 1, False)):
        _, change = offered(number, ANN)
        outcome = [ToRecord(None, Decision(changes=(change,), turn_of=(ANN, before)))]
        if works:
            store.record(outcome, NOW)
        else:
            with pytest.raises(Conflict):
                store.record(outcome, NOW)
        assert bool(store.tickets.files([number])) is works


def test_what_waits_is_found_by_priority_and_number_and_behind_the_last_one(store: Any) -> None:
    put(store, waiting(1, 4), people=PEOPLE)
    put(store, waiting(2, 1), waiting(3, 4), a_ticket(4), waiting(5, 2))
    assert store.assignments.waiting("it", (0, 0), 3) == [(1, 2), (2, 5), (4, 1)]
    assert store.assignments.waiting("it", (4, 1), 3) == [(4, 3)]
    assert store.assignments.waiting("other", (0, 0), 3) == []


def test_an_absence_is_known_until_its_agent_is_back(store: Any) -> None:
    put(store, a_ticket(1, owner=BOB, waiting_since=NOW), people=PEOPLE)
    put(store, a_ticket(2, owner=BOB))  # nobody waits, and nothing is due
    _, change = offered(3, BOB)
    store.record([ToRecord(None, Decision(changes=(change,)))], NOW)
    store.assignments.begin(Absence(BOB, NOW, NOW + 2 * HOUR, suspected=True), NOW)
    assert store.assignments.who_is_away([ANN, BOB], NOW) == {BOB}
    assert store.assignments.held_by_the_absent(NOW, 9) == store.assignments.offered_to_the_absent(NOW, 9) == []  # only suspected
    store.assignments.begin(Absence(BOB, NOW, None, delegate=ANN), NOW)
    assert [(one.person, one.delegate, one.suspected) for one in store.assignments.away(NOW)] == [(BOB, ANN, False)]
    assert store.assignments.held_by_the_absent(NOW, 9) == [1]
    assert store.assignments.offered_to_the_absent(NOW, 9) == [3]
    assert store.assignments.held_by_the_absent(NOW - HOUR, 9) == []
    store.assignments.end(BOB, NOW)
    assert store.assignments.away(NOW) == [] and store.assignments.who_is_away([BOB], NOW) == set()
    assert store.assignments.held_by_the_absent(NOW, 9) == []


@pytest.mark.parametrize(
    "acted",
    [
        TicketTaken(at=NOW + HOUR, actor=BOB),
        AgentReplied(at=NOW + HOUR, actor=BOB, letter="AAAA1111"),
        TicketAssigned(at=NOW + HOUR, actor=BOB, to=BOB),
    ],
    ids=["took", "answered", "gave it to themselves"],
)
def test_what_somebody_who_is_away_takes_or_answers_stays_with_them_until_its_requester_writes_again(store: Any, acted: Event) -> None:
    ticket = a_ticket(1, owner=BOB, waiting_since=NOW)
    put(store, ticket, people=PEOPLE)
    store.assignments.begin(Absence(BOB, NOW, None), NOW)
    assert store.assignments.held_by_the_absent(NOW + HOUR, 9) == [1]
    kept = store.tickets.files([1])[1].ticket
    store.record([ToRecord(None, Decision(changes=(Change(kept, kept, (acted,)),)))], NOW + HOUR)
    assert store.assignments.held_by_the_absent(NOW + HOUR, 9) == []
    kept = store.tickets.files([1])[1].ticket
    again = replace(kept, waiting_since=NOW + 2 * HOUR)
    store.record([ToRecord(None, Decision(changes=(Change(kept, again, ()),)))], NOW + 2 * HOUR)
    assert store.assignments.held_by_the_absent(NOW + 2 * HOUR, 9) == [1]
