"""`mailgate serve` with leases of seconds instead of minutes, so that a paused node loses them; or with a protection taken away.

`--broken claims`: rows are claimed without a lock, as if nobody else worked on the database. The harness must notice.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mailgate import app, settings
from mailgate.gateway import reading, sending
from mailgate.record import inbox, outbox
from mailgate.settings import places

READ, SEND = timedelta(seconds=4), timedelta(seconds=6)


def first_of_all(key: Any, *wanted: Any, order: Any, limit: int) -> Any:
    """The first rows, whoever else is taking them at this moment."""
    return select(key).where(*wanted).order_by(*order).limit(limit)


def slow(take: Any) -> Any:
    """Half a moment between looking and taking: what a busy machine does anyway."""

    def taking(connection: Any, table: Any, key: Any, *choices: Any, limit: int, values: Any) -> Any:
        taken = [id for choice in choices for id in connection.execute(choice).scalars()][:limit]
        time.sleep(0.2 if taken else 0)
        if taken:
            connection.execute(table.update().where(key.in_(taken)).values(**values))
        return taken

    return taking


if __name__ == "__main__":
    reading.LEASE, sending.LEASE = READ, SEND
    if "--broken" in sys.argv:
        for room in (inbox, outbox):
            room.first_of, room.take = first_of_all, slow(room.take)  # type: ignore[attr-defined]
    folder = places.configuration(Path(sys.argv[sys.argv.index("--config") + 1]))
    from mailgate.cli.serve import start_logging

    start_logging(False)
    app.run(settings.load(folder))
