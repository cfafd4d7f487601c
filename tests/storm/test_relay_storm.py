"""A relay that fails for a third of the letters, and a courier that is killed: no letter is lost, and what may be twice says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.relay_storm import storm


@pytest.mark.timeout(300)
def test_200_letters_survive_a_failing_relay_and_four_kills(tmp_path: Path) -> None:
    """(faults 28 and 29)"""
    result = storm(tmp_path, letters=200, kills=4)
    assert result.kills == 4 and result.letters >= 200 and result.faults > 30
    assert result.failed == 0, result


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("broken", "sign"), [("too_early", "lost"), ("undoubted", "unflagged")])
def test_the_storm_notices_a_courier_that_lies(tmp_path: Path, broken: str, sign: str) -> None:
    result = storm(tmp_path, letters=60, kills=3, broken=broken)
    assert (result.lost if sign == "lost" else result.copies - result.flagged) > 0, result
