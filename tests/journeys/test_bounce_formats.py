"""A bounce in any format finds its letter, or waits for the operator; none is answered. The long run is `make exam`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bounces import FORMATS
from tests.journeys.bounced import answered, bounced, lost

pytestmark = pytest.mark.either_database


@pytest.mark.parametrize("reverse_path", ["verp", "desk"])
def test_a_bounce_in_each_format_finds_its_letter_or_waits_for_the_operator(tmp_path: Path, reverse_path: str) -> None:
    """(fault 151)"""
    outcomes, letters = bounced(tmp_path, reverse_path, len(FORMATS), 20261201)
    assert lost(outcomes, reverse_path) == []
    assert answered(letters) == []
