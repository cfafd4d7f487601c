"""One gateway in several processes on one PostgreSQL: `serve --only` for each, a clock in a file, and a mailbox at a real Dovecot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mailgate.app import wall_clock
from mailgate.record.store import Store, open_store
from tests import databases
from tests.journeys.served import environment
from tests.journeys.world import World, edit
from tests.servers.postfix import free_port

#: What each process is: the name of its part, and the words of `--only`.
PARTS = {"door": "receive", "poller": "receive", "reader": "read", "clock": "clocks", "courier": "send"}
ROUNDS = '[rounds]\nread = "1s"\nclocks = "1s"\nsend = "1s"\n'


class FileClock:
    """Stands still until it is turned; every process reads it."""

    def __init__(self, path: Path, at: datetime) -> None:
        self._path = path
        self.at = at
        self._write()

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)
        self._write()

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(self.at.isoformat())
        new.replace(self._path)


class Parts(World):
    """A world whose gateway is five processes. `mailbox` is a text with a `[[mailboxes]]`, which the poller reads."""

    def __init__(self, folder: Path, mailbox: str, password: str) -> None:
        self._door_port = free_port()
        super().__init__(folder, changes=self._changes)
        self._running._loop.close()  # nothing runs in this process
        self.clock = FileClock(folder / "clock", wall_clock())  # type: ignore[assignment]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        config = folder / "config"
        self._configs = dict.fromkeys(PARTS, config) | {"poller": folder / "poller"}
        (folder / "poller").mkdir()
        for path in config.iterdir():
            if path.is_file():
                (folder / "poller" / path.name).write_bytes(path.read_bytes())
                (folder / "poller" / path.name).chmod(0o600)
        text = (folder / "poller" / "mailgate.toml").read_text()
        before, _, rest = text.partition("[[doors]]")
        (folder / "poller" / "mailgate.toml").write_text(f"{before}{mailbox}{rest[rest.index('[relay]') :]}")
        (folder / "poller" / "password").write_text(f"{password}\n")
        (folder / "poller" / "password").chmod(0o600)
        self._store = open_store(self.settings.database, self.clock(), check=False)

    def _changes(self, config: Path) -> None:
        edit(config, "mailgate.toml", ("port = 0", f"port = {self._door_port}"), ("[rounds]\n", ROUNDS))

    def __enter__(self) -> Self:
        for name in PARTS:
            self.start(name)
        for name in PARTS:
            self.until(lambda name=name: "ready" in self.said(name), 60)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(100)
            if process.poll() is None:
                process.kill()
                process.wait()
        self._store.close()
        self.mailboxes.stop()

    # --- the processes ------------------------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        (self.folder / f"{name}.log").unlink(missing_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.journeys.a_part", str(self.folder / "clock"), "serve", "--only", PARTS[name],
                 "--config", str(self._configs[name])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**environment(), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def kill(self, name: str) -> None:
        os.kill(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def said(self, name: str) -> str:
        process = self.processes[name]
        text = (self.folder / f"{name}.log").read_text(errors="replace")
        assert process.poll() is None, f"{name} has ended: {text}"
        return text

    def name_of(self, lease: str | None) -> str | None:
        """Which of them took this lease: its process id stands in it."""
        pids = {process.pid: name for name, process in self.processes.items()}
        return pids.get(int(lease.split(".")[1])) if lease else None

    def holders(self, query: str) -> set[str | None]:
        return {self.name_of(lease) for (lease,) in databases.look(self._store, query)}

    def until(self, look: Callable[[], Any], seconds: float = 150) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, {name: self.said(name)[-1500:] for name in PARTS}
            time.sleep(0.02)
        return found

    # --- what a world is asked ----------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        return self._store

    @property
    def port(self) -> int:
        return self._door_port

    def settle(self) -> None:
        """Nothing waits and nothing is under way, but what is due later."""

        def quiet() -> bool:
            health = self._store.standing.health(self.clock())
            return not any(health.inbox.get(state) for state in ("waiting", "claimed")) and not any(
                health.outbox.get(state) for state in ("queued", "sending")
            )

        self.until(quiet)

    def pass_time(self, **by: float) -> None:
        self.clock.turn(**by)
