"""Callers choose when they are called back."""

import sqlalchemy as sa
from alembic import op

revision: str = "0038_windows_of_calls_back"
down_revision: str | None = "0037_pauses_and_results"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("queue_call_back", schema=None) as batch_op:
        batch_op.add_column(sa.Column("window_zh", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("window_en", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
