"""How long each ticket stood as it did, and what agents said of services that failed: written from what a decision changed.

Reports ask for tickets that stood open at an instant; histories hold events, and only the whole of them says how a ticket stood."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, update

from mailgate.model.decision import Change
from mailgate.model.events import Event, OutageNoted, SlaBreached, SlaWarned
from mailgate.model.ticket import Status, Ticket
from mailgate.record.parts import add
from mailgate.record.ready import Row
from mailgate.record.report_tables import outages, stretches
from mailgate.record.rows import ToRecord

_END = (
    update(stretches).where(stretches.c.ticket == bindparam("b_ticket"), stretches.c.ended_at.is_(None)).values(ended_at=bindparam("b_at"))
)


def record(connection: Connection, outcomes: Sequence[ToRecord]) -> None:
    """What the decisions of a batch say. Whoever comes second has lost the ticket's version before."""
    changes = [change for outcome in outcomes for change in outcome.decision.changes]
    ends: list[Row] = []
    begun: list[Row] = []
    for change in changes:
        for row in _begun(change):
            last = next((one for one in reversed(begun) if one["ticket"] == row["ticket"]), None)
            if last is not None:
                last["ended_at"] = row["began_at"]
            elif row["was"] is not None:
                ends.append({"b_ticket": row["ticket"], "b_at": row["began_at"]})
            begun.append(row)
    if ends:
        connection.execute(_END, ends)
    add(connection, stretches, begun)
    _note(connection, changes)


def _begun(change: Change) -> Iterable[Row]:
    before, after = change.before, change.after
    if before is None:
        yield _row(after.number, Status.NEW, None, None, after.arrived_at)
        before_status, before_hold = Status.NEW, None
    else:
        before_status, before_hold = before.status, before.hold
    if (before_status, before_hold) != (after.status, after.hold):
        yield _row(after.number, after.status, after.hold.value if after.hold else None, before_status, _since(after, change.events))


def _row(number: int, status: Status, hold: str | None, was: Status | None, at: datetime) -> Row:
    return {"ticket": number, "status": status.value, "hold": hold, "was": was.value if was else None, "began_at": at, "ended_at": None}


def _since(ticket: Ticket, events: Sequence[Event]) -> datetime:
    """Words and state count from a mail's arrival, which is the earliest of its instants; what a clock found out is of no matter here."""
    if ticket.status is Status.CLOSED and ticket.closed_at is not None:
        return ticket.closed_at
    if ticket.status is Status.RESOLVED and ticket.resolved_at is not None:
        return ticket.resolved_at
    return min((event.at for event in events if not isinstance(event, SlaWarned | SlaBreached)), default=ticket.arrived_at)


def _note(connection: Connection, changes: Sequence[Change]) -> None:
    noted = {(change.after.number, event.service): event for change in changes for event in change.events if isinstance(event, OutageNoted)}
    for (number, service), event in noted.items():
        connection.execute(delete(outages).where(outages.c.ticket == number, outages.c.service == service))
        row = {"ticket": number, "service": service, "began_at": event.began_at, "ended_at": event.ended_at}
        add(connection, outages, [row])
