"""Sums of calls that hold the newest records, too.

The background part counts a record some seconds after it is stored, and a minute after it where its process died. A
reader counts the cells that have changed since then from their records, so that all figures agree at any moment.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.reports import store, summing
from crm.reports.buckets import cell_length, cell_of, day_of, next_day
from crm.reports.rollup_model import Dimension, Span

MOST_CELLS = 48
"""Changed cells that a reader counts; with more, as after an upgrade, sums are used as they are."""

Row = Mapping[Any, Any]


def changed_cells(connection: Connection, since: datetime, until: datetime, zone: ZoneInfo) -> set[datetime]:
    """Return cells with records that are not counted yet."""
    length = cell_length(zone)
    return {cell_of(at, length) for at in store.changes(connection, since, until)}


def up_to_date(connection: Connection, since: datetime, until: datetime, zone: ZoneInfo) -> bool:
    """Tell whether sums of a time hold all its records."""
    return len(changed_cells(connection, since, until, zone)) <= MOST_CELLS


def call_sums(
    connection: Connection,
    span: Span,
    dimension: Dimension,
    times: tuple[datetime, datetime],
    only: Mapping[str, str],
    zone: ZoneInfo,
) -> Iterator[Row]:
    """Return the sums of a time.

    `only` names their queue, number or agent. A day with changed cells comes as its cells.
    """
    since, until = times
    cells = changed_cells(connection, since, until, zone)
    if len(cells) > MOST_CELLS:
        cells = set()
    replaced = {day_of(cell, zone) for cell in cells} if span is Span.DAY else cells
    yield from (
        row for row in store.call_sums(connection, span, dimension, since, until, only) if row["at"] not in replaced
    )
    if span is Span.DAY:
        for day in replaced:
            after = next_day(day, zone)
            of_day = store.call_sums(connection, Span.CELL, dimension, day, after, only)
            yield from (row for row in of_day if row["at"] not in cells)
    for cell in cells:
        yield from _counted(connection, cell, dimension, only, zone)


def _counted(
    connection: Connection, cell: datetime, dimension: Dimension, only: Mapping[str, str], zone: ZoneInfo
) -> Iterator[Row]:
    found = summing.summed(store.call_facts(connection, cell, cell + cell_length(zone)))
    for of, parts, sums in summing.each_dimension(found):
        row = {"at": cell, **parts._asdict(), **sums}
        if of is dimension and all(row[name] == value for name, value in only.items()):
            yield row
