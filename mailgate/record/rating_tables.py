"""Tables of ratings: what counts, what ever came, and who was asked after which solution."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from mailgate.record.tables import Id, metadata
from mailgate.record.types import UtcDateTime, WordsColumn

#: The rating that counts, one for each resolution of a ticket.
ratings = Table(
    "ratings",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("closure", Integer, primary_key=True),
    Column("person", Id),
    Column("score", Integer, nullable=False),
    Column("comment", WordsColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "person", "at"),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

#: Every rating that came, so that a change of mind can be followed.
rating_history = Table(
    "rating_history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("closure", Integer, nullable=False),
    Column("person", Id),
    Column("score", Integer, nullable=False),
    Column("comment", WordsColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("mail", Id),
    Column("way", Text),  #: mail or web; NULL: older than the column, so by mail
    Column("letter", Text),  #: the one that it answers
    Column("void", Boolean),  #: taken for a scanner's, with others of its letter
    Column("waits", Boolean),  #: nobody was told of it yet: it may still turn out to be a scanner's
    Index(None, "ticket", "closure"),
)

#: Each time that a ticket was resolved: whom that is put down to, and the letter that asked how it was.
resolutions = Table(
    "resolutions",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("closure", Integer, primary_key=True),
    Column("desk", Text, nullable=False),
    Column("person", Id, nullable=False),  #: the requester
    Column("owner", Id),  #: of the ticket then
    Column("at", UtcDateTime, nullable=False),
    Column("letter", Text),  #: NULL: nobody was asked
    Column("asked_at", UtcDateTime),
    Index(None, "person", "asked_at"),
    Index(None, "asked_at"),
    sqlite_with_rowid=False,
)
