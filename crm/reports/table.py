"""Reports as tables: CSV and spreadsheets, without formulas (S13)."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from crm.customers.importing.text_cell import guarded
from crm.reports import sheet
from crm.reports.definitions.agents import AGENTS
from crm.reports.definitions.calls import CALLS
from crm.reports.definitions.flows import FLOWS
from crm.reports.definitions.model import Figure, FigureUnit
from crm.reports.definitions.results import RESULTS
from crm.reports.definitions.staffing import STAFFING
from crm.reports.definitions.tickets import TICKETS
from crm.reports.model import AgentLine, Language, Line
from foundation.routes import Download, Page

PLACE = ["since", "until", "key", "name"]
PLACE_WORDS = {"zh": ["开始", "结束", "代码", "名称"], "en": ["From", "Until", "Code", "Name"]}
UNITS = {
    "zh": {FigureUnit.MILLISECONDS: "（毫秒）", FigureUnit.PERCENT: "（%）"},
    "en": {FigureUnit.MILLISECONDS: " (ms)", FigureUnit.PERCENT: " (%)"},
}
"""Of plain numbers: the cells of a spreadsheet have their format."""
PAUSED_FOR = {"zh": "示忙：", "en": "paused: "}


@dataclass(frozen=True)
class ReportTable:
    """Report as a table: name of its file, titles, columns."""

    of: str
    zh: str
    en: str
    figures: Sequence[Figure]


CALL_TABLE = ReportTable("calls", "通话", "Calls", CALLS)
AGENT_TABLE = ReportTable("agents", "坐席", "Agents", AGENTS)
TICKET_TABLE = ReportTable("tickets", "工单", "Tickets", TICKETS)
FLOW_TABLE = ReportTable("flows", "流程", "Flows", FLOWS)
RESULT_TABLE = ReportTable("results", "通话结果", "Results of calls", RESULTS)
STAFFING_TABLE = ReportTable("staffing", "排班测算", "Staffing", STAFFING)


class AnyReport(Protocol):
    """Report that can be a table."""

    @property
    def since(self) -> date: ...

    @property
    def until(self) -> date: ...

    @property
    def time_zone(self) -> str: ...

    @property
    def lines(self) -> Sequence[Line]: ...


def as_csv(table: ReportTable, report: AnyReport, language: Language | None = None) -> Page:
    """Return a report as CSV, its times in its zone.

    Without a language the headings are codes.
    """
    reasons = _reasons(report.lines)
    zone = ZoneInfo(report.time_zone)
    text = io.StringIO()
    # Without the mark at its begin a spreadsheet reads Chinese names in the wrong character set.
    text.write("\ufeff")
    writer = csv.writer(text)
    pauses = [guarded(_pause(one, named, language)) for one, named in reasons.items()]
    writer.writerow([*_headings(table, language), *pauses])
    for line in report.lines:
        times = [moment.astimezone(zone).isoformat() for moment in (line.since, line.until)]
        numbers = [getattr(line, one.name) for one in table.figures]
        writer.writerow([*times, guarded(line.key), guarded(line.name), *numbers, *_paused(line, reasons)])
    return Page(text.getvalue(), "text/csv")


def _headings(table: ReportTable, language: Language | None) -> list[str]:
    if language is None:
        return [*PLACE, *(one.name for one in table.figures)]
    named = (
        ((one.zh if language == "zh" else capital(one.en)), UNITS[language].get(one.unit, "")) for one in table.figures
    )
    return [*PLACE_WORDS[language], *(f"{name}{unit}" for name, unit in named)]


def _pause(reason: str, name: str, language: Language | None) -> str:
    if language is None:
        return f"paused_ms {reason}"
    return f"{PAUSED_FOR[language]}{name}{UNITS[language][FigureUnit.MILLISECONDS]}"


def as_sheet(table: ReportTable, report: AnyReport, language: Language) -> Download:
    """Return a report as a spreadsheet."""
    book = sheet.Sheet()
    title = table.zh if language == "zh" else table.en
    add_lines(book, title, report.lines, table.figures, report.time_zone, language)
    # `until` is the day after the last one.
    last = max(report.since, report.until - timedelta(days=1))
    return book.download(f"{table.of}-{report.since}-{last}.xlsx")


def add_lines(
    book: sheet.Sheet,
    title: str,
    lines: Sequence[Line],
    figures: Sequence[Figure],
    time_zone: str,
    language: Language,
) -> None:
    """Add the lines of a report to a spreadsheet."""
    zone = ZoneInfo(time_zone)
    names = [one.zh if language == "zh" else capital(one.en) for one in figures]
    reasons = _reasons(lines)
    names += [f"{PAUSED_FOR[language]}{named}" for named in reasons.values()]
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


def _reasons(lines: Sequence[Line]) -> dict[str, str]:
    """Return the reasons of all pauses, each a column, with their names."""
    pauses = [one for line in lines if isinstance(line, AgentLine) for one in line.pauses]
    return {one.reason: one.name or one.reason for one in sorted(pauses, key=lambda one: one.reason)}


def _paused(line: Line, reasons: Iterable[str]) -> list[int]:
    times = {one.reason: one.ms for one in line.pauses} if isinstance(line, AgentLine) else {}
    return [times.get(reason, 0) for reason in reasons]


def _place(line: Line, zone: ZoneInfo) -> list[sheet.Cell]:
    # A spreadsheet has no time zones.
    times = [moment.astimezone(zone).replace(tzinfo=None) for moment in (line.since, line.until)]
    return [*((moment, sheet.MOMENT) for moment in times), (line.key, ""), (line.name, "")]


def figure_cell(figure: Figure, value: float | None) -> sheet.Cell:
    """Return the cell of a figure."""
    if figure.unit is FigureUnit.PERCENT:
        return sheet.share(value)
    return sheet.duration(value) if figure.unit is FigureUnit.MILLISECONDS else (value, "")
