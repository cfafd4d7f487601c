"""Resource bombs through the whole gateway, as `make exam` throws them (faults 112, 118)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bench import measured
from mailgate.guard import MIB
from tests.exam.bombs import ALL, run

pytestmark = pytest.mark.exam


def test_no_bomb_costs_more_than_a_mail_may_and_the_mail_behind_it_is_read(tmp_path: Path) -> None:
    assert len(ALL) >= 60
    costs = run(tmp_path, ALL)
    faults = [fault for cost in costs for fault in cost.faults]
    worst = max(costs, key=lambda cost: cost.cpu)
    measured.write(
        "bombs",
        n=len(costs),
        failed=len(faults),
        most_cpu_s=f"{worst.cpu:.2f}",
        most_memory_mib=max(cost.memory for cost in costs) // MIB,
        longest_behind_s=f"{max(cost.behind for cost in costs):.1f}",
    )
    assert faults == []


def test_the_run_finds_mails_that_cost_more_than_they_may(tmp_path: Path) -> None:
    costs = run(tmp_path, ALL, cpu=timedelta(milliseconds=60))
    faults = [fault for cost in costs for fault in cost.faults]
    measured.write("bombs-negative-control", n=len(costs), failed=len(faults))
    assert len(faults) > 5
