"""Planned pauses, and results of calls with words and facts."""

import sqlalchemy as sa
from alembic import op

revision: str = "0037_pauses_and_results"
down_revision: str | None = "0036_calls_back_in_line"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("agent_time", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned", sa.Boolean(), nullable=True))
    with op.batch_alter_table("call_disposition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zh", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("en", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("answers", sa.JSON(), server_default="[]", nullable=False))
