"""Every regular expression of the package against some hundreds of pumps, up to 64 KB, as `make exam` attacks them."""

from __future__ import annotations

import re

import pytest

from bench import measured
from tests.expressions import ENDS, PAIRS, PUMPS, Expression, Fault, attack, beginnings, expressions, own_pumps

pytestmark = pytest.mark.exam

SIZES = (1_000, 4_000, 16_000, 65_536)
#: Take their square or worse, each in its own way: an exponential one, blanks that do not end the text, tags that do not end, two
#: repetitions of the same sign, a quote that does not close.
KNOWN = (
    (r"(a+)+$", "match"),
    (r"(a|a)*$", "search"),
    (r"\s+$", "search"),
    (r"<[^>]*x", "search"),
    (r"x\s*y?\s*z", "match"),
    (r'"(?:\\.|[^"])*"', "search"),
    (r"[\w.]+@", "search"),
)


def attacked(one: Expression) -> tuple[int, list[Fault]]:
    """How many texts it was attacked with, and where it failed."""
    own, begins = own_pumps(one.pattern), ("", *beginnings(one.pattern))
    faults = [*attack(one, (*own, *PUMPS), begins, ENDS, SIZES), *attack(one, PAIRS, begins[:2], ENDS[:1], SIZES)]
    texts = (len(own) + len(PUMPS)) * len(begins) * len(ENDS) + len(PAIRS) * len(begins[:2])
    return texts * len(one.asked), faults


@pytest.mark.timeout(0)
def test_no_expression_takes_more_than_its_length_in_time() -> None:
    found = expressions()
    assert len(PUMPS) + len(PAIRS) >= 200
    texts, faults = 0, []
    for one in found:
        count, wrong = attacked(one)
        texts, faults = texts + count, faults + wrong
    measured.write("expressions", n=len(found), failed=len({fault.name for fault in faults}), texts=texts, longest=SIZES[-1])
    assert faults == []


def test_expressions_that_take_more_are_found() -> None:
    wrong = [text for text, way in KNOWN if attacked(Expression("known", re.compile(text), frozenset({way})))[1]]
    measured.write("expressions-negative-control", n=len(KNOWN), failed=len(wrong))
    assert len(wrong) == len(KNOWN)
