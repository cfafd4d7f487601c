"""What somebody asks for once a minute loads what it needs, and no more."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.house import House, lived_in

pytestmark = pytest.mark.database("sqlite", because="a command is started as users start it, on a file")

#: What reads, decides, writes and carries mail, with the libraries of each. Of `decide`, when a mailbox counts as unread is asked.
HEAVY = (
    "mailgate.gateway", "mailgate.guard", "mailgate.explain", "mailgate.receive", "mailgate.send", "mailgate.understand",
    "mailgate.compose", "mailgate.schedule", "mailgate.app.program", "mailgate.record.recording", "mailgate.model.events",
    "aiosmtpd", "alembic", "apscheduler", "babel", "chardet", "cryptography", "dns", "holidays", "imapclient", "jinja2", "nh3", "psycopg",
    "selectolax", "smtplib",
)  # fmt: skip
NAMES = "import atexit, json, sys; atexit.register(lambda: sys.stderr.write('\\n' + json.dumps(list(sys.modules))))\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return lived_in(tmp_path_factory.mktemp("start"))


@pytest.mark.parametrize("command", ["status", "tickets list", "inbox list", "outbox list", "people list"])
def test_a_command_that_only_looks_loads_nothing_that_works_on_mail(house: House, command: str) -> None:
    start = (
        f"{NAMES}sys.argv = ['mailgate', *{command.split()!r}, '--config', {str(house.config)!r}]\nfrom mailgate.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=command != "status")
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "mailgate.record.store" in loaded, "it has looked"
    assert sorted(loaded.intersection(HEAVY)) == []


@pytest.mark.parametrize(
    ("setup", "needs", "loaded"),
    [
        ("mailgate.app.scribe", "mailgate.compose.letters", ("mailgate.gateway", "mailgate.decide", "mailgate.understand", "pydantic")),
        ("mailgate.guard.worker", "mailgate.guard.line", ("mailgate.compose", "mailgate.understand", "mailgate.app", "jinja2")),
    ],
)
def test_a_worker_loads_what_its_work_needs(setup: str, needs: str, loaded: tuple[str, ...]) -> None:
    """One that writes letters, and the one that `check` only looks at: each costs its start again and again."""
    done = subprocess.run([sys.executable, "-c", f"{NAMES}import {setup}"], capture_output=True, text=True, check=True)
    names = set(json.loads(done.stderr.splitlines()[-1]))
    assert needs in names and names.isdisjoint({*loaded, "sqlalchemy"})
