"""Programs that follow every link of a letter rate nothing, and people who come before and after them do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browsing import post, web_port, with_web
from tests.journeys.scanners import KINDS, solved_for, standing
from tests.journeys.world import ANN, World


@pytest.fixture
def world(tmp_path: Path, database_kind: str) -> Iterator[World]:
    with World(tmp_path, changes=with_web) as one:
        yield one


def test_no_rating_of_a_scanner_stands_and_each_of_a_person_does(world: World) -> None:
    """(fault 120)"""
    found, port = solved_for(world, 3), web_port(world)
    assert [len(each) for each in found.values()] == [5, 5, 5]
    for name, scanner in KINDS.items():
        for each in found.values():
            scanner(port, each)
        world.pass_time(minutes=2)
        assert standing(world) == {}, name
    assert not [one for one in world.letters_for(ANN) if "rat" in one.header("Subject").lower()], "nobody is told of what a program pressed"
    for each in found.values():
        post(port, each[1], score="4")
    world.pass_time(minutes=2)
    assert sorted(standing(world).values()) == [4, 4, 4]
    # What a person gave stays when their mail program looks at the letter again.
    for name in ("prefetches", "opens_all", "gets_with_a_body"):
        KINDS[name](port, next(iter(found.values())))
    world.pass_time(minutes=2)
    assert sorted(standing(world).values()) == [4, 4, 4]
