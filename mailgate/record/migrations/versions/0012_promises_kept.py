"""What is known of promises, of who does what, and of what was reported: a section for each."""

import json

import sqlalchemy as sa
from alembic import op

from mailgate.record.types import UtcDateTime, WordsColumn, json_column

revision = "0012"
down_revision = "0011"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BREACH = 100  #: the level of a breach among the alarms


#: Only agents have changed priorities so far: whoever did so last has set it by hand.
WHO_SET_IT = """
UPDATE tickets SET priority_by = (
    SELECT h.actor FROM history h WHERE h.ticket = tickets.number AND h.name = 'priority_changed' ORDER BY h.seq DESC LIMIT 1
) WHERE number IN (SELECT ticket FROM history WHERE name = 'priority_changed')
"""


def upgrade() -> None:
    _clocks()
    _alarms()
    _priority()
    _assignment()
    _reports()


def _clocks() -> None:
    """Which calendar a cycle was counted on, and what was promised by hand."""
    op.add_column("tickets", sa.Column("promised_at", UtcDateTime(), nullable=True))
    op.add_column("cycles", sa.Column("calendar_digest", sa.Text(), nullable=True))
    op.add_column("cycles", sa.Column("breach_annulled_by", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("waits", json_column(), nullable=True))
    op.add_column("tickets", sa.Column("turns", json_column(), nullable=True))
    op.add_column("tickets", sa.Column("queued_at", UtcDateTime(), nullable=True))
    _policies()


def _policies() -> None:
    """Which policy counted from when, on which calendars, and tickets whose clocks cannot be looked at."""
    json = sa.JSON(none_as_null=True)
    op.add_column("tickets", sa.Column("policy", sa.Text(), nullable=True))
    op.create_index("ix_tickets_status_policy", "tickets", ["status", "policy"], unique=False)
    op.add_column("history", sa.Column("policy", sa.Text(), nullable=True))
    op.add_column("policies", sa.Column("terms", sa.Text(), nullable=True))
    op.add_column("policies", sa.Column("calendars", json, nullable=True))
    op.create_table(
        "calendars",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", json, nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_calendars"),
    )
    op.create_table(
        "policy_periods",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_periods"),
    )
    op.create_table(
        "clock_faults",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("again_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_clock_faults_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_clock_faults"),
        sqlite_with_rowid=False,
    )


def _alarms() -> None:
    """Which breaches were told, and when last. That of a promise is told once: what was told before this counts."""
    op.add_column("tickets", sa.Column("promise_check_at", UtcDateTime(), nullable=True))
    op.add_column("cycles", sa.Column("alarmed_at", UtcDateTime(), nullable=True))
    connection = op.get_bind()
    cycles = sa.table(
        "cycles",
        sa.Column("ticket", Id),
        sa.Column("metric", sa.Text()),
        sa.Column("n", sa.Integer()),
        sa.Column("warned", json_column()),
        sa.Column("retargets", json_column()),
        sa.Column("alarmed_at", UtcDateTime()),
    )
    alarms = sa.table(
        "alarms",
        sa.Column("ticket", Id),
        sa.Column("metric", sa.Text()),
        sa.Column("cycle", sa.Integer()),
        sa.Column("level", sa.Integer()),
        sa.Column("retarget", sa.Integer()),
        sa.Column("at", UtcDateTime()),
    )
    of_cycle = sa.and_(cycles.c.ticket == alarms.c.ticket, cycles.c.metric == alarms.c.metric, cycles.c.n == alarms.c.cycle)
    told = (
        sa.select(*(cycles.c[name] for name in ("ticket", "metric", "n", "warned", "retargets")), alarms.c.retarget, alarms.c.at)
        .join(alarms, of_cycle)
        .where(alarms.c.level == BREACH)
    )
    keys = (cycles.c.ticket == sa.bindparam("b_ticket"), cycles.c.metric == sa.bindparam("b_metric"), cycles.c.n == sa.bindparam("b_n"))
    mark = sa.update(cycles).where(*keys).values(warned=sa.bindparam("b_warned"), alarmed_at=sa.bindparam("b_at"))
    rows = [
        {"b_ticket": row.ticket, "b_metric": row.metric, "b_n": row.n, "b_warned": json.dumps([*row.warned, BREACH]), "b_at": row.at}
        for row in connection.execute(told)
        if row.retarget == len(row.retargets)  # what is promised now
    ]
    if rows:
        connection.execute(mark, rows)


def _priority() -> None:
    """Impact and urgency, why, and who set them."""
    op.add_column("tickets", sa.Column("impact", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("urgency", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("priority_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("impact_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("urgency_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("urgency_asked_at", UtcDateTime(), nullable=True))
    op.add_column("tickets", sa.Column("category", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("category_source", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("category_by", Id, nullable=True))
    op.add_column("tickets", sa.Column("vip", sa.Boolean(), nullable=True))
    op.add_column("tickets", sa.Column("organisation", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("why", json_column(), nullable=True))
    op.add_column("people", sa.Column("vip", sa.Boolean(), nullable=True))
    op.add_column("people", sa.Column("organisation", sa.Text(), nullable=True))
    op.execute(WHO_SET_IT)


def _assignment() -> None:
    """Offers, turns and absences, and how far the search for an owner has come."""
    op.add_column("tickets", sa.Column("search", json_column(), nullable=True))
    op.add_column("tickets", sa.Column("offers", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("waits_in", sa.Text(), nullable=True))
    op.create_index("ix_tickets_owner_status_priority", "tickets", ["owner", "status", "priority"])
    op.create_index("ix_tickets_waits_in_priority_number", "tickets", ["waits_in", "priority", "number"])
    op.create_table(
        "offers",
        sa.Column("ticket", Id, sa.ForeignKey("tickets.number", name="fk_offers_ticket"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("person", Id, sa.ForeignKey("people.id", name="fk_offers_person"), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("ticket", "n", name="pk_offers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_offers_person_ended_at", "offers", ["person", "ended_at"])
    op.create_index("ix_offers_ended_at", "offers", ["ended_at"])
    op.create_table(
        "assignment_turns",
        sa.Column("person", Id, sa.ForeignKey("people.id", name="fk_assignment_turns_person"), autoincrement=False, nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_assignment_turns"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "absences",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("person", Id, sa.ForeignKey("people.id", name="fk_absences_person"), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=True),
        sa.Column("delegate", Id, sa.ForeignKey("people.id", name="fk_absences_delegate"), nullable=True),
        sa.Column("suspected", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_absences"),
    )
    op.create_index("ix_absences_over_at_to_at", "absences", ["over_at", "to_at"])
    op.create_index("ix_absences_person_over_at", "absences", ["person", "over_at"])


def _reports() -> None:
    """How each ticket stood, when services failed, and which report was sent for which period."""
    op.create_table(
        "stretches",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ticket", Id, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_stretches_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_stretches"),
    )
    op.create_index("ix_stretches_ticket_ended_at", "stretches", ["ticket", "ended_at"], unique=False)
    op.create_index("ix_stretches_began_at", "stretches", ["began_at"], unique=False)
    op.create_index("ix_stretches_status_ended_at", "stretches", ["status", "ended_at"], unique=False)
    op.create_index("ix_cycles_stopped_at_breached_at", "cycles", ["stopped_at", "breached_at"], unique=False)
    op.create_table(
        "outages",
        sa.Column("ticket", Id, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_outages_ticket"),
        sa.PrimaryKeyConstraint("ticket", "service", name="pk_outages"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outages_began_at", "outages", ["began_at"], unique=False)
    op.create_table(
        "reports_sent",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("reader", WordsColumn(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("period", "reader", name="pk_reports_sent"),
        sqlite_with_rowid=False,
    )
    _old_stretches()


def _old_stretches() -> None:
    """What is known of tickets that are older than the table: when they came, and when they were solved."""
    op.execute(
        "INSERT INTO stretches (ticket, status, hold, was, began_at, ended_at) SELECT number, status, hold, NULL, arrived_at, NULL "
        "FROM tickets WHERE status NOT IN ('resolved', 'closed')"
    )
    op.execute(
        "INSERT INTO stretches (ticket, status, hold, was, began_at, ended_at) SELECT number, 'open', NULL, NULL, arrived_at, "
        "coalesce(resolved_at, closed_at) FROM tickets WHERE status IN ('resolved', 'closed')"
    )
    op.execute(
        "INSERT INTO stretches (ticket, status, hold, was, began_at, ended_at) SELECT number, status, NULL, 'open', "
        "coalesce(resolved_at, closed_at), NULL FROM tickets WHERE status IN ('resolved', 'closed') "
        "AND coalesce(resolved_at, closed_at) IS NOT NULL"
    )
