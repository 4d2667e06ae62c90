"""A reporter's telephone has an extension."""

import sqlalchemy as sa
from alembic import op

revision: str = "0011_reporter_extensions"
down_revision: str | None = "0010_one_time_passwords"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket_reporter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extension", sa.String(), nullable=False, server_default=""))
