"""Declarations of each table's personal columns, by which erasure works.

A name that is no column is an error when the model is imported, and a test walks all tables for one without a
declaration. The person of a row follows from `customer_id` or `ticket_id`, or from the table that `through` names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel

_MARK = "personal"
ID = "id"
"""Replaces a value that must stay unique: the row's own id identifies no person."""


@dataclass(frozen=True)
class Holding:
    """Rule of erasure for a person's rows in one table."""

    values: Mapping[str, Any]
    """Value of each personal column afterwards."""
    is_removed: bool
    """The rows are deleted: nothing else needs them."""
    through: str | None
    """The column that names a row of another table, which is about the same person."""
    parent: sql.Column[Any] | None = None
    """What that column names, where it is no foreign key."""


def personal(
    table: type[SQLModel],
    *columns: str,
    through: str | None = None,
    parent: type[SQLModel] | None = None,
    **values: Any,
) -> None:
    """Declare the personal and free-text columns of a table.

    Args:
        through: the foreign key to the table with rows that name the person.
        parent: that table, where the column is no foreign key, because its row may be stored later.
        values: columns that are not emptied, with the value that replaces theirs.

    Raises:
        ValueError: the table has no such column.
    """
    emptied = {**{name: _nothing(_column(table, name)) for name in columns}, **values}
    _mark(table, through, emptied, parent=parent, is_removed=False)


def erase_rows_of(table: type[SQLModel]) -> None:
    """Declare that a table's rows are deleted with the person."""
    _mark(table, None, {}, is_removed=True)


def holding(table: sql.Table) -> Holding | None:
    """Return the declaration of a table."""
    found: Holding | None = table.info.get(_MARK)
    return found


def holdings() -> Iterator[tuple[sql.Table, Holding]]:
    """Return every table with personal data and its declaration."""
    for table in SQLModel.metadata.sorted_tables:
        found = holding(table)
        if found is not None:
            yield table, found


def _mark(
    table: type[SQLModel],
    through: str | None,
    values: dict[str, Any],
    *,
    is_removed: bool,
    parent: type[SQLModel] | None = None,
) -> None:
    for name in (*values, *([through] if through is not None else [])):
        _column(table, name)
    _table(table).info[_MARK] = Holding(
        values, is_removed, through, _column(parent, ID) if parent is not None else None
    )


def _table(table: type[SQLModel]) -> sql.Table:
    return SQLModel.metadata.tables[str(table.__tablename__)]


def _column(table: type[SQLModel], name: str) -> sql.Column[Any]:
    found = _table(table).columns.get(name)
    if found is None:
        raise ValueError(f"{table.__tablename__} has no column {name}")
    return found


def _nothing(column: sql.Column[Any]) -> Any:
    if column.nullable:
        return None
    unique = (one for one in column.table.constraints if isinstance(one, sql.UniqueConstraint))
    if any(column.name in one.columns for one in unique):
        return column.table.c[ID]
    if isinstance(column.type, sql.JSON):
        return {}
    return ""
