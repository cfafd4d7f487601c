"""Where things stand and what they are called: rooms that can be overlooked, entered by their doors, and no name for two things."""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter, defaultdict
from pathlib import Path

from tests.house.tree import ROOT, modules, name, tree

#: Modules in a folder of `understand`, its door among them.
MOST = 14


def test_a_room_of_understand_can_be_overlooked() -> None:
    rooms = Counter(path.parent for path in modules("mailgate/understand"))
    assert {name(room): count for room, count in rooms.items() if count > MOST} == {}


def test_whoever_is_outside_comes_into_understand_by_a_door() -> None:
    """`mailgate.understand` or one of its rooms: which module within does the work is the room's own matter."""
    outside = [path for path in modules("mailgate", "bench") if not name(path).startswith("mailgate/understand/")]
    doors = {name(path.parent).replace("/", ".") for path in modules("mailgate/understand") if path.name == "__init__.py"}
    found = [
        (name(path), node.module)
        for path in outside
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mailgate.understand") and node.module not in doors
    ]
    assert found == []


def test_no_two_classes_have_one_name() -> None:
    """Without the line before it: `_Line` and `Line` are one word to whoever reads them."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules("mailgate"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].append(f"{name(path)}:{node.lineno}")
    assert {word: places for word, places in found.items() if len(places) > 1} == {}


#: One person is *they* here; who is meant by name (Bob, in the demo) may be *he*.
ONE_PERSON = re.compile(r"(?<![\w#`])(?:he|him|his|himself|she|her|hers|herself)\b(?!`)", re.IGNORECASE)


def test_comments_and_docstrings_say_they() -> None:
    found = [
        f"{name(path)}: {said.strip()[:120]}"
        for path in modules("mailgate")
        for words in (*comments(path), *docstrings(path))
        for said in words.splitlines()
        if ONE_PERSON.search(said) and "#note he" not in said
    ]
    assert found == []


def comments(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]


def docstrings(path: Path) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node) or "" for node in ast.walk(tree(path)) if isinstance(node, kinds)]


def test_a_stranger_reads_the_life_of_a_mail_in_three_minutes() -> None:
    page = (ROOT / "docs" / "flow.md").read_text()
    assert len(page.splitlines()) <= 120
    rooms = {path.parent.name for path in modules("mailgate") if path.name == "__init__.py" and path.parent.parent.name == "mailgate"}
    assert {room for room in rooms if f"{room}/" not in page and room not in page.split("## Five entrances")[0]} == set()


#: In backticks, as pages and comments name a place: `decide/rules`, `mailgate/record/store.py`, `tests/decide/`.
NAMED = re.compile(r"`((?:mailgate|tests|bench|config|templates|docs)/[\w./-]*|(?:%s)/[\w./-]+)`")


def test_a_place_that_a_page_or_a_comment_names_is_there() -> None:
    rooms = "|".join(sorted({path.parent.name for path in modules("mailgate") if name(path).count("/") == 2}))  # those on the road itself
    named = re.compile(NAMED.pattern % rooms)
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *modules("mailgate")]
    found = {(name(page), place) for page in pages for place in named.findall(page.read_text())}
    there = {
        (page, place)
        for page, place in found
        if any((ROOT / top / f"{place}{end}").exists() for top in ("", "mailgate") for end in ("", ".py"))
    }
    assert found - there == set()
    assert len(found) > 60
