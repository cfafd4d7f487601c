"""What a letter says of itself in a list of mails, links to a page that were withdrawn, and what is known of ratings and of being asked."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn

revision = "0011"
down_revision = "0010"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("letters", sa.Column("preheader", WordsColumn(), nullable=True))
    op.add_column("entries", sa.Column("subject", WordsColumn(), nullable=True))
    op.add_column("people", sa.Column("chosen_language", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("no_surveys", sa.Boolean(), nullable=True))
    op.add_column("tickets", sa.Column("pages_void_before", UtcDateTime(), nullable=True))
    op.add_column("tickets", sa.Column("survey_due_at", UtcDateTime(), nullable=True))
    op.add_column("tickets", sa.Column("ratings_wait_until", UtcDateTime(), nullable=True))
    op.add_column("tickets", sa.Column("follow_up", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("follow_up_since", UtcDateTime(), nullable=True))
    op.add_column("tickets", sa.Column("follow_up_due_at", UtcDateTime(), nullable=True))
    op.add_column("rating_history", sa.Column("way", sa.Text(), nullable=True))
    op.add_column("rating_history", sa.Column("letter", sa.Text(), nullable=True))
    op.add_column("rating_history", sa.Column("void", sa.Boolean(), nullable=True))
    op.add_column("rating_history", sa.Column("waits", sa.Boolean(), nullable=True))
    op.create_index("ix_ratings_person_at", "ratings", ["person", "at"], unique=False)
    op.create_index("ix_ratings_at", "ratings", ["at"], unique=False)
    op.create_table(
        "resolutions",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("closure", sa.Integer(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("person", Id, nullable=False),
        sa.Column("owner", Id, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_resolutions_ticket"),
        sa.PrimaryKeyConstraint("ticket", "closure", name="pk_resolutions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_resolutions_person_asked_at", "resolutions", ["person", "asked_at"], unique=False)
    op.create_index("ix_resolutions_asked_at", "resolutions", ["asked_at"], unique=False)
