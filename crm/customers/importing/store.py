"""Queries over staged rows."""

from sqlalchemy import Connection, text

from crm.customers.importing.model import PreviewRow
from crm.customers.phone import written

PREVIEWED = 5
_FIRST = text(
    """SELECT s.row, s.account_number, COALESCE(s.name, c.name, '') AS name,
    COALESCE(s.address, c.address, '') AS address
    FROM customer_import_row s LEFT JOIN customer c ON c.account_number = s.account_number
    WHERE s.import_id = :import_id ORDER BY s.row LIMIT :most"""
)
_PHONES = text(
    """SELECT row, number, extension FROM customer_import_phone
    WHERE import_id = :import_id AND row <= :last ORDER BY row, number"""
)


def preview(connection: Connection, import_id: str) -> list[PreviewRow]:
    """Return the first staged rows as they would be stored."""
    rows = connection.execute(_FIRST, {"import_id": import_id, "most": PREVIEWED}).mappings().all()
    last = rows[-1]["row"] if rows else 0
    phones: dict[int, list[str]] = {}
    for row, number, extension in connection.execute(_PHONES, {"import_id": import_id, "last": last}):
        phones.setdefault(row, []).append(written(number, extension))
    return [PreviewRow(**row, phones=phones.get(row["row"], [])) for row in rows]
