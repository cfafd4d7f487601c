"""What every module has to keep to, and what only some may do."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, calls, imports, modules, name, pure_modules, tree

#: A pure stage is given `now`, ids, keys and texts; these would fetch them behind its back.
NOT_PURE = re.compile(
    r"""(^|\.)(
          now | utcnow | today | localtime | formatdate | make_msgid | urandom | uuid1 | uuid4 | getrandbits
        | urlopen | read_text | write_text | read_bytes | write_bytes | getenv | getaddrinfo
        )$
      | ^(open | print | input | eval | exec | compile | __import__ | breakpoint)$""",
    re.VERBOSE,
)
#: Libraries that are needed without being imported, each with its reason.
NEEDED_UNSEEN = {"tzdata": "zoneinfo looks for it by itself"}


@pytest.mark.parametrize("path", modules("mailgate", "bench", "tests"), ids=name)
def test_the_first_line_of_a_module_says_what_it_is_for(path: Path):
    if path.name == "__init__.py" and name(path).startswith("tests/") and not path.read_text().strip():
        return
    said = ast.get_docstring(tree(path)) or ""
    assert re.match(r"\S.*[.!?:]$", said.split("\n", 1)[0]), "its docstring starts with a whole sentence"
    first = next(line for line in path.read_text().splitlines() if not line.startswith("#!"))
    assert first.startswith('"""'), "and the sentence stands in the first line"


@pytest.mark.parametrize("path", modules("mailgate"), ids=name)
def test_a_module_is_one_room(path: Path):
    assert len(path.read_text().splitlines()) <= 500
    assert not re.search(r"(^|_)(utils?|helpers?|manager|common|misc)($|_)", path.stem)


@pytest.mark.parametrize("path", modules("mailgate", "bench"), ids=name)
def test_nobody_makes_a_template_out_of_a_string(path: Path):
    """(fault 104)"""
    # A string may hold what somebody wrote in a mail; templates come from files of the operator, and nowhere else.
    assert [line for line, called in calls(path) if called.endswith("from_string")] == []


@pytest.mark.parametrize("path", pure_modules(), ids=name)
def test_a_pure_stage_asks_no_clock_no_chance_and_no_file(path: Path):
    assert [(line, called) for line, called in calls(path) if NOT_PURE.search(called)] == []
    assert [(line, what) for line, what in imports(path) if what.startswith(("urllib.request", "importlib.resources"))] == []


def test_the_purity_test_knows_the_clock_when_it_sees_it():
    for impure in ("datetime.now", "dt.datetime.utcnow", "date.today", "email.utils.make_msgid", "path.read_text", "open"):
        assert NOT_PURE.search(impure), impure
    for harmless in ("known", "policy.opens_at", "re.compile", "snow", "today_in_words"):
        assert not NOT_PURE.search(harmless), harmless


@pytest.mark.parametrize("path", modules("mailgate/model"), ids=name)
def test_the_nouns_need_nothing_but_the_standard_library(path: Path):
    outside = {what.split(".")[0] for _, what in imports(path)} - set(sys.stdlib_module_names) - {"mailgate"}
    assert outside == set()
    assert [what for _, what in imports(path) if what.startswith("mailgate.") and not what.startswith("mailgate.model")] == []


@pytest.mark.parametrize("path", modules("mailgate"), ids=name)
def test_all_sql_is_in_record(path: Path):
    if name(path).startswith("mailgate/record/"):
        return
    databases = ("sqlalchemy", "alembic", "sqlite3", "psycopg")
    assert [(line, what) for line, what in imports(path) if what.split(".")[0] in databases] == []


def test_every_library_that_is_asked_for_is_used_and_every_one_used_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    extras = (line for extra in ("fast", "postgresql") for line in project["optional-dependencies"][extra])
    optional = {canonicalize_name(Requirement(line).name) for line in extras}
    brings = importlib.metadata.packages_distributions()
    used = set()
    for path in modules("mailgate"):
        roots = {what.split(".")[0] for _, what in imports(path)} - set(sys.stdlib_module_names) - {"mailgate"}
        used |= {canonicalize_name(brings.get(root, [root])[0]) for root in roots}
    assert used - optional - asked == set(), "imported, but not in pyproject.toml"
    assert asked - used - set(NEEDED_UNSEEN) == set(), "in pyproject.toml, but imported nowhere"
