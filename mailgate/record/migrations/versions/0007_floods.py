"""Who is proven and since when, on whose budget a letter is, and what tells floods and loops from people."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn

revision = "0007"
down_revision = "0006"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("inbox", sa.Column("released", sa.Boolean(), nullable=True))
    op.add_column("people", sa.Column("proven_at", UtcDateTime(), nullable=True))
    op.add_column("letters", sa.Column("counted_key", WordsColumn(), nullable=True))
    op.add_column("letters", sa.Column("cause", WordsColumn(), nullable=True))
    op.create_index("ix_letters_counted_key_counted_at", "letters", ["counted_key", "counted_at"], unique=False)
    op.create_index("ix_letters_cause_made_at", "letters", ["cause", "made_at"], unique=False)
    op.create_table(
        "blocks",
        sa.Column("pattern", WordsColumn(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("reason", WordsColumn(), nullable=False),
        sa.PrimaryKeyConstraint("pattern", name="pk_blocks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "turns",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("author", WordsColumn(), nullable=False),
        sa.Column("ticket", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("lag_s", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sketch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
    )
    op.create_index("ix_turns_author_at", "turns", ["author", "at"], unique=False)
    op.create_index("ix_turns_at", "turns", ["at"], unique=False)
    op.create_table(
        "unanswered",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("key", WordsColumn(), nullable=False),
        sa.Column("ticket", Id, nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("reason", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_unanswered"),
    )
    op.create_index("ix_unanswered_key_told_at", "unanswered", ["key", "told_at"], unique=False)
    op.create_table(
        "notices_waiting",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("person", Id, nullable=False),
        sa.Column("cause", WordsColumn(), nullable=False),
        sa.Column("ticket", Id, nullable=True),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("entry", Id, nullable=True),
        sa.Column("mail", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices_waiting"),
    )
    op.create_index("ix_notices_waiting_person_cause_at", "notices_waiting", ["person", "cause", "at"], unique=False)
    op.create_index("ix_notices_waiting_at", "notices_waiting", ["at"], unique=False)
    now = datetime.now(UTC).replace(microsecond=0)
    people = sa.table("people", sa.column("proven", sa.Boolean()), sa.column("proven_at", UtcDateTime()))
    letters = sa.table(
        "letters", sa.column("counted_key", WordsColumn()), sa.column("address_key", WordsColumn()), sa.column("counted_at", UtcDateTime())
    )
    # Nobody knows since when they are proven: from now on it counts. And the budgets of the last day go on.
    op.execute(people.update().where(people.c.proven).values(proven_at=now))
    op.execute(letters.update().where(letters.c.counted_at > now - timedelta(days=1)).values(counted_key=letters.c.address_key))
