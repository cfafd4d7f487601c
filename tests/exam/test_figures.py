"""A thousand lives: every number of a report is the one that other code counts from the histories."""

from __future__ import annotations

import pytest

from bench import measured
from tests.figures.lives import recorded
from tests.figures.test_figures import PERIODS, differences
from tests.record.builders import a_store

pytestmark = [pytest.mark.exam, pytest.mark.either_database]
LIVES = 1000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_over_a_thousand_lives(tmp_path, seed):
    with a_store(tmp_path) as store:
        recorded(store, LIVES, seed)
        found = differences(store, LIVES)
    measured.write("report-figures", n=LIVES, failed=len(found), seed=seed, periods=2 * len(PERIODS))
    assert found == []
