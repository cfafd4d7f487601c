"""Tickets with all that hangs on them: read as whole files for a decision, written as what a decision changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, func, not_, select

from mailgate.model.assignment import SearchStage
from mailgate.model.reason import from_json
from mailgate.model.ticket import Cycle, Entry, Member, Status, Ticket, TicketFile, Visibility
from mailgate.record import codec
from mailgate.record.clock_tables import clock_faults
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, among, chunks, grouped, reads
from mailgate.record.people import People
from mailgate.record.ready import Row as Values
from mailgate.record.tables import cycles, entries, history, letters, members, tickets

if TYPE_CHECKING:
    from mailgate.model.events import HistoryRow, PastEvent

#: Entries that a file holds of a ticket whose whole text nobody asked for: the newest.
NEWEST = 50


class Tickets(Part):
    """Tickets with all that hangs on them."""

    @reads
    def files(self, connection: Connection, numbers: Iterable[int], notices_for: Iterable[int] = ()) -> dict[int, TicketFile]:
        """Tickets with their people and their newest 50 entries; those in `notices_for` with all entries and the texts of all notices.
        A merged ticket comes as it is."""
        complete = set(notices_for)
        found = load(connection, [*numbers, *complete])
        texts = _entries(connection, [number for number in found if number in complete], newest=None)
        texts.update(_entries(connection, [number for number in found if number not in complete], newest=NEWEST))
        told = _notices(connection, [number for number in found if number in complete])
        inside = {number: _people_of(ticket, texts.get(number, ())) for number, ticket in found.items()}
        who = People.by_id(connection, {id for ids in inside.values() for id in ids})
        return {
            number: TicketFile(
                ticket=ticket,
                people=tuple(who[id] for id in inside[number] if id in who),
                entries=tuple(texts.get(number, ())),
                notices=tuple(told.get(number, ())),
            )
            for number, ticket in found.items()
        }

    @reads
    def alone(self, connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
        """Tickets without people and entries."""
        return load(connection, numbers)

    @reads
    def due(self, connection: Connection, now: datetime, limit: int, upto: Mapping[str, datetime] = MappingProxyType({})) -> list[int]:
        """Those that a clock or timer wants to look at, the longest due first; but for those that wait for an operator, and for what was
        due after the instant up to which the mail of its desk was read (`upto`)."""
        waits = select(clock_faults.c.ticket).where(clock_faults.c.ticket == tickets.c.number, clock_faults.c.again_at > now).exists()
        unread = (and_(tickets.c.desk == desk, tickets.c.next_check_at > at) for desk, at in upto.items())
        query = select(tickets.c.number).where(tickets.c.next_check_at <= now, ~waits, *(not_(one) for one in unread))
        return list(connection.execute(query.order_by(tickets.c.next_check_at, tickets.c.number).limit(limit)).scalars())

    @reads
    def waiting_since(self, connection: Connection, desk: str, upto: datetime, before: datetime) -> list[int]:
        """Tickets of a desk that were due after `upto` and not after `before`, the longest due first."""
        mine = (tickets.c.desk == desk, tickets.c.next_check_at > upto, tickets.c.next_check_at <= before)
        return list(connection.execute(select(tickets.c.number).where(*mine).order_by(tickets.c.next_check_at, tickets.c.number)).scalars())

    @reads
    def listed(self, connection: Connection, statuses: Sequence[Status] = (), limit: int = 50, offset: int = 0) -> list[Ticket]:
        """Newest first; no statuses means all."""
        query = select(tickets.c.number).order_by(tickets.c.number.desc()).limit(limit).offset(offset)
        if statuses:
            query = query.where(tickets.c.status.in_([status.value for status in statuses]))
        numbers = list(connection.execute(query).scalars())
        found = load(connection, numbers)
        return [found[number] for number in numbers]

    @reads
    def live_of(self, connection: Connection, requester: int) -> list[int]:
        """The tickets of somebody that are not done."""
        live = tickets.c.status.in_([status.value for status in Status if status.is_live])
        return list(connection.execute(select(tickets.c.number).where(tickets.c.requester == requester, live)).scalars())

    @reads
    def pressed(self, connection: Connection, people: Iterable[int], since: datetime) -> dict[int, int]:
        """How often each of them has said that their request is urgent."""
        query = (
            select(tickets.c.requester, func.count())
            .join(history, history.c.ticket == tickets.c.number)
            .where(history.c.name == "urgency_asked", history.c.at >= since)
            .group_by(tickets.c.requester)
        )
        return dict(among(connection, query, tickets.c.requester, people))

    @reads
    def history(self, connection: Connection, number: int) -> list[HistoryRow]:
        from mailgate.model.events import HistoryRow  # the events cost every command their time, and few ask for history

        rows = connection.execute(select(history).where(history.c.ticket == number).order_by(history.c.seq))
        told = (noun_of(HistoryRow, row) for row in rows)
        return [replace(h, facts={**h.facts, "reason": from_json(h.facts["reason"])}) if "reason" in h.facts else h for h in told]

    @reads
    def happened(self, connection: Connection, numbers: Iterable[int]) -> dict[int, list[PastEvent]]:
        """The histories of tickets as the events that they were."""
        from mailgate.model.events import EVENTS, PastEvent

        found: dict[int, list[PastEvent]] = {}
        query = select(history).order_by(history.c.ticket, history.c.seq)
        for row in among(connection, query, history.c.ticket, numbers):
            said = {"at": codec.instant(row.at), "actor": row.actor, "entry": row.entry, "mail": row.mail, **row.facts}
            one = PastEvent(codec.load(EVENTS[row.name], said), row.recorded_at, row.policy)
            found.setdefault(row.ticket, []).append(one)
        return found

    @reads
    def numbers(self, connection: Connection, after: int, limit: int) -> list[int]:
        """Those that come after this one, in their order."""
        query = select(tickets.c.number).where(tickets.c.number > after).order_by(tickets.c.number).limit(limit)
        return list(connection.execute(query).scalars())


def load(connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
    """Tickets with members, cycles and timers."""
    wanted = set(numbers)
    taking = among(connection, select(members).order_by(members.c.place), members.c.ticket, wanted)
    running = among(connection, select(cycles).order_by(cycles.c.place), cycles.c.ticket, wanted)
    members_of = grouped((row.ticket, noun_of(Member, row)) for row in taking)
    cycles_of = grouped((row.ticket, noun_of(Cycle, row)) for row in running)
    return {
        row.number: noun_of(
            Ticket,
            row,
            group=row.group_id,
            vip=bool(row.vip),
            offers=row.offers or 0,
            members=tuple(members_of.get(row.number, ())),
            cycles=tuple(cycles_of.get(row.number, ())),
        )
        for row in among(connection, select(tickets), tickets.c.number, wanted)
    }


def _people_of(ticket: Ticket, words: Iterable[Entry]) -> tuple[int, ...]:
    """Requester, owner, members, and whoever may be admitted: the answer of the mail that admits them goes to them as well."""
    owner = () if ticket.owner is None else (ticket.owner,)
    waiting = (e.author for e in words if e.visibility is Visibility.UNVERIFIED and e.author is not None)
    return tuple(dict.fromkeys((ticket.requester, *owner, *(member.person for member in ticket.members), *waiting)))


def _entries(connection: Connection, numbers: Sequence[int], newest: int | None) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = {}
    for some in chunks(numbers):
        mine = entries.c.ticket.in_(some)
        if newest is not None:
            # Ranked in the index alone: the texts of a ticket with thousands of entries are not touched.
            rank = func.row_number().over(partition_by=entries.c.ticket, order_by=entries.c.id.desc()).label("rank")
            ranked = select(entries.c.id, rank).where(mine).subquery()
            mine = entries.c.id.in_(select(ranked.c.id).where(ranked.c.rank <= newest))
        for row in connection.execute(select(entries).where(mine).order_by(entries.c.ticket, entries.c.id)):
            found.setdefault(row.ticket, []).append(noun_of(Entry, row))
    return found


def _notices(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    query = select(letters.c.ticket, letters.c.notice).where(letters.c.notice != "").order_by(letters.c.made_at, letters.c.id)
    return grouped((ticket, notice) for ticket, notice in among(connection, query, letters.c.ticket, numbers))


def ticket_row(ticket: Ticket, version: int, written: int) -> Values:
    """`written`: how many history rows there are after this change."""
    waits = ticket.search is not None and ticket.search.stage is SearchStage.WAITING
    columns = {"group_id": ticket.group, "version": version, "history": written, "waits_in": ticket.group if waits else None}
    return row_of(ticket, "group", "members", "cycles") | columns


def cycle_row(ticket: int, place: int, cycle: Cycle) -> Values:
    return {"ticket": ticket, "place": place, **row_of(cycle)}


def entry_row(entry: Entry) -> Values:
    return row_of(entry) | {"copied": codec.dump_all(entry.copied) if entry.copied else None}
