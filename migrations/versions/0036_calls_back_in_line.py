"""Calls back that wait in the caller's place in a queue."""

import sqlalchemy as sa
from alembic import op

revision: str = "0036_calls_back_in_line"
down_revision: str | None = "0035_saved_views"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "queue_call_back",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("asked_call_id", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.String(32), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_queue_call_back_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_call_back")),
    )
    with op.batch_alter_table("queue_call_back", schema=None) as batch_op:
        batch_op.create_index("ix_queue_call_back_number", ["number"], unique=False)
        batch_op.create_index("ix_queue_call_back_ended_at", ["ended_at"], unique=False)
