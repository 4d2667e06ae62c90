"""Stories of calls: holds, transfers, losses."""

import sqlalchemy as sa
from alembic import op

revision: str = "0017_call_stories"
down_revision: str | None = "0016_missed_callers"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("call_record") as table:
        table.add_column(sa.Column("held_ms", sa.Integer(), nullable=True))
        table.add_column(sa.Column("story", sa.JSON(), nullable=False, server_default="[]"))
