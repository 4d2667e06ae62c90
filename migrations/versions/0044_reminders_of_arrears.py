"""Reminders of arrears, and what customers said to them."""

import sqlalchemy as sa
from alembic import op

revision: str = "0044_reminders_of_arrears"
down_revision: str | None = "0043_kinds_of_causes"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "arrears_reminder",
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("arrears_cents", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_arrears_reminder_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_arrears_reminder")),
    )
    with op.batch_alter_table("arrears_reminder", schema=None) as batch_op:
        batch_op.create_index("ix_arrears_reminder_customer_id_at", ["customer_id", "at"], unique=False)
