"""`mailgate check --send` and `--roundtrip`: what a relay makes of our letters is seen before people depend on it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mailgate.app.stage import Received
from mailgate.cli import app
from tests.journeys.world import SUPPORT, World, edit

#: What a relay does to our headers is the same on every record.
pytestmark = pytest.mark.either_database


def check(world: World, *words: str) -> Result:
    return CliRunner().invoke(app, ["check", *words, "--config", str(world.folder / "config")], env={"COLUMNS": "300"})


def lines(result: Result) -> dict[str, tuple[str, str]]:
    """What each line says: name -> (ok or no, words)."""
    found = re.findall(r"^(ok|no) +([A-Za-z-]+) +(.*)$", result.output, re.MULTILINE)
    return {name: (mark, words) for mark, name, words in found}


@contextmanager
def carried_home(world: World, change: Callable[[Received], tuple[bytes, str] | None]) -> Iterator[None]:
    """The relay hands letters for the desk on to our door, as it likes: `change` gives bytes and reverse path, or None for nothing."""
    over = threading.Event()

    def carry() -> None:
        while not over.is_set():
            try:
                letter = world.mailboxes.take(lambda one: one.recipient.startswith("support"), timeout=0.2)
            except TimeoutError:
                continue
            if (changed := change(letter)) is not None:
                world.deliver(changed[0], changed[1], [letter.recipient])

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def verp(folder: Path) -> None:
    edit(folder, "mailgate.toml", ('# reverse_path = "auto"', 'reverse_path = "verp" #'))


def test_a_test_letter_goes_to_the_relay_at_once_and_its_words_are_told(world: World) -> None:
    world.mailboxes.reply = lambda _: "250 2.0.0 queued as 4711"
    done = check(world, "--send", "max@example.com")
    assert done.exit_code == 0 and "250 2.0.0 queued as 4711" in done.output
    assert "check --send" in world.letter("max@example.com").text
    world.mailboxes.reply = lambda _: "554 5.7.1 not from you"
    done = check(world, "--send", "max@example.com")
    assert done.exit_code == 1 and "refused it: 554 5.7.1 not from you" in done.output
    assert check(world, "--send", "nobody").exit_code == 1
    assert world.store.outbox.rows() == [], "it never was in the outbox"


def test_what_comes_back_unchanged_is_said_to_be_well_and_opens_nothing(tmp_path: Path) -> None:
    with World(tmp_path, changes=verp) as world, carried_home(world, lambda one: (one.data, one.reverse_path)):
        done = check(world, "--roundtrip", "--wait", "20")
        assert done.exit_code == 0, done.output
        said = lines(done)
        assert {name: mark for name, (mark, _) in said.items()} == dict.fromkeys(
            ("roundtrip", "Message-ID", "Date", "anchor", "Reply-To", "bounces", "subaddress"), "ok"
        )
        before = len(world.mailboxes.letters)
        assert world.tickets() == [] and len(world.mailboxes.letters) == before, "no ticket, no answer, no alarm"
        assert [row.state for row in world.store.inbox.rows()] == ["done", "done"]


def test_a_relay_that_rewrites_is_told_with_the_settings_that_follow(tmp_path: Path) -> None:
    count = iter(range(1, 10))

    def rewritten(one: Received) -> tuple[bytes, str] | None:
        if "+" in one.recipient:
            return None  # a host without subaddresses
        data = re.sub(rb"(?m)^Message-ID: .*$", b"Message-ID: <relay-%d@relay.example>\r" % next(count), one.data)
        data = re.sub(rb"(?m)^References: .*\r\n", b"", data)
        return re.sub(rb"(?m)^Date: .*$", b"Date: Tue, 02 Jun 2026 09:00:00 +0000\r", data), "bounces@relay.example"

    with World(tmp_path, changes=verp) as world, carried_home(world, rewritten):
        world.mailboxes.reply = lambda _: "250 2.0.0 OK <relay-1@relay.example>"
        done = check(world, "--roundtrip", "--wait", "4")
        assert done.exit_code == 1
        said = lines(done)
        assert said["Message-ID"][0] == "no" and "message_id_pattern" in said["Message-ID"][1]
        assert said["Date"][0] == "ok" and "Tue, 02 Jun 2026" in said["Date"][1]
        assert said["anchor"][0] == "no"
        assert said["bounces"][0] == "no" and 'reverse_path = "desk"' in said["bounces"][1]
        assert said["subaddress"][0] == "no" and 'subaddress = "none"' in said["subaddress"][1]
        assert world.tickets() == [], "the subject still tells what it is"


def test_a_roundtrip_that_never_ends_says_where_to_look(world: World) -> None:
    done = check(world, "--roundtrip", "--wait", "1")
    assert done.exit_code == 1
    assert f"mail to {SUPPORT} did not come back within 1 s" in done.output and "serve" in done.output
    assert check(world, "--roundtrip", "--desk", "nobody").exit_code == 2
