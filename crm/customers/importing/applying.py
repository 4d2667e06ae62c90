"""Comparison of staged rows with the customers, and their application.

Every row is checked before the first is applied. Each transaction applies some rows and removes them from the staging
tables, so that an application that was cut off goes on where it ended.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from crm.customers.importing.model import RowError
from crm.customers.model import NO_NUMBER
from foundation.clock import utc_now

FIELDS = (
    *("name", "address", "area", "grade", "arrears_cents", "contract_active", "language", "notes"),
    *("consent", "do_not_call"),
)
_STAMPED = ("consent", "do_not_call")
"""Fields with a time and a source."""
CHANGED, CREATED = -1, -2
"""In place of the seen version: the customer was changed or created while the file was being applied."""
_DIFFERENT = " OR ".join(f"(s.{field} IS NOT NULL AND s.{field} <> c.{field})" for field in FIELDS)
_NEW_PHONE = """EXISTS (SELECT 1 FROM customer_import_phone p WHERE p.import_id = s.import_id AND p.row = s.row
    AND NOT EXISTS (SELECT 1 FROM customer_phone k WHERE k.number = p.number AND k.customer_id = c.id AND k.current
    AND (p.extension = '' OR p.extension = k.extension)))"""
_ROWS = "s.import_id = :import_id AND s.row BETWEEN :first AND :last"
_SAME_ACCOUNT = "c.account_number = s.account_number"
_CHANGE = f"({_DIFFERENT} OR {_NEW_PHONE})"
_NO_CUSTOMER = f"NOT EXISTS (SELECT 1 FROM customer c WHERE {_SAME_ACCOUNT})"  # noqa: S608
_CHANGED = f"{_ROWS} AND {_SAME_ACCOUNT} AND {_CHANGE}"
_UNKNOWN = f"{_ROWS} AND {_NO_CUSTOMER}"

CREATED_SINCE = "is a customer by now, created since the file was shown"
CHANGED_SINCE = "was changed since the file was shown"
GONE_SINCE = "is no customer's any more: the account number was changed since the file was shown"
SINCE = frozenset({CREATED_SINCE, CHANGED_SINCE, GONE_SINCE})
LAST_ROW = 2**31 - 1

_TWICE = """SELECT s.row, t.first_row FROM customer_import_row s JOIN (
        SELECT r.account_number AS account_number, MIN(r.row) AS first_row FROM customer_import_row r
        WHERE r.import_id = :import_id GROUP BY r.account_number HAVING COUNT(*) > 1
    ) t ON t.account_number = s.account_number AND s.row > t.first_row
    WHERE s.import_id = :import_id ORDER BY s.row LIMIT :most"""
_NAMELESS = f"SELECT s.row FROM customer_import_row s WHERE {_UNKNOWN} AND s.name IS NULL ORDER BY s.row LIMIT :most"  # noqa: S608
_REPLACED = "(c.merged_into IS NOT NULL OR c.erased_at IS NOT NULL)"
_MERGED = f"""SELECT s.row FROM customer_import_row s JOIN customer c ON {_SAME_ACCOUNT}
    WHERE {_ROWS} AND {_REPLACED} ORDER BY s.row LIMIT :most"""  # noqa: S608
_SHORT = f"""SELECT DISTINCT s.row FROM customer_import_row s
    JOIN customer_import_phone p ON p.import_id = s.import_id AND p.row = s.row
    WHERE {_ROWS} AND p.number NOT LIKE '+%' AND NOT EXISTS (SELECT 1 FROM customer c
    JOIN customer_phone k ON k.customer_id = c.id WHERE {_SAME_ACCOUNT} AND k.number = p.number)
    ORDER BY s.row LIMIT :most"""  # noqa: S608
_OVERTAKEN = f"""SELECT s.row, COALESCE(s.seen_version, {CREATED}) = {CREATED} FROM customer_import_row s, customer c
    WHERE {_CHANGED} AND (s.seen_version IS NULL OR s.seen_version <> c.version) ORDER BY s.row LIMIT :most"""  # noqa: S608
_GONE = f"""SELECT s.row FROM customer_import_row s WHERE {_UNKNOWN} AND s.seen_version IS NOT NULL
    ORDER BY s.row LIMIT :most"""  # noqa: S608
_SEE = """UPDATE customer_import_row SET seen_version = (
        SELECT c.version FROM customer c WHERE c.account_number = customer_import_row.account_number
    ) WHERE import_id = :import_id AND row BETWEEN :first AND :last"""
_CREATES = f"SELECT COUNT(*) FROM customer_import_row s WHERE {_UNKNOWN}"  # noqa: S608
_UPDATES = f"SELECT COUNT(*) FROM customer_import_row s, customer c WHERE {_CHANGED}"  # noqa: S608
_NEXT = """SELECT MIN(b.row), MAX(b.row) FROM (SELECT s.row FROM customer_import_row s
    WHERE s.import_id = :import_id AND s.row > :after AND COALESCE(s.seen_version, 0) >= :least
    ORDER BY s.row LIMIT :batch) b"""

_APPLIED = """SELECT COALESCE(SUM(CASE WHEN version = 1 THEN 1 ELSE 0 END), 0), COUNT(*) FROM customer_audit
    WHERE action = 'import' AND at >= :since AND CAST(changes AS TEXT) LIKE :changes"""

_STAMP = """CASE WHEN s.{field} IS NULL THEN NULL ELSE :at END,
        CASE WHEN s.{field} IS NULL THEN '' ELSE :import_id END"""


def _stamps(field: str) -> str:
    """Return the time and source of a field that the file changes."""
    differs = f"s.{field} IS NOT NULL AND s.{field} <> c.{field}"
    return f"""{field}_at = CASE WHEN {differs} THEN :at ELSE c.{field}_at END,
        {field}_source = CASE WHEN {differs} THEN :import_id ELSE c.{field}_source END"""


_AUDIT = """INSERT INTO customer_audit (id, customer_id, at, action, version, staff_id, staff_name, changes)
    SELECT 'audit' || substr(s.customer_id, 9), {id}, :at, 'import', {version}, :staff_id, :staff_name, :changes"""
_TAKEN = "COALESCE(s.seen_version, 0) >= 0"
_STEPS = (
    # A row waits for a decision where its customer was changed, created, merged or erased meanwhile.
    f"""UPDATE customer_import_row AS s
        SET seen_version = CASE WHEN s.seen_version IS NULL THEN {CREATED} ELSE {CHANGED} END
        FROM customer c WHERE {_ROWS} AND {_SAME_ACCOUNT} AND ({_REPLACED}
        OR ((s.seen_version IS NULL OR s.seen_version <> c.version) AND {_CHANGE}))""",  # noqa: S608
    f"""UPDATE customer_import_row AS s SET seen_version = {CHANGED}
        WHERE {_UNKNOWN} AND (s.seen_version IS NOT NULL OR s.name IS NULL)""",  # noqa: S608
    # The audit first: afterwards nothing is different any more.
    f"""{_AUDIT.format(id="c.id", version="c.version + 1")} FROM customer_import_row s, customer c
        WHERE {_CHANGED} AND {_TAKEN}""",
    f"{_AUDIT.format(id='s.customer_id', version='1')} FROM customer_import_row s WHERE {_UNKNOWN} AND {_TAKEN}",
    f"""UPDATE customer AS c SET version = c.version + 1,
        {", ".join(f"{field} = COALESCE(s.{field}, c.{field})" for field in FIELDS)},
        {", ".join(_stamps(field) for field in _STAMPED)}
        FROM customer_import_row s WHERE {_CHANGED} AND {_TAKEN}""",  # noqa: S608
    f"""INSERT INTO customer (id, account_number, name, address, area, grade, arrears_cents, contract_active, language,
        notes, consent, consent_at, consent_source, do_not_call, do_not_call_at, do_not_call_source, legal_hold,
        created_at, version)
        SELECT s.customer_id, s.account_number, s.name, COALESCE(s.address, ''), COALESCE(s.area, ''),
        COALESCE(s.grade, 'C'), COALESCE(s.arrears_cents, 0), COALESCE(s.contract_active, TRUE),
        COALESCE(s.language, 'zh'), COALESCE(s.notes, ''),
        COALESCE(s.consent, 'unknown'), {_STAMP.format(field="consent")},
        COALESCE(s.do_not_call, FALSE), {_STAMP.format(field="do_not_call")}, '', :at, 1
        FROM customer_import_row s WHERE {_UNKNOWN} AND {_TAKEN}""",  # noqa: S608
    f"""INSERT INTO customer_phone (number, customer_id, current, extension)
        SELECT p.number, c.id, TRUE, p.extension FROM customer_import_row s
        JOIN customer_import_phone p ON p.import_id = s.import_id AND p.row = s.row
        JOIN customer c ON {_SAME_ACCOUNT}
        WHERE {_ROWS} AND {_TAKEN} ON CONFLICT (number, customer_id) DO UPDATE SET current = TRUE,
        extension = CASE WHEN excluded.extension = '' THEN customer_phone.extension ELSE excluded.extension END""",  # noqa: S608
    f"""DELETE FROM customer_import_phone WHERE import_id = :import_id AND row IN (
        SELECT s.row FROM customer_import_row s WHERE {_ROWS} AND {_TAKEN})""",  # noqa: S608
    f"""DELETE FROM customer_import_row AS s WHERE {_ROWS} AND {_TAKEN}""",  # noqa: S608
)


@dataclass(frozen=True)
class Comparison:
    """Effect of a staged file on the customers as they are now."""

    creates: int
    updates: int
    errors: list[RowError]
    overtaken: list[RowError]
    """Rows with an effect other than the one shown: their customers were changed since."""


@dataclass(frozen=True)
class Applicant:
    """The account that applies an import."""

    staff_id: str
    staff_name: str


def compare(connection: Connection, import_id: str, most: int) -> Comparison:
    """Return the effect of applying, and the rows that do not fit."""
    _take_time(connection)
    every: dict[str, Any] = {"import_id": import_id, "first": 0, "last": LAST_ROW}
    given = every | {"most": most}
    errors = [
        RowError(row=row, column="account_number", rule=f"must be there once; it is also in row {first}")
        for row, first in connection.execute(text(_TWICE), {"import_id": import_id, "most": most})
    ]
    errors += [
        RowError(row=row, column="name", rule="must be given for a new customer")
        for (row,) in connection.execute(text(_NAMELESS), given)
    ]
    errors += [
        RowError(row=row, column="account_number", rule="must not be that of a merged or erased customer")
        for (row,) in connection.execute(text(_MERGED), given)
    ]
    errors += [
        RowError(row=row, column="phones", rule=f"{NO_NUMBER}; another is accepted if the customer has it already")
        for (row,) in connection.execute(text(_SHORT), given)
    ]
    overtaken = [
        RowError(row=row, column="account_number", rule=CREATED_SINCE if is_new else CHANGED_SINCE)
        for row, is_new in connection.execute(text(_OVERTAKEN), given)
    ]
    overtaken += [
        RowError(row=row, column="account_number", rule=GONE_SINCE) for (row,) in connection.execute(text(_GONE), given)
    ]
    creates = connection.execute(text(_CREATES), every).scalar_one()
    updates = connection.execute(text(_UPDATES), every).scalar_one()
    return Comparison(creates, updates, errors, overtaken)


def applied(connection: Connection, import_id: str, since: datetime) -> tuple[int, int]:
    """Return how many customers an import created and updated."""
    _take_time(connection)
    given = {"since": _moment(connection, since), "changes": f"%{import_id}%"}
    created, every = connection.execute(text(_APPLIED), given).one()
    return created, every - created


def see(connection: Connection, import_id: str, after: int, batch: int) -> int | None:
    """Store the versions of customers that a comparison shows, for some rows.

    Returns:
        The last of these rows; None where there is none after `after`.
    """
    rows = _next_rows(connection, import_id, after, batch, least=CREATED)
    if rows is not None:
        connection.execute(text(_SEE), rows)
    return last_row(rows)


def apply(connection: Connection, import_id: str, by: Applicant, after: int, batch: int) -> int | None:
    """Apply some rows in a transaction and return the last of them.

    A row is set aside where its customer was changed since the comparison.
    """
    if connection.dialect.name == "postgresql":
        # Two services that apply the same import take turns.
        connection.execute(text("SELECT 1 FROM customer_import WHERE id = :id FOR UPDATE"), {"id": import_id})
    rows = _next_rows(connection, import_id, after, batch, least=0)
    if rows is None:
        return None
    given = rows | {
        "at": _moment(connection, utc_now()),
        "staff_id": by.staff_id,
        "staff_name": by.staff_name,
        "changes": json.dumps({"import_id": import_id}),
    }
    for step in _STEPS:
        statement = step
        if connection.dialect.name == "postgresql":
            statement = step.replace(":changes", "CAST(:changes AS JSON)")
        connection.execute(text(statement), given)
    return last_row(rows)


def forget(connection: Connection, import_id: str, after: int, batch: int) -> int | None:
    """Remove some staged rows and return the last of them."""
    rows = _next_rows(connection, import_id, after, batch, least=CREATED)
    if rows is None:
        return None
    for table in ("customer_import_row", "customer_import_phone"):
        connection.execute(
            text(f"DELETE FROM {table} WHERE import_id = :import_id AND row BETWEEN :first AND :last"),  # noqa: S608
            rows,
        )
    return last_row(rows)


def last_row(rows: dict[str, Any] | None) -> int | None:
    """Return the last of some rows; None where there is none."""
    return int(rows["last"]) if rows is not None else None


def _next_rows(connection: Connection, import_id: str, after: int, batch: int, *, least: int) -> dict[str, Any] | None:
    given = {"import_id": import_id, "after": after, "batch": batch, "least": least}
    first, last = connection.execute(text(_NEXT), given).one()
    return {"import_id": import_id, "first": first, "last": last} if first is not None else None


def _moment(connection: Connection, at: datetime) -> object:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") if connection.dialect.name == "sqlite" else at


def _take_time(connection: Connection) -> None:
    """Lift the time limit of statements, for a million rows."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
