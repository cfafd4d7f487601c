"""Two thousand agents' mails with a command word in the wrong place, and two thousand that only look so, as `make exam` reads them."""

from __future__ import annotations

import pytest

from bench import measured
from mailgate.model.commands import Fault
from tests.exam import mislaid

pytestmark = pytest.mark.exam

SEED = 20261130


def test_of_two_thousand_mails_with_a_late_or_disguised_command_no_word_leaves() -> None:
    result = mislaid.run(mislaid.mislaid(SEED), 2_000)
    wrong = [*result.outside, *result.lost]
    measured.write("mislaid-commands", n=result.mails, failed=len(wrong), seed=SEED, outside=len(result.outside), back=len(result.back))
    assert wrong == []


def test_the_same_mails_leave_where_only_a_note_alone_on_its_line_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(rest, first, visibility, verb_of):
        return [Fault("E_LATE", first + at, line, "#note") for at, line in enumerate(rest) if line.strip().lower() in ("#note", "#private")]

    monkeypatch.setattr("mailgate.understand.answers.commands.astray", alone)
    monkeypatch.setattr("mailgate.understand.answers.commands.set_apart", lambda whole: [])
    result = mislaid.run(mislaid.mislaid(SEED), 500)
    measured.write("mislaid-commands-negative-control", n=result.mails, failed=len(result.outside), seed=SEED)
    assert len(result.outside) > 400


def test_of_two_thousand_harmless_mails_at_most_two_come_back() -> None:
    result = mislaid.run(mislaid.harmless(SEED), 2_000)
    measured.write("harmless-signs", n=result.mails, failed=len(result.back), seed=SEED)
    assert len(result.back) <= 2, result.back[:10]


def test_the_same_mails_come_back_where_every_sign_at_the_beginning_of_a_line_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def every(rest, first, visibility, verb_of):
        return [Fault("E_LATE", first + at, line, "#note") for at, line in enumerate(rest) if line.lstrip().startswith("#")]

    monkeypatch.setattr("mailgate.understand.answers.commands.astray", every)
    result = mislaid.run(mislaid.harmless(SEED), 500)
    measured.write("harmless-signs-negative-control", n=result.mails, failed=len(result.back), seed=SEED)
    assert len(result.back) > 200
