"""Decisions into the record, all or nothing: made ready before the lock is taken, then only compared, inserted and updated."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, delete, insert, null, select, update

from mailgate.model.decision import Change
from mailgate.model.events import Event, SlaBreached, SlaEscalated, SlaRepeated, SlaWarned, facts_of, name_of
from mailgate.model.flood import AutomaticCounts
from mailgate.model.letter import Letter
from mailgate.model.ticket import BREACH, Ticket, Visibility
from mailgate.record import (
    assignments,
    codec,
    delivery_reports,
    figures,
    flood_tables,
    inbox,
    offer_rows,
    outbox,
    people,
    ratings,
    standing,
    stretches,
    tables,
    traffic,
)
from mailgate.record.assignment_tables import offers
from mailgate.record.nouns import row_of
from mailgate.record.outbox import letter_row
from mailgate.record.parts import add, among, chunks
from mailgate.record.ready import Row, Statement
from mailgate.record.room import Room
from mailgate.record.rows import Conflict, ToRecord
from mailgate.record.tickets import cycle_row, entry_row, ticket_row

Rows = list[Row]
#: From all letters of a recording and the counts with them in it: whose budget they overrun, or "" (`decide.budget.overrun`).
Overrun = Callable[[Sequence[Letter], AutomaticCounts], str]


@dataclass(slots=True)
class _Chain:
    """What a batch does to one ticket, from first to last."""

    first: Ticket | None  #: as it stands in the record; None: it is new
    last: Ticket
    version: int
    history: int


class Recording:
    """The rows of a batch. Raises Conflict already here when its decisions do not follow one another."""

    def __init__(self, outcomes: Sequence[ToRecord], now: datetime, room: Room, overrun: Overrun | None = None) -> None:
        self._now = now
        self._room, self._overrun = room, overrun
        self._dialect = room.engine.dialect
        self._outcomes = outcomes
        self._rows: dict[Statement, Rows] = defaultdict(list)
        self._people = [person for outcome in outcomes for person in outcome.decision.people]
        self._chains: dict[int, _Chain] = {}
        self._admitted: list[int] = []
        self._message_ids: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], set[int]] = {}
        self._leases: dict[int, str] = {}
        for outcome in outcomes:
            self._add(outcome)
        self._members: dict[int, Rows] = {}
        self._remember: set[int] = set()  #: tickets whose members are written anew
        for number in sorted(self._chains):
            self._add_ticket(number, self._chains[number])
        self._make_ready()

    # --- before the transaction ------------------------------------------------------------------------------------

    def _add(self, outcome: ToRecord) -> None:
        decision, claim = outcome.decision, outcome.claim
        for change in decision.changes:
            self._add_change(change, outcome.policy)
        ticket = decision.ticket
        if ticket is not None:
            desk = claim.desk if claim else ticket.desk
            for message_id in decision.message_ids:
                self._add_message_id(desk, message_id, ticket.number, outcome.known.get(message_id))
        self._rows[_NEW_LETTER] += [
            letter_row(letter, outcome.held, decision.cause, outcome.hold.get(letter.id, "")) for letter in outcome.letters
        ]
        if decision.bad_token is not None:
            self._rows[_NEW_BAD_TOKEN].append({"author": decision.bad_token.lower(), "at": self._now})
        if claim is None:
            return
        if claim.id in self._leases:
            raise Conflict("lease", (claim.id,))
        self._leases[claim.id] = claim.lease
        self._rows[_NEW_ONCE] += [{"key": key, "mail": claim.id, "at": self._now} for key in dict.fromkeys(decision.once)]
        self._rows[_NEW_COMMAND] += [{"mail": claim.id, "line": line, "verb": verb, "at": self._now} for line, verb in decision.commands]
        self._rows[_SETTLE_MAIL].append(
            {
                "b_id": claim.id,
                "state": inbox.DONE if decision.set_aside is None else inbox.SET_ASIDE,
                "settled_at": self._now,
                "ticket": ticket.number if ticket else None,
                "message_id": outcome.message_id,
                "reason": decision.set_aside,
                "trace": codec.dump_all(decision.trace),
                "evidence": codec.dump_all(decision.evidence),
                "proof": codec.dump(decision.proof),
            }
        )

    def _add_change(self, change: Change, policy: str | None) -> None:
        before, after = change.before, change.after
        if policy is not None:
            after = replace(after, policy=policy)
        chain = self._chains.get(after.number)
        if chain is None:
            chain = self._chains[after.number] = _Chain(before, after, before.version if before else 0, before.history if before else 0)
        elif before is None or (before.version != chain.version and before != chain.last):
            raise Conflict("ticket", (after.number,))
        chain.version += 1
        chain.last = after
        for event in change.events:
            chain.history += 1
            self._rows[_NEW_HISTORY].append(
                {
                    "ticket": after.number,
                    "seq": chain.history,
                    "name": name_of(event),
                    "at": event.at,
                    "recorded_at": self._now,
                    "actor": event.actor,
                    "entry": event.entry,
                    "mail": event.mail,
                    "policy": policy,
                    "facts": codec.dump(facts_of(event)),
                }
            )
            self._add_alarm(after, event)
            if (made := offer_rows.offer_row(after.number, event)) is not None:
                self._rows[_NEW_OFFER].append(made)
            if (ended := offer_rows.offer_end(after.number, event)) is not None:
                self._rows[_END_OFFER].append(ended)
        self._rows[_NEW_ENTRY] += [entry_row(entry) for entry in change.entries]
        self._admitted += change.admitted

    def _add_alarm(self, ticket: Ticket, event: Event) -> None:
        if isinstance(event, (SlaWarned, SlaBreached, SlaEscalated, SlaRepeated)):
            cycle = next((c for c in ticket.cycles if c.metric is event.metric and c.n == event.cycle), None)
            self._rows[_NEW_ALARM].append(
                {
                    "ticket": ticket.number,
                    "metric": event.metric.value,
                    "cycle": event.cycle,
                    "level": _level_of(event),
                    "retarget": len(cycle.retargets) if cycle else 0,
                    "at": event.at,
                }
            )

    def _add_message_id(self, desk: str, message_id: str, ticket: int, known: int | None) -> None:
        key = (desk, message_id)
        if known is not None:
            self._known.setdefault(key, set()).add(known)
        if self._message_ids.setdefault(key, ticket) != ticket and known != self._message_ids[key]:
            raise Conflict("message_id", (message_id,))

    def _add_ticket(self, number: int, chain: _Chain) -> None:
        first, last = chain.first, chain.last
        row = ticket_row(last, chain.version, chain.history)
        if first is None:
            self._rows[_NEW_TICKET].append(row)
        else:
            del row["number"]
            self._rows[_CHANGE_TICKET].append({**row, "b_number": number, "b_version": first.version})
        if (first.members if first else ()) != last.members:
            if first is not None and first.members:
                self._remember.add(number)
            self._members[number] = [
                {"ticket": number, "person": member.person, "role": member.role.value, "place": place}
                for place, member in enumerate(last.members)
            ]
        old = {(cycle.metric, cycle.n): (place, cycle) for place, cycle in enumerate(first.cycles if first else ())}
        for place, cycle in enumerate(last.cycles):
            was = old.get((cycle.metric, cycle.n))
            if was is None:
                self._rows[_NEW_CYCLE].append(cycle_row(number, place, cycle))
            elif was != (place, cycle):
                row = cycle_row(number, place, cycle)
                keys = {"b_ticket": row.pop("ticket"), "b_metric": row.pop("metric"), "b_n": row.pop("n")}
                self._rows[_CHANGE_CYCLE].append({**row, **keys})

    def _make_ready(self) -> None:
        """In the order of the foreign keys: what is named must be there."""
        members = [row for rows in self._members.values() for row in rows]
        self._first, self._last = ([one.ready(self._rows[one], self._dialect) for one in part] for part in (_FIRST, _LAST))
        self._member_rows = _NEW_MEMBER.ready(members, self._dialect)

    # --- in the transaction ----------------------------------------------------------------------------------------

    def write(self, connection: Connection) -> bool:
        """True. Raises Conflict when somebody else was first; the caller rolls back."""
        self._check_leases(connection)
        self._check_versions(connection)
        people.record(connection, self._people)
        for ready in self._first:
            ready.run(connection)
        if self._remember:
            connection.execute(delete(tables.members).where(tables.members.c.ticket.in_(sorted(self._remember))))
        self._member_rows.run(connection)
        self._admit(connection)
        self._own_message_ids(connection)
        for ready in self._last:
            ready.run(connection)
        for outcome in self._outcomes:
            if outcome.settlement and not outbox.Outbox.settle(connection, outcome.settlement, self._now):
                raise Conflict("lease", (outcome.settlement.letter,))
            if outcome.claim and outcome.decision.reported:
                delivery_reports.record(connection, outcome.claim.id, outcome.decision.reported, self._now)
            confirms = outcome.decision.confirms
            if outcome.claim and confirms is not None and not inbox.confirm(connection, confirms, outcome.claim.id):
                raise Conflict("confirmed", (confirms,))
            cancels = outcome.decision.cancels
            if cancels and not outbox.take_back(connection, cancels, self._now, "taken back by an agent"):
                raise Conflict("letter", cancels)
            for address in outcome.decision.lift:
                people.People.lift(connection, address, but_complaints=True)
            for suppression in outcome.decision.suppress:
                people.People.suppress(connection, suppression)
            # With its letter or not at all: an alarm that is said to be raised and that nobody hears would be worse than two.
            if (raised := outcome.raises) and not standing.operator_alarm(
                connection, raised.kind, raised.key, self._now, raised.every, outcome.letters[0].id if outcome.letters else None
            ):
                raise Conflict("alarm", (raised.kind, raised.key))
            if outcome.decision.turn_of is not None:
                assignments.take_turn(connection, *outcome.decision.turn_of, self._now)
            if outcome.report:
                figures.note_report(connection, outcome.report, outcome.letters[0].id, self._now)
            if outcome.together and not traffic.tell(connection, outcome.together):
                raise Conflict("notices", outcome.together)
        self._flow(connection)
        begun = [absence for outcome in self._outcomes for absence in outcome.decision.absences]
        assignments.record_absences(connection, begun, [person for one in self._outcomes for person in one.decision.back], self._now)
        outbox.answered(connection, [outcome.decision.answered for outcome in self._outcomes if outcome.decision.answered], self._now)
        outbox.spend(connection, [letter for outcome in self._outcomes for letter in outcome.decision.spent], self._now)
        ratings.record(connection, self._outcomes, self._now)
        stretches.record(connection, self._outcomes)
        self._check_budgets(connection)
        return True

    def is_written(self, connection: Connection) -> bool | None:
        """After a COMMIT that nobody answered: whether these decisions are in the record. None: they are not, or it cannot be told.
        Then they are written once more, and what is there already makes that a conflict."""
        if letters := [letter.id for outcome in self._outcomes for letter in outcome.letters]:
            return outbox.are_there(connection, letters) or None
        return (inbox.settled(connection, list(self._leases)) or None) if self._leases else None

    def _check_leases(self, connection: Connection) -> None:
        at = tables.inbox.c
        query = select(at.id, at.lease).where(at.state == inbox.CLAIMED).order_by(at.id).with_for_update(key_share=True)
        held = dict(among(connection, query, at.id, self._leases))
        if lost := tuple(id for id, lease in self._leases.items() if held.get(id) != lease):
            raise Conflict("lease", lost)

    def _check_versions(self, connection: Connection) -> None:
        expected = {number: chain.first.version for number, chain in self._chains.items() if chain.first is not None}
        at = tables.tickets.c
        query = select(at.number, at.version).order_by(at.number).with_for_update(key_share=True)
        found = dict(among(connection, query, at.number, sorted(expected)))
        if lost := tuple(number for number, version in expected.items() if found.get(number) != version):
            raise Conflict("ticket", lost)

    def _check_budgets(self, connection: Connection) -> None:
        """The last of all: what others counted while this was decided is seen only now."""
        addresses = {row["counted_key"] for row in self._rows[_NEW_LETTER] if row["counted_at"] is not None}
        if self._overrun is None or not addresses:
            return
        self._room.in_turn(connection)
        letters = [letter for outcome in self._outcomes for letter in outcome.letters]
        if used_up := self._overrun(letters, outbox.Outbox.automatic_counts(connection, map(str, addresses), self._now)):
            raise Conflict("budget", (used_up,))

    def _flow(self, connection: Connection) -> None:
        """What tells floods and loops from people."""
        decisions = [outcome.decision for outcome in self._outcomes]
        add(connection, flood_tables.turns, [row_of(one.turn) for one in decisions if one.turn is not None])
        add(connection, flood_tables.notices_waiting, [row_of(notice, "id") for one in decisions for notice in one.waiting])
        traffic.told(connection, [key for one in decisions for key in one.told], self._now)
        traffic.leave_unanswered(connection, [row for one in decisions for row in one.unanswered])

    def _admit(self, connection: Connection) -> None:
        table = tables.entries
        for some in chunks(self._admitted):
            connection.execute(
                update(table)
                .where(table.c.id.in_(some), table.c.visibility == Visibility.UNVERIFIED.value)
                .values(visibility=Visibility.PUBLIC.value)
            )

    def _own_message_ids(self, connection: Connection) -> None:
        """Message-IDs that are free become the ticket's. One that another ticket has, and that was not known when this was decided,
        means that the decision is stale."""
        found: dict[tuple[str, str], int] = {}
        for desk in {desk for desk, _ in self._message_ids}:
            ids = [message_id for where, message_id in self._message_ids if where == desk]
            owned = inbox.Inbox.tickets_by_message_ids(connection, desk, ids)
            found.update(((desk, message_id), ticket) for message_id, ticket in owned.items())
        stale = [key[1] for key, owner in found.items() if owner != self._message_ids[key] and owner not in self._known.get(key, ())]
        if stale:
            raise Conflict("message_id", tuple(stale))
        free = sorted(self._message_ids.keys() - found.keys())
        add(connection, tables.message_ids, [{"desk": key[0], "message_id": key[1], "ticket": self._message_ids[key]} for key in free])


def _level_of(event: SlaWarned | SlaBreached | SlaEscalated | SlaRepeated) -> int:
    if isinstance(event, SlaRepeated):
        return event.at.toordinal()  # once a day at most
    return BREACH if isinstance(event, SlaBreached) else event.level


def _set(table: Table, *keys: str) -> dict[str, object]:
    return {column.name: bindparam(column.name) for column in table.c if column.name not in keys}


_NEW_TICKET = Statement(insert(tables.tickets))
_NEW_MEMBER = Statement(insert(tables.members))
_NEW_CYCLE = Statement(insert(tables.cycles))
_NEW_ENTRY = Statement(insert(tables.entries))
_NEW_HISTORY = Statement(insert(tables.history))
# A node of the version before may have told the same. Who else has looked at the ticket is known by its version.
_NEW_ALARM = Statement(insert(tables.alarms), " ON CONFLICT DO NOTHING")
_NEW_LETTER = Statement(insert(tables.letters))
_NEW_COMMAND = Statement(insert(tables.commands))
_NEW_ONCE = Statement(insert(tables.once))
_NEW_BAD_TOKEN = Statement(insert(tables.bad_tokens))
_CHANGE_TICKET = Statement(
    update(tables.tickets)
    .where(tables.tickets.c.number == bindparam("b_number"), tables.tickets.c.version == bindparam("b_version"))
    .values(_set(tables.tickets, "number"))
)
_CHANGE_CYCLE = Statement(
    update(tables.cycles)
    .where(
        tables.cycles.c.ticket == bindparam("b_ticket"),
        tables.cycles.c.metric == bindparam("b_metric"),
        tables.cycles.c.n == bindparam("b_n"),
    )
    .values(_set(tables.cycles, "ticket", "metric", "n"))
)
_NEW_OFFER = Statement(insert(offers))
_END_OFFER = Statement(
    update(offers)
    .where(offers.c.ticket == bindparam("b_ticket"), offers.c.n == bindparam("b_n"))
    .values(end=bindparam("end"), ended_at=bindparam("ended_at"))
)
_SETTLED = ("state", "settled_at", "ticket", "message_id", "reason", "trace", "evidence", "proof")
_SETTLE_MAIL = Statement(
    update(tables.inbox)
    .where(tables.inbox.c.id == bindparam("b_id"))
    .values({**{name: bindparam(name) for name in _SETTLED}, "lease": null(), "lease_until": null()})
)
_FIRST = (_NEW_TICKET, _CHANGE_TICKET, _NEW_CYCLE, _CHANGE_CYCLE, _NEW_ENTRY, _NEW_HISTORY, _NEW_ALARM, _NEW_OFFER, _END_OFFER)
_LAST = (_NEW_LETTER, _NEW_COMMAND, _NEW_ONCE, _NEW_BAD_TOKEN, _SETTLE_MAIL)
