"""The relay storm: a relay that fails by chance, a courier that is killed again and again, and the relay's ledger as the judge."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailgate import settings
from mailgate.app import build_templates
from mailgate.cli.demo import configuration
from mailgate.compose.assemble import assemble
from mailgate.compose.writing import LetterWriter
from mailgate.gateway.writing import new_letter_id
from mailgate.model.decision import Change, Decision
from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Audience, LetterWanted, OutboxRow
from mailgate.model.letters import Answer
from mailgate.model.person import Person, Role
from mailgate.model.ticket import Entry, Status, Ticket, TicketFile, TicketKind, Visibility
from mailgate.record.store import Store, ToRecord, open_store
from tests import databases
from tests.storm.relay_sink import Copy, Ledger, RelaySink

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
BATCH = 100


@dataclass(frozen=True, slots=True)
class Result:
    letters: int  #: all that the outbox ended with: those of the storm, and the notices that followed from it
    ends: dict[str, int]
    kills: int
    faults: int
    lost: int  #: said to be sent, and the relay never had it; or left without an end
    untold: int  #: said to be refused, and the relay never refused it
    altered: int  #: copies that are not what was sealed, byte for byte
    copies: int  #: more than one, counted as far as they are more
    flagged: int  #: of these, those whose letter says that it may have been sent twice
    outside: int  #: of these, those after which the courier went on: it knew the answer and had the time to write it down

    @property
    def failed(self) -> int:
        return self.lost + self.untold + self.altered + (self.copies - self.flagged) + self.outside


def storm(folder: Path, letters: int = 200, kills: int = 4, share: float = 0.3, seed: int = 1, broken: str = "") -> Result:
    chance = random.Random(seed)
    sink = RelaySink(share, seed)
    configuration(folder / "config", sink.start())
    toml = folder / "config" / "mailgate.toml"
    toml.write_text(toml.read_text().replace('# reverse_path = "auto"', 'reverse_path = "verp" #'))
    databases.configure(folder / "config")
    loaded = settings.load(folder / "config")
    databases.ensure(loaded.database, START)
    with open_store(loaded.database, START) as store:
        fill(store, loaded, letters, chance)
    clock = folder / "clock"
    clock.write_text((START + timedelta(minutes=1)).isoformat())
    words = [sys.executable, "-m", "tests.storm.sending", str(folder / "config"), str(clock), *([broken] if broken else [])]
    killed = 0
    try:
        with (folder / "sending.log").open("ab") as log:
            while True:
                child = subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
                )
                if killed == kills:
                    if child.wait(900) != 0:
                        raise RuntimeError((folder / "sending.log").read_text()[-3000:])
                    break
                # By progress: each life of the courier hands some letters over before it ends.
                mark = sink.ledger.taken + max(2, letters // (kills + 2))
                while sink.ledger.taken < mark and child.poll() is None:
                    time.sleep(0.002)
                time.sleep(chance.uniform(0.0, 0.02))
                child.kill()
                if child.wait() == 0:
                    break
                killed += 1
    finally:
        sink.stop()
    with open_store(loaded.database, START) as store:
        return count(store, sink.ledger, killed)


def fill(store: Store, loaded: settings.Settings, letters: int, chance: random.Random) -> None:
    """So many answers, each on a ticket of its own, with bodies that are hard to send."""
    policy = loaded.policy
    agents = store.people.adopt_agents(policy)[0]
    desk = LetterWriter(policy, loaded.ring, build_templates(loaded), "verp", loaded.operator, False)
    ann = next(iter(agents.values()))
    at = next(iter(policy.desks.values()))
    for start in range(0, letters, BATCH):
        outcomes = []
        count_ = min(BATCH, letters - start)
        numbers, people, entries = (store.numbers.take(kind, count_) for kind in ("ticket", "person", "entry"))
        for number, person, entry_id in zip(numbers, people, entries, strict=True):
            who = Person(person, f"P {number}", f"p{number}@example.com")
            ticket = Ticket(
                number, at.id, f"storm {number}", TicketKind.INCIDENT, Status.OPEN, 4, person, at.group, START, START, owner=ann.id,
                public_agent_at=START,
            )  # fmt: skip
            lines = (chance.choice((".", "..", "From here on", "ä ö ü", "x" * 200, "")) for _ in range(chance.choice((3, 30, 300))))
            text = f"storm {number}\n" + "\n".join(lines)
            entry = Entry(
                entry_id, number, Visibility.PUBLIC, ann.id, Role.AGENT, ann.name, text, None, "", "", (), None, None, START, START
            )  # fmt: skip
            wanted = LetterWanted(Answer(), Audience.REQUESTER, who, number, at.id, entry, automatic=False, id=new_letter_id())
            letter = desk.seal(wanted, TicketFile(ticket, (who, ann), (entry,)), agents, START)
            decision = Decision(changes=(Change(None, ticket, (), (entry,)),), people=(who,))
            outcomes.append(ToRecord(None, decision, (letter,)))
        store.record(outcomes, START)


def every(store: Store) -> list[OutboxRow]:
    return [row for state in OutboxState for row in store.outbox.rows(state, 10**6)]


def count(store: Store, ledger: Ledger, kills: int) -> Result:
    lost = untold = altered = more = flagged = outside = 0
    ends: Counter[str] = Counter()
    for row in every(store):
        id_, copies = row.letter.id, ledger.copies.get(row.letter.id, [])
        ends[row.state.value] += 1
        lost += row.state in (OutboxState.SENT, OutboxState.UNKNOWN) and not copies  # this relay keeps what it does not answer for
        lost += row.state not in (OutboxState.SENT, OutboxState.REFUSED, OutboxState.UNKNOWN)
        untold += row.state is OutboxState.REFUSED and not ledger.refused[id_]
        whole = assemble(row.letter, ())
        altered += sum(copy.data != whole for copy in copies)
        again: list[Copy] = copies[:-1]
        more += len(again)
        flagged += len(again) if row.doubted else 0
        outside += sum(copy.said and copy.followed for copy in again)
    return Result(sum(ends.values()), dict(ends), kills, sum(ledger.faults.values()), lost, untold, altered, more, flagged, outside)
