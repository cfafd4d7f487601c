"""From an SMTP client to ticket and acknowledgement committed: mails a second, beside a bare aiosmtpd that drops them.

    python -m bench.ingest [--mails 3000] [--rounds 3]

Rounds are interleaved, because machines are noisy: read ratios within one run, not figures of different days. Budgets are lifted by
configuration; the courier does not run. Memory is that of the gateway with its reader, at the first and the last tenth of the mails.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench import measured
from bench.load import mails as messages
from bench.programs import bare, client, cpu, gateway, memory
from mailgate.app import wall_clock

def ours(mails: int, per_connection: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name, gateway(Path(name) / "config") as (port, pid, store):
        seen: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.25):
                seen.append(memory(pid))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        before = cpu(pid)
        began = time.perf_counter()
        said = client(port, mails, per_connection, seed)
        while (health := store.counts(wall_clock())).inbox.get("waiting") or health.inbox.get("claimed"):
            if time.perf_counter() - began > 300:
                raise SystemExit(f"never done: {health}")
            time.sleep(0.02)
        seconds = time.perf_counter() - began - STARTING
        spent = cpu(pid) - before
        over.set()
        watcher.join()
        tickets = store.ticket_list((), mails + 1)
        acknowledged = len(store.acknowledged([t.number for t in tickets]))
        return {
            "per_second": mails / seconds,
            "accepted": mails / said["seconds"],
            "tickets": len(tickets),
            "acknowledged": acknowledged,
            "p50_ms": said["p50_ms"],
            "p99_ms": said["p99_ms"],
            "cpu_us": spent * 1e6 / mails,
            "memory": (statistics.mean(seen[len(seen) // 4 : len(seen) // 2] or [0]), statistics.mean(seen[-3:] or [0])),
            "aside": health.inbox.get("set_aside", 0),
        }


#: Seconds that the client needs before its first connect: measured once, because its interpreter and its mails are not ours.
STARTING = 0.0


def yardstick(mails: int, per_connection: int, seed: int) -> float:
    with bare() as port:
        return mails / client(port, mails, per_connection, seed)["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    global STARTING
    with bare() as port:
        began = time.perf_counter()
        STARTING = -client(port, given.mails, 20, 0)["seconds"] + time.perf_counter() - began
    failed = 0
    for per_connection in (20, 1):
        rows, rods = [], []
        for number in range(given.rounds):
            rods.append(yardstick(given.mails, per_connection, number))
            rows.append(ours(given.mails, per_connection, number))
            row = rows[-1]
            answers = sum(b"\r\nIn-Reply-To:" in raw for _, raw in messages(given.mails, number))
            wrong = abs(row["tickets"] - (given.mails - answers)) + (row["tickets"] - row["acknowledged"]) + row["aside"]
            failed += wrong
            print(
                f"{per_connection:>2} a connection: {row['per_second']:.0f} mails/s to ticket and acknowledgement, "
                f"{row['accepted']:.0f}/s accepted, "
                f"answer to DATA p50 {row['p50_ms']:.0f} p99 {row['p99_ms']:.0f} ms, {row['cpu_us']:.0f} µs CPU a mail, "
                f"memory {row['memory'][0]:.0f} -> {row['memory'][1]:.0f} MiB, {row['tickets']} tickets; bare aiosmtpd {rods[-1]:.0f}/s",
                flush=True,
            )
        middle = statistics.median(r["per_second"] for r in rows)
        rod = statistics.median(rods)
        p99 = statistics.median(r["p99_ms"] for r in rows)
        print(
            f"{per_connection:>2} a connection, median of {given.rounds}: {middle:.0f}/s, "
            f"{middle / rod:.2f} of a bare aiosmtpd, p99 {p99:.0f} ms"
        )
        if given.write:
            measured.write(
                f"ingest-{per_connection}-a-connection",
                n=given.mails,
                failed=failed,
                seed=0,
                per_second=round(middle),
                bare=round(rod),
                p99_ms=round(p99),
            )


if __name__ == "__main__":
    main()
