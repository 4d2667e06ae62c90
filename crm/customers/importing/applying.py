"""What is staged is compared with what there is, and applied in one transaction: all of it, or nothing."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, text

from crm.customers.importing.model import RowError
from foundation.clock import utc_now

FIELDS = (
    *("name", "address", "area", "grade", "arrears_cents", "contract_active", "language", "notes"),
    *("consent", "do_not_call"),
)
_STAMPED = ("consent", "do_not_call")
"""Carry since when it is so and how we know."""
_DIFFERENT = " OR ".join(f"(s.{field} IS NOT NULL AND s.{field} <> c.{field})" for field in FIELDS)
_NEW_PHONE = """EXISTS (SELECT 1 FROM customer_import_phone p WHERE p.import_id = s.import_id AND p.row = s.row
    AND NOT EXISTS (SELECT 1 FROM customer_phone k WHERE k.number = p.number AND k.customer_id = c.id AND k.current))"""
_CHANGED = f"s.import_id = :import_id AND c.account_number = s.account_number AND ({_DIFFERENT} OR {_NEW_PHONE})"
_UNKNOWN = """s.import_id = :import_id
    AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.account_number = s.account_number)"""

CREATED_SINCE = "is a customer by now: somebody created it since the file was looked at"
CHANGED_SINCE = "was changed by somebody since the file was looked at"
GONE_SINCE = "is no customer's any more: somebody changed the account number since the file was looked at"

_TWICE = """SELECT s.row, t.first_row FROM customer_import_row s JOIN (
        SELECT r.account_number AS account_number, MIN(r.row) AS first_row FROM customer_import_row r
        WHERE r.import_id = :import_id GROUP BY r.account_number HAVING COUNT(*) > 1
    ) t ON t.account_number = s.account_number AND s.row > t.first_row
    WHERE s.import_id = :import_id ORDER BY s.row LIMIT :most"""
_NAMELESS = f"SELECT s.row FROM customer_import_row s WHERE {_UNKNOWN} AND s.name IS NULL ORDER BY s.row LIMIT :most"  # noqa: S608
_MERGED = """SELECT s.row FROM customer_import_row s JOIN customer c ON c.account_number = s.account_number
    WHERE s.import_id = :import_id AND (c.merged_into IS NOT NULL OR c.erased_at IS NOT NULL)
    ORDER BY s.row LIMIT :most"""
_OVERTAKEN = f"""SELECT s.row, s.seen_version IS NULL FROM customer_import_row s, customer c
    WHERE {_CHANGED} AND (s.seen_version IS NULL OR s.seen_version <> c.version) ORDER BY s.row LIMIT :most"""  # noqa: S608
_GONE = f"""SELECT s.row FROM customer_import_row s WHERE {_UNKNOWN} AND s.seen_version IS NOT NULL
    ORDER BY s.row LIMIT :most"""  # noqa: S608
_SEE = """UPDATE customer_import_row SET seen_version = (
        SELECT c.version FROM customer c WHERE c.account_number = customer_import_row.account_number
    ) WHERE import_id = :import_id"""
_CREATES = f"SELECT COUNT(*) FROM customer_import_row s WHERE {_UNKNOWN}"  # noqa: S608
_UPDATES = f"SELECT COUNT(*) FROM customer_import_row s, customer c WHERE {_CHANGED}"  # noqa: S608

_STAMP = """CASE WHEN s.{field} IS NULL THEN NULL ELSE :at END,
        CASE WHEN s.{field} IS NULL THEN '' ELSE :import_id END"""


def _stamps(field: str) -> str:
    """Since when and how we know, where a file says something else than before."""
    differs = f"s.{field} IS NOT NULL AND s.{field} <> c.{field}"
    return f"""{field}_at = CASE WHEN {differs} THEN :at ELSE c.{field}_at END,
        {field}_source = CASE WHEN {differs} THEN :import_id ELSE c.{field}_source END"""


_AUDIT = """INSERT INTO customer_audit (id, customer_id, at, action, version, staff_id, staff_name, changes)
    SELECT 'audit' || substr(s.customer_id, 9), {id}, :at, 'import', {version}, :staff_id, :staff_name, :changes"""
_STEPS = (
    # The audit first: afterwards nothing is different any more.
    f"{_AUDIT.format(id='c.id', version='c.version + 1')} FROM customer_import_row s, customer c WHERE {_CHANGED}",
    f"{_AUDIT.format(id='s.customer_id', version='1')} FROM customer_import_row s WHERE {_UNKNOWN}",
    f"""UPDATE customer AS c SET version = c.version + 1,
        {", ".join(f"{field} = COALESCE(s.{field}, c.{field})" for field in FIELDS)},
        {", ".join(_stamps(field) for field in _STAMPED)}
        FROM customer_import_row s WHERE {_CHANGED}""",  # noqa: S608
    f"""INSERT INTO customer (id, account_number, name, address, area, grade, arrears_cents, contract_active, language,
        notes, consent, consent_at, consent_source, do_not_call, do_not_call_at, do_not_call_source, legal_hold,
        created_at, version)
        SELECT s.customer_id, s.account_number, s.name, COALESCE(s.address, ''), COALESCE(s.area, ''),
        COALESCE(s.grade, 'C'), COALESCE(s.arrears_cents, 0), COALESCE(s.contract_active, TRUE),
        COALESCE(s.language, 'zh'), COALESCE(s.notes, ''),
        COALESCE(s.consent, 'unknown'), {_STAMP.format(field="consent")},
        COALESCE(s.do_not_call, FALSE), {_STAMP.format(field="do_not_call")}, '', :at, 1
        FROM customer_import_row s WHERE {_UNKNOWN}""",  # noqa: S608
    """INSERT INTO customer_phone (number, customer_id, current)
        SELECT p.number, c.id, TRUE FROM customer_import_phone p
        JOIN customer_import_row s ON s.import_id = p.import_id AND s.row = p.row
        JOIN customer c ON c.account_number = s.account_number
        WHERE p.import_id = :import_id ON CONFLICT (number, customer_id) DO UPDATE SET current = TRUE""",
    "UPDATE customer_import SET status = 'applied' WHERE id = :import_id",
)


@dataclass(frozen=True)
class Comparison:
    """What a staged file would do."""

    creates: int
    updates: int
    errors: list[RowError]
    overtaken: list[RowError]
    """Rows that would do something else than when the file was looked at: somebody changed the customer since."""


def compare(connection: Connection, import_id: str, most: int) -> Comparison:
    """What applying would do, and which rows do not fit each other or what there is."""
    _take_time(connection)
    given = {"import_id": import_id, "most": most}
    errors = [
        RowError(row=row, column="account_number", rule=f"must be there once; it is also in row {first}")
        for row, first in connection.execute(text(_TWICE), given)
    ]
    errors += [
        RowError(row=row, column="name", rule="must be given for a new customer")
        for (row,) in connection.execute(text(_NAMELESS), given)
    ]
    errors += [
        RowError(row=row, column="account_number", rule="must not be that of a merged or erased customer")
        for (row,) in connection.execute(text(_MERGED), given)
    ]
    overtaken = [
        RowError(row=row, column="account_number", rule=CREATED_SINCE if is_new else CHANGED_SINCE)
        for row, is_new in connection.execute(text(_OVERTAKEN), given)
    ]
    overtaken += [
        RowError(row=row, column="account_number", rule=GONE_SINCE) for (row,) in connection.execute(text(_GONE), given)
    ]
    creates = connection.execute(text(_CREATES), {"import_id": import_id}).scalar_one()
    updates = connection.execute(text(_UPDATES), {"import_id": import_id}).scalar_one()
    return Comparison(creates, updates, errors, overtaken)


def see(connection: Connection, import_id: str) -> None:
    """Keep which versions of the customers a comparison is about: it is shown to somebody, who decides by it."""
    _take_time(connection)
    connection.execute(text(_SEE), {"import_id": import_id})


def apply(connection: Connection, import_id: str, staff_id: str, staff_name: str, most: int) -> Comparison:
    """Apply a staged file within the transaction of a connection, unless it does not fit any more or was overtaken.

    Whoever is told that it was overtaken is told what it would do now, and decides again.
    """
    compared = compare(connection, import_id, most)
    if compared.overtaken:
        see(connection, import_id)
    if compared.errors or compared.overtaken:
        return compared
    at = utc_now()
    given = {
        "import_id": import_id,
        "at": at.strftime("%Y-%m-%d %H:%M:%S.%f") if connection.dialect.name == "sqlite" else at,
        "staff_id": staff_id,
        "staff_name": staff_name,
        "changes": json.dumps({"import_id": import_id}),
    }
    for step in _STEPS:
        statement = step
        if connection.dialect.name == "postgresql":
            statement = step.replace(":changes", "CAST(:changes AS JSON)")
        connection.execute(text(statement), given)
    forget(connection, import_id)
    return compared


def forget(connection: Connection, import_id: str) -> None:
    """Remove what is staged."""
    for table in ("customer_import_row", "customer_import_phone"):
        connection.execute(text(f"DELETE FROM {table} WHERE import_id = :import_id"), {"import_id": import_id})  # noqa: S608


def _take_time(connection: Connection) -> None:
    """A million rows take longer than any other statement may."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
