"""What only one node may do at a time: a lease with a name, that its holder renews and that runs out when the holder is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from mailgate.record.tables import holds

_NOBODY = ""


def hold(connection: Connection, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """One statement compares and sets, so of two nodes one waits for the other and then finds it taken."""
    mine = update(holds).where(holds.c.name == name, or_(holds.c.until <= now, holds.c.holder.in_((holder, _NOBODY))))
    if connection.execute(mine.values(holder=holder, until=now + length)).rowcount == 1:
        return True
    if connection.execute(select(holds.c.name).where(holds.c.name == name)).first() is not None:
        return False
    connection.execute(insert(holds), {"name": name, "holder": holder, "until": now + length})
    return True


def let_go(connection: Connection, name: str, holder: str) -> bool:
    done = connection.execute(update(holds).where(holds.c.name == name, holds.c.holder == holder).values(holder=_NOBODY))
    return done.rowcount == 1
