"""Tables beside the clocks: calendars by their digest, which policy counted from when, and tickets whose clocks cannot be looked at."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from mailgate.record.tables import Id, metadata
from mailgate.record.types import UtcDateTime, json_column

#: Every calendar that anything was ever counted on, with the holidays of its country as the days that they were.
calendars = Table(
    "calendars",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("content", json_column(), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
)

#: Which policy was adopted when, by any node. The last one counts.
policy_periods = Table(
    "policy_periods",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("policy", Text, nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
)

#: Tickets whose clocks could not be looked at: each waits for an operator, and is tried again meanwhile.
clock_faults = Table(
    "clock_faults",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("since_at", UtcDateTime, nullable=False),
    Column("again_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)
