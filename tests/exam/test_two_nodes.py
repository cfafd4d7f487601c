"""Two nodes on one PostgreSQL, the long run: ten kills of the database, a node paused past its leases, 5,000 mails and their letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.databases import database_kind as database_kind
from tests.nodes.two_nodes import run

pytestmark = [pytest.mark.exam, pytest.mark.database("postgresql")]


def test_five_thousand_mails_on_two_nodes_survive_ten_kills_of_the_database_and_three_sleeps(tmp_path: Path) -> None:
    result = run(tmp_path, mails=5000, clients=8, restarts=10, pauses=3, seed=7)
    measured.write(
        "two-nodes", n=result.acked, failed=result.failed, seed=7, letters=result.letters, restarts=result.restarts, pauses=result.pauses,
        flagged_copies=result.flagged,
    )  # fmt: skip
    assert result.acked == 5000
    assert result.failed == 0, result
    assert all(result.shares)


def test_the_run_fails_when_rows_are_claimed_without_a_lock(tmp_path: Path) -> None:
    result = run(tmp_path, mails=300, clients=8, restarts=1, pauses=0, seed=7, words=("--broken", "claims"))
    measured.write("two-nodes-negative-control", n=result.acked, failed=result.failed, seed=7, restarts=result.restarts)
    assert result.failed > 0, result
