"""Dispositions of calls, and the calls of an agent by time."""

import sqlalchemy as sa
from alembic import op

revision: str = "0015_dispositions"
down_revision: str | None = "0014_own_settings"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "call_disposition",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_disposition")),
    )
    op.create_index("ix_call_record_agent_id_started_at", "call_record", ["agent_id", "started_at"])
