"""One-time passwords: the account's owner replaces them at the first sign-in."""

import sqlalchemy as sa
from alembic import op

revision: str = "0010_one_time_passwords"
down_revision: str | None = "0009_extensions_and_search"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_one_time", sa.Boolean(), nullable=False, server_default=sa.false()))
