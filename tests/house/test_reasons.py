"""Reasons are codes: each has its sentence, each sentence its code, and nobody reads one back out of English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from mailgate.model.sentences import ENGLISH, PLAIN
from tests.house.tree import modules, name, tree

#: Where reasons are given, kept and told. What mail, servers and libraries say is read elsewhere, and has to be.
ROOMS = tuple(f"mailgate/{room}" for room in ("decide", "gateway", "explain", "record", "compose", "cli", "app", "model"))
_SENTENCE = re.compile(r"[a-z]{2,}[,:;]? [a-z]{2,}")
_LOOKS_INTO = frozenset(
    ("startswith", "endswith", "partition", "rpartition", "split", "rsplit", "removeprefix", "removesuffix", "find", "index", "replace")
)
#: What a reason is called where one is held.
_HELD_AS = frozenset(("because", "kind_because", "answer_because", "saw", "then", "set_aside", "reason", "why", "hint", "note", "doubt"))
_PLACES = re.compile(r"\[[^\[\]]*\]|\{(?:\d|[*,])\}")


# --- nobody reads English back -----------------------------------------------------------------------------------------------


def _constants(module: ast.Module) -> dict[str, ast.expr]:
    """What the names at the top of a module stand for."""
    return {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _english(node: ast.expr, known: dict[str, ast.expr]) -> bool:
    if isinstance(node, ast.Name) and node.id in known:
        node = known[node.id]
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(_english(one, known) for one in node.elts)
    if isinstance(node, ast.JoinedStr):
        return any(_english(one, known) for one in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _SENTENCE.search(node.value) is not None


def _held(node: ast.expr) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "") in _HELD_AS


def parsed_back(module: ast.Module) -> Iterator[int]:
    """The lines on which a sentence is looked for in a text, or something is looked for in a reason."""
    known = _constants(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKS_INTO:
            if (node.args and _held(node.func.value)) or any(_english(each, known) for each in node.args):
                yield node.lineno
        elif isinstance(node, ast.Compare):
            among = [each for op, each in zip(node.ops, node.comparators, strict=True) if isinstance(op, ast.In | ast.NotIn)]
            of_text = [each for each in among if not isinstance(each, ast.Tuple | ast.List | ast.Set | ast.Dict)]
            if any(_english(each, known) for each in (node.left, *node.comparators)) or any(map(_held, of_text)):
                yield node.lineno


def test_no_reason_is_read_back_out_of_english() -> None:
    found = {f"{name(path)}:{line}" for path in modules(*ROOMS) for line in parsed_back(tree(path))}
    assert found == set()


@pytest.mark.parametrize(
    "line",
    [
        'reason.startswith("x")',
        's.kind_because.partition(":")',
        'if words.endswith("the stronger one counts"): pass',
        'front = said.partition(" that belongs to no ticket")',
        'same = doubt == "that letter is about no ticket"',
        'found = "no such letter" in note',
        'found = "x" in line.saw',
        'BLOCKED = "blocked by an operator"\nfound = text.startswith(BLOCKED)',
        'plain = because.replace("token", "secret")',
        'found = text.startswith(f"{kind} that belongs to {whom}")',
    ],
)
def test_a_reason_that_is_read_back_is_found(line: str) -> None:
    assert list(parsed_back(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        'found = address.startswith("support+")',
        'same = reason == Reason("kept")',
        'found = code in ("E_ARGS", "E_VALUE")',
        'found = hint in ("new", "open")',
        'line = f"{because}: kept, nothing follows"',
    ],
)
def test_what_reads_no_reason_is_let_through(line: str) -> None:
    assert not list(parsed_back(ast.parse(line)))


# --- the table -----------------------------------------------------------------------------------------------------------------


def _given() -> Iterator[tuple[str, ast.expr, int | None]]:
    """Where a reason is made: its code, and how many values it has, None where that cannot be seen."""
    for path in modules("mailgate"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            made = ast.unparse(node.func)
            if made == "Reason":
                values = node.args[1] if len(node.args) > 1 else None
                many = len(values.elts) if isinstance(values, ast.Tuple) else 0 if values is None else None
                yield f"{name(path)}:{node.lineno}", node.args[0], many
            elif made == "Reason.of":
                yield f"{name(path)}:{node.lineno}", node.args[0], len(node.args) - 1


def _codes(node: ast.expr) -> list[str]:
    """Every code that an expression may be."""
    if isinstance(node, ast.IfExp):
        return _codes(node.body) + _codes(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _places(sentence: str, optional: bool) -> set[str]:
    found = [match[0] for match in _PLACES.finditer(sentence)]
    return {place for each in found if optional or each[0] == "{" for place in re.findall(r"\{(\d|[*,])\}", each)}


def test_each_reason_has_its_sentence_and_the_values_that_it_names() -> None:
    wrong = []
    for where, node, many in _given():
        for code in _codes(node):
            if code not in ENGLISH:
                wrong.append(f"{where}: {code} has no sentence")
            elif many is not None and not {"*", ","} & _places(ENGLISH[code], True):
                least, most = (len(_places(ENGLISH[code], optional)) for optional in (False, True))
                if not least <= many <= most:
                    wrong.append(f"{where}: {code} has {many} values, its sentence {least} to {most}")
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            family = str(node.values[0].value)
            if not any(code.startswith(family) for code in ENGLISH):
                wrong.append(f"{where}: no sentence of the family {family}")
    assert wrong == []


def test_each_sentence_is_said_by_somebody() -> None:
    said: set[str] = set()
    for path in modules("mailgate"):
        if name(path) != "mailgate/model/sentences.py":
            said |= {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    families = {word for word in said if word.endswith(".")} | {"is.", "silent."}  # those of the two tables of `classify`
    assert {code for code in ENGLISH if code not in said and not code.startswith(tuple(families))} == set()


def test_a_colleague_says_nothing_but_what_has_a_code_and_names_no_other_values() -> None:
    assert PLAIN.keys() <= ENGLISH.keys()
    # The E_ words are said to agents, and stand for themselves in a trace.
    assert [code for code, words in PLAIN.items() if not _places(words, True) <= _places(ENGLISH[code], True)] == []
