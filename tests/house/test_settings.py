"""What is declared as a setting is read by some code, and stands where an operator looks for it."""

from __future__ import annotations

import ast
import os
import re
from typing import Any, get_args

import pytest

from mailgate.model.setting import settings_of
from mailgate.settings.forms import RETIRED, tables_in
from mailgate.settings.sample import sample
from mailgate.settings.tables import FILES
from tests.house.settings_page import PAGE, page
from tests.house.tree import ROOT

DECLARED = [
    (name, ".".join((*place, key)), key, one)
    for name, file in FILES.items()
    for place, kind in tables_in(file)
    if not get_args(kind)
    for key, (one, said) in settings_of(kind).items()
    if said.meaning
]


def test_there_are_settings_of_both_files() -> None:
    assert len(DECLARED) > 120 and {name for name, *_ in DECLARED} == set(FILES)


def test_each_setting_is_read_by_some_code() -> None:
    """What a class declares and nobody asks for promises what no code does."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "mailgate").rglob("*.py")]
    asked = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    #: Read by the names of the days and of the metrics, which are said elsewhere.
    by_name = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "first_reply", "next_reply", "update", "resolution", "work", "pickup"}
    assert [place for _, place, _, one in DECLARED if one.name not in asked | by_name] == []


@pytest.mark.parametrize("name", FILES)
def test_what_init_writes_shows_each_setting_at_its_line_with_what_it_means(name: str) -> None:
    written = sample(name)
    for file, place, key, _ in DECLARED:
        line = rf"^#? *{re.escape(key)} = .*\S"
        inline = "targets" in place and re.search(rf"\b{key}\b", written)
        shown = inline or f"\n[{place}]\n" in written or re.search(line, written, re.MULTILINE)
        assert file != name or shown, f"{place} is not shown"
    for line in written.splitlines():
        if re.match(r"#? *[a-z_]+ = ", line) and not re.match(r"#? *[a-z_]+ = .* # \S|P\d", line):
            assert line.startswith(("name", "mail", "groups")), line  # of the second agent


def test_the_page_for_operators_is_what_is_declared() -> None:
    if os.environ.get("MAILGATE_RENEW_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_what_is_retired_is_declared_nowhere() -> None:
    kinds: dict[str, Any] = {kind.__name__: kind for file in FILES.values() for _, kind in tables_in(file) if not get_args(kind)}
    for table, keys in RETIRED.items():
        assert not set(keys) & set(settings_of(kinds[table])), table
