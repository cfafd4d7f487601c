"""A hundred thousand forged, swapped and repeated tokens, stamps, signed mails and reports, as `make exam` tries them."""

from __future__ import annotations

import random

import pytest

from bench import measured
from tests import forgeries
from tests.decide.test_forgeries import CONTROLS
from tests.forgeries import KINDS, run

pytestmark = [pytest.mark.exam, pytest.mark.timeout(0)]

FORGERIES, SEED = 100_000, 20261201


def test_none_of_a_hundred_thousand_forgeries_is_obeyed() -> None:
    tried, obeyed = run(FORGERIES, SEED)
    measured.write("forgeries", n=tried.total(), failed=obeyed.total(), seed=SEED, kinds=len(tried))
    assert obeyed == {}


def test_they_would_be_without_the_checks() -> None:
    """The same with one check gone after the other: each time the forgeries that it holds back are obeyed."""
    for which in range(24):
        forgeries._signed(which)
    draw, tried, obeyed, blind = random.Random(SEED), 0, 0, []
    for gone, kinds in CONTROLS:
        with pytest.MonkeyPatch.context() as patch:
            gone(patch)
            for kind in kinds:
                found = sum(KINDS[kind](draw) for _ in range(100))
                tried, obeyed = tried + 100, obeyed + found
                if not found:
                    blind.append(f"{gone.__name__}: {kind}")
    measured.write("forgeries-negative-control", n=tried, failed=obeyed, seed=SEED)
    assert blind == []
