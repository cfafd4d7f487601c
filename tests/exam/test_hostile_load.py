"""Hostile load, all of it at once, as `make exam` throws it (faults 84, 118)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.exam.hostile_load import Load, run

pytestmark = [
    pytest.mark.exam,
    pytest.mark.timeout(1800),
    pytest.mark.database("sqlite", because="the tree that is weighed is serve's own"),
]


def test_everything_at_once_keeps_nobody_waiting_and_fits_into_memory(tmp_path: Path) -> None:
    load = Load()
    result = run(tmp_path, load)
    measured.write(
        "hostile-load",
        n=result.stored,
        failed=len(result.faults),
        peers=load.peers,
        waiting_mib=load.large * load.size // 2**20,
        files=20_000,
        flood=load.tickets,
        longest_wait_s=f"{max(result.waited):.1f}",
        most_pss_mib=round(result.most),
        sigterm_s=f"{result.drained:.1f}",
    )
    assert result.faults == []


def test_the_run_notices_that_claims_are_counted_in_mails_and_not_in_octets(tmp_path: Path) -> None:
    """The same with the budget lifted: as many mails as there are rows in a claim are in memory at once."""
    result = run(tmp_path, Load(peers=20, tickets=50, requesters=6, octets='"4096MiB"'))
    measured.write("hostile-load-negative-control", n=result.stored, failed=len(result.faults), most_pss_mib=round(result.most))
    assert any("the tree took" in fault for fault in result.faults)
