"""No table promises what no code does: whatever a table of the code names, somebody outside that table reads or makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache

import pytest

from mailgate.compose.words import ALARMS
from mailgate.decide.transitions import Effect
from mailgate.model import events
from mailgate.model.letters import LETTERS
from mailgate.model.person import Capability
from mailgate.model.sentences import REFUSALS
from tests.house.tree import ROOT, modules, name, tree

#: Ways into the two statuses that the database knows and that no command reaches yet (#merge, #spam), and the round that counts anew.
NOT_MADE_YET = {"ticket_merged", "ticket_rejected"}


@cache
def said(path: str) -> frozenset[str]:
    """All names and texts of a module, but for its docstrings and its imports."""
    return frozenset(_said(tree(ROOT / path)))


def _said(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def nowhere(words: Iterable[str], *tables: str) -> set[str]:
    """Those of the words that no module of the program says, but for the tables."""
    found = set().union(*(said(name(path)) for path in modules("mailgate") if name(path) not in tables))
    return set(words) - found


def test_every_effect_is_carried_out_or_asked_for() -> None:
    assert nowhere((effect.name for effect in Effect), "mailgate/decide/transitions.py") == set()


def test_every_capability_is_asked_for() -> None:
    assert nowhere((each.name for each in Capability), "mailgate/model/person.py", "mailgate/decide/authority.py") == set()


def test_every_event_happens() -> None:
    tables = ("mailgate/model/events.py", "mailgate/decide/transitions.py", "mailgate/decide/lifecycle.py")
    lost = nowhere((kind.__name__ for kind in events.EVENTS.values()), *tables)
    assert {word for word, kind in events.EVENTS.items() if kind.__name__ in lost} == NOT_MADE_YET


def test_every_letter_is_wanted_by_somebody() -> None:
    assert nowhere({kind.__name__ for kind in LETTERS.values()}, "mailgate/model/letters.py", "mailgate/compose/samples.py") == set()


def test_every_fact_of_a_letter_is_said_in_it() -> None:
    unsaid = {
        f"{kind.__name__}.{fact.name}"
        for kind in LETTERS.values()
        for fact in fields(kind)
        if not any(re.search(rf"\b{fact.name}\b", _template(f"{kind.event}/{audience}.txt")) for audience in kind.audiences)
    }
    assert unsaid == set()


def _template(path: str) -> str:
    """Its text with that of the pieces in it."""
    text = (ROOT / "templates" / path).read_text(encoding="utf-8")
    return text + "".join(map(_template, re.findall(r'include "([^"]+)"', text)))


def test_every_alarm_goes_off_and_every_code_is_a_fault_of_somebody() -> None:
    assert nowhere(tuple(ALARMS), "mailgate/compose/words.py") == set()
    assert nowhere(tuple(REFUSALS), "mailgate/model/sentences.py") == set()


@pytest.mark.parametrize("folder", ["understand", "decide", "compose", "model"])
def test_no_function_of_a_pure_stage_is_called_by_tests_alone(folder: str) -> None:
    called = set().union(*(said(name(path)) for path in modules("mailgate")))
    defined = {node.name for path in modules(f"mailgate/{folder}") for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}
    templates = "\n".join(path.read_text() for path in sorted((ROOT / "templates").rglob("*.txt")))
    assert {word for word in defined - called if not re.fullmatch(r"__\w+__", word) and word not in templates} == set()
