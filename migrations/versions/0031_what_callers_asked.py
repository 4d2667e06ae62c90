"""Priority and words of a caller who joins a queue, for simulations."""

import sqlalchemy as sa
from alembic import op

revision: str = "0031_what_callers_asked"
down_revision: str | None = "0030_queue_documents"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("queue_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("asks", sa.String(), nullable=True))
