"""Whose mail waits to be read: one sender's backlog holds up nobody else."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import WordsColumn

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("sender", WordsColumn(), nullable=True))
