"""The record's tables. What must happen at most once is a unique key here; what is due when is a column with an index.

Words and addresses stand only in `people`, `addresses`, `entries`, `tickets.title`, `letters`, `ratings` and the raw mails; histories hold
ids, states, instants and numbers, so that a person can be erased and a ticket's state still be rebuilt."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

from mailgate.record.types import ReasonColumn, UtcDateTime, WordsColumn, json_column

metadata = MetaData(
    naming_convention={**{kind: f"{kind}_%(table_name)s_%(column_0_N_name)s" for kind in ("ix", "uq", "fk")}, "pk": "pk_%(table_name)s"}
)

#: Ids that the program gives out itself. BIGINT on PostgreSQL; on SQLite only INTEGER is the row's own number.
Id = BigInteger().with_variant(Integer(), "sqlite")


def _id(name: str = "id") -> Column[int]:
    return Column(name, Id, primary_key=True, autoincrement=False)


# --- the house ----------------------------------------------------------------------------------------------------

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),  #: product, instance, created_at, in_use, restored, beside, home
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),  #: the last number given out
    sqlite_with_rowid=False,
)

policies = Table(
    "policies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("text", WordsColumn, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("terms", Text),  #: digest of what clocks, timers and statuses depend on; NULL: older than the column
    Column("calendars", json_column()),  #: digest of each of its calendars by name
)

operator_alarms = Table(
    "operator_alarms",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", WordsColumn, primary_key=True),
    Column("raised_at", UtcDateTime, nullable=False),  #: the last time
    Column("letter", Text),  #: the one about it: while it waits in the outbox, no other is written
    sqlite_with_rowid=False,
)

#: What only one node may do at a time: who does it, and until when. A row stays when it is over.
holds = Table(
    "holds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# --- mail coming in -----------------------------------------------------------------------------------------------

#: One arrival, stored once however many desks it is for. Never changed.
raw_mails = Table(
    "raw_mails",
    metadata,
    _id(),
    Column("reverse_path", WordsColumn),  #: "": the null reverse-path; NULL: the door knows no envelope
    Column("recipients", json_column(), nullable=False),
    Column("door", Text, nullable=False),
    Column("peer", WordsColumn, nullable=False),
    Column("helo", WordsColumn),  #: what the peer called itself; NULL: the door knows no such word
    Column("insider", Boolean),  #: came through a door that only colleagues reach; NULL is no
    Column("received_at", UtcDateTime, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("checksum", BigInteger, nullable=False),  #: CRC-32 of the bytes: a damaged page inside a mail shows itself
    Column("raw", LargeBinary, nullable=False),  #: last, so that listing rows never reads it
)

#: One entry for each desk of a mail: waiting, claimed, done, set_aside.
inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("desk", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("mail", Id, ForeignKey("raw_mails.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("lease", Text),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("ticket", Id),
    Column("message_id", WordsColumn),  #: once it was read
    Column("reason", ReasonColumn),  #: why it was set aside
    Column("sender", WordsColumn),  #: folded reverse-path: one sender's backlog holds up nobody else
    Column("released", Boolean),  #: a person let it through although its author is blocked
    Column("trace", json_column()),
    Column("evidence", json_column()),
    Column("proof", json_column()),
    Column("confirmed", Id),  #: the mail by which its author said that it is theirs; then it was read once more
    UniqueConstraint("desk", "digest"),  #: the same mail again changes nothing
    Index(None, "state", "received_at"),
    Index(None, "desk", "message_id"),
    Index(None, "ticket"),
)

#: Which ticket a Message-ID belongs to: mails' own and those they cite. Whoever comes second decides again.
message_ids = Table(
    "message_ids",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("message_id", WordsColumn, primary_key=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    sqlite_with_rowid=False,
)

#: Subject tokens with a bad signature, by the author who sent them.
bad_tokens = Table(
    "bad_tokens",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("author", WordsColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "author", "at"),
)

# --- mailboxes that are fetched -----------------------------------------------------------------------------------

#: How far each folder was read, who reads it, and how that goes. What cursor columns mean stands in `model.mailbox.Cursor`.
mailbox_folders = Table(
    "mailbox_folders",
    metadata,
    Column("mailbox", WordsColumn, primary_key=True),
    Column("folder", WordsColumn, primary_key=True),
    Column("uidvalidity", BigInteger),  #: NULL: never opened
    Column("last_uid", BigInteger),
    Column("rescan_until", BigInteger),
    Column("since", UtcDateTime),
    Column("horizon", UtcDateTime),
    Column("holder", Text),  #: of the lease: one folder, one reader
    Column("lease_until", UtcDateTime),
    Column("first_tried_at", UtcDateTime, nullable=False),
    Column("ok_at", UtcDateTime),  #: looked through to its end
    Column("failing_since", UtcDateTime),
    Column("failures", Integer, nullable=False),  #: in a row
    Column("error", WordsColumn, nullable=False),
    sqlite_with_rowid=False,
)

#: Mails at or below the cursor that are not finished: they could not be fetched, or not be flagged or moved.
mailbox_pending = Table(
    "mailbox_pending",
    metadata,
    Column("mailbox", WordsColumn, primary_key=True),
    Column("folder", WordsColumn, primary_key=True),
    Column("uid", BigInteger, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("reason", WordsColumn, nullable=False),
    sqlite_with_rowid=False,
)

#: Connections to mailboxes in the last hour: the limits hold over restarts and for all nodes together.
mailbox_connects = Table(
    "mailbox_connects",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("mailbox", WordsColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "mailbox", "at"),
)

# --- people -------------------------------------------------------------------------------------------------------

people = Table(
    "people",
    metadata,
    _id(),
    Column("name", WordsColumn, nullable=False),
    Column("address", WordsColumn, nullable=False),
    Column("language", Text),
    Column("timezone", Text),
    Column("agent", Text, unique=True),  #: their name in policy.toml
    Column("proven", Boolean, nullable=False),  #: once wrote a mail with a token of ours
    Column("proven_at", UtcDateTime),  #: when last
    Column("chosen_language", Text),  #: NULL: the language of their mails
    Column("no_surveys", Boolean),  #: asked not to be asked for ratings; NULL is no
    Column("vip", Boolean),  #: NULL: as their organisation
    Column("organisation", Text),  #: NULL: by the domain of their address
)

addresses = Table(
    "addresses",
    metadata,
    Column("key", WordsColumn, primary_key=True),  #: lower case
    Column("person", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),  #: order in which they became known
    sqlite_with_rowid=False,
)

# --- tickets ------------------------------------------------------------------------------------------------------

tickets = Table(
    "tickets",
    metadata,
    _id("number"),
    Column("version", Integer, nullable=False),
    Column("desk", Text, nullable=False),
    Column("title", WordsColumn, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("requester", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("owner", Id, ForeignKey("people.id"), index=True),
    Column("group_id", Text, nullable=False),
    Column("language", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    Column("history", Integer, nullable=False),
    Column("hold", Text),
    Column("timers", json_column(), nullable=False),
    Column("waiting_since", UtcDateTime),
    Column("public_agent_at", UtcDateTime),
    Column("resolved_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("closure", Integer, nullable=False),
    Column("resolution_code", Text),
    Column("reopened", Integer, nullable=False),
    Column("merged_into", Id),
    Column("follows", Id),
    Column("next_check_at", UtcDateTime, index=True),
    Column("pages_void_before", UtcDateTime),
    Column("survey_due_at", UtcDateTime),
    Column("ratings_wait_until", UtcDateTime),
    Column("follow_up", Text),
    Column("follow_up_since", UtcDateTime),
    Column("follow_up_due_at", UtcDateTime),
    Column("promised_at", UtcDateTime),  #: the solution, as said by hand beside what the policy promises
    Column("promise_check_at", UtcDateTime),
    Column("policy", Text),  #: by which it was last decided
    Column("impact", Integer),  #: NULL, here and below: older than the columns
    Column("urgency", Integer),
    Column("priority_by", Id),
    Column("impact_by", Id),
    Column("urgency_by", Id),
    Column("urgency_asked_at", UtcDateTime),
    Column("category", Text),
    Column("category_source", Text),
    Column("category_by", Id),
    Column("vip", Boolean),
    Column("organisation", Text),
    Column("why", json_column()),
    Column("waits", json_column()),  #: NULL: older than the column
    Column("turns", json_column()),  #: the same
    Column("queued_at", UtcDateTime),
    Column("search", json_column()),  #: for an owner; NULL: there is none
    Column("offers", Integer),
    Column("waits_in", Text),  #: the group in which nobody could be asked to take it
    Index(None, "status", "created_at"),
    Index(None, "status", "policy"),
    Index(None, "owner", "status", "priority"),
    Index(None, "waits_in", "priority", "number"),
)

members = Table(
    "members",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("person", Id, ForeignKey("people.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Index(None, "person"),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    _id(),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("visibility", Text, nullable=False),
    Column("author", Id),
    Column("author_role", Text, nullable=False),
    Column("author_name", WordsColumn, nullable=False),
    Column("inbox", Id),
    Column("message_id", WordsColumn),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("flags", json_column(), nullable=False),
    Column("reverse", WordsColumn),
    Column("copied", json_column()),  #: NULL: nobody, or the row is older than the column
    Column("attachments", json_column(), nullable=False),  #: where they are in the raw mail, never their bytes
    Column("text", WordsColumn, nullable=False),
    Column("html", WordsColumn),
    Column("quoted", WordsColumn, nullable=False),
    Column("signature", WordsColumn, nullable=False),
    Column("subject", WordsColumn),  #: NULL: that of the ticket
    Index(None, "ticket", "id"),
)

#: Events in the order of their recording. Never changed.
history = Table(
    "history",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("actor", Id),
    Column("entry", Id),
    Column("mail", Id),
    Column("policy", Text),  #: digest of the policy by which it was decided
    Column("facts", json_column(), nullable=False),
    sqlite_with_rowid=False,
)

cycles = Table(
    "cycles",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("place", Integer, nullable=False),  #: order in the ticket
    Column("policy", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("target_s", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("breach_at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("pauses", json_column(), nullable=False),
    Column("stopped_at", UtcDateTime),
    Column("stopped_by", Text),
    Column("elapsed_s", Integer),
    Column("breached_at", UtcDateTime),
    Column("original_due_at", UtcDateTime),
    Column("retargets", json_column(), nullable=False),
    Column("warned", json_column(), nullable=False),
    Column("cancel_reason", Text),
    Column("annulled_by", WordsColumn),
    Column("calendar_digest", Text),  #: NULL: older than the column
    Column("alarmed_at", UtcDateTime),
    Column("breach_annulled_by", Text),
    Index(None, "stopped_at", "breached_at"),
    sqlite_with_rowid=False,
)

#: An alarm is raised once for each level of a cycle; a changed target (`retarget` counts them) may raise it anew.
alarms = Table(
    "alarms",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("cycle", Integer, primary_key=True),
    Column("level", Integer, primary_key=True),  #: percent of the target; 100 is the breach; of one that is repeated the day (its ordinal)
    Column("retarget", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: A command of a mail is carried out once.
commands = Table(
    "commands",
    metadata,
    Column("mail", Id, ForeignKey("inbox.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("verb", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

#: What a mail asked for happens once: its author and Message-ID, its signature, the question whether it is theirs (`decide.once`).
once = Table(
    "once",
    metadata,
    Column("key", Text, primary_key=True),
    Column("mail", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# --- letters ------------------------------------------------------------------------------------------------------

#: Letters, sealed, with where each stands: the outbox.
letters = Table(
    "letters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("ticket", Id),
    Column("desk", Text, nullable=False),
    Column("person", Id, nullable=False),
    Column("address", WordsColumn, nullable=False),
    Column("address_key", WordsColumn, nullable=False),  #: lower case
    Column("message_id", WordsColumn, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("proven", Boolean, nullable=False),
    Column("answer_is", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("entry", Id),
    Column("closure", Integer),
    Column("about", Id),  #: the mail that it asks about
    Column("not_before", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("counted_at", UtcDateTime),  #: automatic letters to outsiders: when they may leave; NULL: no budget counts them
    Column("counted_key", WordsColumn),  #: on whose budget: the folded address
    Column("cause", WordsColumn),  #: folded address of the author of the mail that it follows from
    Column("state", Text, nullable=False),
    Column("due_at", UtcDateTime),  #: when the courier looks at it: next attempt, or end of the lease. NULL: settled or held
    Column("lease", Text),
    Column("attempts", Integer, nullable=False),
    Column("first_at", UtcDateTime),  #: the first attempt
    Column("last_reply", WordsColumn, nullable=False),
    Column("doubted", Boolean, nullable=False),  #: the relay may have it although it did not say so
    Column("settled_at", UtcDateTime),
    Column("spent_at", UtcDateTime),
    Column("answered_at", UtcDateTime),  #: the last answer of its reader: it arrived, whatever is reported later
    Column("fate", Text),  #: what was reported since: delayed, relayed, delivered, bounced
    Column("fate_at", UtcDateTime),
    Column("reverse_path", WordsColumn, nullable=False),
    Column("boundary", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("utf8", Boolean, nullable=False),
    Column("parts", json_column(), nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("notice", WordsColumn, nullable=False),
    Column("preheader", WordsColumn),
    Index(None, "automatic", "due_at"),
    Index(None, "state", "settled_at"),
    Index(None, "ticket"),
    Index(None, "address_key", "counted_at"),
    Index(None, "counted_key", "counted_at"),
    Index(None, "cause", "made_at"),
    Index(None, "counted_at"),
    Index(None, "fate", "fate_at"),
)

#: Few letters ask about a mail; these are counted by whom they ask.
Index(
    "ix_letters_asked",
    letters.c.person,
    letters.c.made_at,
    sqlite_where=letters.c.about.is_not(None),
    postgresql_where=letters.c.about.is_not(None),
)

#: No ticket is acknowledged twice, whatever else goes wrong.
Index(
    "uq_letters_acknowledgement",
    letters.c.ticket,
    unique=True,
    sqlite_where=(letters.c.event == "ticket_opened") & (letters.c.audience == "requester"),
    postgresql_where=(letters.c.event == "ticket_opened") & (letters.c.audience == "requester"),
)

#: Message-IDs that a relay gave our letters in place of ours.
letter_aliases = Table(
    "letter_aliases",
    metadata,
    Column("message_id", WordsColumn, primary_key=True),
    Column("letter", Text, ForeignKey("letters.id"), nullable=False),
    sqlite_with_rowid=False,
)

#: What mails said about letters of ours: one row for a letter and a mail, so that reading a mail again adds nothing.
delivery_reports = Table(
    "delivery_reports",
    metadata,
    Column("letter", Text, ForeignKey("letters.id"), primary_key=True),
    Column("mail", Id, ForeignKey("inbox.id"), primary_key=True),
    Column("action", Text, nullable=False),  #: failed, delayed, relayed, delivered, expanded, complained
    Column("fate", Text),  #: what was believed of the letter afterwards, where this report said anything about it
    Column("status", Text),
    Column("reply_code", Text),
    Column("hard", Boolean, nullable=False),
    Column("reason", WordsColumn, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
