"""Routes of reports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from crm.reports.definitions import DEFINITIONS, FigureDefinitions
from crm.reports.model import (
    AgentQuery,
    AgentReport,
    AgentSheetQuery,
    CallQuery,
    CallReport,
    CallSheetQuery,
    FlowQuery,
    FlowReport,
    FlowSheetQuery,
    Language,
    ReportNow,
    TicketQuery,
    TicketReport,
    TicketSheetQuery,
)
from crm.reports.service import ReportService
from crm.reports.staffing.model import StaffingQuery, StaffingReport, StaffingSheetQuery
from crm.reports.staffing.service import StaffingService
from crm.reports.standards import Verdict
from crm.reports.table import (
    AGENT_TABLE,
    CALL_TABLE,
    FLOW_TABLE,
    STAFFING_TABLE,
    TICKET_TABLE,
    AnyReport,
    ReportTable,
    as_csv,
    as_sheet,
)
from foundation.routes import LEADERS, Download, NoQuery, Page, Request, Role, Routes

Query = TypeVar("Query", bound=BaseModel)
Made = TypeVar("Made", bound=AnyReport)

READERS = LEADERS | {Role.QUALITY}


@dataclass(frozen=True)
class Report(Generic[Query, Made]):
    """Report of the API: as JSON, CSV and spreadsheet."""

    path: str
    table: ReportTable
    summary: str
    query: type[Query]
    sheet_query: type[Query]
    response: type[Made]
    make: Callable[[Query], Awaitable[Made]]


def routes(service: ReportService, staffing: StaffingService) -> Routes:
    """Declare the routes of reports."""
    table = Routes("reports")
    by_time = "by half hour to year"
    calls = f"Report calls {by_time}, and by queue, access number or agent"
    tickets = f"Report tickets {by_time} of registration, and by kind, department, category or area"
    agents = f"Report each agent's time by state, calls and occupancy, {by_time}"
    plan = "Plan the agents of a day by half hour, from the same weekdays before"
    _add(table, Report("/reports/calls", CALL_TABLE, calls, CallQuery, CallSheetQuery, CallReport, service.calls))
    of_tickets = (TICKET_TABLE, tickets, TicketQuery, TicketSheetQuery, TicketReport, service.tickets)
    _add(table, Report("/reports/tickets", *of_tickets))
    of_agents = (AGENT_TABLE, agents, AgentQuery, AgentSheetQuery, AgentReport, service.agents)
    _add(table, Report("/reports/agents", *of_agents))
    flows = f"Report how callers followed each flow, {by_time}, and at which step they left it"
    of_flows = (FLOW_TABLE, flows, FlowQuery, FlowSheetQuery, FlowReport, service.flows)
    _add(table, Report("/reports/flows", *of_flows))
    of_staffing = (STAFFING_TABLE, plan, StaffingQuery, StaffingSheetQuery, StaffingReport, staffing.plan)
    _add(table, Report("/reports/staffing", *of_staffing))
    _add_others(table, service)
    return table


def _add(table: Routes, report: Report[Query, Made]) -> None:
    """Declare the three routes of a report."""

    @table.add("GET", report.path, roles=READERS, summary=report.summary, query=report.query, response=report.response)
    async def as_json(request: Request[None, Query]) -> Made:
        return await report.make(request.query)

    @table.add(
        "GET",
        f"{report.path}.csv",
        roles=READERS,
        summary=f"Return the report of {report.table.of} as CSV",
        query=report.sheet_query,
        response=Page,
    )
    async def as_text(request: Request[None, Query]) -> Page:
        made = await report.make(request.query)
        language: Language = getattr(request.query, "language", "zh")
        return as_csv(report.table, made, None if getattr(request.query, "codes", False) else language)

    @table.add(
        "GET",
        f"{report.path}.xlsx",
        roles=READERS,
        summary=f"Return the report of {report.table.of} as a spreadsheet",
        query=report.sheet_query,
        response=Download,
    )
    async def as_book(request: Request[None, Query]) -> Download:
        made = await report.make(request.query)
        language: Language = getattr(request.query, "language", "zh")
        return await asyncio.to_thread(as_sheet, report.table, made, language)


def _add_others(table: Routes, service: ReportService) -> None:
    @table.add(
        "GET",
        "/figure-definitions",
        roles=READERS,
        summary="List the figures of reports, each with its formula",
        response=FigureDefinitions,
    )
    async def definitions(_request: Request[None, NoQuery]) -> FigureDefinitions:
        return DEFINITIONS

    @table.add(
        "GET",
        "/reports/now",
        roles=READERS,
        summary="Return each queue's figures of the last minutes and of today, for the board",
        response=ReportNow,
    )
    async def now(_request: Request[None, NoQuery]) -> ReportNow:
        return await service.now()

    @table.add(
        "GET",
        "/reports/standards",
        roles=READERS,
        summary="Judge the calls of a time by the standards for hotlines, with the evidence",
        query=CallQuery,
        response=list[Verdict],
    )
    async def standards(request: Request[None, CallQuery]) -> list[Verdict]:
        return await service.standards(request.query)
