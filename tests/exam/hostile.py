"""Hostile mails through the whole gateway: each is an entry or set aside, its bytes are as they came, and the mail behind it is read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from mailgate import settings
from mailgate.app.running import Running
from mailgate.cli.demo import configuration
from mailgate.model.mail import Arrival, Door, Reading, Unread
from mailgate.record.flood_tables import notices_waiting
from mailgate.record.tables import entries, letters
from mailgate.understand import Item
from tests import databases
from tests.journeys.world import SUPPORT, Clock, edit
from tests.mutations import mutated, seeds

BATCH = 1_000
#: What a mail says was set aside for because reading or deciding it failed. Over a budget is a failure as well: these mails are small.
FAILED = ("the reader failed", "internal error", "could not be read", "given up")


@dataclass
class Result:
    mails: int = 0
    entries: int = 0
    aside: int = 0
    kept: int = 0  #: machines' mail that nothing follows from, with its trace
    returned: int = 0  #: agents' mail with a faulty command: the text went back to them
    changed: int = 0  #: raw bytes not as they came
    lost: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.changed + self.lost + len(self.failures)


class Gate:
    """A running gateway of its own that holds its letters."""

    def __init__(self, folder: Path, **reader: Any) -> None:
        configuration(folder / "config", 1)
        edit(folder / "config", "mailgate.toml", ('# letters = "send" ', 'letters = "hold" #'))
        self.clock = Clock()
        databases.configure(folder / "config")
        given = settings.load(folder / "config")
        given = replace(given, reader=replace(given.reader, **reader))
        databases.ensure(given.database, self.clock())
        self.running = Running(given, self.clock)

    def __enter__(self) -> Gate:
        self.running.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.running.__exit__(*error)

    @property
    def gateway(self) -> Any:
        return self.running.program.gateway

    @property
    def store(self) -> Any:
        return self.running.program.store

    def take(self, raws: Sequence[bytes], paths: Sequence[str | None]) -> list[int | None]:
        """Stores them as a door does; the inbox number of each, None for a copy of one that was there."""
        now = self.clock()
        arrivals = [Arrival(raw, path, (SUPPORT,), Door.LMTP, "192.0.2.1", now, now) for raw, path in zip(raws, paths, strict=True)]
        kept = [self.gateway.keep(arrival) for arrival in arrivals]
        return [future.result()[0].id for future in kept]

    def waiting(self, event: str) -> set[int]:
        """The mails of which a notice of this kind waits to be told together with others."""
        query = select(notices_waiting.c.mail).where(notices_waiting.c.event == event)
        return set(self.store._db.read(lambda connection: connection.execute(query).scalars().all()))


def mutations(seed: int) -> Iterator[tuple[bytes, str | None]]:
    """Mails without end, each with its reverse-path."""
    dice, mails = random.Random(seed), seeds()
    while True:
        yield mutated(dice.choice(mails), dice), dice.choice(["max@example.com", "a@example.com", "", None])


def run(folder: Path, n: int, seed: int, spoil: Callable[[Gate], None] = lambda _: None) -> Result:
    """Sends `n` mutated mails and looks at what became of each."""
    result, source = Result(), mutations(seed)
    with Gate(folder) as gate:
        spoil(gate)
        waited: set[int] = set()
        while result.mails < n:
            count = min(BATCH, n - result.mails)
            pairs = [next(source) for _ in range(count)]
            ids = gate.take([raw for raw, _ in pairs], [path for _, path in pairs])
            gate.gateway.read_inbox()
            waited |= gate.waiting("commands_refused")
            gate.clock.turn(minutes=5)
            result.mails += count
            _look(gate, {id_: raw for id_, (raw, _) in zip(ids, pairs, strict=True) if id_ is not None}, result)
        # What exceeds a sender's budget waits, and is told together with others of its kind when the clock has gone on.
        query = select(func.count()).where(letters.c.event == "commands_refused")
        back = len(waited) + gate.store._db.read(lambda connection: connection.execute(query).scalar_one())
        if back < result.returned:
            result.failures.append(f"{result.returned} texts had to go back to their authors, and {back} were told")
    return result


def _look(gate: Gate, sent: dict[int, bytes], result: Result) -> None:
    rows = {row.id: row for row in gate.store.inbox.rows(None, len(sent) + BATCH)}
    low, high = min(sent, default=0), max(sent, default=0)
    query = select(entries.c.inbox).where(entries.c.inbox.between(low, high))
    filed = set(gate.store._db.read(lambda connection: connection.execute(query).scalars().all()))
    for id_, raw in sent.items():
        row = rows.get(id_)
        if row is None or row.state not in ("done", "set_aside"):
            result.lost += 1
            continue
        result.changed += gate.store.inbox.raw(id_) != raw
        if row.state == "set_aside":
            result.aside += 1
            if any(word in str(row.reason or "") for word in FAILED):
                result.failures.append(f"{id_}: {row.reason}")
        elif id_ in filed:
            result.entries += 1
        elif any("nothing applied" in str(step.then) for step in row.trace):
            result.returned += 1
        elif any("kept" in str(step.then) for step in row.trace):
            result.kept += 1
        else:
            result.lost += 1
            result.failures.append(f"{id_}: done, and nobody can say why: {row.trace}")


class NaiveReader:
    """For the negative control: reads with the standard library's modern policy, as a careless gateway would.

    `raised`: the mails on which that policy raises. The run has to find each of them, and no other.
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.raised: set[bytes] = set()

    def read(self, items: Sequence[Item]) -> list[Reading | Unread]:
        from email import message_from_bytes
        from email.policy import default

        answers: list[Reading | Unread] = list(self._reader.read(items))
        for place, (raw, *_) in enumerate(items):
            try:
                mail = message_from_bytes(raw, policy=default)  # type: ignore[arg-type]
                for name in mail:
                    str(mail[name])
                for part in mail.walk():
                    if not part.is_multipart():
                        part.get_content()
            except Exception as error:
                answers[place] = Unread(f"the reader failed: {type(error).__name__}")
                self.raised.add(raw)
        return answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)
