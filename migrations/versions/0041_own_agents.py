"""Own agents of customers; expected waits of calls."""

import sqlalchemy as sa
from alembic import op

revision: str = "0041_own_agents"
down_revision: str | None = "0040_filters_of_tickets"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agent_id", sa.String(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_customer_agent_id_staff"), "staff", ["agent_id"], ["id"])
    with op.batch_alter_table("call_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expected_wait_ms", sa.Integer(), nullable=True))
