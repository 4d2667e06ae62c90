"""Audit of supervisors."""

import sqlalchemy as sa
from alembic import op

revision: str = "0020_supervisor_audit"
down_revision: str | None = "0019_files_of_tickets"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "supervisor_audit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("staff_number", sa.String(), nullable=False),
        sa.Column("use", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor_audit")),
        info={"append_only": {}},
    )
    with op.batch_alter_table("supervisor_audit", schema=None) as batch_op:
        batch_op.create_index("ix_supervisor_audit_agent_id_at", ["agent_id", "at"], unique=False)
        batch_op.create_index("ix_supervisor_audit_at", ["at"], unique=False)
        batch_op.create_index("ix_supervisor_audit_call_id_at", ["call_id", "at"], unique=False)
