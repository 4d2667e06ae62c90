"""Calls of agents: their outcomes, and numbers to be called again."""

import sqlalchemy as sa
from alembic import op

revision: str = "0021_outgoing_calls"
down_revision: str | None = "0020_supervisor_audit"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "call_again",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_call_again_staff_id_staff")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_again")),
    )
    op.create_table(
        "outgoing_call",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("missed_call_id", sa.String(), nullable=True),
        sa.Column("result", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("call_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_outgoing_call_staff_id_staff")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_outgoing_call")),
    )
    for column in ("at", "customer_id", "staff_id", "ticket_id"):
        op.create_index(op.f(f"ix_outgoing_call_{column}"), "outgoing_call", [column], unique=False)
