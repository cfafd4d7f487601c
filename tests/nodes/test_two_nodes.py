"""Two nodes, a database that is killed, a node that sleeps: the short run. The long one is in `tests/exam/test_two_nodes.py`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.nodes.two_nodes import run

pytestmark = [pytest.mark.database("postgresql", because="several nodes need a server"), pytest.mark.timeout(400)]


def test_two_nodes_lose_nothing_and_do_nothing_twice_while_the_database_is_killed_and_one_of_them_sleeps(tmp_path: Path) -> None:
    """(faults 37 and 42)"""
    result = run(tmp_path, mails=80, restarts=1, pauses=1, lease=timedelta(seconds=9))
    assert result.acked == 80
    assert result.failed == 0, result
    assert all(result.shares), "both took mail in"
