"""Every regular expression of ours under pumped input: none takes more than its length in time (fault 116). `make exam` does more."""

from __future__ import annotations

import re

import pytest

from tests.expressions import NOT_LITERAL, PUMPS, Expression, attack, beginnings, expressions, own_pumps, unread

ALL = expressions()


def faults(expression: Expression, *sizes: int) -> list[object]:
    """A short attack: what the expression itself repeats, behind what it begins with, and the usual signs alone."""
    own = own_pumps(expression.pattern)
    return [
        *attack(expression, own, ("", *beginnings(expression.pattern)), ("\x00",), sizes),
        *attack(expression, PUMPS, ("",), ("\x00",), sizes),
    ]


@pytest.mark.parametrize("room", sorted({one.name.partition(".")[0] for one in ALL}))
def test_the_expressions_of_a_room_take_linear_time(room: str) -> None:
    assert [fault for one in ALL if one.name.partition(".")[0] == room for fault in faults(one, 4_000)] == []


def test_there_are_expressions_to_attack_in_every_room_that_has_them() -> None:
    assert len(ALL) > 180
    assert {"understand", "receive", "decide", "compose", "send", "settings"} <= {one.name.partition(".")[0] for one in ALL}
    assert any(":" in one.name for one in ALL)  # handed to re.sub and the like within a function


def test_what_cannot_be_read_from_the_source_is_known_by_name() -> None:
    assert unread() == NOT_LITERAL


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (r"(a+)+$", "match"),
        (r"\s+$", "search"),
        (r"(?:a|aa)+b", "fullmatch"),
        (r"<[^>]*x", "search"),
        (r"x\s*y?\s*z", "match"),
        (r'"(?:\\.|[^"])*"', "search"),
    ],
)
def test_an_expression_that_takes_its_square_or_more_is_found(text: str, way: str) -> None:
    assert faults(Expression("known", re.compile(text), frozenset({way})), 4_000, 16_000)
