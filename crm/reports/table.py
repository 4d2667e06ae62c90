"""Reports as CSV without formulas (S13)."""

import csv
import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from crm.customers.importing.text_cell import guarded
from crm.reports.definitions import CALLS, TICKETS, Figure
from crm.reports.model import CallLine, TicketLine
from foundation.routes import Page

PLACE = ["since", "until", "key", "name"]


def calls_as_csv(lines: Sequence[CallLine], zone: ZoneInfo) -> Page:
    """Return a report of calls as CSV, its times in the zone."""
    return _page(lines, CALLS, zone)


def tickets_as_csv(lines: Sequence[TicketLine], zone: ZoneInfo) -> Page:
    """Return a report of tickets as CSV, its times in the zone."""
    return _page(lines, TICKETS, zone)


def _page(lines: Sequence[CallLine | TicketLine], figures: list[Figure], zone: ZoneInfo) -> Page:
    text = io.StringIO()
    # Without the mark at its begin a spreadsheet reads Chinese names in the wrong character set.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([*PLACE, *(one.name for one in figures)])
    for line in lines:
        times = [moment.astimezone(zone).isoformat() for moment in (line.since, line.until)]
        numbers = [getattr(line, one.name) for one in figures]
        writer.writerow([*times, guarded(line.key), guarded(line.name), *numbers])
    return Page(text.getvalue(), "text/csv")
