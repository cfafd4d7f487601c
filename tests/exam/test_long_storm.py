"""The long runs: as `make exam` starts them, with a line each in docs/measured.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.storm.storm import SERVE_TOO_EARLY, storm

pytestmark = pytest.mark.exam


def test_a_thousand_mails_survive_thirty_kills(tmp_path: Path) -> None:
    result = storm(tmp_path, mails=1000, clients=8, kills=30, seed=7)
    measured.write("kill-storm", n=result.acked, failed=result.failed, seed=7, kills=result.kills)
    assert result.acked == 1000
    assert result.failed == 0, result


def test_the_storm_fails_when_the_commit_is_moved_behind_the_250(tmp_path: Path) -> None:
    result = storm(tmp_path, mails=300, clients=8, kills=10, seed=7, serve=SERVE_TOO_EARLY)
    measured.write("kill-storm-negative-control", n=result.acked, failed=result.failed, seed=7, kills=result.kills)
    assert result.lost > 0, result
