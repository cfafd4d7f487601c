"""Whatever happens in whatever order, clocks say what was promised. `make exam` lives twenty thousand."""

from __future__ import annotations

from tests.decide.lives import faults_of


def test_three_hundred_random_lives() -> None:
    assert {seed: faults for seed in range(300) if (faults := faults_of(seed))} == {}
