"""Indexes for filters of tickets, and for messages by time."""

import sqlalchemy as sa
from alembic import op

revision: str = "0040_filters_of_tickets"
down_revision: str | None = "0039_days_of_agents_and_flows"
branch_labels: str | None = None
depends_on: str | None = None

_PLACE = ["registered_at", "id"]


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_index("ix_ticket_department_id_status", "ticket", ["department_id", "status", *_PLACE])
    for by in ("kind", "channel", "urgency", "category_id", "area"):
        op.create_index(f"ix_ticket_{by}_registered_at", "ticket", [by, *_PLACE])
    named = sa.text("person_id IS NOT NULL")
    op.create_index(
        "ix_ticket_person_id_registered_at",
        "ticket",
        ["person_id", *_PLACE],
        postgresql_where=named,
        sqlite_where=named,
    )
    op.create_index(
        "ix_ticket_escalated",
        "ticket",
        _PLACE,
        postgresql_where=sa.text("escalated"),
        sqlite_where=sa.text("escalated = 1"),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_ticket_open_department_id",
        "ticket",
        ["department_id", *_PLACE],
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    op.create_index("ix_recording_kind_started_at", "recording", ["kind", "started_at"])
