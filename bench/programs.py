"""What the bench starts: `mailgate serve` as users start it, those it is held against, and the client that hands mails over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailgate import settings
from mailgate.app import wall_clock
from mailgate.cli.init import write_configuration
from mailgate.record.store import Store, create_store, open_store

#: Budgets are no part of the measurement.
LIFTED = {
    "per_address_hour = 3": 'per_address_hour = "none"',
    "per_address_day = 10": 'per_address_day = "none"',
    "unknown_per_minute = 20": 'unknown_per_minute = "none"',
    "known_per_minute = 600": 'known_per_minute = "none"',
}


@contextmanager
def gateway(folder: Path) -> Iterator[tuple[int, int, Store]]:
    """`mailgate serve` as users start it; its port, process id, and its record."""
    door = 'kind = "lmtp"                     # "smtp" or "lmtp"\nhost = "127.0.0.1"\nport = 2424'
    write_configuration(folder, {door: 'kind = "smtp"\nhost = "127.0.0.1"\nport = 0', **LIFTED})
    loaded = settings.load(folder)
    create_store(loaded.database, wall_clock())
    command = [sys.executable, "-m", "mailgate", "serve", "--config", str(folder), "--only", "receive,read,clocks"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment()) as process,
    ):
        try:
            assert process.stdout is not None
            port = 0
            for line in process.stdout:
                if line.startswith("listening"):
                    port = int(line.split("port")[1])
                if line.startswith("ready"):
                    break
            else:
                raise SystemExit((folder / "log").read_text()[-2000:])
            store = open_store(loaded.database, wall_clock(), check=False)
            try:
                yield port, process.pid, store
            finally:
                store.close()
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def bare() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-m", "bench.bare"], stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(10)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def client(port: int, mails: int, per_connection: int, seed: int) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "bench.load",
        "--port",
        str(port),
        "--mails",
        str(mails),
        "--per-connection",
        str(per_connection),
        "--seed",
        str(seed),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def memory(pid: int) -> float:
    """MiB of a process and its children."""
    total = 0.0
    for one in (pid, *_children(pid)):
        try:
            text = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS")), 0.0)
    return total


def cpu(pid: int) -> float:
    """Seconds of CPU of a process and its living children."""
    total = 0.0
    for one in (pid, *_children(pid)):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.extend(int(child) for child in task.read_text().split())
        except OSError:
            continue
    return found


