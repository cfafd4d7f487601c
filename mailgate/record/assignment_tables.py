"""Tables of who is given work: what was offered to whom, whose turn it was, and who is away."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from mailgate.record.tables import Id, metadata
from mailgate.record.types import UtcDateTime

#: Each time that a ticket was offered to an agent, or given to one.
offers = Table(
    "offers",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("end", Text),  #: accepted, declined, expired, withdrawn, pushed; NULL: it is open
    Column("ended_at", UtcDateTime),
    Index(None, "person", "ended_at"),
    Index(None, "ended_at"),
    sqlite_with_rowid=False,
)

#: How often each agent was given something, and when last. Whoever gives compares the count.
assignment_turns = Table(
    "assignment_turns",
    metadata,
    Column("person", Id, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("turns", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: Who said, or seems, to be away, since when and until when.
absences = Table(
    "absences",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("from_at", UtcDateTime, nullable=False),
    Column("to_at", UtcDateTime),  #: NULL: until they say that they are back
    Column("delegate", Id, ForeignKey("people.id")),
    Column("suspected", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("over_at", UtcDateTime),  #: when they said that they are back, or said something else
    Index(None, "over_at", "to_at"),
    Index(None, "person", "over_at"),
)
