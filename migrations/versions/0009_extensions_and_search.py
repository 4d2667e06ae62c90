"""Telephone extensions, search by first letters, and accounts of imports."""

import sqlalchemy as sa
from alembic import op

revision: str = "0009_extensions_and_search"
down_revision: str | None = "0008_deadlines_after_visits"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    for table in ("customer_phone", "customer_import_phone"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("extension", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("customer_import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("applied_by_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("applied_by", sa.String(), nullable=False, server_default=""))
    op.drop_index("ix_customer_address", "customer")
    for name, column in (
        ("ix_customer_account_number_prefix", "account_number"),
        ("ix_customer_name", "name"),
        ("ix_customer_address", "address"),
    ):
        op.create_index(name, "customer", [column], postgresql_ops={column: "text_pattern_ops"})
