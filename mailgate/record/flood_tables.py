"""Tables beside those of the road: who is not written to, whose mail is not read, and what tells floods and loops from people."""

from sqlalchemy import Column, Index, Integer, Table, Text

from mailgate.record.tables import Id, metadata
from mailgate.record.types import ReasonColumn, UtcDateTime, WordsColumn

#: Addresses that are not written to for a while: they bounced, or asked.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address", WordsColumn, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", ReasonColumn, nullable=False),
    Column("kind", Text, nullable=False, server_default="bounce"),  #: bounce, complaint
    Index(None, "until"),
    sqlite_with_rowid=False,
)

#: Whose mail is set aside: an operator said so.
blocks = Table(
    "blocks",
    metadata,
    Column("pattern", WordsColumn, primary_key=True),  #: a folded address, or a domain with all below it
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),  #: NULL: for good
    Column("reason", WordsColumn, nullable=False),
    sqlite_with_rowid=False,
)

#: Mails that came soon after a letter of ours to their author, so that machines that answer each other are told from people.
turns = Table(
    "turns",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("author", WordsColumn, nullable=False),  #: folded
    Column("ticket", Id),
    Column("at", UtcDateTime, nullable=False),
    Column("lag_s", Integer, nullable=False),  #: seconds after that letter
    Column("length", Integer, nullable=False),  #: characters that were new in it
    Column("sketch", Text, nullable=False),  #: of its words; they cannot be read from it
    Index(None, "author", "at"),
    Index(None, "at"),
)

#: Letters that were not written because a budget was used up: whoever was not answered reads so on the next one.
unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", WordsColumn, nullable=False),  #: folded address
    Column("ticket", Id, nullable=False),
    Column("desk", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("reason", ReasonColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Index(None, "key", "told_at"),
)

#: Notices of a flood: they wait to be told together.
notices_waiting = Table(
    "notices_waiting",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person", Id, nullable=False),  #: who is to hear of it
    Column("cause", WordsColumn, nullable=False),  #: folded address of whose mail it was
    Column("ticket", Id),
    Column("desk", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("entry", Id),
    Column("mail", Id),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "person", "cause", "at"),
    Index(None, "at"),
)
