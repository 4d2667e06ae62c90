"""Files of tickets, and their use."""

import sqlalchemy as sa
from alembic import op

revision: str = "0019_files_of_tickets"
down_revision: str | None = "0018_talks_of_agents"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "ticket_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_key"),
    )
    op.create_index("ix_ticket_file_ticket_id", "ticket_file", ["ticket_id"])
    op.create_index("ix_ticket_file_at", "ticket_file", ["at"])
    op.create_table(
        "ticket_file_use",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_ticket_file_use_file_id", "ticket_file_use", ["file_id"])
