"""Lists fit a screen of eighty columns and lose nothing; commands take a ticket as people write it, and several numbers at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mailgate as the_package
from mailgate.app import wall_clock
from mailgate.cli import app, screen, tickets
from mailgate.model.delivery import Suppression, SuppressionKind
from tests.cli.house import House, configured, lived_in
from tests.cli.test_commands import UNSAFE

pytestmark = pytest.mark.database("sqlite", because="what is shown is the same for both")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return lived_in(tmp_path_factory.mktemp("house"))


LISTS = (
    ("tickets", "list"), ("inbox", "list"), ("outbox", "list", "--state", "sent"), ("people", "list"), ("people", "list", "--dead"),
)  # fmt: skip


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_a_list_fits_eighty_columns_and_has_all_of_it_as_json(house: House, command: tuple[str, ...]) -> None:
    if "--dead" in command:
        with house.store() as store:
            now = wall_clock()
            store.people.suppress(
                Suppression(
                    "max@example.com", SuppressionKind.BOUNCE, "550 5.1.1 " + "no such user here " * 8, now, now + timedelta(days=60)
                )
            )
    done = house.run(*command)
    assert done.exit_code == 0 and done.output.splitlines()
    assert max(map(len, done.output.splitlines())) <= 80, done.output
    rows = [json.loads(line) for line in house.run(*command, "--json").output.splitlines()]
    assert rows and all(isinstance(row, dict) for row in rows)
    assert len(rows) <= len(done.output.splitlines()) - 1
    assert not UNSAFE.search(house.run(*command, "--json").output)


def test_a_long_cell_stands_below_its_line_and_a_column_of_nothing_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    screen.table(("number", "owner", "why"), ((1, "-", words), (2, "-", "short")), "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["number", "why"] and lines[-1].split() == ["2", "short"]
    assert " ".join(" ".join(lines[2:-1]).split()) == words and all(len(line) <= 80 for line in lines)
    screen.table(("who", "what"), (("a" * 90, "b"), ("\u6f22" * 50, "[red]c")), "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert "[red]c" in lines[2] and all("\u2026" in line for line in lines[1:])
    screen.table(("a",), (), "nothing")
    assert capsys.readouterr().out == "nothing\n"


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("1", ("", 1)), ("IT-1", ("IT", 1)), ("it-1", ("IT", 1)), ("IT-1-K7QF3M9X", ("IT", 1)), ("[IT-1-K7QF3M9X]", ("IT", 1)),
        (" it-1042 ", ("IT", 1042)), ("#17", ("", 17)), ("[IT-1-k7qf3m9x]", ("IT", 1)),
    ],
)  # fmt: skip
def test_a_ticket_is_known_however_it_is_written(written: str, means: tuple[str, int]) -> None:
    assert tickets.named(written) == means


@pytest.mark.parametrize("written", ["", "0", "IT", "IT-", "IT-x", "1-1-1", "IT-1-short", "1; drop", "IT 1", "9" * 13])
def test_what_is_no_ticket_is_said_with_the_form(house: House, written: str) -> None:
    done = house.run("tickets", "show", written)
    assert done.exit_code == 2 and ("write 17 or IT-17" in done.output or "Error" in done.output)


def test_a_ticket_is_shown_with_people_by_name_and_files_under_each_form(house: House) -> None:
    shown = [house.run("tickets", "show", form).output for form in ("1", "IT-1", "it-1", "IT-1-K7QF3M9X", "[IT-1-K7QF3M9X]")]
    assert len(set(shown)) == 1 and shown[0].startswith("IT-1 VPN drops")
    assert re.search(r"ticket_opened by Max Muster: .*requester Max Muster", shown[0]), shown[0]
    assert "file " in house.run("tickets", "show", "2").output and "octets" in house.run("tickets", "show", "2").output
    other = house.run("tickets", "show", "HR-1")
    assert other.exit_code == 1 and "no ticket HR-1: number 1 is IT-1" in other.output


def test_several_mails_and_letters_are_settled_at_once_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    house = lived_in(tmp_path)
    done = house.run("inbox", "done", "3", "1", "99")
    assert done.exit_code == 1
    assert "mail 3 is put away" in done.output and "mail 1 is not set aside" in done.output and "mail 99 is not set aside" in done.output
    with house.store() as store:
        assert store.inbox.row(3).state == "done"
    letters = [json.loads(line)["letter"] for line in house.run("outbox", "list", "--state", "sent", "--json").output.splitlines()]
    done = house.run("outbox", "retry", *letters[:2])
    assert done.exit_code == 1 and all(f"letter {one} is not there, was sent" in done.output for one in letters[:2])


# --- errors, help, version ----------------------------------------------------------------------------------------------------------

COMMANDS = (
    (), ("demo",), ("init",), ("serve",), ("check",), ("status",), ("explain",), ("deliver",), ("import",), ("backup",),
    *((group, name) for group, names in (
        ("inbox", ("list", "show", "raw", "retry", "done", "export")), ("outbox", ("list", "show", "retry", "cancel", "hold", "release")),
        ("tickets", ("list", "show", "export")), ("people", ("list", "show", "lift")),
    ) for name in names),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: " ".join(one) or "mailgate")
def test_every_command_has_a_help_that_says_what_it_does(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0 and "Usage:" in done.output
    lines = [line.strip() for line in done.output.splitlines() if line.strip()]
    said = next(line for line in lines[1:] if "[OPTIONS]" not in line and not line.startswith(("[", "Usage", "\u256d", "COMMAND", "ARGS")))
    assert len(said) > 12 and said[0].isupper() and " " in said, done.output


@pytest.mark.parametrize(("command", "table"), [(("report",), "[report]"), (("people", "set"), "[organisations]")])
def test_a_help_names_a_table_of_the_policy_as_it_stands_there(command: tuple[str, ...], table: str) -> None:
    """Square brackets are markup, and would be left out."""
    assert table in CliRunner().invoke(app, [*command, "--help"]).output


def test_the_version_is_said() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0 and done.output.startswith(f"mailgate {the_package.__version__} (Python 3.")


@pytest.mark.parametrize(
    "command",
    [
        ("inbox", "list", "--state", "\x1b[2Jx"), ("outbox", "list", "--state", "\x1b[2Jx"), ("outbox", "list", "--reported", "\x1b[2Jx"),
        ("tickets", "list", "--status", "\x1b[2Jx"), ("tickets", "show", "\x1b[2Jx"), ("people", "show", "\x1b[2Jx"),
        ("people", "lift", "\x9b31m"), ("outbox", "show", "\x1b[2Jx"), ("outbox", "cancel", "\x1b[2Jx"), ("check", "--desk", "\x1b[2Jx"),
        ("explain", "\x1b[2Jx"), ("backup", "/nowhere/\x1b[2Jx"), ("import", "/nowhere/\x1b[2Jx"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_error_hands_a_control_character_on(house: House, command: tuple[str, ...]) -> None:
    """What was pasted from a mail moves no cursor (fault 129)."""
    done = house.run(*command)
    assert not UNSAFE.search(done.output), ascii(done.output)
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (lambda config: (config / "policy.toml").write_text("[desks"), "policy.toml:1"),
        (lambda config: (config / "keys").write_text(""), "holds no key"),
        (lambda config: (config / "mailgate.db").unlink(), "there is no database at"),
        (lambda config: (config / "mailgate.toml").unlink(), "no configuration: looked for"),
        (lambda config: (config / "mailgate.db").chmod(0o644), "chmod 600"),
        (lambda config: (config / "mailgate.db").write_bytes(b"\xff" * 9000), "is not an SQLite database"),
    ],
)
def test_deliver_says_in_a_line_what_is_in_the_way_and_keeps_the_mail_outside(tmp_path: Path, breaks, said: str) -> None:  # type: ignore[no-untyped-def]
    house = configured(tmp_path)
    breaks(house.config)
    done = subprocess.run(
        [sys.executable, "-m", "mailgate", "deliver", "--config", str(house.config), "support@example.org"],
        input=b"Subject: x\r\n\r\nx\r\n", capture_output=True, check=False, timeout=200,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    told = done.stderr.decode()
    assert done.returncode == 75
    assert said in told and "Traceback" not in told and "Try again later" in told
    assert all(line.startswith("mailgate: ") for line in told.splitlines())


def test_explain_works_beside_a_configuration_whose_keys_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = configured(tmp_path)
    (house.config / "keys").unlink()
    (tmp_path / "a.eml").write_bytes(b"From: max@example.com\nTo: support@example.org\nSubject: VPN\n\nIt drops.\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    done = CliRunner().invoke(app, ["explain", "a.eml"])
    assert done.exit_code == 0 and "I have no keys here that can be read" in " ".join(done.output.split()), done.output
    (house.config / "policy.toml").write_text("[desks")
    assert CliRunner().invoke(app, ["explain", "a.eml"]).exit_code == 78
