"""What `mailgate status` says of trouble, each with the way out, and nothing of what is well."""

from __future__ import annotations

import errno
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate import settings
from mailgate.app.running import Running
from mailgate.cli import status
from mailgate.model.mailbox import FolderHealth, FolderKey
from mailgate.record.rows import Health
from tests.cli.house import House, configured
from tests.journeys.world import MONDAY
from tests.settings.test_mistakes import edit

#: How it is counted is tested on both in tests/record; here it is what is told.
pytestmark = pytest.mark.either_database

HOUR = timedelta(hours=1)


def health(**changes: Any) -> Health:
    nothing: dict[str, Any] = {
        "inbox": {}, "inbox_oldest_at": None, "last_accepted_at": None, "accepted_day": 0, "outbox": {}, "outbox_oldest_due_at": None,
        "sent_day": 0, "reported_day": {}, "suppressed": 0, "tickets": {}, "restored": False, "size": 0,
    }  # fmt: skip
    return Health(**{**nothing, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        (
            {"outbox_untried_at": MONDAY - 13 * HOUR, "outbox_said": "421 not now"},
            ["the oldest waits for 13h", "mailgate check", "421 not now"],
        ),
        ({"outbox_untried_at": MONDAY - HOUR}, []),
        ({"outbox_deferred_at": MONDAY - 5 * HOUR, "outbox": {"deferred": 7}}, ["7 letters are deferred", "for 5h", "--state deferred"]),
        ({"outbox_deferred_at": MONDAY - 4 * HOUR, "outbox": {"deferred": 7}}, []),  # greylisting is no trouble
        ({"inbox": {"set_aside": 2}}, ["2 mails are set aside: mailgate inbox list"]),
        ({"inbox_oldest_at": MONDAY - HOUR}, ["is `mailgate serve` running?"]),
        ({"restored": True}, ["mailgate outbox release --restored"]),
        ({"outbox": {"held": 5}}, ["5 letters are held", "--state held", "mailgate outbox release"]),
    ],
)
def test_what_waits_too_long_is_told_by_the_age_of_the_oldest(changes: dict[str, Any], said: list[str]) -> None:
    found = " ".join(status.troubles(health(**changes), MONDAY))
    assert bool(found) is bool(said)
    for words in said:
        assert words in found


def test_letters_that_the_configuration_holds_are_no_trouble() -> None:
    assert status.troubles(health(outbox={"held": 5}), MONDAY, all_held=True) == []


def test_mail_that_lies_unread_in_a_mailbox_is_told_with_the_reason() -> None:
    key = FolderKey("support", "INBOX")
    well = FolderHealth(key, MONDAY, None, 0, "", 9, MONDAY)
    assert status.mailbox_troubles([well], {"support": timedelta(minutes=1)}, MONDAY) == [], (
        "older mails that wait their turn are no trouble"
    )
    [said] = status.mailbox_troubles(
        [FolderHealth(key, MONDAY, None, 0, "", 9, MONDAY, 3, "the server gives no text")], {"support": timedelta(minutes=1)}, MONDAY
    )
    assert said == "3 mails lie unread in support/INBOX and could not be fetched so far: the server gives no text"


@pytest.mark.parametrize(
    ("free", "refused", "said"),
    [
        (10**12, 0, ""),
        (10**6, 0, "doors answer 452"),
        (4 * 10**8, 0, "only 381 MiB are free"),
        (10**12, errno.EDQUOT, "doors answer 452"),  # a quota shows in no count of free blocks
        (10**12, errno.ENOSPC, "doors answer 452"),
        (10**12, errno.EOPNOTSUPP, ""),  # a file system without such files says nothing
    ],
)
def test_a_disk_without_room_is_told_with_what_the_doors_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, refused: int, said: str
) -> None:
    def fallocate(*_: object) -> None:
        if refused:
            raise OSError(refused, "no")

    monkeypatch.setattr(status.shutil, "disk_usage", lambda _: os.terminal_size((0, 0)) if free < 0 else type("U", (), {"free": free}))
    monkeypatch.setattr(os, "posix_fallocate", fallocate)
    found = " ".join(status.disk_troubles(tmp_path, 500 * 1024**2))
    assert said in found and bool(found) is bool(said)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return configured(tmp_path_factory.mktemp("running"))


@pytest.mark.database("sqlite", because="what is beside the record")
def test_the_configuration_that_runs_is_told_apart_from_the_one_on_disk(house: House) -> None:
    policy, toml = house.config / "policy.toml", house.config / "mailgate.toml"
    good = {path: path.read_text() for path in (policy, toml)}
    with Running(settings.load(house.config)):
        assert "all is well" in house.run("status").output
        for old, new, said in (
            ('sla = "standard"', 'sla = "standrd"', ("policy.toml has 1 mistake,", "mailgate check", "stays in force")),
            ("auto_close = 5", "auto_close = 6", ("policy.toml was changed", "is still in force: reload it")),
        ):
            edit(house.config, "policy.toml", (old, new))
            done = house.run("status")
            assert done.exit_code == 1 and all(words in done.output for words in said), done.output
            policy.write_text(good[policy])
        edit(house.config, "mailgate.toml", ("# workers = 2", "workers = 1"))
        assert "mailgate.toml was changed since `serve` started" in house.run("status").output
        edit(house.config, "mailgate.toml", ("workers = 1", "worker = 1"))
        done = house.run("status", "--json")
        assert done.exit_code == 1, "what can be said is said although the file has a mistake"
        assert any("mailgate.toml has 1 mistake," in words for words in json.loads(done.output)["troubles"])
        toml.write_text(good[toml].replace("[database]", "[databas]"))
        toml.write_text(good[toml].replace('url = "mailgate.db"', 'url = "mysql://x"'))
        assert house.run("status").exit_code == 78
        toml.write_text(good[toml])
