"""Killed four times under load: nothing that was answered 250 is lost, and nothing counts twice. The long form is an exam."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.storm import storm


@pytest.mark.timeout(300)
def test_120_mails_survive_four_kills_and_no_acknowledgement_is_written_twice(tmp_path: Path) -> None:
    """(faults 1 and 10)"""
    result = storm(tmp_path, mails=120, clients=8, kills=4)
    assert result.acked == 120
    assert result.kills == 4
    assert (result.lost, result.twice, result.acknowledged_twice) == (0, 0, 0), result
