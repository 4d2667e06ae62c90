"""Reasons for closing and for rulings are called reasons."""

from alembic import op

revision: str = "0006_one_word_for_reasons"
down_revision: str | None = "0005_address_keys"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    for table, before, after in (
        ("ticket", "closing_grounds", "closing_reason"),
        ("ticket_refusal", "ruling_grounds", "ruling_reason"),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(before, new_column_name=after)
