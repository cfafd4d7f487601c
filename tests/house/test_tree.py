"""What must not stand in any file, and what the Makefile and CI promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.house.tree import ROOT, files, name

#: Spelled in halves, or this file would find itself.
REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "crates" + ".io",
    "/simple" + "/",
    "proxy.golang" + ".org",
)
PATHS = re.compile("/ho" r"me/(?!<)[a-z]|/Us" r"ers/(?!<)[A-Za-z]|[A-Z]:\\Us" "ers")
SECRETS = re.compile("-----BEGIN [A-Z ]*PRIVATE" r" KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b")


def _texts() -> list[tuple[str, str]]:
    return [(name(path), path.read_bytes().decode("utf-8", "replace")) for path in files()]


def test_no_file_names_a_registry():
    assert [(file, host) for file, text in _texts() for host in REGISTRIES if host in text] == []


def test_no_file_knows_a_path_of_somebodys_machine():
    own = str(ROOT)
    assert [file for file, text in _texts() if PATHS.search(text) or (own.count("/") > 1 and own in text)] == []


def test_no_file_holds_a_secret():
    assert [file for file, text in _texts() if SECRETS.search(text)] == []


def test_text_files_end_their_lines_as_text_files_do():
    kinds = {".py", ".toml", ".md", ".txt", ".po", ".html", ".lock"}
    odd = [
        name(path) for path in files() if path.suffix in kinds and (raw := path.read_bytes()) and (b"\r" in raw or not raw.endswith(b"\n"))
    ]
    assert odd == []


def test_no_file_waits_to_be_finished():
    waiting = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    code = [(file, text) for file, text in _texts() if file.endswith((".py", ".toml", ".md", ".txt", "Makefile"))]
    assert [file for file, text in code if waiting.search(text)] == []


def test_no_file_cites_a_page_that_readers_do_not_have():
    # What is in the repository has to be understood from the repository.
    papers = re.compile(r"\b(design|domain|faults|examples|peers|performance|dependencies)" r"\.md\b")
    assert [(file, found[0]) for file, text in _texts() if (found := papers.search(text))] == []


@pytest.mark.parametrize("target", ["demo", "test", "exam", "check", "bench", "lock"])
def test_make_knows_the_target(target: str):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not here to ask")
    asked = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "MAKEFLAGS": ""})
    assert asked.returncode == 0, asked.stderr


def test_ci_runs_the_tests_and_the_checks_and_stops_at_the_first_failure():
    script = ROOT / ".ci" / "run"
    said = script.read_text()
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in said and "export CI=true" in said
    assert said.index("make test") < said.index("make check")


def test_a_page_names_only_files_that_exist():
    tops = {path.relative_to(ROOT).parts[0] for path in files()}
    pages = (path for path in files() if path.suffix == ".md" and (name(path).startswith("docs/") or name(path) == "README.md"))
    named = ((name(page), quoted) for page in pages for quoted in re.findall(r"`([\w./-]+)`", page.read_text()))
    assert [(page, file) for page, file in named if "/" in file and file.split("/")[0] in tops and not (ROOT / file).exists()] == []


def test_a_link_between_pages_leads_somewhere():
    pages = (path for path in files() if path.suffix == ".md")
    links = ((page, target) for page in pages for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()))
    ours = ((page, target) for page, target in links if "://" not in target and not target.startswith("mailto:"))
    assert [(name(page), target) for page, target in ours if not (page.parent / target).exists()] == []
