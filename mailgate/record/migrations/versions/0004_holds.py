"""Holds: who does what only one node may do at a time."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_holds"),
        sqlite_with_rowid=False,
    )
