"""A clock remembers the deadline that an agreed visit moved."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008_deadlines_after_visits"
down_revision: str | None = "0007_attached_recordings"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket_clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("before_visit", sa.JSON(), nullable=True))
