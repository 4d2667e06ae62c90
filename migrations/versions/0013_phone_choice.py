"""Phone that an agent chose: in the browser or on the table."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013_phone_choice"
down_revision: str | None = "0012_address_tails"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone", sa.String(length=32), nullable=True))
