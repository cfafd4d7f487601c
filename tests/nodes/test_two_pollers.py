"""Two nodes and one mailbox, the short run. The long one is in `tests/exam/test_two_pollers.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.two_pollers import run

pytestmark = [pytest.mark.database("postgresql", because="several nodes need a server"), pytest.mark.timeout(400)]


def test_a_mailbox_whose_reader_is_killed_and_whose_next_one_sleeps_past_its_lease_is_read_once(tmp_path: Path) -> None:
    """(faults 37 and 38)"""
    polled = run(tmp_path, mails=50, kills=1, pauses=1)
    assert polled.failed == 0, polled
    assert polled.readers >= 2, "it passed from one to the other"
