"""Reader of a file into the staging tables, a separate process.

`python -m crm.customers.importing.reader`, with the database's address, the import's id, the file and the region on
standard input as JSON. In the service's process a million rows would delay calls.
"""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlmodel import SQLModel

from crm.customers.importing.cells import CustomerRow, columns, headed, headings_of, parsed
from crm.customers.importing.errors import NotReadable
from crm.customers.importing.files import rows
from crm.customers.importing.model import RowError
from crm.customers.phone import Home, set_home, split_extension
from foundation.ids import new_id

BATCH = 500
"""Rows of a transaction, for which other writers wait."""
MOST_ROWS = 2_000_000
MOST_ERRORS = 1000
MEMORY_BYTES = 1024**3
"""Of address space: the limit of what a malicious file takes."""

_PROGRESS = text(
    "UPDATE customer_import SET rows = :rows, error_count = :count, errors = :errors WHERE id = :import_id"
)
_ROW = SQLModel.metadata.tables["customer_import_row"]
_PHONE = SQLModel.metadata.tables["customer_import_phone"]


class Reader:
    """One file."""

    def __init__(self, engine: Engine, import_id: str) -> None:
        self._engine = engine
        self._import_id = import_id
        self._errors: list[RowError] = []
        self._error_count = 0
        self._read = 0

    def read(self, path: Path) -> None:
        """Stage every valid row, and note the errors of the others."""
        staged: list[dict[str, Any]] = []
        phones: list[dict[str, Any]] = []
        try:
            for row, found in self._rows(path):
                if isinstance(found, list):
                    self._note(found)
                else:
                    staged.append(self._staged(row, found))
                    phones += self._staged_phones(row, found)
                if row % BATCH == 0:
                    self._store(staged, phones)
                    staged, phones = [], []
        except NotReadable as error:
            self._note([RowError(row=error.row, column="", rule=error.rule)])
        self._store(staged, phones)

    def _rows(self, path: Path) -> Iterator[tuple[int, CustomerRow | list[RowError]]]:
        names: list[str] = []
        headings: dict[str, str] = {}
        for row, cells in enumerate(rows(path), start=1):
            if row == 1:
                names, errors = columns(cells)
                headings = headings_of(names, cells)
                if errors:
                    yield row, headed(errors, headings)
                    return
            elif any(cell.strip() for cell in cells):
                self._read += 1
                if self._read > MOST_ROWS:
                    raise NotReadable(row, f"must not be there: a file has at most {MOST_ROWS} customers")
                found = parsed(names, cells, row)
                yield row, headed(found, headings) if isinstance(found, list) else found
        if not names:
            raise NotReadable(1, "must have headings")

    def _note(self, errors: list[RowError]) -> None:
        self._error_count += len(errors)
        self._errors += errors[: max(0, MOST_ERRORS - len(self._errors))]

    def _staged(self, row: int, found: CustomerRow) -> dict[str, Any]:
        facts = found.model_dump(mode="json", exclude={"phones", "arrears_yuan"})
        ids = {"import_id": self._import_id, "row": row, "customer_id": new_id("customer")}
        return ids | facts | {"arrears_cents": found.arrears_yuan}

    def _staged_phones(self, row: int, found: CustomerRow) -> list[dict[str, Any]]:
        pairs = dict(split_extension(one) for one in found.phones)
        ids = {"import_id": self._import_id, "row": row}
        return [ids | {"number": number, "extension": extension} for number, extension in pairs.items()]

    def _store(self, staged: list[dict[str, Any]], phones: list[dict[str, Any]]) -> None:
        progress = {
            "import_id": self._import_id,
            "rows": self._read,
            "count": self._error_count,
            "errors": json.dumps([error.model_dump() for error in self._errors]),
        }
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            if staged:
                _insert(connection, _ROW.name, list(staged[0]), staged)
            if phones:
                _insert(connection, _PHONE.name, list(phones[0]), phones)
            connection.execute(_PROGRESS, progress)


def _insert(connection: Connection, table: str, names: list[str], values: list[dict[str, Any]]) -> None:
    """Insert rows; into PostgreSQL by COPY, which is five times as fast."""
    if connection.dialect.name == "sqlite":
        connection.execute(SQLModel.metadata.tables[table].insert(), values)
        return
    driver = connection.connection.driver_connection
    assert driver is not None, "a connection that is open has one"
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for one in values:
            copy.write_row([one[name] for name in names])


def _main() -> None:
    asked = json.load(sys.stdin)
    set_home(Home(**asked.get("home", {})))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    is_sqlite = asked["url"].startswith("sqlite")
    options: dict[str, Any] = {"connect_args": {"isolation_level": None, "timeout": 60}} if is_sqlite else {}
    engine = create_engine(asked["url"], **options)
    if is_sqlite:
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = NORMAL"))
    Reader(engine, asked["import_id"]).read(Path(asked["path"]))
    if asked.get("measure"):
        sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


if __name__ == "__main__":
    _main()
