"""Broken mail by the hundred, through the whole gateway. `make exam` sends two hundred thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exam.hostile import Gate, NaiveReader, run

#: What is read of broken mail is the same on every record; how its bytes are kept is tested in tests/record.
pytestmark = pytest.mark.either_database


def test_every_broken_mail_is_an_entry_or_set_aside_with_its_bytes_as_they_came(tmp_path: Path) -> None:
    result = run(tmp_path, 500, seed=20261127)
    assert result.failures == []
    assert (result.failed, result.mails) == (0, 500)
    assert result.entries > 100 and result.aside > 30, result


def test_the_run_finds_every_mail_on_which_a_careless_reader_raises(tmp_path: Path) -> None:
    readers: list[NaiveReader] = []

    def spoil(gate: Gate) -> None:
        rounds = gate.gateway._reading
        rounds.reader = NaiveReader(rounds.reader)
        readers.append(rounds.reader)

    found = len(run(tmp_path, 200, seed=20261127, spoil=spoil).failures)
    assert found == len(readers[0].raised) and found > 10


def test_the_run_finds_a_record_that_changes_what_it_keeps(tmp_path: Path) -> None:
    def spoil(gate: Gate) -> None:
        take = gate.take
        gate.take = lambda raws, paths: take([raw.rstrip() for raw in raws], paths)  # type: ignore[method-assign]

    assert run(tmp_path, 100, seed=20261127, spoil=spoil).changed > 10
