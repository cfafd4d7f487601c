"""Where the time of a mail goes, from the first octet to ticket and letters committed: µs of CPU a mail, stage by stage.

    python -m bench.stages [--mails 1000] [--rounds 3] [--write]

The same functions as in `serve`, called one after the other in one process, each under the CPU clock of its own thread: other
programs on the machine move these figures far less than mails a second. What `serve` needs beyond their sum (threads that wait for
each other, wake-ups, the rounds) is the difference to `cpu_us` of `bench.ingest`.
"""

from __future__ import annotations

import argparse
import gc
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from bench import measured
from bench.load import SUPPORT
from bench.load import mails as messages
from bench.programs import LIFTED, client, environment
from mailgate import settings
from mailgate.app import wall_clock
from mailgate.app.program import GARBAGE, build_gateway
from mailgate.app.reader import prepare, scribe_of, write_with
from mailgate.cli.init import write_configuration
from mailgate.compose.writing import LetterWriter, Sheet, Written, written
from mailgate.gateway import to_keep
from mailgate.guard import line
from mailgate.guard.form import answer_of, form_of
from mailgate.model.mail import Arrival, Door, Reading, Unread
from mailgate.record.ids import Numbers
from mailgate.record.parts import Part
from mailgate.record.store import Store, create_store, open_store
from mailgate.understand import FilesAsked, Item, Opened, Texts, open_files, open_texts, read_item

STAGES = {
    "door": "dialogue and transfer",
    "keep": "digest, and the commit before 250",
    "claim": "mails out of the inbox",
    "hand_over": "to the workers and back",
    "understand": "read",
    "look_up": "what a decision must know",
    "decide": "events, budget, clocks",
    "compose": "letters written and sealed",
    "record": "ticket, history and letters in one transaction",
}


class Accounts:
    """CPU by stage; a stage inside another is taken out of it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._open = threading.local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        inner = getattr(self._open, "inner", 0)
        self._open.inner = 0
        began = time.thread_time_ns()
        try:
            yield
        finally:
            whole = time.thread_time_ns() - began
            self.spent[name] += whole - self._open.inner
            self._open.inner = inner + whole


class Watched:
    """The store, or a part of it, with each method on the account of a stage."""

    _STAGES: ClassVar = {"keep": "keep", "claim": "claim", "record": "record"}

    def __init__(self, store: Store | Part | Numbers, accounts: Accounts) -> None:
        self._store, self._accounts = store, accounts

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if isinstance(method, Part | Numbers):
            self.__dict__[name] = part = Watched(method, self._accounts)
            return part
        stage = self._STAGES.get(name, "look_up")

        def watched(*given: Any, **named: Any) -> Any:
            with self._accounts.stage(stage):
                return method(*given, **named)

        self.__dict__[name] = watched
        return watched


class Worker:
    """What a worker does, in this process: the same forms, the same functions."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.letters = 0

    def _through(self, stage: str, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        accounts, answers = self._accounts, []
        form = form_of(answer_of(function))
        for item in items:
            with accounts.stage("hand_over"):
                there = pickle.loads(line.pack(item))
            with accounts.stage(stage):
                answer = function(there)
            with accounts.stage("hand_over"):
                answers.append(form.unpack(form.pack(answer)))
        return answers

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]:
        return self._through("understand", read_item, items)

    def files(self, asked: Sequence[FilesAsked]) -> list[Opened | Unread]:
        return self._through("understand", open_files, asked)

    def texts(self, asked: Sequence[FilesAsked]) -> list[Texts | Unread]:
        return self._through("understand", open_texts, asked)

    def write(self, sheets: Sequence[Sheet], desk: LetterWriter) -> list[Written]:
        with self._accounts.stage("hand_over"):
            scribe = pickle.loads(line.pack(scribe_of(desk)))
        sealed = self._through("compose", partial(write_with, scribe), sheets)
        self.letters += sum(map(len, sealed))
        with self._accounts.stage("hand_over"):
            return [written(sheet, one) or () for sheet, one in zip(sheets, sealed, strict=True)]


def rounds(count: int, seed: int, warm: int = 200) -> tuple[dict[str, float], float]:
    """µs of CPU a mail by stage but the door, and letters a mail. The first `warm` mails fill the caches and do not count."""
    with tempfile.TemporaryDirectory(prefix="mailgate-stages-") as name:
        folder = Path(name) / "config"
        a_record(folder)
        take_in(folder, messages(warm, seed + 1000))
        return take_in(folder, messages(count, seed))


def a_record(folder: Path) -> None:
    """A configuration with an empty database, and its templates here, as in a worker: a letter is compiled when it is first written."""
    write_configuration(folder, LIFTED)
    loaded = settings.load(folder)
    create_store(loaded.database, wall_clock())
    prepare(loaded.templates, loaded.catalogues)


class NoDoors:
    """Stands for the acceptor: the mails are in the record already, and nobody comes meanwhile."""

    def give_way(self, most: float) -> None:
        pass


def take_in(folder: Path, mails: Sequence[tuple[str, bytes]]) -> tuple[dict[str, float], float]:
    """µs of CPU a mail by stage but the door, and letters a mail, from the kept mail to its letters in the record."""
    accounts = Accounts()
    loaded = settings.load(folder)
    with open_store(loaded.database, wall_clock(), check=False) as store:
        watched: Any = Watched(store, accounts)
        worker: Any = Worker(accounts)
        nobody: Any = NoDoors()
        gateway = build_gateway(loaded, watched, nobody, worker, None, wall_clock)
        accounts.spent.clear()
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE)
        for start in range(0, len(mails), 20):
            items = []
            for sender, raw in mails[start : start + 20]:
                now = wall_clock()
                with accounts.stage("keep"):
                    items += to_keep(Arrival(raw, sender, (SUPPORT,), Door.SMTP, "192.0.2.1", now, now), gateway.policy)
            watched.inbox.keep(items)
        with accounts.stage("decide"):
            gateway.read_inbox()
        gateway.close()
    return {stage: spent / 1000 / len(mails) for stage, spent in accounts.spent.items()}, worker.letters / len(mails)


def door(count: int, seed: int, per_connection: int = 20) -> float:
    """µs of CPU a mail of the door alone."""
    command = [sys.executable, "-m", "bench.door"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None and process.stdin is not None

        def spent() -> float:
            assert process.stdout is not None and process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        port = int(process.stdout.readline())
        client(port, 200, per_connection, seed + 1000)
        before = spent()
        client(port, count, per_connection, seed)
        used = spent() - before
        process.stdin.close()
        process.wait(10)
    return used * 1e6 / count


def table(count: int, times: int, seed: int = 0) -> dict[str, float]:
    """Medians of so many rounds, in the order of the road."""
    found: list[dict[str, float]] = []
    for number in range(times):
        spent, letters = rounds(count, seed + number)
        found.append({**spent, "door": door(count, seed + number), "letters": letters})
    return {name: statistics.median(one.get(name, 0.0) for one in found) for name in (*STAGES, "letters")}


def show(figures: dict[str, float]) -> None:
    total = sum(figures[stage] for stage in STAGES)
    for stage, what in STAGES.items():
        print(f"  {stage:<11}{figures[stage]:>7.0f} µs {figures[stage] / total:>5.0%}  {what}")
    print(f"  {'sum':<11}{total:>7.0f} µs        {figures['letters']:.2f} letters a mail", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    given = parser.parse_args()
    figures = table(given.mails, given.rounds)
    print(f"µs of CPU a mail, median of {given.rounds} rounds of {given.mails} mails")
    show(figures)
    if given.write:
        write(given.mails, figures)


def write(count: int, figures: dict[str, float]) -> None:
    measured.write(
        "ingest-cpu-us-by-stage",
        n=count,
        failed=0,
        seed=0,
        sum=round(sum(figures[stage] for stage in STAGES)),
        **{stage: round(figures[stage]) for stage in STAGES},
        letters=f"{figures['letters']:.2f}",
    )


if __name__ == "__main__":
    main()
