"""Skills of agents, with levels."""

import sqlalchemy as sa
from alembic import op

revision: str = "0028_skills_of_agents"
down_revision: str | None = "0027_scheduled_reports"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skills", sa.JSON(), server_default="{}", nullable=False))
