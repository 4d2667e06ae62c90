"""New address keys: one flat has one key in every spelling."""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

# The key that the running code computes: a copy of the rule here could differ from it.
from crm.tickets.address import address_key

revision: str = "0005_address_keys"
down_revision: str | None = "0004_merges_and_visits"
branch_labels: str | None = None
depends_on: str | None = None

_PAGE = 1000
_TICKET = sa.table(
    "ticket",
    *(sa.column(name) for name in ("id", "kind", "category_id", "address", "address_key", "open_matter", "closed_at")),
)
_MERGE = sa.table("ticket_merge", *(sa.column(name) for name in ("id", "ticket_id", "open_matter", "undone_at")))


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    connection = op.get_bind()
    _renew_keys(connection)
    _renew_open_matters(connection)
    _renew_merged_matters(connection)


def _renew_keys(connection: Connection) -> None:
    last = ""
    while True:
        page = sa.select(_TICKET.c.id, _TICKET.c.address, _TICKET.c.address_key)
        page = page.where(_TICKET.c.id > last, _TICKET.c.address != "").order_by(_TICKET.c.id).limit(_PAGE)
        rows = connection.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        keys = [(row.id, row.address_key, address_key(row.address)) for row in rows]
        changed = [{"ticket_id": ticket_id, "new_key": new} for ticket_id, old, new in keys if old != new]
        if changed:
            renew = _TICKET.update().where(_TICKET.c.id == sa.bindparam("ticket_id"))
            connection.execute(renew.values(address_key=sa.bindparam("new_key")), changed)


def _renew_open_matters(connection: Connection) -> None:
    """Keep the oldest of several open tickets about one matter."""
    rows = connection.execute(
        sa.select(*_TICKET.c).where(_TICKET.c.open_matter.is_not(None)).order_by(_TICKET.c.id)
    ).all()
    taken: set[str] = set()
    changed: dict[str, str | None] = {}
    for row in rows:
        matter = _matter(row)
        wanted = matter if matter is not None and matter not in taken else None
        taken.update(filter(None, [wanted]))
        if wanted != row.open_matter:
            changed[row.id] = wanted
    # Each is cleared first, so that none is in the way of another that gets the same.
    for matters in (dict.fromkeys(changed), changed):
        for ticket_id, wanted in matters.items():
            connection.execute(_TICKET.update().where(_TICKET.c.id == ticket_id).values(open_matter=wanted))


def _renew_merged_matters(connection: Connection) -> None:
    merged = sa.select(_MERGE.c.id.label("merge_id"), *_TICKET.c).join_from(
        _MERGE, _TICKET, _TICKET.c.id == _MERGE.c.ticket_id
    )
    active = merged.where(_MERGE.c.undone_at.is_(None), _MERGE.c.open_matter.is_not(None))
    for row in connection.execute(active).all():
        connection.execute(_MERGE.update().where(_MERGE.c.id == row.merge_id).values(open_matter=_matter(row)))


def _matter(row: Any) -> str | None:
    """Compute the key of a matter as `crm.tickets.filing` did then."""
    key = address_key(row.address)
    if row.kind != "fault" or not any(character.isdigit() for character in key):
        return None
    return hashlib.sha256(f"{row.kind}|{row.category_id or ''}|{key}".encode()).hexdigest()
