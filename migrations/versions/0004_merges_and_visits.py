"""Merged tickets share deadline and visit; wishes are not booked visits."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004_merges_and_visits"
down_revision: str | None = "0003_reporters_told_and_found"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket_clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alone", sa.JSON(), nullable=True))
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moved", sa.JSON(), nullable=True))
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_booked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE ticket SET visit_booked = true"
        " WHERE id IN (SELECT ticket_id FROM appointment WHERE cancelled_at IS NULL)"
    )
    waiting = sa.text("granted IS NULL AND withdrawn_at IS NULL")
    with op.batch_alter_table("ticket_extension", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_ticket_extension_undecided")
        batch_op.create_index(
            "ix_ticket_extension_undecided",
            ["asked_at"],
            unique=False,
            postgresql_where=waiting,
            sqlite_where=waiting,
        )
