"""The short form of `make exam`'s hostile load: everything at once, less of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exam.hostile_load import SHORT, run


@pytest.mark.either_database
def test_an_ordinary_requester_is_served_while_everything_comes_at_once(tmp_path: Path) -> None:
    """Slow peers, large mails, a mail of twenty thousand files and one sender's flood; then SIGTERM (faults 84, 118)."""
    assert run(tmp_path, SHORT).faults == []
