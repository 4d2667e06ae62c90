"""Kinds of tickets that a cause fits."""

import sqlalchemy as sa
from alembic import op

revision: str = "0043_kinds_of_causes"
down_revision: str | None = "0042_names_in_english"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kinds", sa.JSON(), nullable=False, server_default="[]"))
