"""Merged tickets share a deadline, and give it back."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002_merges_and_visits"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket_clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alone", sa.JSON(), nullable=True))
