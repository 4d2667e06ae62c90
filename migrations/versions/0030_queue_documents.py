"""Versions of the queues, edited in the console."""

import sqlalchemy as sa
from alembic import op

revision: str = "0030_queue_documents"
down_revision: str | None = "0029_agents_who_ask"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "queue_document",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_queue_document")),
        info={"append_only": {}},
    )
