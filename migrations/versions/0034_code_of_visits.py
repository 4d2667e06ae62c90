"""Secret with which a reporter changes a visit."""

import sqlalchemy as sa
from alembic import op

revision: str = "0034_code_of_visits"
down_revision: str | None = "0033_notices_of_areas"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_code", sa.String(), nullable=False, server_default=""))
