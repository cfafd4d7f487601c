"""Tickets with all that hangs on them: read as whole files for a decision, written as what a decision changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select

from mailgate.model.mail import Address, Attachment
from mailgate.model.person import Role
from mailgate.model.policy import Metric
from mailgate.model.ticket import (
    Cycle,
    Entry,
    HoldReason,
    Member,
    Outcome,
    Pause,
    Retarget,
    Status,
    Ticket,
    TicketFile,
    TicketKind,
    Timer,
    Visibility,
)
from mailgate.record import codec
from mailgate.record.parts import Part, chunks, reads
from mailgate.record.people import People
from mailgate.record.tables import cycles, entries, history, letters, members, ratings, tickets

if TYPE_CHECKING:
    from mailgate.model.events import HistoryRow

#: Entries that a file holds of a ticket whose whole text nobody asked for: the newest.
NEWEST = 50


class Tickets(Part):
    """Tickets with all that hangs on them."""

    @reads
    def files(self, connection: Connection, numbers: Iterable[int], notices_for: Iterable[int] = ()) -> dict[int, TicketFile]:
        """Tickets with their people and their newest 50 entries; those in `notices_for` with all entries and the texts of all notices.

        A merged ticket comes as it is.
        """
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
    def due(self, connection: Connection, now: datetime, limit: int) -> list[TicketFile]:
        """Those that a clock or timer wants to look at, the longest due first."""
        query = select(tickets.c.number).where(tickets.c.next_check_at <= now).order_by(tickets.c.next_check_at, tickets.c.number)
        numbers = connection.execute(query.limit(limit)).scalars().all()
        found = Tickets.files(connection, numbers)
        return [found[number] for number in numbers]

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
    def history(self, connection: Connection, number: int) -> list[HistoryRow]:
        from mailgate.model.events import HistoryRow  # the events cost every command their time, and few ask for history

        rows = connection.execute(select(history).where(history.c.ticket == number).order_by(history.c.seq))
        return [
            HistoryRow(row.ticket, row.seq, row.name, row.at, row.recorded_at, row.actor, row.entry, row.mail, row.facts) for row in rows
        ]

    @reads
    def ratings(self, connection: Connection, numbers: Iterable[int]) -> dict[tuple[int, int], int]:
        """(ticket, closure) -> the score that counts."""
        found: dict[tuple[int, int], int] = {}
        for some in chunks(numbers):
            rows = connection.execute(select(ratings.c.ticket, ratings.c.closure, ratings.c.score).where(ratings.c.ticket.in_(some)))
            found.update(((ticket, closure), score) for ticket, closure, score in rows)
        return found


def load(connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
    """Tickets with members, cycles and timers."""
    rows: list[Row[Any]] = []
    taking: dict[int, list[Member]] = {}
    running: dict[int, list[Cycle]] = {}
    for some in chunks(numbers):
        rows += connection.execute(select(tickets).where(tickets.c.number.in_(some))).all()
        for row in connection.execute(select(members).where(members.c.ticket.in_(some)).order_by(members.c.place)):
            taking.setdefault(row.ticket, []).append(Member(row.person, Role(row.role)))
        for row in connection.execute(select(cycles).where(cycles.c.ticket.in_(some)).order_by(cycles.c.place)):
            running.setdefault(row.ticket, []).append(_cycle(row))
    return {row.number: _ticket(row, tuple(taking.get(row.number, ())), tuple(running.get(row.number, ()))) for row in rows}


def _people_of(ticket: Ticket, words: Iterable[Entry]) -> tuple[int, ...]:
    """Requester, owner, members, and whoever may be admitted: the answer of the mail that admits them goes to them as well."""
    owner = () if ticket.owner is None else (ticket.owner,)
    waiting = (e.author for e in words if e.visibility is Visibility.UNVERIFIED and e.author is not None)
    return tuple(dict.fromkeys((ticket.requester, *owner, *(member.person for member in ticket.members), *waiting)))


def _entries(connection: Connection, numbers: Sequence[int], newest: int | None) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = {}
    for some in chunks(numbers):
        query = select(entries).where(entries.c.ticket.in_(some)).order_by(entries.c.ticket, entries.c.id)
        if newest is not None:
            # Ranked in the index alone: the texts of a ticket with thousands of entries are not touched.
            rank = func.row_number().over(partition_by=entries.c.ticket, order_by=entries.c.id.desc()).label("rank")
            ranked = select(entries.c.id, rank).where(entries.c.ticket.in_(some)).subquery()
            query = (
                select(entries)
                .where(entries.c.id.in_(select(ranked.c.id).where(ranked.c.rank <= newest)))
                .order_by(entries.c.ticket, entries.c.id)
            )
        for row in connection.execute(query):
            found.setdefault(row.ticket, []).append(_entry(row))
    return found


def _notices(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for some in chunks(numbers):
        rows = connection.execute(
            select(letters.c.ticket, letters.c.notice)
            .where(letters.c.ticket.in_(some), letters.c.notice != "")
            .order_by(letters.c.made_at, letters.c.id)
        )
        for ticket, notice in rows:
            found.setdefault(ticket, []).append(notice)
    return found


# --- nouns to rows and back ---------------------------------------------------------------------------------------


def ticket_row(ticket: Ticket, version: int, written: int) -> dict[str, object]:
    """`written`: how many history rows there are after this change."""
    return {
        "number": ticket.number,
        "version": version,
        "desk": ticket.desk,
        "title": ticket.title,
        "kind": ticket.kind.value,
        "status": ticket.status.value,
        "priority": ticket.priority,
        "requester": ticket.requester,
        "owner": ticket.owner,
        "group_id": ticket.group,
        "language": ticket.language,
        "created_at": ticket.created_at,
        "arrived_at": ticket.arrived_at,
        "history": written,
        "hold": ticket.hold.value if ticket.hold else None,
        "timers": codec.dump_all(ticket.timers),
        "waiting_since": ticket.waiting_since,
        "public_agent_at": ticket.public_agent_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "closure": ticket.closure,
        "resolution_code": ticket.resolution_code,
        "reopened": ticket.reopened,
        "merged_into": ticket.merged_into,
        "follows": ticket.follows,
        "next_check_at": ticket.next_check_at,
    }


def _ticket(row: Row[Any], taking: tuple[Member, ...], running: tuple[Cycle, ...]) -> Ticket:
    return Ticket(
        number=row.number,
        desk=row.desk,
        title=row.title,
        kind=TicketKind(row.kind),
        status=Status(row.status),
        priority=row.priority,
        requester=row.requester,
        group=row.group_id,
        created_at=row.created_at,
        arrived_at=row.arrived_at,
        owner=row.owner,
        language=row.language,
        members=taking,
        version=row.version,
        history=row.history,
        hold=HoldReason(row.hold) if row.hold else None,
        cycles=running,
        timers=codec.load_all(Timer, row.timers),
        waiting_since=row.waiting_since,
        public_agent_at=row.public_agent_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        closure=row.closure,
        resolution_code=row.resolution_code,
        reopened=row.reopened,
        merged_into=row.merged_into,
        follows=row.follows,
        next_check_at=row.next_check_at,
    )


def cycle_row(ticket: int, place: int, cycle: Cycle) -> dict[str, object]:
    return {
        "ticket": ticket,
        "metric": cycle.metric.value,
        "n": cycle.n,
        "place": place,
        "policy": cycle.policy,
        "calendar": cycle.calendar,
        "priority": cycle.priority,
        "target_s": cycle.target_s,
        "started_at": cycle.started_at,
        "due_at": cycle.due_at,
        "breach_at": cycle.breach_at,
        "outcome": cycle.outcome.value,
        "pauses": codec.dump_all(cycle.pauses),
        "stopped_at": cycle.stopped_at,
        "stopped_by": cycle.stopped_by,
        "elapsed_s": cycle.elapsed_s,
        "breached_at": cycle.breached_at,
        "original_due_at": cycle.original_due_at,
        "retargets": codec.dump_all(cycle.retargets),
        "warned": codec.dump_all(cycle.warned),
        "cancel_reason": cycle.cancel_reason,
        "annulled_by": cycle.annulled_by,
    }


def _cycle(row: Row[Any]) -> Cycle:
    return Cycle(
        metric=Metric(row.metric),
        n=row.n,
        policy=row.policy,
        calendar=row.calendar,
        priority=row.priority,
        target_s=row.target_s,
        started_at=row.started_at,
        due_at=row.due_at,
        breach_at=row.breach_at,
        outcome=Outcome(row.outcome),
        pauses=codec.load_all(Pause, row.pauses),
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
        elapsed_s=row.elapsed_s,
        breached_at=row.breached_at,
        original_due_at=row.original_due_at,
        retargets=codec.load_all(Retarget, row.retargets),
        warned=tuple(row.warned),
        cancel_reason=row.cancel_reason,
        annulled_by=row.annulled_by,
    )


def entry_row(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "ticket": entry.ticket,
        "visibility": entry.visibility.value,
        "author": entry.author,
        "author_role": entry.author_role.value,
        "author_name": entry.author_name,
        "inbox": entry.inbox,
        "message_id": entry.message_id,
        "recorded_at": entry.recorded_at,
        "arrived_at": entry.arrived_at,
        "hidden": entry.hidden,
        "flags": codec.dump_all(entry.flags),
        "reverse": entry.reverse,
        "copied": codec.dump_all(entry.copied) if entry.copied else None,
        "attachments": codec.dump_all(entry.attachments),
        "text": entry.text,
        "html": entry.html,
        "quoted": entry.quoted,
        "signature": entry.signature,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        ticket=row.ticket,
        visibility=Visibility(row.visibility),
        author=row.author,
        author_role=Role(row.author_role),
        author_name=row.author_name,
        text=row.text,
        html=row.html,
        quoted=row.quoted,
        signature=row.signature,
        attachments=codec.load_all(Attachment, row.attachments),
        inbox=row.inbox,
        message_id=row.message_id,
        recorded_at=row.recorded_at,
        arrived_at=row.arrived_at,
        hidden=row.hidden,
        flags=tuple(row.flags),
        reverse=row.reverse,
        copied=codec.load_all(Address, row.copied),
    )
