"""Agent who asks a customer instead of the machine."""

import sqlalchemy as sa
from alembic import op

revision: str = "0029_agents_who_ask"
down_revision: str | None = "0028_skills_of_agents"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("campaign_contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
