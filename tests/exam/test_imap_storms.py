"""Each thing that a hostile IMAP server may say unasked, at each moment of a session; and a wire that counts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import measured
from mailgate.receive import imap_wire
from tests.fakes.imap_server import ImapServer
from tests.receive.mailbox import Desk
from tests.receive.test_imap_bounds import MOMENTS, STORMS, weather_a_storm

pytestmark = [pytest.mark.exam, pytest.mark.timeout(0)]


def weathered(folder: Path, storm: str, moment: str) -> bool:
    folder.mkdir(mode=0o700)
    with ImapServer() as server:
        desk = Desk(folder, server)
        try:
            weather_a_storm(desk, server, storm, moment)
        except AssertionError:
            return False
        finally:
            desk.close()
    return True


def test_every_storm_at_every_moment_is_over_without_a_restart(tmp_path: Path) -> None:
    failed = [(storm, moment) for storm in STORMS for moment in MOMENTS if not weathered(tmp_path / f"{storm}-{moment}", storm, moment)]
    measured.write("imap-storms", n=len(STORMS) * len(MOMENTS), failed=len(failed))
    assert not failed


def test_a_wire_that_counts_nothing_does_not_weather_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LONGEST_WELCOME", "LONGEST_ANSWER", "LONGEST_FETCH", "LONGEST_SEARCH"):
        monkeypatch.setattr(f"mailgate.receive.imap_session.{name}", 200 * 1024 * 1024, raising=False)
    monkeypatch.setattr(imap_wire, "MOST_LINES", 10**9)
    monkeypatch.setattr(imap_wire._Counted, "budget", 200 * 1024 * 1024)
    kept = weathered(tmp_path / "control", "one-line", "SEARCH")
    measured.write("imap-storms-negative-control", n=1, failed=int(not kept))
    assert not kept
