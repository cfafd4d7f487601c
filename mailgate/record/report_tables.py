"""Tables of reports: how each ticket stood, when services failed, and which report went to whom."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from mailgate.record.tables import Id, metadata
from mailgate.record.types import UtcDateTime, WordsColumn

#: How long a ticket stood as it did, one row for each status it had (and each reason of a hold). The last one has no end.
stretches = Table(
    "stretches",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("status", Text, nullable=False),
    Column("hold", Text),
    Column("was", Text),  #: the status before; NULL: here it began
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "ticket", "ended_at"),
    Index(None, "began_at"),
    Index(None, "status", "ended_at"),
)

#: What agents said of services that failed: the last word of a ticket about a service counts.
outages = Table(
    "outages",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("service", Text, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  #: NULL: with the solution of the ticket
    Index(None, "began_at"),
    sqlite_with_rowid=False,
)

#: A report is written once for each period and reader.
reports_sent = Table(
    "reports_sent",
    metadata,
    Column("period", Text, primary_key=True),  #: its first day
    Column("reader", WordsColumn, primary_key=True),  #: folded address
    Column("letter", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
