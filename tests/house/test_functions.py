"""No function takes more than a reader can keep in mind."""

from __future__ import annotations

import ast

from tests.house.tree import modules, name

MOST_PARAMETERS, MOST_LINES = 8, 60


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many there are to be given, besides the object itself."""
    a = function.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    return len(named) + (a.vararg is not None) + (a.kwarg is not None) - (bool(named) and named[0].arg in ("self", "cls"))


def test_a_function_has_at_most_eight_parameters_and_sixty_lines():
    """A schema change is history: it stays as it was run."""
    over = set()
    for path in modules("mailgate"):
        if "/migrations/" in name(path):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if parameters(node) > MOST_PARAMETERS or lines > MOST_LINES:
                over.add(f"{name(path)}: {node.name}")
    assert over == set()
