"""What is known of promises, of who does what, and of what was reported: a section for each."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, json_column

revision = "0012"
down_revision = "0011"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _clocks()
    _priority()
    _assignment()
    _reports()


def _clocks() -> None:
    """Which calendar a cycle was counted on, and what was promised by hand."""
    op.add_column("tickets", sa.Column("promised_at", UtcDateTime(), nullable=True))
    op.add_column("cycles", sa.Column("calendar_digest", sa.Text(), nullable=True))


def _priority() -> None:
    """Impact and urgency, why, and who set them."""
    op.add_column("tickets", sa.Column("impact", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("urgency", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("priority_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("impact_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("urgency_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("category", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("category_source", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("category_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("vip", sa.Boolean(), nullable=True))
    op.add_column("tickets", sa.Column("organisation", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("why", json_column(), nullable=True))
    op.add_column("people", sa.Column("vip", sa.Boolean(), nullable=True))
    op.add_column("people", sa.Column("organisation", sa.Text(), nullable=True))
    # Only agents have changed priorities so far: whoever did so last has set it by hand.
    op.execute(
        "UPDATE tickets SET priority_by = (SELECT h.actor FROM history h WHERE h.ticket = tickets.number AND h.name = 'priority_changed' "
        "ORDER BY h.seq DESC LIMIT 1)"
    )


def _assignment() -> None:
    """Offers and absences."""


def _reports() -> None:
    """Outages, and which report was sent for which period."""
