"""Flow of a call, and how far it was followed."""

import sqlalchemy as sa
from alembic import op

revision: str = "0032_flows_of_calls"
down_revision: str | None = "0031_what_callers_asked"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("call_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("flow", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("flow_step", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("flow_done", sa.Boolean(), nullable=True))
