"""A thousand people rate on the web after programs have pressed every button of every letter (fault 119)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.model.decision import Change, Decision
from mailgate.model.letter import Audience, Letter
from mailgate.model.person import Person
from mailgate.model.rating import RatedOutcome
from mailgate.model.ticket import Status
from mailgate.record.rows import ToRecord
from tests.databases import database_kind as database_kind
from tests.journeys.world import World
from tests.record.builders import a_letter, a_ticket

pytestmark = pytest.mark.exam

PEOPLE = 1_000


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path) as one:
        yield one


def solved(world: World, n: int) -> list[Letter]:
    """So many tickets of as many people, and the letters that asked how good it was; they are of no interest to the relay any more."""
    now, store = world.clock(), world.store
    ids, numbers = store.numbers.take("person", n), store.numbers.take("ticket", n)
    letters = []
    for id_, number in zip(ids, numbers, strict=True):
        person = Person(id_, f"P{number}", f"p{number}@example.com")
        ticket = a_ticket(
            number, requester=id_, group="it", status=Status.RESOLVED, closure=1, resolved_at=now, cycles=(), next_check_at=None
        )
        letter = a_letter(
            number, event="ticket_resolved", audience=Audience.REQUESTER, person=id_, address=person.address, closure=1, made_at=now,
            not_before=now + timedelta(days=999),
        )  # fmt: skip
        store.record([ToRecord(None, Decision(changes=(Change(None, ticket),), people=(person,)), (letter,))], now)
        letters.append(letter)
    return letters


@pytest.mark.timeout(3000)
def test_a_thousand_people_are_a_thousand_ratings_whatever_programs_do(world: World) -> None:
    letters = solved(world, PEOPLE)
    rate = world.gateway.rate

    def scanned(index: int) -> list[RatedOutcome]:
        """Five kinds: all from worst to best, the other way round, only two, one score twice and another, all from all sides."""
        presses = ((1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (1, 5), (4, 4, 2), (1, 2, 3, 4, 5) * 2)[index % 5]
        return [rate(letters[index].id, score, "").outcome for score in presses]

    with ThreadPoolExecutor(8) as pool:
        visits = [one for some in pool.map(scanned, range(PEOPLE)) for one in some]
    assert len(visits) == PEOPLE * 5
    now, day = world.clock(), timedelta(days=1)
    assert world.store.ratings.counted(now - day, now + day) == []
    world.clock.turn(minutes=5)
    while world.gateway.review_clocks():
        pass
    assert all(file.ticket.follow_up is None for file in world.store.tickets.files([one.ticket for one in letters]).values())

    wanted = {one.ticket: 1 + index % 5 for index, one in enumerate(letters)}
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda one: rate(one.id, wanted[one.ticket], "words").outcome, letters))
    assert said == [RatedOutcome.COUNTED] * PEOPLE
    world.clock.turn(minutes=5)
    while world.gateway.review_clocks():
        pass
    assert {one.ticket: one.score for one in world.store.ratings.counted(now - day, now + day)} == wanted
    low = {number for number, score in wanted.items() if score <= 2}
    files = world.store.tickets.files(wanted)
    assert {number for number, file in files.items() if file.ticket.follow_up is not None} == low
    assert all(file.ticket.status is Status.RESOLVED for file in files.values())
