"""Ten thousand visits of scanners of five kinds, and a thousand people: what stands in the end is what people said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench import measured
from tests.databases import database_kind as database_kind
from tests.journeys.browsing import post, web_port, with_web
from tests.journeys.scanners import KINDS, VISITS, solved_for, standing
from tests.journeys.world import World

pytestmark = [pytest.mark.exam, pytest.mark.timeout(0), pytest.mark.either_database]

LETTERS, ROUNDS, PEOPLE = 50, 4, 1000


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path, changes=with_web) as one:
        yield one


def test_no_rating_stands_after_ten_thousand_visits_of_scanners(world: World) -> None:
    found, port = solved_for(world, LETTERS), web_port(world)
    assert [len(each) for each in found.values()] == [5] * LETTERS
    visits, stood = 0, Counter[str]()
    for _ in range(ROUNDS):
        for name, scanner in KINDS.items():
            with ThreadPoolExecutor(8) as at_once:
                list(at_once.map(lambda each, scanner=scanner: scanner(port, each), found.values()))
            visits += VISITS * LETTERS
            world.pass_time(minutes=2)
            stood[name] += len(standing(world))
    # The control: a program that presses one button only is a person, as far as anybody can tell.
    post(port, next(iter(found.values()))[0], score="5")
    world.pass_time(minutes=2)
    assert visits == 10_000 and len(standing(world)) == 1
    measured.write("scanners", n=visits, failed=stood.total(), kinds=len(KINDS))
    assert stood.total() == 0, stood


def test_a_thousand_people_give_a_thousand_ratings(world: World) -> None:
    found, port = solved_for(world, PEOPLE), web_port(world)
    said = {address: 1 + n % 5 for n, address in enumerate(found)}
    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(lambda address: post(port, found[address][0], score=str(said[address])), said))
    world.pass_time(minutes=2)
    counted = Counter(standing(world).values())
    measured.write("ratings-of-people", n=PEOPLE, failed=PEOPLE - counted.total())
    assert counted == Counter(said.values()) and counted.total() == PEOPLE
