"""The torture of a mailbox, short: the long one is an exam."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailgate.receive import imap_folder
from tests.receive.torture import change_while_reading, cut_everywhere


def test_a_mail_that_is_cut_off_anywhere_comes_whole_and_once(tmp_path: Path):
    """At every 64th octet (fault 17)."""
    result = cut_everywhere(tmp_path, range(0, 4096, 512))
    assert (result.failed, result.cuts) == (0, 16), result


def test_mails_come_exactly_once_while_others_meddle_and_the_server_dies(tmp_path: Path):
    """Flags, new UIDs and expunged mail while pages are read (FreeScout#5462, faults 22, 25)."""
    assert change_while_reading(tmp_path, mails=120, changes=5, kills=4).failed == 0


def test_the_torture_finds_a_cursor_that_goes_on_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    take = imap_folder.FolderReader._take

    def too_early(reader: imap_folder.FolderReader, batch, new: bool) -> int:
        if new:
            reader._advance(replace(reader._cursor, last_uid=max(one.uid for one in batch)))
        return take(reader, batch, new)

    monkeypatch.setattr(imap_folder.FolderReader, "_take", too_early)
    assert cut_everywhere(tmp_path, range(0, 4096, 512)).lost > 0
