"""Mailboxes that are fetched over IMAP: how far each folder was read, which mails are to be tried again, and how connecting went."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn

revision = "0002"
down_revision = "0001"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mailbox_folders",
        sa.Column("mailbox", WordsColumn(), nullable=False),
        sa.Column("folder", WordsColumn(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=True),
        sa.Column("rescan_until", sa.BigInteger(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("horizon", UtcDateTime(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("first_tried_at", UtcDateTime(), nullable=False),
        sa.Column("ok_at", UtcDateTime(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", WordsColumn(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder", name="pk_mailbox_folders"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mailbox_pending",
        sa.Column("mailbox", WordsColumn(), nullable=False),
        sa.Column("folder", WordsColumn(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("reason", WordsColumn(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder", "uid", name="pk_mailbox_pending"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mailbox_connects",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("mailbox", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_connects"),
    )
    op.create_index("ix_mailbox_connects_mailbox_at", "mailbox_connects", ["mailbox", "at"], unique=False)
