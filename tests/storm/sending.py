"""The sending side of a gateway as a process of its own, to be killed; its clock is turned by hand, so that retries come at once.

`python -m tests.storm.sending CONFIG CLOCK [too_early | undoubted]`: the last word breaks it, for the negative controls.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import update

from mailgate import settings
from mailgate.app.program import build_gateway, build_relay
from mailgate.app.reader import FileOpener
from mailgate.model.delivery import Delivered
from mailgate.record.acceptor import Acceptor
from mailgate.record.outbox import Outbox
from mailgate.record.rows import Settlement
from mailgate.record.store import open_store
from mailgate.record.tables import letters
from mailgate.send.courier import Courier, Outgoing

PATIENCE = timedelta(milliseconds=400)
CONNECTIONS = 4
STEP = timedelta(minutes=5)
OPEN = ("queued", "sending", "deferred")


def too_early() -> None:
    """Writes down that a letter was delivered before it is handed over."""
    honest = Courier.send

    def send(self: Courier, items: Sequence[Outgoing], budget: timedelta = timedelta(minutes=5), given_up: Any = None) -> Any:
        for item in items:
            yield item, Delivered("250 said too early")
        for _ in honest(self, items, budget):
            pass

    Courier.send = send  # type: ignore[method-assign]


def undoubted() -> None:
    """Forgets that a letter was under way when the last run was killed, and takes its time before it writes anything down."""
    claim, settle = Outbox.claim, Outbox.settle

    def forgetful(self: Outbox, *given: Any) -> Any:
        claimed = claim(self, *given)
        self._db.write(lambda connection: connection.execute(update(letters).values(doubted=False)))
        return [replace(one, doubted=False) for one in claimed]

    def slow(self: Outbox, settlement: Settlement, now: datetime) -> bool:
        time.sleep(0.02)
        return self._db.write(lambda connection: settle(connection, settlement, now))

    Outbox.claim, Outbox.settle = forgetful, slow  # type: ignore[assignment,method-assign]


BROKEN = {"too_early": too_early, "undoubted": undoubted}


def main(config: Path, clock: Path) -> None:
    """Until every letter has its end."""
    loaded = settings.load(config)
    at = datetime.fromisoformat(clock.read_text())

    def now() -> datetime:
        return at

    store = open_store(loaded.database, now(), for_serve=True)
    relay = replace(loaded.relay, timeout=PATIENCE, final_timeout=PATIENCE)
    courier = Courier(partial(build_relay, relay, lambda: None), CONNECTIONS)
    gateway = build_gateway(loaded, store, Acceptor(store.inbox), None, courier, now, files=FileOpener(loaded.reader).files)
    while True:
        tried = gateway.send_outbox()
        if not any(store.standing.health(now()).outbox[state] for state in OPEN):
            break
        if not tried:
            at += STEP
            turned = clock.with_suffix(".new")
            turned.write_text(at.isoformat())
            turned.replace(clock)
    courier.stop()
    store.close()


if __name__ == "__main__":
    for name in sys.argv[3:]:
        BROKEN[name]()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
