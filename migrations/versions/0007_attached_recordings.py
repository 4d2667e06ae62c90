"""Index of attached recordings, for the departments that may hear them."""

from alembic import op

revision: str = "0007_attached_recordings"
down_revision: str | None = "0006_one_word_for_reasons"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket_attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_attachment_recording_id"), ["recording_id"], unique=False)
