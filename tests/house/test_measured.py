"""The page of measurements keeps one line for each kind of run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured


def test_a_run_replaces_its_own_last_line_and_no_other(tmp_path: Path):
    page = tmp_path / "measured.md"
    page.write_text("# Measured\n\n```\n```\n")
    measured.write("kill-storm", n=300, failed=0, seed=7, page=page, kills=10)
    measured.write("ingest", n=3000, failed=0, page=page, per_second=412)
    measured.write("kill-storm", n=300, failed=1, seed=8, page=page, kills=10)
    assert page.read_text() == (
        "# Measured\n\n```\nwhat=kill-storm n=300 failed=1 seed=8 kills=10\nwhat=ingest n=3000 failed=0 seed=- per_second=412\n```\n"
    )


def test_a_field_with_a_blank_would_break_the_line_and_is_refused():
    with pytest.raises(ValueError, match="no blanks"):
        measured.line("kill storm", n=1, failed=0)
