"""A mailbox that is not read: the operator hears of it by letter, by `status` and by its exit code, and of secrets that end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate.cli import app
from mailgate.cli.status import mailbox_troubles
from mailgate.model.mailbox import FolderHealth, FolderKey
from tests.journeys.test_mailbox import MAILBOX, OAUTH
from tests.journeys.world import MONDAY, OPERATOR, World, edit
from tests.servers.postfix import free_port

#: What the operator is told of a mailbox is the same on every record.
pytestmark = pytest.mark.either_database

DEAD = """
[[mailboxes]]
name = "support"
desk = "it"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "us"
password_env = "MAILGATE_TEST_NO_SUCH_PASSWORD"
"""


def test_a_mailbox_that_is_not_read_for_a_quarter_of_an_hour_is_an_alarm_once(tmp_path: Path) -> None:
    def changes(config: Path) -> None:
        edit(config, "mailgate.toml", ("\n[relay]\n", DEAD.format(port=free_port()) + "\n[relay]\n"))

    with World(tmp_path, changes=changes) as world:
        program = world._running.program
        [watch] = program.mailboxes.watches
        watch._looked_once.wait(100)
        program._watch_mailboxes()
        assert [one for one in world.letters_for(OPERATOR) if "mailbox" in one.text] == []
        world.clock.turn(minutes=16)
        for _ in range(3):
            program._watch_mailboxes()
        alarm = world.letter(OPERATOR, "A mailbox cannot be read")
        assert "support/INBOX was not read since" in alarm.text and "127.0.0.1" in alarm.text
        assert [one for one in world.letters_for(OPERATOR) if "mailbox" in one.header("Subject")] == [alarm]
        status = CliRunner().invoke(app, ["status", "--config", str(world.settings.folder)])
        assert status.exit_code == 1 and "support/INBOX: never read, failed" in status.output
        world.store.mailboxes.went_well(watch._reader.key, world.clock())
        program._watch_mailboxes()  # it works again: should it fail once more, that is news
        world.clock.turn(minutes=17)
        program._watch_mailboxes()
        assert world.letter(OPERATOR, "A mailbox cannot be read")


def test_a_secret_that_ends_within_a_week_is_told_once_a_day(tmp_path: Path) -> None:
    def changes(config: Path) -> None:
        text = MAILBOX.format(port=free_port(), user="us", login='oauth = "office"', poll="1m", more="")
        text += OAUTH.format(url="http://127.0.0.1:9/token") + 'expires_at = "2026-06-07"\n'
        edit(config, "mailgate.toml", ("\n[relay]\n", f"{text}\n[relay]\n"))
        for name in ("refresh", "secret"):
            (config / name).write_text("canary\n")
            (config / name).chmod(0o600)

    with World(tmp_path, changes=changes) as world:
        for _ in range(3):
            world._running.program._watch_mailboxes()
        alarm = world.letter(OPERATOR, "ends within a week")
        assert "oauth.office" in alarm.text and "2026-06-07" in alarm.text and "canary" not in alarm.text
        world.clock.turn(hours=23)
        world._running.program._watch_mailboxes()
        assert len([one for one in world.letters_for(OPERATOR) if "within a week" in one.header("Subject")]) == 1


def test_status_says_what_is_wrong_with_a_configured_mailbox_only() -> None:
    one = FolderHealth(FolderKey("box", "INBOX"), MONDAY, MONDAY, 3, "no answer", 0, MONDAY)
    polls = {"box": timedelta(minutes=1)}
    [said] = mailbox_troubles([one], polls, MONDAY + timedelta(minutes=2))
    assert said.startswith("box/INBOX fails since") and said.endswith("no answer")
    [said] = mailbox_troubles([one], polls, MONDAY + timedelta(minutes=16))
    assert said.startswith("box/INBOX was not read for")
    assert mailbox_troubles([one], {}, MONDAY + timedelta(hours=1)) == []
