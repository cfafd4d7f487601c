"""The torture of a mailbox in full: as `make exam` starts it, with a line each in docs/measured.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import measured
from mailgate.receive import imap_folder
from tests.receive.torture import change_while_reading, cut_everywhere

pytestmark = pytest.mark.exam


def test_a_mail_of_4_kib_is_cut_off_at_every_64th_byte(tmp_path: Path) -> None:
    result = cut_everywhere(tmp_path)
    measured.write("imap-cut-everywhere", n=result.mails, failed=result.failed, cuts=result.cuts)
    assert (result.failed, result.cuts) == (0, 128), result


def test_503_mails_come_once_through_twenty_changes_of_uidvalidity_and_ten_kills(tmp_path: Path) -> None:
    result = change_while_reading(tmp_path, seed=7)
    measured.write("imap-change-while-reading", n=result.mails, failed=result.failed, seed=7, changes=20, kills=10)
    assert result.failed == 0, result


def test_the_torture_fails_when_the_cursor_goes_on_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = imap_folder.FolderReader._take

    def too_early(reader: imap_folder.FolderReader, batch, new: bool) -> int:  # type: ignore[no-untyped-def]
        if new:
            reader._advance(replace(reader._cursor, last_uid=max(one.uid for one in batch)))
        return take(reader, batch, new)

    monkeypatch.setattr(imap_folder.FolderReader, "_take", too_early)
    result = cut_everywhere(tmp_path)
    measured.write("imap-cut-negative-control", n=result.mails, failed=result.failed, cuts=result.cuts)
    assert result.lost > 0, "nothing was lost although the cursor did not wait"
