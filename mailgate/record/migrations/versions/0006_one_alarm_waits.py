"""An alarm knows its letter: while that one waits in the outbox, the same trouble is not told by another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("operator_alarms", sa.Column("letter", sa.Text(), nullable=True))
