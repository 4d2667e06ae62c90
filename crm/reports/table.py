"""Reports as tables: CSV and spreadsheets, without formulas (S13)."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from crm.customers.importing.text_cell import guarded
from crm.reports import sheet
from crm.reports.definitions import AGENTS, CALLS, TICKETS, Figure, FigureUnit
from crm.reports.model import (
    AgentLine,
    AgentReport,
    CallLine,
    CallReport,
    Language,
    TicketLine,
    TicketReport,
)
from foundation.routes import Download, Page

PLACE = ["since", "until", "key", "name"]
PLACE_WORDS = {"zh": ["开始", "结束", "代码", "名称"], "en": ["From", "Until", "Code", "Name"]}
TITLES = {"zh": ("通话", "工单", "坐席"), "en": ("Calls", "Tickets", "Agents")}
PAUSED_FOR = {"zh": "示忙：", "en": "paused: "}

AnyLine = CallLine | AgentLine | TicketLine


def calls_as_csv(lines: Sequence[CallLine], zone: ZoneInfo) -> Page:
    """Return a report of calls as CSV, its times in the zone."""
    return _page(lines, CALLS, zone)


def agents_as_csv(lines: Sequence[AgentLine], zone: ZoneInfo) -> Page:
    """Return a report of agents as CSV, its times in the zone."""
    return _page(lines, AGENTS, zone, _reasons(lines))


def tickets_as_csv(lines: Sequence[TicketLine], zone: ZoneInfo) -> Page:
    """Return a report of tickets as CSV, its times in the zone."""
    return _page(lines, TICKETS, zone)


def calls_as_sheet(report: CallReport, language: Language) -> Download:
    """Return a report of calls as a spreadsheet."""
    book = sheet.Sheet()
    add_lines(book, TITLES[language][0], report.lines, CALLS, report.time_zone, language)
    return book.download(_file_name("calls", report))


def agents_as_sheet(report: AgentReport, language: Language) -> Download:
    """Return a report of agents as a spreadsheet."""
    book = sheet.Sheet()
    add_lines(book, TITLES[language][2], report.lines, AGENTS, report.time_zone, language)
    return book.download(_file_name("agents", report))


def tickets_as_sheet(report: TicketReport, language: Language) -> Download:
    """Return a report of tickets as a spreadsheet."""
    book = sheet.Sheet()
    add_lines(book, TITLES[language][1], report.lines, TICKETS, report.time_zone, language)
    return book.download(_file_name("tickets", report))


def _file_name(of: str, report: AgentReport | CallReport | TicketReport) -> str:
    # `until` is the day after the last one.
    return f"{of}-{report.since}-{max(report.since, report.until - timedelta(days=1))}.xlsx"


def add_lines(
    book: sheet.Sheet,
    title: str,
    lines: Sequence[AnyLine],
    figures: Sequence[Figure],
    time_zone: str,
    language: Language,
) -> None:
    """Add the lines of a report to a spreadsheet."""
    zone = ZoneInfo(time_zone)
    names = [one.zh if language == "zh" else capital(one.en) for one in figures]
    reasons = _reasons(lines)
    names += [f"{PAUSED_FOR[language]}{reason}" for reason in reasons]
    # Without groups a line has no code and no name.
    width = 4 if any(line.key for line in lines) else 2
    rows = (
        [
            *_place(line, zone)[:width],
            *(figure_cell(one, getattr(line, one.name)) for one in figures),
            *(sheet.duration(ms) for ms in _paused(line, reasons)),
        ]
        for line in lines
    )
    book.add(title, [*PLACE_WORDS[language][:width], *names], rows)


def capital(words: str) -> str:
    """Return words with a capital at their begin."""
    return words[:1].upper() + words[1:]


def _reasons(lines: Sequence[AnyLine]) -> list[str]:
    """Return the reasons of all pauses: each is a column."""
    return sorted({one.reason for line in lines if isinstance(line, AgentLine) for one in line.pauses})


def _paused(line: AnyLine, reasons: Sequence[str]) -> list[int]:
    times = {one.reason: one.ms for one in line.pauses} if isinstance(line, AgentLine) else {}
    return [times.get(reason, 0) for reason in reasons]


def _place(line: AnyLine, zone: ZoneInfo) -> list[sheet.Cell]:
    # A spreadsheet has no time zones.
    times = [moment.astimezone(zone).replace(tzinfo=None) for moment in (line.since, line.until)]
    return [*((moment, sheet.MOMENT) for moment in times), (line.key, ""), (line.name, "")]


def figure_cell(figure: Figure, value: float | None) -> sheet.Cell:
    """Return the cell of a figure."""
    if figure.unit is FigureUnit.PERCENT:
        return sheet.share(value)
    return sheet.duration(value) if figure.unit is FigureUnit.MILLISECONDS else (value, "")


def _page(lines: Sequence[AnyLine], figures: list[Figure], zone: ZoneInfo, reasons: Sequence[str] = ()) -> Page:
    text = io.StringIO()
    # Without the mark at its begin a spreadsheet reads Chinese names in the wrong character set.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([*PLACE, *(one.name for one in figures), *(guarded(f"paused_ms {one}") for one in reasons)])
    for line in lines:
        times = [moment.astimezone(zone).isoformat() for moment in (line.since, line.until)]
        numbers = [getattr(line, one.name) for one in figures]
        writer.writerow([*times, guarded(line.key), guarded(line.name), *numbers, *_paused(line, reasons)])
    return Page(text.getvalue(), "text/csv")
