"""Whether a mail costs more when more tickets exist: the CPU of the same mails on a record of 1,000 tickets and on one of 200,000.

    python -m bench.growth [--few 1000] [--many 200000] [--mails 600] [--rounds 3] [--write]

The 1,000 tickets come from mails, as in `bench.ingest`; the others are their rows over again under other numbers, Message-IDs and
days, most of them closed, a twentieth still open, with the bytes of mails and letters cut short. All are by the same senders, so
that each of them has a past of thousands of letters. Rounds are interleaved. The same for a look at the clocks and at `status`.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from bench import measured, stages
from bench.load import mails as messages
from mailgate import settings
from mailgate.app import wall_clock
from mailgate.record.store import open_store
from mailgate.record.tables import metadata

STEP = 10_000  #: between the ids of two copies: more than there are rows of a kind in the first thousand tickets
#: New names for rows that are copied; `{k}` is the number of the copy. What is not named stays as it is.
_ID, _TICKET = f"id + {{k}} * {STEP}", f"ticket + {{k}} * {STEP}"
_EARLIER = "datetime({column}, '-2 days', '-{k} hours')"
_MESSAGE_ID = "replace(message_id, '<', '<{k}.')"
_NEW = {
    "raw_mails": {"id": _ID, "raw": "substr(raw, 1, 400)"},
    "inbox": {
        "id": _ID,
        "mail": f"mail + {{k}} * {STEP}",
        "ticket": _TICKET,
        "digest": "substr(digest, 1 + {k} % 64) || substr(digest, 1, {k} % 64) || '{k}'",
        "message_id": _MESSAGE_ID,
    },
    "tickets": {
        "number": f"number + {{k}} * {STEP}",
        "status": "CASE WHEN {k} % 20 THEN 'closed' ELSE status END",
        "next_check_at": "CASE WHEN {k} % 20 THEN NULL ELSE datetime(next_check_at, '+90 days') END",
    },
    "cycles": {"ticket": _TICKET},
    "members": {"ticket": _TICKET},
    "entries": {
        "id": _ID,
        "ticket": _TICKET,
        "inbox": f"inbox + {{k}} * {STEP}",
        "message_id": _MESSAGE_ID,
        "text": "substr(text, 1, 300)",
    },
    "history": {"ticket": _TICKET},
    "message_ids": {"ticket": _TICKET, "message_id": _MESSAGE_ID},
    "letters": {
        # Spread over all names, as random ones are, and never the same twice.
        "id": "printf('%08X', ((row_number() OVER (ORDER BY id) + {k} * 10000) * 2654435761) % 4294967296)",
        "ticket": _TICKET,
        "message_id": _MESSAGE_ID,
        "state": "'sent'",
        "due_at": "NULL",
        "settled_at": "datetime(made_at, '-2 days', '-{k} hours')",
        "body": "substr(body, 1, 600)",
        "notice": "substr(notice, 1, 200)",
    },
}


def few(folder: Path, tickets: int) -> None:
    stages.a_record(folder)
    stages.take_in(folder, messages(tickets * 5 // 4, seed=77))


def many(folder: Path, source: Path, tickets: int, there: int) -> None:
    """The same record with its tickets copied until there are so many."""
    shutil.copytree(source, folder)
    folder.chmod(0o700)
    with closing(sqlite3.connect(settings.load(folder).database.url, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")  # indexes of random names are filled in no order
        for k in range(1, tickets // there):
            connection.execute("BEGIN")
            for table in metadata.sorted_tables:
                if table.name in _NEW:
                    connection.execute(_copied(table.name, [c.name for c in table.columns], k))
            connection.execute("COMMIT")
        connection.execute("UPDATE counters SET value = value + ?", (tickets // there * STEP,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copied(table: str, columns: list[str], k: int) -> str:
    named = _NEW[table]
    values = [
        (named[name] if name in named else _EARLIER if name.endswith("_at") else "{column}").format(k=k, column=name) for name in columns
    ]
    first = {"tickets": "number", "raw_mails": "id", "inbox": "id"}.get(table, "ticket")
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} WHERE {first} < {STEP}"


def looks(folder: Path) -> dict[str, float]:
    """µs of CPU of what the rounds and `status` ask, whether or not anything comes in."""
    found: dict[str, float] = {}
    with open_store(settings.load(folder).database, wall_clock(), check=False) as store:
        now = wall_clock()
        clocks = lambda: store.tickets.files(store.tickets.due(now, 200))  # noqa: E731
        for name, look in (("clocks", clocks), ("status", lambda: store.standing.health(now))):
            look()
            began = time.process_time()
            for _ in range(20):
                look()
            found[name] = (time.process_time() - began) * 1e6 / 20
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=200_000)
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailgate-growth-") as name:
        small, large = Path(name) / "few", Path(name) / "many"
        few(small, given.few)
        many(large, small, given.many, given.few)
        size = (large / "mailgate.db").stat().st_size / 1024**2
        print(f"{given.few} and {given.many} tickets, {size:.0f} MiB", flush=True)
        spent: dict[Path, list[Counter[str]]] = {small: [], large: []}
        for number in range(given.rounds):
            for folder in (small, large):
                spent[folder].append(Counter(stages.take_in(folder, messages(given.mails, 1 + number))[0]))
        ratios = [large_one.total() / small_one.total() for small_one, large_one in zip(spent[small], spent[large], strict=True)]
        for stage in stages.STAGES:
            before, after = (statistics.median(one[stage] for one in spent[folder]) for folder in (small, large))
            if before:
                print(f"  {stage:<11}{before:>7.0f} -> {after:>5.0f} µs  {after / before:.2f}")
        total = {folder: statistics.median(one.total() for one in spent[folder]) for folder in spent}
        ratio = statistics.median(ratios)
        print(f"  sum        {total[small]:>7.0f} -> {total[large]:>5.0f} µs  {ratio:.2f} [{min(ratios):.2f}..{max(ratios):.2f}]")
        asked = {folder: looks(folder) for folder in spent}
        for what in asked[small]:
            print(f"  {what:<11}{asked[small][what]:>7.0f} -> {asked[large][what]:>5.0f} µs")
    if given.write:
        measured.write(
            "growth",
            n=given.many,
            failed=int(ratio > 1.1),
            seed=1,
            few=given.few,
            cpu_us_few=round(total[small]),
            cpu_us_many=round(total[large]),
            ratio=f"{ratio:.2f}",
        )


if __name__ == "__main__":
    main()
