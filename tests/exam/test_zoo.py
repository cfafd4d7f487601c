"""Programs that answer mail, every header that would tell them taken away: thirty days at either end of a ticket, and at both."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from mailgate.record.store import Store
from tests.databases import database_kind as database_kind
from tests.record.builders import a_store
from tests.zoo.days import thirty_days
from tests.zoo.machines import ZOO

pytestmark = [pytest.mark.exam, pytest.mark.either_database]

ENDS = ("requester", "agent", "both")


def a_run(store: Store, name: str, end: str, *, breaker: bool = True, days: int = 30) -> list[str]:
    requester = ZOO[name]() if end != "agent" else None
    agent = ZOO[name]() if end != "requester" else None
    return thirty_days(store, requester, agent, days=days, breaker=breaker).faults


def test_each_falls_silent_after_two_automatic_letters_a_ticket(tmp_path: Path, database_kind: str) -> None:
    """Faults 65, 69, 70 and 71."""
    found = {}
    for name in ZOO:
        for end in ENDS:
            (tmp_path / f"{name}-{end}").mkdir()
            with a_store(tmp_path / f"{name}-{end}") as store:
                found[name, end] = a_run(store, name, end)
    failed = {key: faults for key, faults in found.items() if faults}
    measured.write("machines-that-answer", n=len(found), failed=len(failed), seed=7, days=30)
    assert failed == {}


def test_the_run_fails_with_the_breaker_off(tmp_path: Path, database_kind: str) -> None:
    found = {}
    for name in ("otrs", "assistant", "rfc5230"):
        (tmp_path / name).mkdir()
        with a_store(tmp_path / name) as store:
            found[name] = a_run(store, name, "both", breaker=False, days=1)
    failed = {key: faults for key, faults in found.items() if faults}
    measured.write("machines-that-answer-negative-control", n=len(found), failed=len(failed), seed=7, days=1)
    assert set(failed) == set(found)
