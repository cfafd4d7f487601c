"""Two hundred thousand broken mails through the whole gateway, as `make exam` sends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.exam.hostile import Gate, NaiveReader, run

pytestmark = pytest.mark.exam

SEED = 20261127


def test_two_hundred_thousand_broken_mails_are_entries_or_set_aside(tmp_path: Path) -> None:
    result = run(tmp_path, 200_000, SEED)
    measured.write(
        "broken-mails", n=result.mails, failed=result.failed, seed=SEED, entries=result.entries, set_aside=result.aside, kept=result.kept
    )
    assert result.failures[:20] == []
    assert result.failed == 0, result


def test_the_same_run_finds_every_mail_on_which_a_careless_reader_raises(tmp_path: Path) -> None:
    readers: list[NaiveReader] = []

    def spoil(gate: Gate) -> None:
        rounds = gate.gateway._reading
        rounds.reader = NaiveReader(rounds.reader)
        readers.append(rounds.reader)

    result = run(tmp_path, 5_000, SEED, spoil)
    measured.write("broken-mails-negative-control", n=result.mails, failed=result.failed, seed=SEED, raised=len(readers[0].raised))
    assert result.failed == len(readers[0].raised)
    assert result.failed * 20 > result.mails, "the standard library raises on more than a twentieth of them"
