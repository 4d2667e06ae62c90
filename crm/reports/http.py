"""Routes of reports."""

import asyncio

from crm.reports.definitions import DEFINITIONS, FigureDefinitions
from crm.reports.model import (
    AgentQuery,
    AgentReport,
    AgentSheetQuery,
    CallQuery,
    CallReport,
    CallSheetQuery,
    ReportNow,
    TicketQuery,
    TicketReport,
    TicketSheetQuery,
)
from crm.reports.service import ReportService
from crm.reports.standards import Verdict
from crm.reports.table import (
    agents_as_csv,
    agents_as_sheet,
    calls_as_csv,
    calls_as_sheet,
    tickets_as_csv,
    tickets_as_sheet,
)
from foundation.routes import LEADERS, Download, NoQuery, Page, Request, Role, Routes

READERS = LEADERS | {Role.QUALITY}


def routes(service: ReportService) -> Routes:
    """Declare the routes of reports."""
    table = Routes("reports")

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
        "/reports/calls",
        roles=READERS,
        summary="Report calls by half hour to year, and by queue, access number or agent",
        query=CallQuery,
        response=CallReport,
    )
    async def calls(request: Request[None, CallQuery]) -> CallReport:
        return await service.calls(request.query)

    @table.add(
        "GET",
        "/reports/calls.csv",
        roles=READERS,
        summary="Return the report of calls as CSV",
        query=CallQuery,
        response=Page,
    )
    async def calls_table(request: Request[None, CallQuery]) -> Page:
        return calls_as_csv((await service.calls(request.query)).lines, service.zone)

    @table.add(
        "GET",
        "/reports/calls.xlsx",
        roles=READERS,
        summary="Return the report of calls as a spreadsheet",
        query=CallSheetQuery,
        response=Download,
    )
    async def calls_sheet(request: Request[None, CallSheetQuery]) -> Download:
        report = await service.calls(request.query)
        return await asyncio.to_thread(calls_as_sheet, report, request.query.language)

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

    @table.add(
        "GET",
        "/reports/tickets",
        roles=READERS,
        summary="Report tickets by half hour to year of registration, and by kind, department, category or area",
        query=TicketQuery,
        response=TicketReport,
    )
    async def tickets(request: Request[None, TicketQuery]) -> TicketReport:
        return await service.tickets(request.query)

    @table.add(
        "GET",
        "/reports/tickets.csv",
        roles=READERS,
        summary="Return the report of tickets as CSV",
        query=TicketQuery,
        response=Page,
    )
    async def tickets_table(request: Request[None, TicketQuery]) -> Page:
        return tickets_as_csv((await service.tickets(request.query)).lines, service.zone)

    @table.add(
        "GET",
        "/reports/tickets.xlsx",
        roles=READERS,
        summary="Return the report of tickets as a spreadsheet",
        query=TicketSheetQuery,
        response=Download,
    )
    async def tickets_sheet(request: Request[None, TicketSheetQuery]) -> Download:
        report = await service.tickets(request.query)
        return await asyncio.to_thread(tickets_as_sheet, report, request.query.language)

    _add_agents(table, service)
    return table


def _add_agents(table: Routes, service: ReportService) -> None:
    @table.add(
        "GET",
        "/reports/agents",
        roles=READERS,
        summary="Report each agent's time by state, calls and occupancy, by half hour to year",
        query=AgentQuery,
        response=AgentReport,
    )
    async def agents(request: Request[None, AgentQuery]) -> AgentReport:
        return await service.agents(request.query)

    @table.add(
        "GET",
        "/reports/agents.csv",
        roles=READERS,
        summary="Return the report of agents as CSV",
        query=AgentQuery,
        response=Page,
    )
    async def agents_table(request: Request[None, AgentQuery]) -> Page:
        return agents_as_csv((await service.agents(request.query)).lines, service.zone)

    @table.add(
        "GET",
        "/reports/agents.xlsx",
        roles=READERS,
        summary="Return the report of agents as a spreadsheet",
        query=AgentSheetQuery,
        response=Download,
    )
    async def agents_sheet(request: Request[None, AgentSheetQuery]) -> Download:
        report = await service.agents(request.query)
        return await asyncio.to_thread(agents_as_sheet, report, request.query.language)
