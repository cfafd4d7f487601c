"""Policies that were ever in force, on which calendars and since when, and the tickets that were last counted by another one."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, null, select, update

from mailgate.model.calendar import Calendar, calendar_of, content_of
from mailgate.model.ticket import Status
from mailgate.record import codec
from mailgate.record.clock_tables import calendars, clock_faults, policy_periods
from mailgate.record.parts import Part, among, chunks, reads, writes
from mailgate.record.rows import KeptPolicy
from mailgate.record.standing import Standing
from mailgate.record.tables import policies, tickets

_LIVE = tuple(status.value for status in Status if status.is_live)


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

    @reads
    def kept(self, connection: Connection, digest: str) -> KeptPolicy | None:
        row = connection.execute(select(policies).where(policies.c.digest == digest)).one_or_none()
        if row is None:
            return None
        named: dict[str, str] = row.calendars or {}
        found = {one.digest: one.content for one in among(connection, select(calendars), calendars.c.digest, named.values())}
        known = {id_: calendar_of(id_, found[one]) for id_, one in named.items() if one in found}
        return KeptPolicy(row.digest, row.text, row.terms or "", known)

    @reads
    def former(self, connection: Connection) -> dict[str, Calendar]:
        """All calendars that anything was ever counted on, by their digest."""
        return {row.digest: calendar_of("", row.content) for row in connection.execute(select(calendars.c.digest, calendars.c.content))}

    @reads
    def since(self, connection: Connection) -> list[tuple[datetime, str]]:
        """Which policy counted from when, the first one first."""
        rows = connection.execute(select(policy_periods.c.since_at, policy_periods.c.policy).order_by(policy_periods.c.id))
        return [(row.since_at, row.policy) for row in rows]

    @reads
    def is_latest(self, connection: Connection, terms: str) -> bool:
        """Whether the policy that was adopted last has these terms: while another node has a newer one, this one counts nothing anew."""
        return connection.execute(select(policies.c.terms).where(policies.c.digest == _latest(connection))).scalar_one_or_none() == terms

    @reads
    def with_terms(self, connection: Connection, terms: str) -> frozenset[str]:
        """The policies that say the same about clocks."""
        return frozenset(connection.execute(select(policies.c.digest).where(policies.c.terms == terms)).scalars())

    @reads
    def outdated(self, connection: Connection, terms: str, now: datetime, limit: int) -> list[int]:
        """Live tickets that were last decided by other terms, but for those that wait for an operator."""
        others = connection.execute(select(policies.c.digest).where(policies.c.terms.is_distinct_from(terms))).scalars().all()
        waiting = select(clock_faults.c.ticket).where(clock_faults.c.ticket == tickets.c.number, clock_faults.c.again_at > now)
        found: list[int] = []
        by: list[ColumnElement[bool]] = [tickets.c.policy.is_(null()), *(tickets.c.policy.in_(some) for some in chunks(others))]
        for status in _LIVE:
            for one in by:
                query = select(tickets.c.number).where(tickets.c.status == status, one, ~waiting.exists())
                found += connection.execute(query.limit(limit - len(found))).scalars()
                if len(found) >= limit:
                    return sorted(found)
        return sorted(found)

    @writes
    def label(self, connection: Connection, seen: Mapping[int, str | None], digest: str) -> None:
        """These tickets (with the policy that each was seen under) come out the same by this policy: nothing else of them changes."""
        by: dict[str | None, list[int]] = {}
        for number, before in seen.items():
            by.setdefault(before, []).append(number)
        for before, numbers in by.items():
            for some in chunks(sorted(numbers)):
                same = tickets.c.policy.is_not_distinct_from(before)
                connection.execute(update(tickets).where(tickets.c.number.in_(some), same).values(policy=digest))


def _latest(connection: Connection) -> str | None:
    return connection.execute(select(policy_periods.c.policy).order_by(policy_periods.c.id.desc()).limit(1)).scalar_one_or_none()
