"""Content of scheduled reports: a summary and tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crm.reports.definitions import DEFINITIONS, Figure, FigureUnit
from crm.reports.model import (
    AgentLine,
    AgentQuery,
    By,
    CallLine,
    CallQuery,
    Language,
    TicketGroup,
    TicketLine,
    TicketQuery,
)
from crm.reports.scheduled.model import ReportPlan, ReportSubject
from crm.reports.scheduled.timing import DueReport, ReportPeriod, period_before
from crm.reports.service import ReportService
from crm.reports.table import capital

AnyLine = CallLine | AgentLine | TicketLine
Names = Callable[[str, str, Language], str | None]
"""Return the name of a group's key in a language, where it has one."""

TITLES: dict[Language, dict[ReportPeriod, str]] = {
    "zh": {
        ReportPeriod.DAY: "日报",
        ReportPeriod.WEEK: "周报",
        ReportPeriod.MONTH: "月报",
        ReportPeriod.QUARTER: "季报",
        ReportPeriod.HALF_YEAR: "半年报",
        ReportPeriod.YEAR: "年报",
    },
    "en": {
        ReportPeriod.DAY: "daily report",
        ReportPeriod.WEEK: "weekly report",
        ReportPeriod.MONTH: "monthly report",
        ReportPeriod.QUARTER: "quarterly report",
        ReportPeriod.HALF_YEAR: "half-yearly report",
        ReportPeriod.YEAR: "yearly report",
    },
}
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "times": "话务走势",
        "queue": "各队列话务",
        "agent": "坐席",
        "kind": "工单：按类型",
        "department": "工单：按责任部门",
        "category": "工单：按原因",
    },
    "en": {
        "times": "Calls over time",
        "queue": "Calls by queue",
        "agent": "Agents",
        "kind": "Tickets by kind",
        "department": "Tickets by department",
        "category": "Tickets by cause",
    },
}
TICKET_GROUPS: tuple[TicketGroup, ...] = ("kind", "department", "category")
SHORT_DAYS = 2
"""Up to so many days are shown by hour."""
LONG_DAYS = 62
"""From so many days on, they are shown by month."""


@dataclass(frozen=True)
class Compared:
    """Figure of a time, and of the time before."""

    figure: Figure
    now: float | None
    before: float | None


@dataclass(frozen=True)
class Section:
    """Table of a report; `timed` lines are named by their time."""

    title: str
    figures: Sequence[Figure]
    lines: Sequence[AnyLine]
    timed: bool = False


@dataclass(frozen=True)
class Content:
    """Everything that a report says."""

    title: str
    since: date
    last: date
    language: Language
    time_zone: str
    summary: Sequence[Compared]
    sections: Sequence[Section]


class ReportContent:
    """Maker of the content of reports."""

    def __init__(self, reports: ReportService, names: Names) -> None:
        self._reports = reports
        self._names = names

    async def of(self, plan: ReportPlan, due: DueReport) -> Content:
        """Return the content of a report."""
        language: Language = "en" if plan.language == "en" else "zh"
        summary: list[Compared] = []
        sections: list[Section] = []
        if ReportSubject.CALLS in plan.subjects:
            summary += await self._compared_calls(plan, due)
            sections += await self._calls(due, language)
        if ReportSubject.AGENTS in plan.subjects:
            agents = await self._reports.agents(AgentQuery(since=due.since, until=due.until, by="whole"))
            sections.append(Section(_WORDS[language]["agent"], DEFINITIONS.agents, agents.lines))
        if ReportSubject.TICKETS in plan.subjects:
            summary += await self._compared_tickets(plan, due)
            sections += [await self._tickets(due, group, language) for group in TICKET_GROUPS]
        title = f"{plan.name} · {TITLES[language][plan.period]}"
        last = due.until - timedelta(days=1)
        return Content(title, due.since, last, language, self._reports.zone.key, summary, sections)

    async def _compared_calls(self, plan: ReportPlan, due: DueReport) -> list[Compared]:
        times = [(due.since, due.until), period_before(plan.period, due.since, due.until)]
        found = [await self._reports.calls(CallQuery(since=one, until=end, by="whole")) for one, end in times]
        return _compared(DEFINITIONS.calls, found[0].lines, found[1].lines)

    async def _compared_tickets(self, plan: ReportPlan, due: DueReport) -> list[Compared]:
        times = [(due.since, due.until), period_before(plan.period, due.since, due.until)]
        found = [await self._reports.tickets(TicketQuery(since=one, until=end, by="whole")) for one, end in times]
        return _compared(DEFINITIONS.tickets, found[0].lines, found[1].lines)

    async def _calls(self, due: DueReport, language: Language) -> list[Section]:
        times = {"since": due.since, "until": due.until}
        over_time = await self._reports.calls(CallQuery.model_validate({**times, "by": _by(due)}))
        by_queue = await self._reports.calls(CallQuery.model_validate({**times, "by": "whole", "group": "queue"}))
        queues = [self._named("queue", line, language) for line in by_queue.lines if line.key]
        return [
            Section(_WORDS[language]["times"], DEFINITIONS.calls, over_time.lines, timed=True),
            Section(_WORDS[language]["queue"], DEFINITIONS.calls, queues),
        ]

    async def _tickets(self, due: DueReport, group: TicketGroup, language: Language) -> Section:
        found = await self._reports.tickets(TicketQuery(since=due.since, until=due.until, by="whole", group=group))
        lines = [self._named(group, line, language) for line in found.lines]
        return Section(_WORDS[language][group], DEFINITIONS.tickets, lines)

    def _named(self, group: str, line: AnyLine, language: Language) -> AnyLine:
        name = self._names(group, line.key, language)
        return line if name is None else line.model_copy(update={"name": name})


def figure_text(figure: Figure, value: float | None) -> str:
    """Return a figure as people read it."""
    if value is None:
        return "–"
    if figure.unit is FigureUnit.PERCENT:
        return f"{value:.1f} %"
    if figure.unit is FigureUnit.MILLISECONDS:
        minutes, seconds = divmod(round(value / 1000), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return f"{value:,.0f}"


def figure_name(figure: Figure, language: Language) -> str:
    """Return the name of a figure in a language."""
    return figure.zh if language == "zh" else capital(figure.en)


def change_text(one: Compared) -> str:
    """Return the change against the time before; empty without a base."""
    if one.now is None or one.before is None:
        return ""
    if one.figure.unit is FigureUnit.PERCENT:
        return f"{one.now - one.before:+.1f} pt"
    return "" if one.before == 0 else f"{100 * (one.now - one.before) / one.before:+.1f} %"


def _compared(figures: Sequence[Figure], now: Sequence[AnyLine], before: Sequence[AnyLine]) -> list[Compared]:
    usual = [one for one in figures if one.usual]
    return [Compared(one, _value(now, one.name), _value(before, one.name)) for one in usual]


def _value(lines: Sequence[AnyLine], name: str) -> float | None:
    value: float | None = getattr(lines[0], name) if lines else None
    return value


def _by(due: DueReport) -> By:
    days = (due.until - due.since).days
    if days <= SHORT_DAYS:
        return "hour"
    return "day" if days <= LONG_DAYS else "month"
