"""What every module has to keep to, and what only some may do."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, calls, imports, modules, name, pure_modules

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


def test_the_first_line_of_a_module_says_what_it_is_for():
    """Its docstring begins in the first line, and that with a whole sentence."""
    assert [name(path) for path in modules("mailgate", "bench", "tests") if not _says_what_it_is_for(path)] == []


def _says_what_it_is_for(path: Path) -> bool:
    text = path.read_text()
    if path.name == "__init__.py" and name(path).startswith("tests/") and not text.strip():
        return True
    first = next((line for line in text.splitlines() if not line.startswith("#!")), "")
    return re.fullmatch(r'"""\S.*[.!?:]("{3})?', first) is not None


def test_a_module_is_one_room():
    assert {name(path): n for path in modules("mailgate", "bench", "tests") if (n := len(path.read_text().splitlines())) > 500} == {}
    every_thing = re.compile(r"(^|_)(utils?|helpers?|manager|common|misc)($|_)")
    assert [name(path) for path in modules("mailgate") if every_thing.search(path.stem)] == []


def test_nobody_makes_a_template_out_of_a_string():
    """(fault 104)"""
    # A string may hold what somebody wrote in a mail; templates come from files of the operator, and nowhere else.
    assert _lines(modules("mailgate", "bench"), calls, lambda called: called.endswith("from_string")) == []


def test_a_pure_stage_asks_no_clock_no_chance_and_no_file():
    assert _lines(pure_modules(), calls, lambda called: NOT_PURE.search(called) is not None) == []
    assert _lines(pure_modules(), imports, lambda what: what.startswith(("urllib.request", "importlib.resources"))) == []


def _lines(paths: Iterable[Path], of: Callable[[Path], Iterable[tuple[int, str]]], wrong: Callable[[str], bool]) -> list[str]:
    """Where something stands that must not stand there."""
    return [f"{name(path)}:{line}: {what}" for path in paths for line, what in of(path) if wrong(what)]


def test_the_purity_test_knows_the_clock_when_it_sees_it():
    for impure in ("datetime.now", "dt.datetime.utcnow", "date.today", "email.utils.make_msgid", "path.read_text", "open"):
        assert NOT_PURE.search(impure), impure
    for harmless in ("known", "policy.opens_at", "re.compile", "snow", "today_in_words"):
        assert not NOT_PURE.search(harmless), harmless


def test_the_nouns_need_nothing_but_the_standard_library():
    def is_outside(what: str) -> bool:
        return not what.startswith("mailgate.model") and what.split(".")[0] not in sys.stdlib_module_names

    assert _lines(modules("mailgate/model"), imports, is_outside) == []


def test_all_sql_is_in_record():
    databases = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
    elsewhere = (path for path in modules("mailgate") if not name(path).startswith("mailgate/record/"))
    assert _lines(elsewhere, imports, lambda what: what.split(".")[0] in databases) == []


def test_every_library_that_is_asked_for_is_used_and_every_one_used_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    extras = (line for extra in ("fast", "postgresql", "charts") for line in project["optional-dependencies"][extra])
    optional = {canonicalize_name(Requirement(line).name) for line in extras}
    brings = importlib.metadata.packages_distributions()
    used = set()
    for path in modules("mailgate"):
        roots = {what.split(".")[0] for _, what in imports(path)} - set(sys.stdlib_module_names) - {"mailgate"}
        used |= {canonicalize_name(brings.get(root, [root])[0]) for root in roots}
    assert used - optional - asked == set(), "imported, but not in pyproject.toml"
    assert asked - used - set(NEEDED_UNSEEN) == set(), "in pyproject.toml, but imported nowhere"
