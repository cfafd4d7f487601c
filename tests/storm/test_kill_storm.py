"""Killed ten times under load: nothing that was answered 250 is lost, and nothing counts twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.storm import SERVE_TOO_EARLY, storm


@pytest.mark.timeout(300)
def test_300_mails_survive_ten_kills_and_no_acknowledgement_is_written_twice(tmp_path: Path) -> None:
    """(faults 1 and 10)"""
    result = storm(tmp_path, mails=300, clients=8, kills=10)
    assert result.acked == 300
    assert result.kills == 10
    assert (result.lost, result.twice, result.acknowledged_twice) == (0, 0, 0), result


@pytest.mark.database("sqlite", because="the harness is checked once, on what is quicker")
@pytest.mark.timeout(300)
def test_the_storm_notices_a_commit_behind_the_250(tmp_path: Path) -> None:
    result = storm(tmp_path, mails=120, clients=8, kills=4, serve=SERVE_TOO_EARLY)
    assert result.lost > 0, result
