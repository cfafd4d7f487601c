"""What was reported about a letter after the relay took it, and why an address is suppressed."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn

revision = "0003"
down_revision = "0002"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("letters", sa.Column("fate", sa.Text(), nullable=True))
    op.add_column("letters", sa.Column("fate_at", UtcDateTime(), nullable=True))
    op.create_index("ix_letters_fate_fate_at", "letters", ["fate", "fate_at"], unique=False)
    op.add_column("suppressions", sa.Column("kind", sa.Text(), nullable=False, server_default="bounce"))
    op.create_index("ix_suppressions_until", "suppressions", ["until"], unique=False)
    op.create_table(
        "delivery_reports",
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("mail", Id, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reply_code", sa.Text(), nullable=True),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("reason", WordsColumn(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letters.id"], name="fk_delivery_reports_letter"),
        sa.ForeignKeyConstraint(["mail"], ["inbox.id"], name="fk_delivery_reports_mail"),
        sa.PrimaryKeyConstraint("letter", "mail", name="pk_delivery_reports"),
        sqlite_with_rowid=False,
    )
