"""Settings that each person makes for the own pages."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014_own_settings"
down_revision: str | None = "0013_phone_choice"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "staff_settings",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("stored", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_settings_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_settings")),
    )
