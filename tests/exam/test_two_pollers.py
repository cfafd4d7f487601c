"""Two nodes on one mailbox of a real Dovecot, the long run: 2,000 mails, whoever reads is killed six times and paused six times."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from tests.databases import database_kind as database_kind
from tests.nodes.two_pollers import run

pytestmark = [pytest.mark.exam, pytest.mark.database("postgresql", because="several nodes need a server")]


def test_two_thousand_mails_come_once_out_of_a_mailbox_that_two_nodes_read(tmp_path: Path) -> None:
    polled = run(tmp_path, mails=2000, kills=6, pauses=6, seed=7, window=0.1)
    measured.write(
        "two-pollers", n=polled.result.acked, failed=polled.failed, seed=7, kills=polled.kills, pauses=polled.pauses,
        letters=polled.result.letters,
    )  # fmt: skip
    assert polled.failed == 0, polled
    assert polled.readers >= 3


@pytest.mark.parametrize("broken", ["key", "commit"])
def test_the_run_fails_without_the_key_and_with_a_mailbox_that_goes_on_before_the_commit(tmp_path: Path, broken: str) -> None:
    polled = run(tmp_path, mails=200, kills=3, pauses=0, seed=7, words=("--broken", broken))
    measured.write(f"two-pollers-negative-control-{broken}", n=polled.result.acked, failed=polled.failed, seed=7, kills=polled.kills)
    assert polled.failed > 0, polled
