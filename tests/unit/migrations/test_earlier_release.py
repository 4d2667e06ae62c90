"""A database of an earlier release is upgraded, and keeps every row."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, create_engine, make_url, select
from sqlalchemy.engine import Engine

from ari_app.runtime.schema import METADATA, upgrade
from foundation.text_index import is_derived
from migrations import configuration

pytestmark = pytest.mark.slow

DUMP = Path(__file__).with_name("release_e3bdac5.sql")
SCHEMA = "0004_merges_and_visits"
"""The schema of that release."""
FOLLOWING = {("ticket", "address_key"), ("customer", "address_key"), ("ticket", "open_matter")}
"""Columns that a migration makes anew from others."""
RENAMED = {("ticket", "closing_grounds"): "closing_reason"}

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
"""Rows by table and primary key."""


def rows_of(connection: Connection) -> Rows:
    """Return every row of every table that is no derived data."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: not is_derived(METADATA, name))
    found: Rows = {}
    for table in metadata.sorted_tables:
        keys = [column.name for column in table.primary_key]
        rows = [
            {name: _aware(value) for name, value in row._mapping.items()} for row in connection.execute(select(table))
        ]
        found[table.name] = {tuple(row[key] for key in keys): row for row in rows}
    return found


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def engine_of(url: str) -> Engine:
    return create_engine(make_url(url))


def earlier_release(url: str, tmp_path: Path) -> Rows:
    """Make the database of that release; return its rows."""
    file = tmp_path / "hotline.db"
    with closing(sqlite3.connect(file)) as made:
        made.executescript(DUMP.read_text(encoding="utf-8"))
    engine = engine_of(f"sqlite:///{file}")
    with engine.connect() as connection:
        rows = rows_of(connection)
    engine.dispose()
    if not url.startswith("sqlite"):
        _copied(rows, url)
    return rows


def _copied(rows: Rows, url: str) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection, METADATA), SCHEMA)
        metadata = MetaData()
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != "alembic_version" and rows[table.name]:
                connection.execute(table.insert(), list(rows[table.name].values()))
    engine.dispose()


def test_database_of_an_earlier_release_keeps_every_row(database_url: str, tmp_path: Path) -> None:
    before = earlier_release(database_url, tmp_path)
    assert before.pop("alembic_version") == {(SCHEMA,): {"version_num": SCHEMA}}
    assert sum(map(len, before.values())) > 60

    upgrade(database_url)

    engine = engine_of(database_url)
    with engine.connect() as connection:
        after = rows_of(connection)
    engine.dispose()
    for table, rows in before.items():
        assert after[table].keys() == rows.keys(), table
        for key, row in rows.items():
            for column, value in row.items():
                if (table, column) not in FOLLOWING:
                    assert after[table][key][RENAMED.get((table, column), column)] == value, (table, column, key)
