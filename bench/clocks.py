"""What clocks cost: a round with 100 due among 1,000,000 open tickets, an edited policy over 100,000 running clocks, and a year of time.

    python -m bench.clocks [--few 1000] [--many 1000000] [--running 100000] [--rounds 3] [--folder DIR] [--write]

The tickets of the small record come from mails, as in `bench.ingest`; the others are their rows over again under other numbers, all of
them open, their next check ninety days later. The round is timed by the CPU of this process. While the policy is edited a real program
runs, and somebody writes to it ten times a second: what counts is when the last clock was counted anew, and whether the mail was read.
"""

from __future__ import annotations

import argparse
import shutil
import smtplib
import sqlite3
import statistics
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import measured, stages
from bench.load import SUPPORT
from bench.load import mails as messages
from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.program import build_gateway
from mailgate.app.running import Running
from mailgate.decide.calendar import add
from mailgate.model.calendar import Calendar
from mailgate.record.store import open_store
from mailgate.record.tables import metadata

DUE = 100
STEP = 10_000  #: between the numbers of two copies
#: New values for rows that are copied; `{k}` is the number of the copy. Everything else of a ticket stays with the first.
_MINE = {"ticket": f"ticket + {{k}} * {STEP}"}
_NEW = {"tickets": {"number": f"number + {{k}} * {STEP}"}, "cycles": _MINE, "members": _MINE}
_LATER = "UPDATE tickets SET next_check_at = datetime(next_check_at, '{days} days')"
EDITED = ('first_reply = "8h", resolution = "40h"', 'first_reply = "9h", resolution = "41h"')


def few(folder: Path, tickets: int) -> None:
    stages.a_record(folder)
    path = folder / "mailgate.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('kind = "lmtp" ', 'kind = "smtp" ').replace("port = 2424", "port = 0"), encoding="utf-8")
    stages.take_in(folder, messages(tickets * 5 // 4, seed=77))
    with closing(sqlite3.connect(_file(folder))) as connection, connection:
        connection.execute(_LATER.format(days="+90"))


def many(folder: Path, source: Path, tickets: int) -> None:
    """The same record with its tickets copied until there are so many."""
    shutil.copytree(source, folder)
    folder.chmod(0o700)
    with closing(sqlite3.connect(_file(folder), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        (there,) = connection.execute("SELECT count(*) FROM tickets").fetchone()
        for k in range(1, -(-tickets // there)):
            connection.execute("BEGIN")
            for table, named in _NEW.items():
                columns = [column.name for column in metadata.tables[table].columns]
                values = ", ".join(named.get(name, name).format(k=k) for name in columns)
                first = "number" if table == "tickets" else "ticket"
                connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE {first} < {STEP}")
            connection.execute("COMMIT")
        connection.execute("UPDATE counters SET value = value + ?", (-(-tickets // there) * STEP,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _file(folder: Path) -> str:
    return str(settings.load(folder).database.url)


def a_round(folder: Path, n: int) -> float:
    """ms of CPU of one look at the clocks, the n-th hundred of the first tickets being due."""
    with closing(sqlite3.connect(_file(folder))) as connection, connection:
        numbers = [
            number for (number,) in connection.execute("SELECT number FROM tickets ORDER BY number LIMIT ? OFFSET ?", (DUE, n * DUE))
        ]
        among = f"number IN ({', '.join(map(str, numbers))})"
        connection.execute(f"{_LATER.format(days='-90')} WHERE {among}")
        (last,) = connection.execute(f"SELECT max(next_check_at) FROM tickets WHERE {among}").fetchone()
    now = datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(seconds=1)
    loaded = settings.load(folder)
    with open_store(loaded.database, now, check=False) as store:
        nobody: Any = stages.NoDoors()
        gateway = build_gateway(loaded, store, nobody, None, None, lambda: now)
        began = time.process_time()
        looked = gateway.review_clocks()
        spent = time.process_time() - began
        gateway.close()
        assert looked >= DUE, looked
    return spent * 1000


def edited(folder: Path) -> dict[str, float]:
    """Seconds until every clock was counted by the edited policy, while mail comes in, and what became of that mail."""
    with Running(settings.load(folder), wall_clock) as running:
        program, over, sent = running.program, threading.Event(), [0]

        def write() -> None:
            for sender, raw in messages(10_000, seed=78):
                if over.wait(0.1):
                    return
                with smtplib.SMTP("127.0.0.1", running.port, timeout=100) as client:
                    client.sendmail(sender, [SUPPORT], raw)
                sent[0] += 1

        writer = threading.Thread(target=write)
        writer.start()
        path = folder / "policy.toml"
        text = path.read_text(encoding="utf-8")
        assert EDITED[0] in text
        path.write_text(text.replace(*EDITED), encoding="utf-8")
        began, used = time.monotonic(), time.process_time()
        assert program.reload()
        target, longest = 9 * 3600, 0.0
        while _left(folder, target):
            time.sleep(0.5)
            oldest = program.store.standing.health(wall_clock()).inbox_oldest_at
            longest = max(longest, (wall_clock() - oldest).total_seconds() if oldest else 0.0)
        seconds, cpu = time.monotonic() - began, time.process_time() - used
        over.set()
        writer.join()
        program.gateway.read_inbox()
        (read,) = _ask(folder, "SELECT count(*) FROM inbox WHERE state = 'done'")
    return {"seconds": seconds, "cpu_s": cpu, "sent": sent[0], "read": read, "longest_s": longest}


def _left(folder: Path, target: int) -> bool:
    """Whether a first reply of P4 is still promised as before."""
    query = "SELECT EXISTS (SELECT 1 FROM cycles WHERE metric = 'first_reply' AND outcome = 'running' AND priority = 4 AND target_s <> ?)"
    return bool(_ask(folder, query, target)[0])


def _ask(folder: Path, query: str, *values: object) -> tuple[Any, ...]:
    with closing(sqlite3.connect(_file(folder))) as connection:
        row: tuple[Any, ...] = connection.execute(query, values).fetchone()
        return row


def a_year() -> float:
    """ms of CPU of counting a year of opening hours, with another beginning each time."""
    calendar = Calendar("office", "Europe/Berlin", (((480, 720), (780, 1080)),) * 5 + ((), ()))
    start = datetime(2026, 1, 5, 8, tzinfo=UTC)
    add(calendar, start, 9 * 3600 * 261)
    began = time.process_time()
    for n in range(200):
        add(calendar, start + timedelta(minutes=n), 9 * 3600 * 261)
    return (time.process_time() - began) * 1000 / 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--running", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the records are made: the large one takes some 2 GB")
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    year = a_year()
    print(f"a year of opening hours: {year:.2f} ms", flush=True)
    with tempfile.TemporaryDirectory(prefix="mailgate-clocks-", dir=given.folder) as name:
        small, large, busy = (Path(name) / part for part in ("few", "many", "busy"))
        few(small, given.few)
        (tickets,), (clocks,) = (_ask(small, f"SELECT count(*) FROM {what}") for what in ("tickets", "cycles"))
        many(busy, small, given.running * tickets // clocks)
        anew = edited(busy)
        shutil.rmtree(busy)
        print(
            f"{given.running} clocks counted anew in {anew['seconds']:.0f} s ({anew['cpu_s']:.0f} s of CPU, mail included); "
            f"{anew['sent']} mails came meanwhile, the oldest waited {anew['longest_s']:.0f} s",
            flush=True,
        )
        many(large, small, given.many)
        found = {folder: [a_round(folder, n) for n in range(given.rounds)] for folder in (small, large)}
        before, after = (statistics.median(found[folder]) for folder in (small, large))
        print(
            f"a round with {DUE} due: {before:.0f} ms among {tickets}, {after:.0f} ms among {given.many}: {after / before:.2f}", flush=True
        )
    if given.write:
        failed = (year > 2) + (anew["seconds"] > 300) + (after / before > 1.5)
        figures = {
            "few": tickets,
            "ms_few": f"{before:.0f}",
            "ms_many": f"{after:.0f}",
            "ratio": f"{after / before:.2f}",
            "running": given.running,
            "counted_anew_s": f"{anew['seconds']:.0f}",
            "cpu_s": f"{anew['cpu_s']:.0f}",
            "mails": int(anew["sent"]),
            "waited_s": f"{anew['longest_s']:.0f}",
            "year_ms": f"{year:.2f}",
        }
        measured.write("clocks", n=given.many, failed=failed, **figures)


if __name__ == "__main__":
    main()
