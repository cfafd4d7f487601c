"""What the bench starts: `mailgate serve` as users start it, those it is held against, and the client that hands mails over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
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
    "notices_per_hour = 30 ": 'notices_per_hour = "none" ',
}


#: As the sample configuration has it.
SQLITE = 'url = "mailgate.db"'


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database of this kind, as lines of the configuration. PostgreSQL is the server that the tests start."""
    if name == "sqlite":
        yield SQLITE
        return
    server = import_module("tests.servers.postgresql")
    with server.a_new_database() as url:
        yield f'url = "{url}"\npassword_env = "{server.PASSWORD}"'


def databases() -> tuple[str, ...]:
    """Those that can be measured on this machine."""
    from tests.servers import SERVERS, missing

    return ("sqlite", *(("postgresql",) if "postgresql" in SERVERS and missing("postgresql") is None else ()))


@contextmanager
def postfix() -> Iterator[int | None]:
    """A Postfix that takes mail into its queue on disk and throws it away from there; its port, None where there is no Postfix."""
    from tests.servers import missing
    from tests.servers.postfix import running_postfix

    if missing("postfix") is not None:
        yield None
        return
    with running_postfix(lmtp_domain="example.org", also="transport_maps = inline:{ example.org=discard: }\n") as server:
        yield server.port


@contextmanager
def gateway(folder: Path, lines: str = SQLITE) -> Iterator[tuple[int, int, Store]]:
    """`mailgate serve` as users start it; its port, process id, and its record."""
    if not (folder / "mailgate.toml").exists():
        write_configuration(folder, {'kind = "lmtp" ': 'kind = "smtp" ', "port = 2424": "port = 0", SQLITE: lines, **LIFTED})
    loaded = settings.load(folder)
    if lines != SQLITE or not Path(loaded.database.url).exists():
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


def client(port: int, mails: int, per_connection: int, seed: int, rate: float = 0.0) -> dict[str, float]:
    """Mails of this seed, handed over as fast as they are taken, or so many a second; what `bench.load` saw."""
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
        "--rate",
        str(rate),
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
