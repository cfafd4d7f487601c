"""The first schema: the road from door to door, with the seams of what comes later."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn

revision = "0001"
down_revision = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bad_tokens",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("author", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bad_tokens"),
    )
    op.create_index("ix_bad_tokens_author_at", "bad_tokens", ["author", "at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("ticket", Id, nullable=True),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("person", Id, nullable=False),
        sa.Column("address", WordsColumn(), nullable=False),
        sa.Column("address_key", WordsColumn(), nullable=False),
        sa.Column("message_id", WordsColumn(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("answer_is", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("entry", Id, nullable=True),
        sa.Column("closure", sa.Integer(), nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("last_reply", WordsColumn(), nullable=False),
        sa.Column("doubted", sa.Boolean(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("spent_at", UtcDateTime(), nullable=True),
        sa.Column("reverse_path", WordsColumn(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("utf8", sa.Boolean(), nullable=False),
        sa.Column("parts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("notice", WordsColumn(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
    )
    op.create_index("ix_letters_address_key_counted_at", "letters", ["address_key", "counted_at"], unique=False)
    op.create_index("ix_letters_automatic_due_at", "letters", ["automatic", "due_at"], unique=False)
    op.create_index("ix_letters_counted_at", "letters", ["counted_at"], unique=False)
    op.create_index("ix_letters_state_settled_at", "letters", ["state", "settled_at"], unique=False)
    op.create_index("ix_letters_ticket", "letters", ["ticket"], unique=False)
    op.create_index(
        "uq_letters_acknowledgement",
        "letters",
        ["ticket"],
        unique=True,
        sqlite_where=sa.text("event = 'ticket_opened' AND audience = 'requester'"),
        postgresql_where=sa.text("event = 'ticket_opened' AND audience = 'requester'"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operator_alarms",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", WordsColumn(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_operator_alarms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("name", WordsColumn(), nullable=False),
        sa.Column("address", WordsColumn(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("agent", name="uq_people_agent"),
    )
    op.create_table(
        "policies",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", WordsColumn(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_policies"),
    )
    op.create_table(
        "raw_mails",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("reverse_path", WordsColumn(), nullable=True),
        sa.Column("recipients", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("peer", WordsColumn(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_raw_mails"),
    )
    op.create_table(
        "suppressions",
        sa.Column("address", WordsColumn(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", WordsColumn(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_suppressions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "addresses",
        sa.Column("key", WordsColumn(), nullable=False),
        sa.Column("person", Id, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_addresses_person"),
        sa.PrimaryKeyConstraint("key", name="pk_addresses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_addresses_person", "addresses", ["person"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mail", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("ticket", Id, nullable=True),
        sa.Column("message_id", WordsColumn(), nullable=True),
        sa.Column("reason", WordsColumn(), nullable=True),
        sa.Column("trace", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("proof", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["mail"], ["raw_mails.id"], name="fk_inbox_mail"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("desk", "digest", name="uq_inbox_desk_digest"),
    )
    op.create_index("ix_inbox_desk_message_id", "inbox", ["desk", "message_id"], unique=False)
    op.create_index("ix_inbox_state_received_at", "inbox", ["state", "received_at"], unique=False)
    op.create_index("ix_inbox_ticket", "inbox", ["ticket"], unique=False)
    op.create_table(
        "letter_aliases",
        sa.Column("message_id", WordsColumn(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letters.id"], name="fk_letter_aliases_letter"),
        sa.PrimaryKeyConstraint("message_id", name="pk_letter_aliases"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tickets",
        sa.Column("number", Id, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("title", WordsColumn(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("requester", Id, nullable=False),
        sa.Column("owner", Id, nullable=True),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("history", sa.Integer(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("timers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("waiting_since", UtcDateTime(), nullable=True),
        sa.Column("public_agent_at", UtcDateTime(), nullable=True),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closure", sa.Integer(), nullable=False),
        sa.Column("resolution_code", sa.Text(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("merged_into", Id, nullable=True),
        sa.Column("follows", Id, nullable=True),
        sa.Column("next_check_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["people.id"], name="fk_tickets_owner"),
        sa.ForeignKeyConstraint(["requester"], ["people.id"], name="fk_tickets_requester"),
        sa.PrimaryKeyConstraint("number", name="pk_tickets"),
    )
    op.create_index("ix_tickets_next_check_at", "tickets", ["next_check_at"], unique=False)
    op.create_index("ix_tickets_owner", "tickets", ["owner"], unique=False)
    op.create_index("ix_tickets_requester", "tickets", ["requester"], unique=False)
    op.create_index("ix_tickets_status_created_at", "tickets", ["status", "created_at"], unique=False)
    op.create_table(
        "alarms",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("retarget", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_alarms_ticket"),
        sa.PrimaryKeyConstraint("ticket", "metric", "cycle", "level", "retarget", name="pk_alarms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "commands",
        sa.Column("mail", Id, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["mail"], ["inbox.id"], name="fk_commands_mail"),
        sa.PrimaryKeyConstraint("mail", "line", name="pk_commands"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cycles",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("breach_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("pauses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("elapsed_s", sa.Integer(), nullable=True),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.Column("original_due_at", UtcDateTime(), nullable=True),
        sa.Column("retargets", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("warned", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("annulled_by", WordsColumn(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_cycles_ticket"),
        sa.PrimaryKeyConstraint("ticket", "metric", "n", name="pk_cycles"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entries",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("ticket", Id, nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("author", Id, nullable=True),
        sa.Column("author_role", sa.Text(), nullable=False),
        sa.Column("author_name", WordsColumn(), nullable=False),
        sa.Column("inbox", Id, nullable=True),
        sa.Column("message_id", WordsColumn(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("flags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reverse", WordsColumn(), nullable=True),
        sa.Column("attachments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("text", WordsColumn(), nullable=False),
        sa.Column("html", WordsColumn(), nullable=True),
        sa.Column("quoted", WordsColumn(), nullable=False),
        sa.Column("signature", WordsColumn(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_entries_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_ticket_id", "entries", ["ticket", "id"], unique=False)
    op.create_table(
        "history",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor", Id, nullable=True),
        sa.Column("entry", Id, nullable=True),
        sa.Column("mail", Id, nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_history_ticket"),
        sa.PrimaryKeyConstraint("ticket", "seq", name="pk_history"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "members",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("person", Id, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name="fk_members_person"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_members_ticket"),
        sa.PrimaryKeyConstraint("ticket", "person", "role", name="pk_members"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_members_person", "members", ["person"], unique=False)
    op.create_table(
        "message_ids",
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("message_id", WordsColumn(), nullable=False),
        sa.Column("ticket", Id, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_message_ids_ticket"),
        sa.PrimaryKeyConstraint("desk", "message_id", name="pk_message_ids"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rating_history",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ticket", Id, nullable=False),
        sa.Column("closure", sa.Integer(), nullable=False),
        sa.Column("person", Id, nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("mail", Id, nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_rating_history_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_rating_history"),
    )
    op.create_index("ix_rating_history_ticket_closure", "rating_history", ["ticket", "closure"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("closure", sa.Integer(), nullable=False),
        sa.Column("person", Id, nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_ratings_ticket"),
        sa.PrimaryKeyConstraint("ticket", "closure", name="pk_ratings"),
        sqlite_with_rowid=False,
    )
