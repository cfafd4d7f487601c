"""What an outbox of a million letters costs: claiming, settling and looking at them, beside a record of 1,000.

    python -m bench.outbox [--few 1000] [--many 1000000] [--rounds 3] [--write]

The letters are those of `bench.ingest`'s mails, whole, with their HTML; the million are their rows over again under other ids and
instants, sent long ago, but for as many as wait in the small record. Rounds are interleaved. CPU of this process, so other programs on
the machine move the figures little; the size of a letter in the record is what the file grew by.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bench import measured, stages
from bench.load import mails as messages
from mailgate import settings
from mailgate.app import wall_clock
from mailgate.model.delivery import OutboxState, Settled
from mailgate.record.rows import Settlement
from mailgate.record.store import open_store
from mailgate.record.tables import letters

BATCH = 100  #: letters in a claim
_LEASE = timedelta(minutes=5)
#: New values for rows that are copied; `{k}` is the number of the copy. Ids are spread over all names, as random ones are.
_COPIED = {
    "id": "printf('%08X', ((row_number() OVER (ORDER BY id) + {k} * 10000) * 2654435761) % 4294967296)",
    "ticket": "ticket + {k} * 100000",
    "message_id": "replace(message_id, '<', '<{k}.')",
    "state": "'sent'",
    "due_at": "NULL",
    "counted_at": "datetime(counted_at, '-2 days', '-{k} minutes')",
    "settled_at": "datetime(made_at, '-2 days', '-{k} minutes')",
}


def few(folder: Path, count: int) -> None:
    """A record with at least so many letters, all of which wait."""
    stages.a_record(folder)
    stages.take_in(folder, messages(count, seed=77))


def many(folder: Path, source: Path, count: int) -> None:
    """The same record with its letters copied until there are so many."""
    shutil.copytree(source, folder)
    folder.chmod(0o700)
    columns = [column.name for column in letters.columns]
    with closing(sqlite3.connect(_file(folder), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")  # indexes of random names are filled in no order
        connection.execute("CREATE TEMP TABLE first AS SELECT * FROM letters")
        (there,) = connection.execute("SELECT count(*) FROM first").fetchone()
        for k in range(1, -(-count // there)):
            values = ", ".join(_COPIED.get(name, name).format(k=k) for name in columns)
            connection.execute(f"INSERT INTO letters ({', '.join(columns)}) SELECT {values} FROM first")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _file(folder: Path) -> str:
    return str(settings.load(folder).database.url)


def costs(folder: Path) -> dict[str, float]:
    """µs of CPU: of claiming and settling one letter, of one look at the first rows, and of counting what one address got."""
    found: dict[str, float] = {}
    with open_store(settings.load(folder).database, wall_clock(), check=False) as store:
        now = wall_clock()
        began = time.process_time()
        claims = store.outbox.claim(BATCH, now, _LEASE)
        found["claim"] = (time.process_time() - began) * 1e6 / len(claims)
        began = time.process_time()
        for claimed in claims:
            sent = Settled(OutboxState.SENT, None, doubted=False, counts=True)
            assert store.outbox.settle(Settlement(claimed.letter.id, claimed.lease, sent, "250 2.0.0 Ok"), now)
        found["settle"] = (time.process_time() - began) * 1e6 / len(claims)
        key = claims[0].letter.address.lower()
        looks: dict[str, Callable[[], object]] = {
            "rows": lambda: store.outbox.rows(None, 50),
            "count": lambda: store.outbox.automatic_counts([key], now),
            "status": lambda: store.standing.health(now),
        }
        for name, look in looks.items():
            look()
            began = time.process_time()
            for _ in range(10):
                look()
            found[name] = (time.process_time() - began) * 1e6 / 10
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the records are made: the large one takes some 20 GB")
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgate-outbox-", dir=given.folder) as name:
        small, large = Path(name) / "few", Path(name) / "many"
        few(small, given.few)
        began = time.monotonic()
        many(large, small, given.many)
        grown = Path(_file(large)).stat().st_size - Path(_file(small)).stat().st_size
        octets = grown / given.many
        print(f"{given.many} letters in {time.monotonic() - began:.0f} s, {octets / 1024:.1f} KiB each", flush=True)
        found: dict[Path, list[dict[str, float]]] = {small: [], large: []}
        for _ in range(given.rounds):
            for folder in (small, large):
                found[folder].append(costs(folder))
        ratios = {}
        for what in found[small][0]:
            before, after = (statistics.median(one[what] for one in found[folder]) for folder in (small, large))
            ratios[what] = after / before
            print(f"  {what:<8}{before:>8.0f} -> {after:>8.0f} µs  {after / before:.2f}")
    if given.write:
        rounded = {f"{what}_ratio": f"{ratio:.2f}" for what, ratio in ratios.items()}
        failed = sum(ratio > 1.5 for ratio in ratios.values())
        measured.write("outbox", n=given.many, failed=failed, few=given.few, kib_a_letter=f"{octets / 1024:.1f}", **rounded)


if __name__ == "__main__":
    main()
