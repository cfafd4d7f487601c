"""Thousands of power cuts: after each system call, what the disk may have kept, laid out in one chance order after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.record.test_power_cut import looked_at

pytestmark = [pytest.mark.exam, pytest.mark.database("sqlite", because="a server answers for its own disk")]


@pytest.mark.timeout(900)
def test_no_power_cut_loses_a_mail_that_was_said_yes_to(tmp_path: Path) -> None:
    """(faults 1, 2, 3)"""
    found = looked_at(tmp_path, seeds=12)
    failed = sum(map(bool, found))
    measured.write("power-cuts", n=len(found), failed=failed, seed=12)
    assert failed == 0 and len(found) > 2000


@pytest.mark.timeout(900)
def test_the_run_fails_where_commits_are_not_flushed(tmp_path: Path) -> None:
    found = looked_at(tmp_path, "unflushed commits")
    failed = sum(map(bool, found))
    measured.write("power-cuts-negative-control", n=len(found), failed=failed, seed=1)
    assert failed > 0
