"""All parties of a recording; the ticket of a call."""

import sqlalchemy as sa
from alembic import op

revision: str = "0022_parties_of_recordings"
down_revision: str | None = "0021_outgoing_calls"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("recording") as batch:
        batch.add_column(sa.Column("other_agent_id", sa.String(), nullable=True))
        batch.add_column(sa.Column("other_number", sa.String(), nullable=True))
        batch.add_column(sa.Column("supervisor_id", sa.String(), nullable=True))
    op.create_index("ix_ticket_reporter_call_id", "ticket_reporter", ["call_id"])
