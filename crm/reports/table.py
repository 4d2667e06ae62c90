"""Reports as tables: CSV and spreadsheets, without formulas (S13)."""

import csv
import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from crm.customers.importing.text_cell import guarded
from crm.reports import sheet
from crm.reports.definitions import CALLS, TICKETS, Figure, FigureUnit
from crm.reports.model import CallLine, CallReport, Language, TicketLine, TicketReport
from foundation.routes import Download, Page

PLACE = ["since", "until", "key", "name"]
PLACE_WORDS = {"zh": ["开始", "结束", "代码", "名称"], "en": ["From", "Until", "Code", "Name"]}
TITLES = {"zh": ("通话", "工单"), "en": ("Calls", "Tickets")}


def calls_as_csv(lines: Sequence[CallLine], zone: ZoneInfo) -> Page:
    """Return a report of calls as CSV, its times in the zone."""
    return _page(lines, CALLS, zone)


def tickets_as_csv(lines: Sequence[TicketLine], zone: ZoneInfo) -> Page:
    """Return a report of tickets as CSV, its times in the zone."""
    return _page(lines, TICKETS, zone)


def calls_as_sheet(report: CallReport, language: Language) -> Download:
    """Return a report of calls as a spreadsheet."""
    book = sheet.Sheet()
    add_lines(book, TITLES[language][0], report.lines, CALLS, report.time_zone, language)
    return book.download(f"calls-{report.since}-{report.until}.xlsx")


def tickets_as_sheet(report: TicketReport, language: Language) -> Download:
    """Return a report of tickets as a spreadsheet."""
    book = sheet.Sheet()
    add_lines(book, TITLES[language][1], report.lines, TICKETS, report.time_zone, language)
    return book.download(f"tickets-{report.since}-{report.until}.xlsx")


def add_lines(
    book: sheet.Sheet,
    title: str,
    lines: Sequence[CallLine | TicketLine],
    figures: Sequence[Figure],
    time_zone: str,
    language: Language,
) -> None:
    """Add the lines of a report to a spreadsheet."""
    zone = ZoneInfo(time_zone)
    names = [one.zh if language == "zh" else one.en for one in figures]
    rows = ([*_place(line, zone), *(_figure(one, line) for one in figures)] for line in lines)
    book.add(title, [*PLACE_WORDS[language], *names], rows)


def _place(line: CallLine | TicketLine, zone: ZoneInfo) -> list[sheet.Cell]:
    # A spreadsheet has no time zones.
    times = [moment.astimezone(zone).replace(tzinfo=None) for moment in (line.since, line.until)]
    return [*((moment, sheet.MOMENT) for moment in times), (line.key, ""), (line.name, "")]


def _figure(figure: Figure, line: CallLine | TicketLine) -> sheet.Cell:
    value = getattr(line, figure.name)
    if figure.unit is FigureUnit.PERCENT:
        return sheet.share(value)
    return sheet.duration(value) if figure.unit is FigureUnit.MILLISECONDS else (value, "")


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
