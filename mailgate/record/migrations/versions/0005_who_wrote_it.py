"""What a door knows of who hands a mail over: the name that the peer gave itself, and whether only colleagues reach the door."""

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import WordsColumn

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("raw_mails", sa.Column("helo", WordsColumn(), nullable=True))
    op.add_column("raw_mails", sa.Column("insider", sa.Boolean(), nullable=True))
