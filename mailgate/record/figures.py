"""What reports are counted from. Each question goes by an index on time, so that a report costs what happened in its period.

Two things are more: what stands open, and, of a period that is long over, what ended since."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from mailgate.model.figures import CountedTicket, EndedOffer, Happened, LateMail, Material, Outage, Period, Stretch, TimedCycle
from mailgate.model.mail import Door
from mailgate.model.rating import CountedRating, SurveyPut
from mailgate.model.ticket import Cycle, Outcome, Status
from mailgate.record.assignment_tables import offers
from mailgate.record.inbox import STATES
from mailgate.record.nouns import noun_of
from mailgate.record.parts import Part, add, among, reads
from mailgate.record.ratings import Ratings
from mailgate.record.report_tables import outages, reports_sent, stretches
from mailgate.record.rows import ReportSent
from mailgate.record.tables import cycles, history, inbox, raw_mails, tickets

_GONE = (Status.MERGED.value, Status.REJECTED.value)
LIVE = tuple(status.value for status in Status if status.is_live)
#: A mail that lay for so long was not taken in when it came: less is the way of mail.
LATE_BY = 300
#: Events that reports count of a ticket.
COUNTED = ("agent_replied", "ticket_taken", "ticket_assigned", "priority_changed", "category_changed", "group_changed")
#: Doors through which mail comes long after it was written, without anybody having been out of reach.
_STORED = (Door.IMPORT.value, Door.TAKEOVER.value, Door.ARCHIVE.value)


class Figures(Part):
    """What reports are counted from."""

    @reads
    def material(self, connection: Connection, period: Period) -> Material:
        """All of one period, for every desk."""
        cycles_ = _cycles(connection, period)
        began = list(connection.execute(select(stretches).where(_within(stretches.c.began_at, period))))
        told = {row.ticket for row in began if row.was is None or row.status in (Status.RESOLVED.value, Status.CLOSED.value)}
        known: dict[int, Row[Any]] = {row.id: row for row in (*began, *_standing(connection, period))}
        late = {one.ticket for one in cycles_ if one.cycle.outcome is not Outcome.MET}  # why, says how they stood
        known |= {row.id: row for row in among(connection, select(stretches), stretches.c.ticket, sorted(told | late))}
        ratings = tuple(Ratings.counted(connection, period.since, period.until))
        surveys = tuple(Ratings.asked(connection, period.since, period.until))
        failed, offered = _outages(connection, period), _offers(connection, period)
        hung: tuple[TimedCycle | CountedRating | SurveyPut | Outage | EndedOffer, ...] = (*cycles_, *ratings, *surveys, *failed, *offered)
        numbers = {one.ticket for one in hung} | {int(row.ticket) for row in known.values()}
        return Material(
            tickets=_tickets(connection, numbers),
            cycles=cycles_,
            stretches=tuple(noun_of(Stretch, row) for _, row in sorted(known.items())),
            events=tuple(_events(connection, told)),
            ratings=ratings,
            surveys=surveys,
            late=tuple(_late(connection, period)),
            outages=failed,
            offers=offered,
        )

    @reads
    def report_readers(self, connection: Connection, period: str) -> set[str]:
        """Folded addresses of those to whom the report of a period was written."""
        at = reports_sent.c
        return set(connection.execute(select(at.reader).where(at.period == period)).scalars())


def _within(column: Any, period: Period) -> Any:
    return (column >= period.since) & (column < period.until)


def _cycles(connection: Connection, period: Period) -> tuple[TimedCycle, ...]:
    """Those that stopped in the period, and those that were still on at its end and broken already."""
    at = cycles.c
    found = select(cycles).where(at.outcome != Outcome.CANCELLED.value)
    broken = at.breached_at < period.end
    queries = (
        found.where(_within(at.stopped_at, period)),
        found.where(at.stopped_at.is_(None), broken),
        found.where(at.stopped_at >= period.until, broken),
    )
    return tuple(TimedCycle(row.ticket, noun_of(Cycle, row)) for query in queries for row in connection.execute(query))


def _standing(connection: Connection, period: Period) -> Iterable[Row[Any]]:
    """How tickets stood at the end that were open then."""
    at = stretches.c
    live = select(stretches).where(at.status.in_(LIVE), at.began_at < period.end)
    yield from connection.execute(live.where(at.ended_at.is_(None)))
    yield from connection.execute(live.where(at.ended_at >= period.end))


def _tickets(connection: Connection, numbers: Iterable[int]) -> dict[int, CountedTicket]:
    at = tickets.c
    columns = [at[name] for name in _COLUMNS]
    query = select(*columns, at.group_id.label("group"))
    return {row.number: noun_of(CountedTicket, row, vip=bool(row.vip)) for row in among(connection, query, at.number, sorted(numbers))}


_COLUMNS = (
    "number", "desk", "title", "status", "priority", "owner", "arrived_at", "waiting_since", "category", "vip",
    "organisation",
)  # fmt: skip


def _events(connection: Connection, numbers: Collection[int]) -> Iterable[Happened]:
    at = history.c
    query = select(at.ticket, at.name, at.at, at.actor, at.facts).where(at.name.in_(COUNTED)).order_by(at.ticket, at.seq)
    for row in among(connection, query, at.ticket, sorted(numbers)):
        yield Happened(row.ticket, row.name, row.at, row.actor, row.facts.get("to"))


def _late(connection: Connection, period: Period) -> Iterable[LateMail]:
    at = inbox.c
    columns = (at.id.label("inbox"), at.desk, raw_mails.c.arrived_at, raw_mails.c.received_at)
    query = select(*columns).join_from(inbox, raw_mails, raw_mails.c.id == at.mail).where(raw_mails.c.door.not_in(_STORED))
    for row in connection.execute(query.where(at.state.in_(STATES), _within(at.received_at, period)).order_by(at.id)):
        if (row.received_at - row.arrived_at).total_seconds() > LATE_BY:
            yield noun_of(LateMail, row)


def _outages(connection: Connection, period: Period) -> tuple[Outage, ...]:
    """Few: each was typed by a person. What has no end of its own ends with the solution of its ticket."""
    at, of = outages.c, tickets.c
    ended_at = func.coalesce(at.ended_at, of.resolved_at)
    query = select(at.ticket, at.service, at.began_at, ended_at.label("ended_at")).join_from(outages, tickets, of.number == at.ticket)
    query = query.where(at.began_at < period.until, ended_at.is_(None) | (ended_at > period.since), of.status.not_in(_GONE))
    return tuple(noun_of(Outage, row) for row in connection.execute(query.order_by(at.began_at, at.ticket)))


def _offers(connection: Connection, period: Period) -> tuple[EndedOffer, ...]:
    query = select(offers).where(_within(offers.c.ended_at, period)).order_by(offers.c.ended_at, offers.c.ticket, offers.c.n)
    return tuple(noun_of(EndedOffer, row) for row in connection.execute(query))


def note_report(connection: Connection, sent: ReportSent, letter: str, now: datetime) -> None:
    """With its letter or not at all; a second one of the same period and reader breaks the key."""
    add(connection, reports_sent, [{"period": sent.period, "reader": sent.reader, "letter": letter, "at": now}])
