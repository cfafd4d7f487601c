"""Twenty thousand random lives: whatever happens in whatever order, clocks say what was promised."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest

from bench import measured
from mailgate.decide import turns
from mailgate.model.ticket import Pause, Ticket
from tests.decide.lives import faults_of

pytestmark = pytest.mark.exam

LIVES, CONTROL = 20_000, 300


def failed(seeds: Iterable[int]) -> dict[int, list[str]]:
    return {seed: faults for seed in seeds if (faults := faults_of(seed))}


@pytest.mark.timeout(6000)
def test_of_twenty_thousand_lives_none_is_told_a_wrong_time() -> None:
    parts = [range(begin, begin + 500) for begin in range(0, LIVES, 500)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        found = {seed: faults for part in workers.map(failed, parts) for seed, faults in part.items()}
    measured.write("random-lives", n=LIVES, failed=len(found), seed=0, tickets=3, steps=18)
    assert found == {}


def test_lives_are_seen_to_go_wrong_where_waits_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was once: what was waited for while nothing was promised is forgotten."""

    def forgets(ticket: Ticket, cause: str, at: object, letter: str | None = None) -> Ticket:
        lived = wait(ticket, cause, at, letter)  # type: ignore[arg-type]
        return lived if ticket.cycles else replace(lived, waits=tuple(Pause(w.began_at, w.began_at, w.cause) for w in lived.waits))

    wait = turns.wait
    monkeypatch.setattr("mailgate.decide.turns.wait", forgets)
    found = failed(range(CONTROL))
    measured.write("random-lives-negative-control", n=CONTROL, failed=len(found), seed=0)
    assert len(found) > CONTROL // 10
