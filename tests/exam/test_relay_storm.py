"""The relay storm as `make exam` runs it: 2,000 letters, a relay that fails for 30 % of them, 20 kills; and two couriers that lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.storm.relay_storm import Result, storm

pytestmark = pytest.mark.exam


def written(what: str, result: Result) -> None:
    measured.write(
        what,
        n=result.letters,
        failed=result.failed,
        seed=7,
        kills=result.kills,
        faults=result.faults,
        copies=result.copies,
        flagged=result.flagged,
        lost=result.lost,
        altered=result.altered,
        **result.ends,
    )


def test_two_thousand_letters_survive_a_failing_relay_and_twenty_kills(tmp_path: Path) -> None:
    result = storm(tmp_path, letters=2000, kills=20, share=0.3, seed=7)
    written("relay-storm", result)
    assert result.kills == 20 and result.letters >= 2000
    assert result.failed == 0, result


@pytest.mark.parametrize("broken", ["too_early", "undoubted"])
def test_the_storm_fails_for_a_courier_that_lies(tmp_path: Path, broken: str) -> None:
    result = storm(tmp_path, letters=400, kills=10, share=0.3, seed=7, broken=broken)
    written(f"relay-storm-negative-control-{broken.replace('_', '-')}", result)
    assert result.failed > 0, result
