"""Ends of address keys, for an index of longer and shorter addresses."""

import sqlalchemy as sa
from alembic import op

# The end that the running code computes: a copy of the rule here could differ from it.
from crm.tickets.address import address_tail

revision: str = "0012_address_tails"
down_revision: str | None = "0011_reporter_extensions"
branch_labels: str | None = None
depends_on: str | None = None

_PAGE = 1000
_TICKET = sa.table("ticket", *(sa.column(name) for name in ("id", "address_key", "address_tail")))
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address_tail", sa.String(), nullable=False, server_default=""))
        batch_op.create_index(
            "ix_ticket_open_address_tail",
            ["address_tail", "registered_at"],
            unique=False,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        )
    connection = op.get_bind()
    store = _TICKET.update().where(_TICKET.c.id == sa.bindparam("ticket_id"))
    last = ""
    while True:
        page = sa.select(_TICKET.c.id, _TICKET.c.address_key)
        page = page.where(_TICKET.c.id > last, _TICKET.c.address_key != "").order_by(_TICKET.c.id).limit(_PAGE)
        rows = connection.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        tails = [{"ticket_id": row.id, "tail": address_tail(row.address_key)} for row in rows]
        connection.execute(store.values(address_tail=sa.bindparam("tail")), tails)
