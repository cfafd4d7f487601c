"""Who is given work, as the record knows it: loads, offers, turns and absences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from mailgate.model.assignment import Absence, Availability
from mailgate.model.ticket import Outcome, Status
from mailgate.record.assignment_tables import absences, assignment_turns, offers
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, among, grouped, reads, writes
from mailgate.record.rows import Conflict
from mailgate.record.tables import cycles, history, tickets

#: The statuses of tickets that count as load.
_WORK = (Status.NEW.value, Status.OPEN.value)
#: By what its owner shows that a ticket is in their hands.
_KEEPING = ("ticket_taken", "ticket_assigned", "agent_replied")


class Assignments(Part):
    """Who is given work."""

    @reads
    def availabilities(
        self, connection: Connection, people: Iterable[int], weights: Mapping[int, int], now: datetime
    ) -> dict[int, Availability]:
        """How it stands with each of these agents. `weights`: what a ticket weighs, by its priority."""
        who = list(dict.fromkeys(people))
        found = {person: Availability(person) for person in who}
        own = select(tickets.c.owner, tickets.c.priority, func.count()).where(tickets.c.status.in_(_WORK))
        for person, priority, count in among(connection, own.group_by(tickets.c.owner, tickets.c.priority), tickets.c.owner, who):
            was = found[person]
            found[person] = replace(was, load=was.load + weights.get(priority, 1) * count, tickets=was.tickets + count)
        open_ = select(offers.c.person, tickets.c.priority, func.count()).where(
            offers.c.ended_at.is_(None), tickets.c.number == offers.c.ticket
        )
        for person, priority, count in among(connection, open_.group_by(offers.c.person, tickets.c.priority), offers.c.person, who):
            found[person] = replace(found[person], load=found[person].load + weights.get(priority, 1) * count)
        for row in among(connection, select(assignment_turns), assignment_turns.c.person, who):
            found[row.person] = replace(found[row.person], turns=row.turns, given_at=row.given_at)
        away = select(absences).where(absences.c.over_at.is_(None), or_(absences.c.to_at.is_(None), absences.c.to_at > now))
        of_each = grouped(
            (row.person, noun_of(Absence, row)) for row in among(connection, away.order_by(absences.c.id), absences.c.person, who)
        )
        return {person: replace(one, absences=tuple(of_each.get(person, ()))) for person, one in found.items()}

    @reads
    def waiting(self, connection: Connection, group: str, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
        """(priority, number) of tickets of a group for which nobody could be asked, the most urgent and oldest first, behind this one."""
        at = tickets.c
        query = select(at.priority, at.number).where(at.waits_in == group).order_by(at.priority, at.number).limit(limit)
        if after != (0, 0):
            priority, number = after
            query = query.where(or_(at.priority > priority, and_(at.priority == priority, at.number > number)))
        return [(row.priority, row.number) for row in connection.execute(query)]

    @reads
    def held_by_the_absent(self, connection: Connection, now: datetime, limit: int) -> list[int]:
        """Tickets of people who have said that they are away, which cannot wait for them: somebody waits for an answer, or something is due
        before they are back. What they took or answered since then they have kept, until its requester writes again."""
        at, away = tickets.c, absences.c
        holds = (away.over_at.is_(None), away.suspected.is_(False), away.from_at <= now, or_(away.to_at.is_(None), away.to_at > now))
        due = select(cycles.c.ticket).where(
            cycles.c.ticket == at.number, cycles.c.outcome == Outcome.RUNNING.value, or_(away.to_at.is_(None), cycles.c.due_at < away.to_at)
        )
        presses = or_(at.waiting_since.is_not(None), due.exists())
        done = history.c
        kept = select(done.seq).where(
            done.ticket == at.number,
            done.actor == away.person,
            done.name.in_(_KEEPING),
            done.recorded_at > away.from_at,
            or_(at.waiting_since.is_(None), done.recorded_at >= at.waiting_since),
        )
        query = select(at.number).where(at.owner == away.person, at.status.in_(_WORK), *holds, presses, ~kept.exists())
        return list(connection.execute(query.distinct().order_by(at.number).limit(limit)).scalars())

    @reads
    def offered_to_the_absent(self, connection: Connection, now: datetime, limit: int) -> list[int]:
        """Tickets that are offered to somebody who has said that they are away."""
        away = absences.c
        holds = (away.over_at.is_(None), away.suspected.is_(False), away.from_at <= now, or_(away.to_at.is_(None), away.to_at > now))
        query = select(offers.c.ticket).where(offers.c.ended_at.is_(None), offers.c.person == away.person, *holds)
        return list(connection.execute(query.distinct().order_by(offers.c.ticket).limit(limit)).scalars())

    @reads
    def who_is_away(self, connection: Connection, people: Iterable[int], now: datetime) -> set[int]:
        """Those of these who are away now, or seem to be."""
        query = select(absences.c.person).where(absences.c.over_at.is_(None), absences.c.from_at <= now)
        lasts = query.where(or_(absences.c.to_at.is_(None), absences.c.to_at > now))
        return {row.person for row in among(connection, lasts, absences.c.person, people)}

    @reads
    def away(self, connection: Connection, now: datetime) -> list[Absence]:
        """Everybody's that last or are to come, the earliest first."""
        query = select(absences).where(absences.c.over_at.is_(None), or_(absences.c.to_at.is_(None), absences.c.to_at > now))
        return [noun_of(Absence, row) for row in connection.execute(query.order_by(absences.c.from_at, absences.c.id))]

    @writes
    def begin(self, connection: Connection, absence: Absence, now: datetime) -> None:
        record_absences(connection, [absence], [], now)

    @writes
    def end(self, connection: Connection, person: int, now: datetime) -> None:
        record_absences(connection, [], [person], now)


def record_absences(connection: Connection, begun: Sequence[Absence], back: Sequence[int], now: datetime) -> None:
    """Who says anew when they are away takes back what they said of it before; one that is only suspected takes nothing back."""
    over = {*back, *(one.person for one in begun if not one.suspected)}
    if over:
        last = absences.c.over_at.is_(None)
        connection.execute(update(absences).where(absences.c.person.in_(sorted(over)), last).values(over_at=now))
    if begun:
        connection.execute(insert(absences), [{**row_of(one, "id"), "made_at": now} for one in begun])


def take_turn(connection: Connection, person: int, before: int, now: datetime) -> None:
    """Raises Conflict where somebody else has given them something since `before` was read."""
    at = assignment_turns
    if before == 0:
        if connection.execute(select(at.c.turns).where(at.c.person == person)).first() is not None:
            raise Conflict("turn", (person,))
        connection.execute(insert(at), {"person": person, "turns": 1, "given_at": now})
        return
    changed = update(at).where(at.c.person == person, at.c.turns == before).values(turns=before + 1, given_at=now)
    if connection.execute(changed).rowcount != 1:
        raise Conflict("turn", (person,))
