"""Sums of calls that hold the newest records, too.

The background part counts a record some seconds after it is stored, and a minute after it where its process died. A
reader counts the cells that have changed since then from their records, so that all figures agree at any moment.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.reports import store, summing
from crm.reports.buckets import cell_length, cell_of, day_of, next_day
from crm.reports.model import Bucket
from crm.reports.rollup_model import Span
from crm.reports.store import Wanted
from crm.reports.summing import Parts, Sums

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
    connection: Connection, wanted: Wanted, times: Sequence[Bucket], zone: ZoneInfo
) -> dict[tuple[int, Parts], Sums]:
    """Return the sums of each bucket and the parts asked for.

    A day with changed cells is summed from its cells.
    """
    since, until = times[0].since, times[-1].until
    cells = changed_cells(connection, since, until, zone)
    if len(cells) > MOST_CELLS:
        cells = set()
    days = {day_of(cell, zone) for cell in cells} if wanted.span is Span.DAY else set()
    stored = replace(wanted, without=frozenset(days or cells))
    found: dict[tuple[int, Parts], Sums] = {}
    for added in store.added_calls(connection, stored, times):
        found.setdefault((added.bucket, added.parts), Sums()).add({**added.sums, "waits": b""})
    for counted in store.counted_waits(connection, stored, times):
        found[counted.bucket, counted.parts].waits.append(counted.waits)
    begins = [one.since for one in times]
    for row in _late(connection, wanted, cells, days, zone):
        parts = Parts(**{name: row[name] for name in wanted.by})
        found.setdefault((bisect_right(begins, row["at"]) - 1, parts), Sums()).add(row)
    return found


def _late(
    connection: Connection, wanted: Wanted, cells: set[datetime], days: set[datetime], zone: ZoneInfo
) -> Iterator[Row]:
    """Yield the sums of changed cells and their days."""
    for day in days:
        of_day = store.call_sums(connection, Span.CELL, wanted.dimension, day, next_day(day, zone), wanted.only)
        yield from (row for row in of_day if row["at"] not in cells)
    for cell in cells:
        yield from _counted(connection, cell, wanted, zone)


def _counted(connection: Connection, cell: datetime, wanted: Wanted, zone: ZoneInfo) -> Iterator[Row]:
    found = summing.summed(store.call_facts(connection, cell, cell + cell_length(zone)))
    for of, parts, sums in summing.each_dimension(found):
        row = {"at": cell, **parts._asdict(), **sums}
        if of is wanted.dimension and all(row[name] == value for name, value in wanted.only.items()):
            yield row
