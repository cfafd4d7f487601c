"""Ratings as they came, which of them count, and whom each solution is put down to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from mailgate.model.decision import Change
from mailgate.model.delivery import Fate, OutboxState
from mailgate.model.rating import CountedRating, GivenRating, RatingWay, Surveyed, SurveyPut, counting
from mailgate.record.nouns import noun_of, row_of
from mailgate.record.parts import Part, add, among, chunks, grouped, reads
from mailgate.record.rating_tables import rating_history, ratings, resolutions
from mailgate.record.ready import Row
from mailgate.record.rows import ToRecord
from mailgate.record.tables import letters, people


class Ratings(Part):
    """What people said of solutions, and when they were asked."""

    @reads
    def of(self, connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[GivenRating, ...]]:
        """All that ever came about these tickets, void ones too, in the order in which they were given."""
        query = select(rating_history).order_by(rating_history.c.at, rating_history.c.id)
        found = grouped((row.ticket, _rating(row)) for row in among(connection, query, rating_history.c.ticket, numbers))
        return {number: tuple(given) for number, given in found.items()}

    @reads
    def surveyed(self, connection: Connection, people: Iterable[int], since: datetime) -> dict[int, Surveyed]:
        """When these people last rated, and were last asked; whatever was before `since` is forgotten."""
        wanted = list(people)
        gave = select(ratings.c.person, func.max(ratings.c.at).label("at")).where(ratings.c.at >= since).group_by(ratings.c.person)
        rated = {row.person: row.at for row in among(connection, gave, ratings.c.person, wanted)}
        put = select(resolutions.c.person, func.max(resolutions.c.asked_at).label("at")).where(resolutions.c.asked_at >= since)
        asked = {row.person: row.at for row in among(connection, put.group_by(resolutions.c.person), resolutions.c.person, wanted)}
        return {person: Surveyed(rated.get(person), asked.get(person)) for person in rated.keys() | asked.keys()}

    @reads
    def counted(self, connection: Connection, since: datetime, until: datetime) -> list[CountedRating]:
        """The ratings that count and were given in [since, until), the newest first."""
        about = (ratings.c.ticket == resolutions.c.ticket) & (ratings.c.closure == resolutions.c.closure)
        query = select(ratings, resolutions.c.desk, resolutions.c.owner).select_from(ratings.outerjoin(resolutions, about))
        given = query.where(ratings.c.at >= since, ratings.c.at < until).order_by(ratings.c.at.desc(), ratings.c.ticket.desc())
        return [noun_of(CountedRating, row) for row in connection.execute(given)]

    @reads
    def asked(self, connection: Connection, since: datetime, until: datetime) -> list[SurveyPut]:
        """Each question that was put in [since, until) and was not returned, and whether it was answered."""
        about = (ratings.c.ticket == resolutions.c.ticket) & (ratings.c.closure == resolutions.c.closure)
        joined = resolutions.join(letters, letters.c.id == resolutions.c.letter).outerjoin(ratings, about)
        at = resolutions.c
        query = select(at.ticket, at.desk, at.owner, at.asked_at, ratings.c.score.is_not(None).label("answered")).select_from(joined)
        arrived = (letters.c.state == OutboxState.SENT.value) & (letters.c.fate.is_(None) | (letters.c.fate != Fate.BOUNCED.value))
        period = (resolutions.c.asked_at >= since) & (resolutions.c.asked_at < until)
        return [noun_of(SurveyPut, row) for row in connection.execute(query.where(period, arrived))]


def _rating(row: Any) -> GivenRating:
    return noun_of(GivenRating, row, way=RatingWay(row.way or RatingWay.MAIL), void=bool(row.void), waits=bool(row.waits), unsolved=False)


# --- what a recording writes --------------------------------------------------------------------------------------------------


def record(connection: Connection, outcomes: Sequence[ToRecord], now: datetime) -> None:
    """What the decisions of a batch say of solutions, questions and ratings. Whoever comes second has lost the ticket's version before."""
    solved: dict[tuple[int | None, int | None], Row] = {
        (change.after.number, change.after.closure): _solution(change)
        for outcome in outcomes
        for change in outcome.decision.changes
        if change.after.closure > (change.before.closure if change.before else 0)
    }
    asking = {(letter.ticket, letter.closure): letter for outcome in outcomes for letter in outcome.letters if letter.closure is not None}
    for key, letter in asking.items():
        said = {"letter": letter.id, "asked_at": now}
        if key in solved:
            solved[key] |= said
        elif not connection.execute(update(resolutions).where(_is(resolutions, key)).values(said)).rowcount:
            # An older version has resolved it: nobody knows whom that is put down to.
            solved[key] = {"ticket": letter.ticket, "closure": letter.closure, "desk": letter.desk, "person": letter.person, "owner": None}
            solved[key] |= {"at": now, **said}
    add(connection, resolutions, list(solved.values()))
    _rate(connection, outcomes)
    for some in chunks(person for outcome in outcomes for person in outcome.decision.no_surveys):
        connection.execute(update(people).where(people.c.id.in_(some)).values(no_surveys=True))


def _solution(change: Change) -> Row:
    after = change.after
    common: Row = {"ticket": after.number, "closure": after.closure, "desk": after.desk, "person": after.requester, "owner": after.owner}
    return common | {"at": after.resolved_at, "letter": None, "asked_at": None}


def _is(table: Table, key: tuple[int | None, int | None]) -> ColumnElement[bool]:
    return (table.c.ticket == key[0]) & (table.c.closure == key[1])


def _rate(connection: Connection, outcomes: Sequence[ToRecord]) -> None:
    """All are kept; of those that are not void the last one counts for its solution."""
    new = [one for outcome in outcomes for one in outcome.decision.ratings]
    voided = [one for outcome in outcomes for one in outcome.decision.voided]
    settled = [one for outcome in outcomes for one in outcome.decision.settled]
    add(connection, rating_history, [row_of(one, "id", "unsolved") for one in new])
    for values, some in (({"void": True, "waits": False}, voided), ({"waits": False}, settled)):
        for ids in chunks(one.id for one in some):
            connection.execute(update(rating_history).where(rating_history.c.id.in_(ids)).values(values))
    touched = dict.fromkeys((one.ticket, one.closure) for one in (*new, *voided))
    given = Ratings.of(connection, [ticket for ticket, _ in touched]) if touched else {}
    for key in touched:
        connection.execute(delete(ratings).where(_is(ratings, key)))
        last = counting(one for one in given[key[0]] if one.closure == key[1])
        if last is not None:
            connection.execute(insert(ratings), {column.name: getattr(last, column.name) for column in ratings.c})
