"""Content of scheduled reports: a summary and tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.definitions.model import Figure, FigureUnit
from crm.reports.model import (
    AgentQuery,
    By,
    CallQuery,
    FlowQuery,
    Language,
    Line,
    TicketGroup,
    TicketQuery,
)
from crm.reports.scheduled.model import ReportPlan, ReportSubject
from crm.reports.scheduled.timing import DueReport, ReportPeriod, period_before
from crm.reports.service import ReportService
from crm.reports.table import capital

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
        "team": "班组",
        "adherence": "班表遵守",
        "flow": "流程",
        "kind": "工单：按类型",
        "department": "工单：按责任部门",
        "category": "工单：按原因",
    },
    "en": {
        "times": "Calls over time",
        "queue": "Calls by queue",
        "agent": "Agents",
        "team": "Teams",
        "adherence": "Adherence to shifts",
        "flow": "Flows",
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
_OF_AGENTS = frozenset({ReportSubject.AGENTS, ReportSubject.ADHERENCE})
SHIFT_FIGURES = ("shift_ms", "kept_ms", "adherence")


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
    lines: Sequence[Line]
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


MakeSection = Callable[[DueReport, Language], Awaitable[Section]]


class ReportContent:
    """Maker of the content of reports.

    `further` makes the parts with figures of other packages.
    """

    def __init__(
        self, reports: ReportService, names: Names, further: Mapping[ReportSubject, MakeSection] | None = None
    ) -> None:
        self._reports = reports
        self._names = names
        self._further = further or {}

    async def of(self, plan: ReportPlan, due: DueReport) -> Content:
        """Return the content of a report."""
        language: Language = "en" if plan.language == "en" else "zh"
        summary: list[Compared] = []
        sections: list[Section] = []
        if ReportSubject.CALLS in plan.subjects:
            summary += await self._compared_calls(plan, due)
            sections += await self._calls(due, language)
        sections += await self._agents(plan, due, language)
        if ReportSubject.TICKETS in plan.subjects:
            summary += await self._compared_tickets(plan, due)
            sections += [await self._tickets(due, group, language) for group in TICKET_GROUPS]
        if ReportSubject.FLOWS in plan.subjects:
            flows = await self._reports.flows(FlowQuery(since=due.since, until=due.until, by="whole"))
            sections.append(Section(_WORDS[language]["flow"], DEFINITIONS.flows, flows.lines))
        sections += [await make(due, language) for subject, make in self._further.items() if subject in plan.subjects]
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

    async def _agents(self, plan: ReportPlan, due: DueReport, language: Language) -> list[Section]:
        words, sections = _WORDS[language], []
        query = AgentQuery(since=due.since, until=due.until, by="whole")
        agents = (await self._reports.agents(query)).lines if {*plan.subjects} & _OF_AGENTS else []
        if ReportSubject.AGENTS in plan.subjects:
            sections.append(Section(words["agent"], DEFINITIONS.agents, agents))
        if ReportSubject.TEAMS in plan.subjects:
            teams = await self._reports.agents(query.model_copy(update={"group": "team"}))
            sections.append(Section(words["team"], DEFINITIONS.agents, teams.lines))
        if ReportSubject.ADHERENCE in plan.subjects:
            figures = [
                one.model_copy(update={"usual": True}) for one in DEFINITIONS.agents if one.name in SHIFT_FIGURES
            ]
            sections.append(Section(words["adherence"], figures, [one for one in agents if one.shift_ms > 0]))
        return sections

    async def _tickets(self, due: DueReport, group: TicketGroup, language: Language) -> Section:
        found = await self._reports.tickets(TicketQuery(since=due.since, until=due.until, by="whole", group=group))
        lines = [self._named(group, line, language) for line in found.lines]
        return Section(_WORDS[language][group], DEFINITIONS.tickets, lines)

    def _named(self, group: str, line: Line, language: Language) -> Line:
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


def _compared(figures: Sequence[Figure], now: Sequence[Line], before: Sequence[Line]) -> list[Compared]:
    usual = [one for one in figures if one.usual]
    return [Compared(one, _value(now, one.name), _value(before, one.name)) for one in usual]


def _value(lines: Sequence[Line], name: str) -> float | None:
    value: float | None = getattr(lines[0], name) if lines else None
    return value


def _by(due: DueReport) -> By:
    days = (due.until - due.since).days
    if days <= SHORT_DAYS:
        return "hour"
    return "day" if days <= LONG_DAYS else "month"
