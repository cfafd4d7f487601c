"""A relay that fails for a third of the letters, a courier that is killed: nothing is lost, what may be twice says so. Long: an exam."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.relay_storm import storm


@pytest.mark.timeout(300)
def test_100_letters_survive_a_failing_relay_and_two_kills(tmp_path: Path) -> None:
    """(faults 28 and 29)"""
    result = storm(tmp_path, letters=100, kills=2)
    assert result.kills == 2 and result.letters >= 100 and result.faults > 15
    assert result.failed == 0, result
