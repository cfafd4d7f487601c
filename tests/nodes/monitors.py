"""Two monitors review the clocks of one PostgreSQL record and hand over what they wrote, and are killed again and again.

Run as a program it forks the monitors, lets them work by a clock that runs fast, and kills them: `python -m tests.nodes.monitors FILE`."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailgate.gateway import clock, storms
from mailgate.model.delivery import Delivered
from mailgate.model.installation import DatabaseSettings, VerifySettings
from mailgate.record.store import Store, open_store
from mailgate.settings import load_policy
from tests.clocks.house import EditedHouse
from tests.zoo import house as zoo
from tests.zoo.house import ZooHouse, templates

#: Seconds of the clock for each that passes: a lease of twenty minutes ends while the test runs.
SPEED = 20
EDITS = (
    ('P4 = { first_reply = "8h", resolution = "40h" }', 'P4 = { first_reply = "30m", calendar = "always" }'),
    ("warn = [75, 90]", "warn = [50]"),
)
APART = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Result:
    alarms: int  #: in the histories
    missing: int
    twice: int  #: in the history or among the letters more than once
    letters: int
    copies: int  #: beyond one of each letter
    open_kills: int  #: kills between the handing over of a letter and the record of it


def run(folder: Path, settings: DatabaseSettings, store: Store, tickets: int, kills: int, seed: int = 1) -> Result:
    made = EditedHouse(folder, store, *EDITS)
    numbers = []
    for n in range(tickets):
        numbers.append(made.open(f"Lamp {n}"))
        made.turn(minutes=APART.total_seconds() / 60)
    made.close()
    log = folder / "handed.txt"
    log.touch()
    plan = {
        "url": settings.url,
        "password_env": settings.password_env,
        "config": str(made.folder),
        "log": str(log),
        "from": made.at.isoformat(),
    }
    (folder / "plan.json").write_text(json.dumps(plan | {"kills": kills, "seed": seed}))
    done = subprocess.run(
        [sys.executable, "-m", "tests.nodes.monitors", str(folder / "plan.json")], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return _result(store, numbers, log, set(json.loads(done.stdout)))


def _result(store: Store, numbers: Sequence[int], log: Path, killed: set[int]) -> Result:
    # What is between them is left out where both monitors were down meanwhile.
    expected = [("sla_breached", None), ("sla_escalated", 200)]
    histories = ((number, row) for number in numbers for row in store.tickets.history(number))
    told = Counter((number, row.name, row.facts.get("level")) for number, row in histories if row.name.startswith("sla_"))
    rows = [tuple(line.split()) for line in log.read_text().splitlines()]
    handed = Counter(letter for what, letter, _ in rows if what == "D")
    kept = {(letter, pid) for what, letter, pid in rows if what == "S"}
    open_kills = sum(int(pid) in killed and (letter, pid) not in kept for what, letter, pid in rows if what == "D")
    letters = [row.letter for number in numbers for row in store.outbox.of_ticket(number) if row.letter.event.startswith("sla_")]
    # Of a warning two agents hear, of the breach as well, then lead and group, then the lead for want of anybody on call.
    of_each = Counter((letter.ticket, letter.person, letter.event) for letter in letters)
    most = {"sla_warned": 1, "sla_breached": 3}
    return Result(
        alarms=sum(told.values()),
        missing=sum(not told[number, name, level] for number in numbers for name, level in expected),
        twice=sum(count > 1 for count in told.values()) + sum(count > most[event] for (_, _, event), count in of_each.items()),
        letters=len(handed),
        copies=sum(handed.values()) - len(handed),
        open_kills=open_kills,
    )


# --- the program ------------------------------------------------------------------------------------------------------------------


class _Relay:
    """Writes down what it was handed, and that this is in the record."""

    def __init__(self, log: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND)

    def send(self, items: Sequence[Any], **_: Any) -> Iterator[tuple[Any, Any]]:
        for one in items:
            self._note("D", one.id)
            time.sleep(0.005)
            yield one, Delivered("250 taken")
            self._note("S", one.id)

    def _note(self, what: str, letter: str) -> None:
        os.write(self._log, f"{what} {letter} {os.getpid()}\n".encode())


def _monitor(plan: dict[str, Any], began: float) -> None:
    storms.MANY = clock.MANY_BREACHES = 10**9
    start = datetime.fromisoformat(plan["from"])

    def now() -> datetime:
        return (start + timedelta(seconds=(time.monotonic() - began) * SPEED)).replace(microsecond=0)

    store = open_store(DatabaseSettings(plan["url"], password_env=plan["password_env"]), now())
    policy, _ = load_policy(Path(plan["config"]), VerifySettings())
    zoo._Courier = lambda house: _Relay(plan["log"])  # type: ignore[assignment, misc]
    house = ZooHouse(store, policy)
    house.gateway.now = house.gateway._clocks.now = house.gateway._sending.now = now  # type: ignore[union-attr]
    while True:
        house.gateway.review_clocks()
        house.gateway.send_outbox()
        time.sleep(0.01)


def _forked(plan: dict[str, Any], began: float) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _monitor(plan, began)
        finally:
            os._exit(1)
    return pid


def main(path: str) -> None:
    plan = json.loads(Path(path).read_text())
    templates()  # once for all that are forked
    chance, began = random.Random(plan["seed"]), time.monotonic()
    running, killed = [_forked(plan, began), _forked(plan, began)], []
    over = began + 3600 / SPEED  # until the last level of the youngest ticket
    spare = (over - began) / max(1, plan["kills"])
    for _ in range(plan["kills"]):
        time.sleep(chance.uniform(0.5, 1.5) * spare)
        victim = chance.randrange(2)
        os.kill(running[victim], signal.SIGKILL)
        os.waitpid(running[victim], 0)
        killed.append(running[victim])
        running[victim] = _forked(plan, began)
    # Then long enough for the leases of the dead to end.
    time.sleep(max(0.0, over - time.monotonic()) + 26 * 60 / SPEED)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print(json.dumps(killed))


if __name__ == "__main__":
    main(sys.argv[1])
