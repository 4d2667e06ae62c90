"""English names of departments and causes."""

import sqlalchemy as sa
from alembic import op

revision: str = "0042_names_in_english"
down_revision: str | None = "0041_own_agents"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    for table in ("department", "category"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("name_en", sa.String(), nullable=False, server_default=""))
