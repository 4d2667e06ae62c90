"""Notices to reporters, their search index, and notices that can be dropped."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003_reporters_told_and_found"
down_revision: str | None = "0002_import_consent_and_seen"
branch_labels: str | None = None
depends_on: str | None = None

_PENDING = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("addressee", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("number", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("dropped_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("drop_reason", sa.String(), nullable=True))
    op.execute("UPDATE notice_delivery SET addressee = recipient_id")
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.alter_column("addressee", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("recipient_id", existing_type=sa.String(), nullable=True)
        batch_op.drop_constraint(op.f("uq_notice_delivery_event_id_recipient_id"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_notice_delivery_event_id_addressee"), ["event_id", "addressee"])
        batch_op.drop_index("ix_notice_delivery_pending_of_key")
        batch_op.create_index(
            "ix_notice_delivery_pending_of_key",
            ["addressee", "key", "sequence"],
            unique=False,
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        )
    with op.batch_alter_table("ticket_reporter", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_reporter_customer_id_at", ["customer_id", "at"], unique=False)
