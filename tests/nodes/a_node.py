"""`mailgate serve` with leases of seconds instead of minutes, so that a paused node loses them; or with a protection taken away.

`--broken key`: the same mail again is not known. `--broken fencing`: who lost the lease records all the same. The harness must notice.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from mailgate import app, settings
from mailgate.cli.serve import start_logging
from mailgate.gateway import reading, sending
from mailgate.record.inbox import Keeping
from mailgate.record.recording import Recording
from mailgate.send.courier import Courier
from mailgate.settings import places

LEASE = timedelta(seconds=15)  #: longer than a busy machine needs for a batch of this run
BUDGET = timedelta(seconds=5)  #: of a round of letters; as much shorter than the lease as it is in the real program

if __name__ == "__main__":
    reading.LEASE = sending.LEASE = LEASE
    Courier.send.__defaults__ = (BUDGET,)
    if "key" in sys.argv:
        Keeping._known = lambda self, connection, desk: ()  # type: ignore[method-assign]
    if "fencing" in sys.argv:
        Recording._check_leases = lambda self, connection: None  # type: ignore[method-assign]
    folder = places.configuration(Path(sys.argv[sys.argv.index("--config") + 1]))
    start_logging(False)
    app.run(settings.load(folder))
