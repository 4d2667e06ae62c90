"""Notices of areas."""

import sqlalchemy as sa
from alembic import op

revision: str = "0033_notices_of_areas"
down_revision: str | None = "0032_flows_of_calls"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "area_notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("zh", sa.String(), nullable=False),
        sa.Column("en", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_notice")),
    )
    with op.batch_alter_table("area_notice", schema=None) as batch_op:
        batch_op.create_index("ix_area_notice_area_ends_at", ["area", "ends_at"], unique=False)
