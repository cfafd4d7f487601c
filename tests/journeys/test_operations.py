"""What an operator lives through: a relay that is down, a login refused, a full disk, a restored copy, letters held, and limits."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailgate.app import wall_clock
from mailgate.app.program import CannotListen
from mailgate.app.running import Running
from mailgate.cli import app
from mailgate.cli.status import troubles
from mailgate.decide import budget
from mailgate.gateway import COURTESY
from mailgate.model.letter import Letter
from mailgate.model.mail import Arrival, Door
from mailgate.model.reason import Reason
from tests.fakes.smtp_sink import CONNECT, Say, SmtpSink
from tests.journeys.world import ANN, BOB, MAX, OPERATOR, SUPPORT, World, edit

PASSWORD = "geheim-und-nirgends-zu-lesen"
DOWN = Say("421 4.3.2 not now", close=True)


def of(sink: SmtpSink, recipient: str) -> list[bytes]:
    return [taken.data for taken in sink.taken if taken.recipient == recipient]


class Elsewhere(World):
    """A world whose relay is a scripted one."""

    def __init__(self, folder: Path, sink: SmtpSink, changes: Callable[[Path], None] | None = None) -> None:
        super().__init__(folder, changes=changes, relay_port=sink.port)
        self.sink = sink

    def letter(self, address: str, *_: object, **__: object):  # type: ignore[no-untyped-def,override]
        """Nobody is waited for."""


# --- the relay --------------------------------------------------------------------------------------------------------------


def test_while_the_relay_is_down_letters_wait_and_they_leave_once_it_is_back(tmp_path: Path) -> None:
    with SmtpSink({CONNECT: [DOWN] * 1000}) as sink, Elsewhere(tmp_path, sink) as world:
        for number in range(5):
            world.send(f"p{number}@example.com", SUPPORT, f"mail {number}", "It drops.")
        world.settle()
        assert sink.taken == []
        states = world.store.standing.health(world.clock()).outbox
        assert states["deferred"] + states["queued"] >= 15 and states["refused"] == 0, states
        alarms = [row for row in world.store.outbox.rows(None, 100) if row.letter.event == "operator_alarmed"]
        assert [row.letter.address for row in alarms] == [OPERATOR], "one alarm, however many letters wait"
        assert b"421 4.3.2 not now" in alarms[0].letter.body.replace(b"=\r\n", b"")
        attempts = [row.attempts for row in world.store.outbox.rows(None, 100)]
        assert set(attempts) == {0}, "a relay that is down says nothing about a letter"

        sink.act(CONNECT)
        world.clock.turn(minutes=10)
        world.settle()
        assert world.store.standing.health(world.clock()).outbox["deferred"] == 0
        recipients = sorted(taken.recipient for taken in sink.taken)
        assert recipients == sorted([*(f"p{number}@example.com" for number in range(5)), *[ANN, BOB] * 6, OPERATOR])


def test_a_relay_that_is_down_for_thirteen_hours_is_told_by_the_age_of_the_oldest_letter_and_one_alarm_waits(tmp_path: Path) -> None:
    with SmtpSink({CONNECT: [DOWN] * 10000}) as sink, Elsewhere(tmp_path, sink) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.settle()
        assert troubles(world.store.standing.health(world.clock()), world.clock()) == [], "an hour is no trouble yet"
        for _ in range(13):
            world.clock.turn(hours=1)
            world.settle()
        [told] = [one for one in troubles(world.store.standing.health(world.clock()), world.clock()) if "no letter leaves" in one]
        assert "waits for 13h" in told and "421 4.3.2 not now" in told and "mailgate check" in told
        alarms = [row for row in world.store.outbox.rows(None, 100) if row.letter.event == "operator_alarmed"]
        assert len(alarms) == 1, "thirteen of them would say nothing more once the relay is back"


@pytest.mark.either_database
def test_a_refused_login_is_an_alarm_of_its_own_and_the_password_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def changes(config: Path) -> None:
        edit(
            config,
            "mailgate.toml",
            ('# user = "support@example.org"', f'user = "{SUPPORT}"'),
            ('# password_file = "relay-', 'password_file = "relay-'),
        )
        (config / "relay-password").write_text(PASSWORD)
        (config / "relay-password").chmod(0o600)

    caplog.set_level(logging.DEBUG)
    with SmtpSink(login=(SUPPORT, "another-one"), needs_login=True) as sink, Elsewhere(tmp_path, sink, changes) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.settle()
        [alarm] = [row for row in world.store.outbox.rows(None, 100) if row.letter.event == "operator_alarmed"]
        assert b"refuses our login" in alarm.letter.header + alarm.letter.body
        assert b"535" in alarm.letter.body
        assert sink.taken == []
        sink.login = (SUPPORT, PASSWORD)
        world.clock.turn(minutes=10)
        world.settle()
        assert of(sink, MAX) and of(sink, OPERATOR)
        seen = [caplog.text, repr(world.settings), repr(world._running.program)]
        seen += [row.last_reply for row in world.store.outbox.rows(None, 100)]
        key = (tmp_path / "config" / "keys").read_text().split()[-1]
        assert not any(secret in text for text in seen for secret in (PASSWORD, key))
    database = b"".join(path.read_bytes() for path in (tmp_path / "config").glob("mailgate.db*"))
    assert PASSWORD.encode() not in database and key.encode() not in database and bytes.fromhex(key) not in database


# --- the disk -----------------------------------------------------------------------------------------------------------------


@pytest.mark.database("sqlite", because="the disk of a server is watched where it is")
def test_a_disk_that_is_nearly_full_is_told_once_an_hour(tmp_path: Path) -> None:
    full = ('# disk_warning = "500MiB"', 'disk_warning = "900000GiB"')
    with World(tmp_path, changes=lambda config: edit(config, "mailgate.toml", full)) as world:
        alarm = world.letter(OPERATOR, "disk")
        assert "MiB free" in alarm.text
        world._running.program.watch()
        assert len(world.letters_for(OPERATOR)) == 1
        world.clock.turn(minutes=61)
        world._running.program.watch()
        assert len(world.letters_for(OPERATOR)) == 2


# --- letters that wait for a person ---------------------------------------------------------------------------------------------


def run(world: World, *words: str):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, [*words, "--config", str(world.folder / "config")])


def test_letters_on_hold_are_written_and_stay_until_they_are_released(tmp_path: Path) -> None:
    with World(tmp_path, changes=lambda config: edit(config, "mailgate.toml", ('# letters = "send"', 'letters = "hold"'))) as world:
        world.send(MAX, SUPPORT, "VPN drops", "It drops.")
        world.settle()
        assert world.mailboxes.letters == []
        held = world.store.outbox.rows(None, 100)
        assert {row.state.value for row in held} == {"held"}
        assert sorted(row.letter.address for row in held) == sorted([ANN, BOB, ANN, BOB, MAX])
        said = run(world, "outbox", "release")
        assert said.exit_code == 0 and "5 letters are released" in said.output, said.output
        world.clock.at = wall_clock() + timedelta(minutes=1)  # the command has no other clock than the machine's
        assert len(world.letters_for(MAX)) == 1


@pytest.mark.database("sqlite", because="a file is copied by a command of ours, a server has its own")
def test_a_restored_copy_keeps_its_letters_until_a_person_has_looked(tmp_path: Path) -> None:
    """(fault 46)"""
    (tmp_path / "old").mkdir(mode=0o700)
    copy = tmp_path / "copy.db"
    tmp_path.chmod(0o700)
    with SmtpSink({CONNECT: [DOWN] * 1000}) as sink, Elsewhere(tmp_path / "old", sink) as old:
        old.send(MAX, SUPPORT, "VPN drops", "It drops.")
        old.settle()
        assert run(old, "backup", str(copy)).exit_code == 0
        last = old.tickets()[-1].number

    def restore(config: Path) -> None:
        copy.rename(config / "mailgate.db")
        shutil.copy(tmp_path / "old" / "config" / "keys", config / "keys")

    with SmtpSink() as sink, Elsewhere(tmp_path / "new", sink, restore) as world:
        # Somebody restored it together with its configuration and keys.
        world.send("pia@example.com", SUPPORT, "another", "It burns.")
        world.settle()
        assert sink.taken == []
        assert world.tickets()[-1].number > last + 1000, "a number given out after the copy was made is not given out again"
        status = run(world, "status")
        assert status.exit_code == 1 and "outbox release --restored" in " ".join(status.output.split()), status.output
        refused = run(world, "outbox", "release")
        assert refused.exit_code == 1 and "restored" in refused.output
        world.settle()
        assert sink.taken == []
        assert run(world, "outbox", "release", "--restored").exit_code == 0
        world.clock.turn(hours=1)
        world.settle()
        assert len(of(sink, MAX)) == 1 and len(of(sink, "pia@example.com")) == 1


# --- limits for automatic letters -------------------------------------------------------------------------------------------------


def test_the_fourth_acknowledgement_within_an_hour_is_not_written_and_the_ticket_says_why(world: World) -> None:
    for number in range(4):
        world.send(MAX, SUPPORT, f"mail {number}", "It drops.")
        world.settle()
    assert len(world.letters_for(MAX)) == 3
    fourth = world.tickets()[-1].number
    [row] = [row for row in world.store.tickets.history(fourth) if row.name == "letter_suppressed"]
    assert row.facts["reason"] == Reason.of("budget.hour", 3)
    world.clock.turn(minutes=61)
    world.send(MAX, SUPPORT, "mail 5", "It drops.")
    assert len(world.letters_for(MAX)) == 4


def test_who_writes_from_another_address_of_hers_has_one_budget_and_every_mail_is_read(tmp_path: Path) -> None:
    def ann_has_two(folder: Path) -> None:
        edit(folder, "policy.toml", (f'mail = "{ANN}"', f'mail = "{ANN}"\naliases = ["a.smith@example.org"]'))
        edit(folder, "policy.toml", ("proven_per_hour = 20", "proven_per_hour = 3"))

    with World(tmp_path, changes=ann_has_two) as world:
        for number in range(4):
            world.send("a.smith@example.org", SUPPORT, f"mail {number}", "It drops.")
            world.gateway.read_inbox()
        assert len(world.tickets()) == 4
        [row] = [row for row in world.store.tickets.history(world.tickets()[-1].number) if row.name == "letter_suppressed"]
        assert row.facts["reason"] == Reason.of("budget.hour", 3)


@pytest.mark.either_database
def test_a_mail_that_can_never_be_recorded_is_set_aside_and_holds_nobody_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = budget.overrun

    def never_for_max(letters: Sequence[Letter], *rest: Any, **more: Any) -> str:
        return "one address" if any(one.address == MAX for one in letters) else real(letters, *rest, **more)

    monkeypatch.setattr(budget, "overrun", never_for_max)
    world.send(MAX, SUPPORT, "for ever", "It drops.")
    world.send("pia@example.com", SUPPORT, "another", "It drops as well.")
    world.gateway.read_inbox()
    assert [ticket.title for ticket in world.tickets()] == ["another"]
    [row] = world.store.inbox.rows("set_aside", 10)
    assert "given up" in str(row.reason)


def test_the_reading_lets_the_doors_go_first_after_each_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[float] = []
    monkeypatch.setattr(world.gateway.acceptor, "give_way", ways.append)
    for number in range(3):
        world.send(MAX, SUPPORT, f"number {number}", "It drops.")
        world.letter(MAX, f"number {number}")
    world.gateway.read_inbox()
    assert len(ways) >= 3 and set(ways) == {COURTESY}


def test_the_budget_outlives_a_restart(tmp_path: Path) -> None:
    """(fault 75)"""
    with World(tmp_path) as world:
        for number in range(3):
            world.send(MAX, SUPPORT, f"mail {number}", "It drops.")
        world.settle()
        world._running.__exit__(None, None, None)
        world._running = Running(world.settings, world.clock)
        world._running.__enter__()
        world.send(MAX, SUPPORT, "mail 4", "It drops.")
        assert len(world.letters_for(MAX)) == 3 and len(world.tickets()) == 4


def test_strangers_beyond_twenty_a_minute_wait_and_nobody_is_forgotten(world: World) -> None:
    """(fault 74)"""
    for number in range(23):
        world.send(f"p{number}@example.com", SUPPORT, f"mail {number}", "It drops.")
    world.settle()
    assert len([one for one in world.mailboxes.letters if one.recipient.startswith("p") and one.recipient != OPERATOR]) == 20
    world.clock.turn(minutes=2)
    world.settle()
    assert len([one for one in world.mailboxes.letters if one.recipient.startswith("p") and one.recipient != OPERATOR]) == 23


def test_mail_that_was_under_way_for_more_than_a_day_opens_a_ticket_without_an_answer(world: World) -> None:
    """(fault 80)"""
    raw = b"From: max@example.com\r\nTo: support@example.org\r\nSubject: old\r\nMessage-ID: <o@example.com>\r\n\r\nIt dropped.\r\n"
    now = world.clock()
    asyncio.run(world.gateway.accept(Arrival(raw, MAX, (SUPPORT,), Door.PIPE, "pipe", now, now - timedelta(hours=25))))
    assert world.letters_for(MAX) == []
    assert world.letter(ANN, "old")
    [row] = [row for row in world.store.tickets.history(world.tickets()[0].number) if row.name == "letter_suppressed"]
    assert row.facts["reason"] == Reason("too_old")


# --- loops ------------------------------------------------------------------------------------------------------------------------


def test_a_forged_mark_of_ours_does_not_have_a_mail_dropped(world: World) -> None:
    """(fault 67)"""
    forged = "<1.K7QF3M9X.0123456789ABCDEF@example.org>"
    world.send(MAX, SUPPORT, "forged", "I am a customer.", message_id=forged, X_Loop="mailgate", References=forged)
    assert len(world.tickets()) == 1
    assert world.letter(ANN, "forged")


def test_a_letter_of_ours_that_comes_back_opens_nothing_and_is_answered_by_nobody(world: World) -> None:
    """(fault 16)"""
    world.send(MAX, SUPPORT, "VPN drops", "It drops.")
    ack = world.letter(MAX)
    world.letter(ANN, "VPN drops")
    world.letter(BOB, "VPN drops")
    before = len(world.mailboxes.letters)
    world.deliver(ack.data, MAX, [SUPPORT])
    world.deliver(b"Received: by forwarder; Mon, 1 Jun 2026 08:00:00 +0000\r\n" + ack.data, "", [ack.reply_address])
    world.settle()
    assert len(world.tickets()) == 1
    assert len(world.ticket().entries) == 1
    assert len(world.mailboxes.letters) == before
    assert [row.state for row in world.store.inbox.rows()] == ["done"] * len(world.store.inbox.rows())


@pytest.mark.either_database
def test_two_gateways_that_answer_each_other_fall_silent(world: World) -> None:
    """The other desk acknowledges every mail, and says so in no header (fault 69)."""
    for number in range(30):
        world.send("help@desk.example", SUPPORT, f"Re: mail {number}", "We have your message.")
        world.settle()
    assert len(world.letters_for("help@desk.example")) == 3
    world.clock.turn(hours=25)
    for number in range(30):
        world.send("help@desk.example", SUPPORT, f"Re: later {number}", "We have your message.")
        world.settle()
    assert len(world.letters_for("help@desk.example")) == 4, "once it is known for a machine, a day's first mail is answered and no other"


def test_only_the_settings_say_which_limits_hold(tmp_path: Path) -> None:
    lifted = ("per_address_hour = 3", 'per_address_hour = "none"')
    with World(tmp_path, changes=lambda config: edit(config, "policy.toml", lifted)) as world:
        for number in range(5):
            world.send(MAX, SUPPORT, f"mail {number}", "It drops.")
        assert len(world.letters_for(MAX)) == 5


def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    with World(tmp_path / "one") as first:
        world = World(tmp_path / "two", changes=lambda folder: edit(folder, "mailgate.toml", ("port = 0 ", f"port = {first.port} ")))
        before = {thread.name for thread in threading.enumerate()}
        with pytest.raises(CannotListen, match="ddress"):
            world.__enter__()
        left = {thread.name for thread in threading.enumerate()} - before
        assert not {name for name in left if name.startswith(("guard", "round", "courier", "acceptor"))}, left
        world.mailboxes.stop()
