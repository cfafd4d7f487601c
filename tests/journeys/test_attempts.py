"""A program that dies over and over still gets on, and a mail over which it dies is set aside in the end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.compose.writing import LetterWriter
from mailgate.gateway import to_keep
from mailgate.gateway.reading import MANY_ATTEMPTS, MOST_ATTEMPTS, Decided, ReadingRound
from mailgate.model.mail import Arrival, Door
from mailgate.record.store import open_store
from tests.journeys.world import MAX, SUPPORT, World


def claimed_in_vain(world: World, mails: int, times: int) -> None:
    """So many mails, each claimed so often by runs that ended before anything was recorded."""
    with open_store(world.settings.database, world.clock()) as store:
        for number in range(mails):
            lines = (
                f"From: {MAX}",
                f"To: {SUPPORT}",
                f"Subject: mail {number}",
                f"Message-ID: <{number}@example.com>",
                "",
                "It drops.",
                "",
            )
            raw = "\r\n".join(lines).encode()
            arrival = Arrival(raw, MAX, (SUPPORT,), Door.SMTP, "test", world.clock(), world.clock())
            store.inbox.keep(to_keep(arrival, world.settings.policy))
        for _ in range(times):
            assert len(store.inbox.claim(100, world.clock(), timedelta(0))) == mails


def test_mails_that_were_claimed_in_vain_many_times_are_settled_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    record = ReadingRound._record

    def counted(self: ReadingRound, desk: LetterWriter, decided: Decided) -> None:
        sizes.append(len(decided.rows))
        record(self, desk, decided)

    monkeypatch.setattr(ReadingRound, "_record", counted)
    world = World(tmp_path)
    claimed_in_vain(world, mails=5, times=MANY_ATTEMPTS + 5)
    with world:
        assert len(world.tickets()) == 5
    assert sizes == [1, 1, 1, 1, 1]


def test_a_mail_over_which_the_program_keeps_dying_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    world = World(tmp_path)
    claimed_in_vain(world, mails=1, times=MOST_ATTEMPTS)
    with world:
        world.send(MAX, SUPPORT, "behind it", "This one is harmless.")
        assert [t.title for t in world.tickets()] == ["behind it"]
        assert [str(row.reason) for row in world.store.inbox.rows("set_aside", 10)] == [f"given up after {MOST_ATTEMPTS + 1} attempts"]
