"""What the page of a request may show to one person: the words that they wrote, and those that were sent to them. Nothing else is read."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from mailgate.model.delivery import OutboxState
from mailgate.model.letter import Audience
from mailgate.model.ticket import Entry, Visibility
from mailgate.record.nouns import noun_of
from mailgate.record.parts import Part, reads
from mailgate.record.tables import entries, letters

#: A letter that left, as far as anybody knows. One that waits may still be taken back.
_LEFT = tuple(state.value for state in (OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.REFUSED))
_OUTSIDE = tuple(one.value for one in Audience if one.is_outside)


class PageWords(Part):
    """The record as a requester's page sees it."""

    @reads
    def words(self, connection: Connection, numbers: Sequence[int], person: int, limit: int) -> list[Entry]:
        """Of these tickets, newest first."""
        query = select(entries).where(_shown(numbers, person)).order_by(entries.c.id.desc()).limit(limit)
        return [noun_of(Entry, row) for row in connection.execute(query)]

    @reads
    def question(self, connection: Connection, number: int, person: int, closure: int) -> str | None:
        """The newest letter that asked this person how good this solution was."""
        query = select(letters.c.id).where(letters.c.ticket == number, letters.c.person == person, letters.c.closure == closure)
        return connection.execute(query.order_by(letters.c.made_at.desc(), letters.c.id).limit(1)).scalar()


def _shown(numbers: Sequence[int], person: int) -> ColumnElement[bool]:
    sent = select(letters.c.entry).where(
        letters.c.ticket.in_(numbers),
        letters.c.person == person,
        letters.c.audience.in_(_OUTSIDE),
        letters.c.automatic.is_(False),  # a machine's letter carries nobody's words
        letters.c.state.in_(_LEFT),
        letters.c.entry.is_not(None),
    )
    theirs = or_(entries.c.author == person, entries.c.id.in_(sent))
    return and_(entries.c.ticket.in_(numbers), entries.c.visibility == Visibility.PUBLIC.value, entries.c.hidden.is_(False), theirs)
