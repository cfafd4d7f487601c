"""The whole suite on PostgreSQL, as `make test-postgresql` runs it: what works on a file works on a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import measured

pytestmark = [pytest.mark.exam, pytest.mark.database("postgresql", because="it is the run on the other one")]

ROOT = Path(__file__).parents[2]


def suite(folder: Path, *words: str) -> tuple[dict[str, int], str]:
    """Tests, failures, errors and skipped of a run of its own, and what it said last."""
    report = folder / "report.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("WORKERS", "2"), "--dist", "worksteal", f"--junitxml={report}", *words],
        cwd=ROOT, env={**os.environ, "MAILGATE_TEST_DATABASE": "postgresql"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]
    found = ElementTree.parse(report).getroot().find("testsuite")
    assert found is not None
    return {name: int(found.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}, done.stdout[-6000:]


def test_the_whole_suite_passes_on_a_server(tmp_path: Path) -> None:
    counts, said = suite(tmp_path)
    failed = counts["failures"] + counts["errors"]
    measured.write("suite-on-postgresql", n=counts["tests"] - counts["skipped"], failed=failed, skipped=counts["skipped"])
    assert failed == 0, said
    assert counts["tests"] > 5_000, "the suite was not found"


def test_it_notices_a_server_whose_errors_mean_nothing(tmp_path: Path) -> None:
    counts, said = suite(tmp_path, "-p", "tests.exam.errors_without_meaning", "tests/record")
    failed = counts["failures"] + counts["errors"]
    measured.write("suite-on-postgresql-negative-control", n=counts["tests"] - counts["skipped"], failed=failed)
    assert failed > 10, said
