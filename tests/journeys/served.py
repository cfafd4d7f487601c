"""`mailgate serve` as a process of its own, as an operator starts it, with people's mailboxes behind its relay."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.stage import DemoMailboxes
from mailgate.cli.demo import configuration
from mailgate.record.store import Store, open_store
from tests import databases
from tests.servers.postfix import free_port


def mailgate(*words: str, given: bytes = b"", seconds: float = 150) -> subprocess.CompletedProcess[bytes]:
    """The program with these words, as a shell would run it."""
    return subprocess.run(
        [sys.executable, "-m", "mailgate", *words], input=given, capture_output=True, timeout=seconds, env=environment(), check=False
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}


class Served:
    """A running `mailgate serve` on a free port."""

    def __init__(self, folder: Path, changes: Callable[[Path], None] | None = None) -> None:
        self.folder, self.config, self.port = folder, folder / "config", free_port()
        self.boxes = DemoMailboxes()
        configuration(self.config, self.boxes.start(), self.port)
        if changes:
            changes(self.config)
        databases.configure(self.config)
        self.settings = settings.load(self.config)
        databases.ensure(self.settings.database, wall_clock())

    def __enter__(self) -> Self:
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mailgate", "serve", "--config", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
            )  # fmt: skip
        try:
            self.until(self._listens, 200)
        except BaseException:
            self.__exit__(None, None, None)  # what was started and did not begin in time runs beside no other test
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.boxes.stop()

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                return peer.recv(4).startswith(b"220")
        except OSError:
            return False

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text(errors="replace")

    def until(self, look: Callable[[], object], seconds: float = 100) -> None:
        deadline = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def run(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Another command beside it."""
        return mailgate(*words, "--config", str(self.config), given=given)

    def store(self) -> Store:
        return open_store(self.settings.database, wall_clock(), check=False)

    def send(self, name: str, to: str = "support@example.org", subject: str = "") -> None:
        """A mail of somebody new; returns once it was answered 250."""
        raw = (
            f"From: {name}@example.com\r\nTo: {to}\r\nSubject: {subject or name}\r\nMessage-ID: <{name}@example.com>\r\n\r\n"
            f"Hello from {name}.\r\n"
        )
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.sendmail(f"{name}@example.com", [to], raw.encode())
