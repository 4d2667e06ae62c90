"""Facts of queues and agents."""

import sqlalchemy as sa
from alembic import op

revision: str = "0024_facts_of_queues_and_agents"
down_revision: str | None = "0023_sums_of_calls"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "agent_time",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_time")),
    )
    with op.batch_alter_table("agent_time", schema=None) as batch_op:
        batch_op.create_index("ix_agent_time_agent_id_until", ["agent_id", "until"], unique=False)
        batch_op.create_index("ix_agent_time_until", ["until"], unique=False)

    op.create_table(
        "queue_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("wait_ms", sa.Integer(), nullable=True),
        sa.Column("ring_ms", sa.Integer(), nullable=True),
        sa.Column("talk_ms", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_event")),
    )
    with op.batch_alter_table("queue_event", schema=None) as batch_op:
        batch_op.create_index("ix_queue_event_agent_id_event_at", ["agent_id", "event", "at"], unique=False)
        batch_op.create_index("ix_queue_event_at", ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_queue_event_call_id"), ["call_id"], unique=False)
