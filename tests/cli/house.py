"""A small installation to run commands on: a few mails, one of them set aside, letters in a maildir, and words made to fool a terminal."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.running import Running
from mailgate.cli import app
from mailgate.cli.init import write_configuration
from mailgate.model.mail import Arrival, Door
from mailgate.record.store import Store, open_store
from tests import databases

SUPPORT = "support@example.org"
#: Moves the cursor, sets the title, turns the line round, and imitates a line of ours.
WICKED = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egro.elpmaxe\u2066\r\nall is well"

PLAIN = (
    b"From: Max Muster <max@example.com>\r\nTo: support@example.org\r\nSubject: VPN drops\r\nMessage-ID: <vpn@example.com>\r\n"
    b"Date: Mon, 1 Jun 2026 08:00:00 +0000\r\n\r\nIt drops every ten minutes.\r\n\r\nOn Sun, 31 May 2026, Ann wrote:\r\n> All is well.\r\n"
)


def wicked() -> bytes:
    word = WICKED.encode().hex("=").upper()
    encoded = f"=?utf-8?q?={word}?="
    return (
        f"From: {encoded} <eve@example.net>\r\nTo: {SUPPORT}\r\nSubject: wicked {encoded}\r\nMessage-ID: <wicked@example.net>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"wicked ={word}\r\n\r\n"
        f'--b\r\nContent-Type: application/octet-stream; name="{encoded}"\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n'
    ).encode()


NOBODY = b"Subject: who am I\r\n\r\nno author at all\r\n"


@dataclass(frozen=True, slots=True)
class House:
    """An installation that is not running."""

    config: Path

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.config)])

    def store(self) -> Store:
        return open_store(settings.load(self.config).database, wall_clock(), check=False)


def configured(folder: Path, **changes: str) -> House:
    """A fresh installation on free ports: what `init` writes, with texts replaced."""
    write_configuration(folder / "config", {"port = 2424": "port = 0", **changes})
    databases.configure(folder / "config")
    databases.ensure(settings.load(folder / "config").database, wall_clock())
    return House(folder / "config")


def lived_in(folder: Path) -> House:
    """An installation that has taken in, read and answered a few mails."""
    house = configured(folder)
    with Running(settings.load(house.config)) as running:
        for raw, path in ((PLAIN, "max@example.com"), (wicked(), "eve@example.net"), (NOBODY, "")):
            now = wall_clock()
            asyncio.run(running.program.gateway.accept(Arrival(raw, path, (SUPPORT,), Door.PIPE, "pipe", now, now)))
        for _ in range(2):
            running.program.gateway.read_inbox()
            running.program.gateway.send_outbox()
    return house


def mailgate(*words: str, folder: Path, seconds: float = 150) -> subprocess.CompletedProcess[str]:
    """The program as a shell runs it, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mailgate", *words], cwd=folder, capture_output=True, text=True, timeout=seconds, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "COLUMNS": "200", "LANG": "C.UTF-8", "TMPDIR": str(folder)},
    )  # fmt: skip
