"""Killed four times under load: nothing that was answered 250 is lost, and nothing counts twice. The long form is an exam."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.storm import storm

#: (mails, kills) by kind of database: whose program dies, a server does not notice, so there fewer deaths say as much.
STORMS = {"sqlite": (120, 4), "postgresql": (60, 2)}


@pytest.mark.timeout(300)
def test_mails_survive_being_killed_again_and_again_and_no_acknowledgement_is_written_twice(tmp_path: Path, database_kind: str) -> None:
    """(faults 1 and 10)"""
    mails, kills = STORMS[database_kind]
    result = storm(tmp_path, mails=mails, clients=8, kills=kills)
    assert result.acked == mails
    assert result.kills == kills
    assert (result.lost, result.twice, result.acknowledged_twice) == (0, 0, 0), result
