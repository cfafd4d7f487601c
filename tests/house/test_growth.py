"""The measure by which tests judge growth is itself able to say no."""

from __future__ import annotations

import pytest

from tests.growth import assert_linear


def test_work_in_proportion_to_its_input_is_let_through():
    assert_linear(lambda n: sum(range(n)), 1_000_000)


def test_work_that_grows_with_the_square_is_found():
    with pytest.raises(AssertionError, match="times the time"):
        assert_linear(lambda n: [sum(range(n)) for _ in range(n)], 600, times=8)
