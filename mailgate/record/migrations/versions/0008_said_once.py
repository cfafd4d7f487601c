"""What a mail asks for happens once, and its author can be asked whether it is theirs; letters know that they were answered."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "once",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mail", number, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_once"),
        sqlite_with_rowid=False,
    )
    op.add_column("inbox", sa.Column("confirmed", number, nullable=True))
    op.add_column("letters", sa.Column("about", number, nullable=True))
    op.add_column("letters", sa.Column("answered_at", UtcDateTime(), nullable=True))
    asked = sa.text("about IS NOT NULL")
    op.create_index("ix_letters_asked", "letters", ["person", "made_at"], unique=False, sqlite_where=asked, postgresql_where=asked)
