"""Imports store consent to calls, and the versions they were compared with."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002_import_consent_and_seen"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("customer_import_row", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consent", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("do_not_call", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("seen_version", sa.Integer(), nullable=True))
