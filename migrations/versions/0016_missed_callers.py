"""Missed callers: who calls back, and the result."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016_missed_callers"
down_revision: str | None = "0015_dispositions"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "missed_claim",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call_record.id"], name=op.f("fk_missed_claim_call_id_call_record")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_missed_claim_staff_id_staff")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_missed_claim")),
    )
