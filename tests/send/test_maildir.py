"""The relay for the first try: letters become files that a mail client finds."""

from __future__ import annotations

import mailbox
import os
import stat
from pathlib import Path

import pytest

from mailgate.model.delivery import Deferred, Delivered
from mailgate.send.maildir import MaildirRelay

LETTER = b"Subject: Hello\r\n\r\n.dot\r\nEnd.\r\n"


def test_a_letter_lies_in_new_with_its_envelope_on_top(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path / "deep" / "mail")
    assert isinstance(relay.deliver("", "ann@example.org", LETTER, False), Delivered)
    (file,) = (tmp_path / "deep" / "mail" / "new").iterdir()
    assert file.read_bytes() == b"Return-Path: <>\nDelivered-To: ann@example.org\n" + LETTER.replace(b"\r\n", b"\n")
    assert list((tmp_path / "deep" / "mail" / "tmp").iterdir()) == []


def test_every_letter_has_a_file_of_its_own_that_others_cannot_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        for _ in range(20):
            MaildirRelay(tmp_path / "mail").deliver("desk@example.org", "ann@example.org", LETTER, False)
    finally:
        os.umask(old)
    files = list((tmp_path / "mail" / "new").iterdir())
    assert len(files) == 20
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE((tmp_path / "mail" / folder).stat().st_mode) for folder in (".", "tmp", "new", "cur")} == {0o700}


def test_the_standard_library_reads_what_we_wrote(tmp_path: Path) -> None:
    MaildirRelay(tmp_path / "mail").deliver("desk@example.org", "ann@example.org", LETTER, False)
    (message,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert (message["Return-Path"], message["Delivered-To"], message["Subject"]) == ("<desk@example.org>", "ann@example.org", "Hello")


def test_a_maildir_that_cannot_be_written_defers_the_letter_and_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert MaildirRelay(tmp_path / "file").deliver("", "a@b.example", LETTER, False) == Deferred(
        "cannot write to the maildir: File exists", relay_down=True
    )

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    delivery = MaildirRelay(tmp_path / "mail").deliver("", "a@b.example", LETTER, False)
    assert isinstance(delivery, Deferred) and "No space left" in delivery.reply
    assert [path for path in (tmp_path / "mail").rglob("*") if path.is_file()] == []


def test_what_no_relay_may_see_is_not_written_either(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path / "mail")
    for arguments in (("a@b.example\nX: y", "c@d.example", LETTER), ("", "c@d.example\nX: y", LETTER), ("", "c@d.example", b"a\nb\r\n")):
        with pytest.raises(ValueError):
            relay.deliver(*arguments, False)
    assert not (tmp_path / "mail").exists()
