"""Two nodes on one PostgreSQL, the long run: ten kills of the database, a node paused past its leases, 5,000 mails and their letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.databases import database_kind as database_kind
from tests.nodes.two_nodes import run

pytestmark = [pytest.mark.exam, pytest.mark.database("postgresql", because="several nodes need a server")]


def test_five_thousand_mails_on_two_nodes_survive_ten_kills_of_the_database_and_three_sleeps(tmp_path: Path) -> None:
    result = run(tmp_path, mails=5000, clients=8, restarts=10, pauses=3, seed=7)
    measured.write(
        "two-nodes", n=result.acked, failed=result.failed, seed=7, letters=result.letters, restarts=result.restarts, pauses=result.pauses,
        flagged_copies=result.flagged,
    )  # fmt: skip
    assert result.acked == 5000
    assert result.failed == 0, result
    assert all(result.shares)


@pytest.mark.parametrize(("broken", "pauses"), [("key", 0), ("fencing", 3)])
def test_the_run_fails_without_the_key_against_duplicates_and_without_fencing(tmp_path: Path, broken: str, pauses: int) -> None:
    result = run(tmp_path, mails=400, clients=8, restarts=0, pauses=pauses, seed=7, words=("--broken", broken))
    measured.write(f"two-nodes-without-{broken}", n=result.acked, failed=result.failed, seed=7, pauses=pauses)
    assert result.twice > 0, result
