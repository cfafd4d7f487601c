"""Policies that were ever in force, on which calendars and since when, and the tickets that were last counted by another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from mailgate.model.calendar import Calendar, content_of
from mailgate.record import codec
from mailgate.record.clock_tables import calendars, policy_periods
from mailgate.record.parts import Part, among, writes
from mailgate.record.standing import Standing
from mailgate.record.tables import policies


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """A policy as the record keeps it. `terms` and `calendars` are empty for one that is older than they."""

    digest: str
    text: str
    terms: str
    calendars: Mapping[str, Calendar]


class Policies(Part):
    """Policies in force, one after the other."""

    @writes
    def adopt(self, connection: Connection, kept: KeptPolicy, now: datetime) -> None:
        """From now on this one counts, on whichever node."""
        Standing.keep_policy(connection, kept.digest, kept.text, now)
        digests = {id_: calendar.digest for id_, calendar in kept.calendars.items()}
        older = update(policies).where(policies.c.digest == kept.digest, policies.c.terms.is_distinct_from(kept.terms))
        connection.execute(older.values(terms=kept.terms, calendars=codec.dump(digests)))
        known = {row.digest for row in among(connection, select(calendars.c.digest), calendars.c.digest, digests.values())}
        for calendar in {one.digest: one for one in kept.calendars.values() if one.digest not in known}.values():
            content = codec.dump(content_of(calendar))
            connection.execute(insert(calendars), {"digest": calendar.digest, "content": content, "first_seen_at": now})
        if _latest(connection) != kept.digest:
            connection.execute(insert(policy_periods), {"policy": kept.digest, "since_at": now})


def _latest(connection: Connection) -> str | None:
    return connection.execute(select(policy_periods.c.policy).order_by(policy_periods.c.id.desc()).limit(1)).scalar_one_or_none()
