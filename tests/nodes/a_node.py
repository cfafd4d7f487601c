"""`mailgate serve` with leases of seconds instead of minutes, so that a paused node loses them; or with a protection taken away.

`--broken key`: the same mail again is not known. `--broken fencing`: who lost the lease records all the same. `--broken commit`: a mailbox
goes on before its mails are committed. The harness must notice. `--lease 9`: seconds that a claim lasts. `--window 0.3`: so many seconds
lie between the commit of a batch from a mailbox and its cursor, where a node that dies leaves most behind.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partialmethod
from pathlib import Path

from mailgate import settings
from mailgate.app import program
from mailgate.cli.serve import start_logging
from mailgate.decide import polling
from mailgate.gateway import Gateway, reading, sending
from mailgate.model.mail import Arrival
from mailgate.receive import imap_folder
from mailgate.receive.imap_folder import FolderReader
from mailgate.record.inbox import Keeping
from mailgate.record.recording import Recording
from mailgate.send.courier import Courier
from mailgate.settings import places

LEASE = timedelta(seconds=15)  #: longer than a busy machine needs for a batch of this run
BUDGET = timedelta(seconds=5)  #: of a round of letters; as much shorter than the lease as it is in the real program
FOLDER_LEASE = timedelta(seconds=2)  #: beyond the next look at a mailbox, as LEASE in the real program
POLL = timedelta(seconds=1)  #: shorter than a configuration may ask for: a lease ends after the next look
BATCH = 5  #: mails fetched together
LATE = 2.0  #: seconds after which a gateway that lies does commit


def wide(seconds: float) -> None:
    """Whoever dies between commit and cursor dies here."""
    advance = FolderReader._advance

    def later(self: FolderReader, *given: object, **more: object) -> None:
        time.sleep(seconds)
        advance(self, *given, **more)  # type: ignore[arg-type]

    FolderReader._advance = later  # type: ignore[method-assign]


def lie(accept: Callable[..., None]) -> Callable[..., None]:
    """Says yes at once, and commits when it may be too late."""

    def soon(self: Gateway, arrivals: Sequence[Arrival], desk: str, aside: str | None = None) -> None:
        threading.Timer(LATE, accept, (self, arrivals, desk, aside)).start()

    return soon


if __name__ == "__main__":
    lease = timedelta(seconds=float(sys.argv[sys.argv.index("--lease") + 1])) if "--lease" in sys.argv else LEASE
    reading.LEASE = sending.LEASE = lease
    Courier.send = partialmethod(Courier.send, budget=lease * (BUDGET / LEASE))  # type: ignore[method-assign, assignment]
    imap_folder.LEASE = FOLDER_LEASE
    polling.batches.__defaults__ = (BATCH, polling.BATCH_OCTETS)
    if "--window" in sys.argv:
        wide(float(sys.argv[sys.argv.index("--window") + 1]))
    if "commit" in sys.argv:
        Gateway.accept_all = lie(Gateway.accept_all)  # type: ignore[method-assign]
    if "key" in sys.argv:
        Keeping._known = lambda self, connection, desk: ()  # type: ignore[method-assign]
    if "fencing" in sys.argv:
        Recording._check_leases = lambda self, connection: None  # type: ignore[method-assign]
    folder = places.configuration(Path(sys.argv[sys.argv.index("--config") + 1]))
    start_logging(False)
    given = settings.load(folder)
    program.run(replace(given, mailboxes=tuple(replace(one, poll=POLL) for one in given.mailboxes)))
