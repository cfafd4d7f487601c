"""Who else had a mail, beside its author and our desks: named to agents, and known again when such a person answers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("entries", sa.Column("copied", sa.JSON(none_as_null=True), nullable=True))
