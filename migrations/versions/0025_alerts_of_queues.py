"""Thresholds and alerts of queues."""

import sqlalchemy as sa
from alembic import op

revision: str = "0025_alerts_of_queues"
down_revision: str | None = "0024_facts_of_queues_and_agents"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "queue_alert",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("figure", sa.String(32), nullable=False),
        sa.Column("bound", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_alert")),
    )
    with op.batch_alter_table("queue_alert", schema=None) as batch_op:
        batch_op.create_index("ix_queue_alert_began_at", ["began_at"], unique=False)
        batch_op.create_index("ix_queue_alert_ended_at", ["ended_at"], unique=False)

    op.create_table(
        "queue_threshold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("figure", sa.String(32), nullable=False),
        sa.Column("bound", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_threshold")),
        sa.UniqueConstraint("queue", "figure", name=op.f("uq_queue_threshold_queue_figure")),
    )
