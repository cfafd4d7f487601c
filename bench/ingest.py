"""From an SMTP client to ticket and letters committed: mails a second, beside others in the same rounds.

A Postfix that queues and a bare aiosmtpd that drops are the yardsticks of accepting; a Roundup (`bench.peer_roundup`), which makes an issue
and a letter of each mail, is the peer.

    python -m bench.ingest [--mails 3000] [--rounds 3] [--peer 500] [--database sqlite] [--write]

Rounds are interleaved, because machines are noisy: what is claimed are ratios within one run, not figures of different days. Budgets are
lifted by configuration; the courier does not run. `cpu` is that of the gateway with its workers (and of a database server), `client` that
of the load beside it: together they say what the cores can do, whatever others do on the machine. Then the answer to DATA at half that
load, and where the CPU of a mail goes (`bench.stages`).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import measured, stages
from bench.load import mails as messages
from bench.peer_roundup import roundup
from bench.programs import bare, client, cpu, database, databases, gateway, memory, postfix
from mailgate.app import wall_clock


def ours(mails: int, per_connection: int, seed: int, kind: str = "sqlite", rate: float = 0.0) -> dict[str, Any]:
    with (
        database(kind) as lines,
        tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name,
        gateway(Path(name) / "config", lines) as (port, pid, store),
    ):
        pids = (pid,) if kind == "sqlite" else (pid, import_module("tests.servers.postgresql").cluster().process.pid)
        seen: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.25):
                seen.append(memory(pid))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        before = sum(map(cpu, pids))
        began = time.perf_counter()
        said = client(port, mails, per_connection, seed, rate)
        while (health := store.standing.health(wall_clock())).inbox.get("waiting") or health.inbox.get("claimed"):
            if time.perf_counter() - began > 300:
                raise SystemExit(f"never done: {health}")
            time.sleep(0.02)
        seconds = time.perf_counter() - began - STARTING
        spent = sum(map(cpu, pids)) - before
        over.set()
        watcher.join()
        tickets = store.tickets.listed((), mails + 1)
        letters = [[(row.letter.event, row.letter.audience.value) for row in store.outbox.of_ticket(t.number)] for t in tickets]
        acknowledged = sum(("ticket_opened", "requester") in each for each in letters)
        answers = sum(b"\r\nIn-Reply-To:" in raw for _, raw in messages(mails, seed))
        aside = health.inbox.get("set_aside", 0)
        return {
            "per_second": mails / seconds,
            "accepted": mails / said["seconds"],
            "tickets": len(tickets),
            "p50_ms": said["p50_ms"],
            "p99_ms": said["p99_ms"],
            "cpu_us": spent * 1e6 / mails,
            "client_us": said["cpu_us"],
            "memory": (statistics.mean(seen[len(seen) // 4 : len(seen) // 2] or [0]), statistics.mean(seen[-3:] or [0])),
            "wrong": abs(len(tickets) - (mails - answers)) + (len(tickets) - acknowledged) + aside,
        }


#: Seconds that the client needs before its first connect: measured once, because its interpreter and its mails are not ours.
STARTING = 0.0


def yardsticks(mails: int, per_connection: int, seed: int) -> dict[str, float]:
    """Mails a second that the others say yes to."""
    found: dict[str, float] = {}
    with bare() as port:
        found["bare"] = mails / client(port, mails, per_connection, seed)["seconds"]
    with postfix() as other:
        if other is not None:
            found["postfix"] = mails / client(other, mails, per_connection, seed)["seconds"]
    return found


def spread(values: list[float], form: str = ".0f") -> str:
    """`412 [380..430]`: the median, and what it lay between."""
    return f"{statistics.median(values):{form}} [{min(values):{form}}..{max(values):{form}}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", type=int, default=500, help="mails for Roundup in each round; 0 leaves it out")
    parser.add_argument("--database", action="append", help="sqlite or postgresql; both by default, where both are there")
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    kinds = given.database or databases()
    global STARTING
    with bare() as port:
        began = time.perf_counter()
        STARTING = -client(port, given.mails, 20, 0)["seconds"] + time.perf_counter() - began
    for per_connection in (20, 1):
        rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
        rods: list[dict[str, float]] = []
        peers: list[dict[str, Any]] = []
        for number in range(given.rounds):
            rods.append(yardsticks(given.mails, per_connection, number))
            if given.peer:
                peers.append(roundup(given.peer, number))
                print(
                    f"Roundup: {peers[-1]['per_second']:.1f} mails/s to issue and letter, {peers[-1]['cpu_us']:.0f} µs CPU a mail",
                    flush=True,
                )
            for kind in kinds:
                row = ours(given.mails, per_connection, number, kind)
                rows[kind].append(row)
                print(
                    f"{per_connection:>2} a connection, {kind}: {row['per_second']:.0f} mails/s to ticket and letters, "
                    f"{row['accepted']:.0f}/s accepted, answer to DATA p50 {row['p50_ms']:.0f} p99 {row['p99_ms']:.0f} ms, "
                    f"{row['cpu_us']:.0f} µs CPU a mail and {row['client_us']:.0f} the client, "
                    f"memory {row['memory'][0]:.0f} -> {row['memory'][1]:.0f} MiB, {row['tickets']} tickets; "
                    + ", ".join(f"{name} {rate:.0f}/s" for name, rate in rods[-1].items()),
                    flush=True,
                )
        for kind in kinds:
            summary(given, per_connection, kind, rows[kind], (rods, peers))
    for kind in kinds:
        half(given, kind)
    figures = stages.table(1000, given.rounds)
    print("µs of CPU a mail by stage, on SQLite")
    stages.show(figures)
    if given.write:
        stages.write(1000, figures)


#: By kind of database: mails a second at 20 a connection, from which half a load follows.
FULL: dict[str, float] = {}


def summary(given: argparse.Namespace, per_connection: int, kind: str, rows: list[dict[str, Any]], beside: tuple[Any, Any]) -> None:
    """Medians with what they lay between, and the ratios of each round to those `beside` it: yardsticks for accepting, and the peer."""
    rods, peers = beside
    FULL.setdefault(kind, statistics.median(r["per_second"] for r in rows))
    figures: dict[str, str | int | float] = {
        "per_second": round(statistics.median(r["per_second"] for r in rows)),
        "accepted": round(statistics.median(r["accepted"] for r in rows)),
    }
    said = [f"{spread([r['per_second'] for r in rows])} mails/s"]
    for name in rods[0]:
        ratios = [row["accepted"] / rod[name] for row, rod in zip(rows, rods, strict=True)]
        said.append(f"accepting {spread(ratios, '.2f')} of {name}")
        figures[name] = round(statistics.median(rod[name] for rod in rods))
        figures[f"of_{name}"] = f"{statistics.median(ratios):.2f}"
    cpu_us, client_us = (statistics.median(r[name] for r in rows) for name in ("cpu_us", "client_us"))
    figures |= {"cpu_us": round(cpu_us), "client_us": round(client_us), "p99_ms": round(statistics.median(r["p99_ms"] for r in rows))}
    said.append(
        f"{spread([r['cpu_us'] for r in rows])} µs CPU a mail, with the client: two cores end at {2e6 / (cpu_us + client_us):.0f}/s"
    )
    for which, name, form in (("per_second", "roundup", ".1f"), ("cpu_us", "roundup_cpu_us", ".2f")) if peers else ():
        ratios = [row[which] / peer[which] for row, peer in zip(rows, peers, strict=True)]
        said.append(f"{spread(ratios, form)} times the {'mails/s' if which == 'per_second' else 'CPU a mail'} of Roundup")
        figures[name] = round(statistics.median(peer[which] for peer in peers))
        figures[f"of_{name}"] = f"{statistics.median(ratios):{form}}"
    print(f"{per_connection:>2} a connection, {kind}, median of {len(rows)}: {'; '.join(said)}", flush=True)
    if given.write:
        name = f"ingest-{per_connection}-a-connection{'' if kind == 'sqlite' else f'-{kind}'}"
        measured.write(name, n=given.mails, failed=sum(r["wrong"] for r in (*rows, *peers)), seed=0, **figures)


def half(given: argparse.Namespace, kind: str) -> None:
    """How long somebody waits for the answer to DATA when half of what can be done comes in."""
    rate = FULL[kind] / 2
    row = ours(given.mails // 2, 20, given.rounds, kind, rate)
    print(f"half the load ({rate:.0f}/s), {kind}: answer to DATA p50 {row['p50_ms']:.0f} p99 {row['p99_ms']:.0f} ms", flush=True)
    if given.write:
        measured.write(
            f"ingest-at-half-load{'' if kind == 'sqlite' else f'-{kind}'}",
            n=given.mails // 2,
            failed=row["wrong"],
            seed=given.rounds,
            per_second=round(rate),
            p50_ms=round(row["p50_ms"]),
            p99_ms=round(row["p99_ms"]),
        )


if __name__ == "__main__":
    main()
