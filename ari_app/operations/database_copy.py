"""Copy of a database into an empty one, with checksums of both."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Row, Table, create_engine, func, insert, inspect, select, text

import migrations
from ari_app.runtime.schema import METADATA, upgrade
from foundation.problems import Conflict

ROWS_AT_ONCE = 1000
_CHECKSUM_BITS = 64


class TargetNotEmpty(Conflict):
    """A target database that has rows already."""


class SchemaDiffers(Conflict):
    """The source database is not at the newest schema."""


class CopyDiffers(Conflict):
    """A copied table that differs from its source."""


class TableSum(NamedTuple):
    """Number and checksum of a table's rows, on any database."""

    table: str
    rows: int
    checksum: str
    """Sum of all rows' hashes, so that the order of the rows does not matter."""


def copy_database(source_url: str, target_url: str) -> list[TableSum]:
    """Copy every row into an empty database, then compare both sides.

    The source is read in one transaction, so a service that goes on writing does not disturb the copy. The target gets
    the newest schema first. One transaction writes it: a copy that fails leaves the target empty.

    Raises:
        SchemaDiffers: the source is not at the newest schema.
        TargetNotEmpty: the target has rows.
        CopyDiffers: the target does not have what the source has.
    """
    source, target = database_engine(source_url), database_engine(target_url)
    try:
        with source.connect() as reading:
            begin_snapshot(reading)
            require_newest_schema(reading)
            if _exists(target):
                with target.connect() as present:
                    # Before its schema is touched: it may be the database of a service that runs.
                    require_empty(present)
            upgrade(target_url)
            with target.begin() as writing:
                if writing.dialect.name == "sqlite":
                    writing.exec_driver_sql("BEGIN IMMEDIATE")
                require_empty(writing)
                written = [_copy_table(table, reading, writing) for table in METADATA.sorted_tables]
                _continue_sequences(writing)
        with target.connect() as copied:
            begin_snapshot(copied)
            found = table_sums(copied)
    finally:
        source.dispose()
        target.dispose()
    compare_sums(written, found)
    return found


def table_sums(connection: Connection) -> list[TableSum]:
    """Count and sum the rows of every table."""
    return [_sum_of(table, _rows(connection, table)) for table in METADATA.sorted_tables]


def compare_sums(expected: Sequence[TableSum], found: Sequence[TableSum]) -> None:
    """Refuse a copy with different tables.

    Raises:
        CopyDiffers: names each table with both numbers of rows.
    """
    of = {entry.table: entry for entry in found}
    different = [
        f"{entry.table}: {entry.rows} rows expected, {of[entry.table].rows if entry.table in of else 0} found"
        for entry in expected
        if of.get(entry.table) != entry
    ]
    if different:
        raise CopyDiffers("the copy differs from its source: " + "; ".join(different))


def require_newest_schema(connection: Connection) -> None:
    """Refuse a database that this version has not brought up to date.

    Raises:
        SchemaDiffers: names the schema it has and the one it needs.
    """
    newest = newest_schema()
    has = MigrationContext.configure(connection).get_current_revision()
    if has != newest:
        raise SchemaDiffers(
            f"the database has schema {has or 'none'}, this version needs {newest}: start this version's service once"
        )


def newest_schema() -> str:
    """Return the newest step of this version's schema."""
    head = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
    assert head is not None, "there are migrations"
    return head


def database_engine(url: str) -> Engine:
    """Open a database for reading and writing whole tables."""
    # pysqlite begins a transaction only before the first change: a snapshot needs a BEGIN of its own.
    return create_engine(url, connect_args={"isolation_level": None} if url.startswith("sqlite") else {})


def begin_snapshot(connection: Connection) -> None:
    """Let everything that is read on this connection be of one moment."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def require_empty(connection: Connection) -> None:
    """Refuse a database with rows in any of its tables.

    Raises:
        TargetNotEmpty: names the first table with rows.
    """
    there = set(inspect(connection).get_table_names())
    for table in METADATA.sorted_tables:
        if table.name not in there:
            continue
        rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if rows:
            raise TargetNotEmpty(f"the target database is not empty: {table.name} has {rows} rows")


def _exists(engine: Engine) -> bool:
    """Return whether there is a database; SQLite would make a missing file."""
    return engine.dialect.name != "sqlite" or Path(engine.url.database or "").exists()


def _copy_table(table: Table, source: Connection, target: Connection) -> TableSum:
    statement = insert(table)

    def copied() -> Iterator[Row[Any]]:
        for batch in _batches(source, table):
            target.execute(statement, [row._asdict() for row in batch])
            yield from batch

    return _sum_of(table, copied())


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    """Read a table in batches, parent rows before child rows."""
    own = next((key.parent for key in table.foreign_keys if key.column.table is table), None)
    if own is None:
        yield from _streamed(connection, select(table))
        return
    yield from _streamed(connection, select(table).where(own.is_(None)))
    key = next(iter(table.primary_key)).name
    waiting = {getattr(row, key): row for row in connection.execute(select(table).where(own.is_not(None)))}
    while waiting:
        ready = [row for row in waiting.values() if getattr(row, own.name) not in waiting]
        if not ready:
            raise CopyDiffers(f"{table.name} has rows that refer to each other in a circle: {', '.join(waiting)}")
        yield ready
        for row in ready:
            del waiting[getattr(row, key)]


def _streamed(connection: Connection, statement: Any) -> Iterator[Sequence[Row[Any]]]:
    yield from connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE}).partitions()


def _rows(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    for batch in _streamed(connection, select(table)):
        yield from batch


def _sum_of(table: Table, rows: Iterable[Row[Any]]) -> TableSum:
    count, total = 0, 0
    for row in rows:
        count += 1
        line = json.dumps(list(row), default=_plain, ensure_ascii=False, sort_keys=True)
        total += int.from_bytes(hashlib.blake2b(line.encode(), digest_size=_CHECKSUM_BITS // 8).digest(), "big")
    return TableSum(str(table.name), count, f"{total % 2**_CHECKSUM_BITS:016x}")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _continue_sequences(connection: Connection) -> None:
    """Set the sequences of PostgreSQL past the copied rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = connection.execute(select(func.max(column))).scalar_one()
        if highest is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, highest)))
