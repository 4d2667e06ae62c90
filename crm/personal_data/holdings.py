"""What each table holds of a person, said beside the table itself: by this it is erased.

A name that is not a column's is an error when the model is imported, and a test walks all tables for one that says
nothing. Whose rows they are follows from `customer_id` or `ticket_id`, or from the table that `through` leads to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel

_MARK = "personal"
ID = "id"
"""Stands in place of what must stay unique: the row's own id says nothing of anybody."""


@dataclass(frozen=True)
class Holding:
    """What becomes of a person's rows in one table."""

    values: Mapping[str, Any]
    """What stands in each personal column afterwards."""
    is_removed: bool
    """The rows themselves go: that they were there says nothing to anybody."""
    through: str | None
    """The column that names a row of another table, whose person it is about."""


def personal(table: type[SQLModel], *columns: str, through: str | None = None, **values: Any) -> None:
    """Say which columns of a table hold what identifies a person or what people wrote.

    Args:
        through: the foreign key to the table whose rows say whose these are.
        values: columns in whose place something other than nothing has to stand, with that.

    Raises:
        ValueError: the table has no such column.
    """
    _mark(table, through, {**{name: _nothing(_column(table, name)) for name in columns}, **values}, is_removed=False)


def erase_rows_of(table: type[SQLModel]) -> None:
    """Say that a table's rows go with the person."""
    _mark(table, None, {}, is_removed=True)


def holding(table: sql.Table) -> Holding | None:
    """What a table said of itself."""
    found: Holding | None = table.info.get(_MARK)
    return found


def holdings() -> Iterator[tuple[sql.Table, Holding]]:
    """Every table that holds something of a person, in whichever room."""
    for table in SQLModel.metadata.sorted_tables:
        found = holding(table)
        if found is not None:
            yield table, found


def _mark(table: type[SQLModel], through: str | None, values: dict[str, Any], *, is_removed: bool) -> None:
    for name in (*values, *([through] if through is not None else [])):
        _column(table, name)
    _table(table).info[_MARK] = Holding(values, is_removed, through)


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
