"""Routes of reports."""

from crm.reports.definitions.catalogue import DEFINITIONS, FigureDefinitions
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
    ReportNow,
    ResultQuery,
    ResultReport,
    ResultSheetQuery,
    TicketQuery,
    TicketReport,
    TicketSheetQuery,
)
from crm.reports.report_routes import READERS, Report, add_report
from crm.reports.service import ReportService
from crm.reports.staffing.model import StaffingQuery, StaffingReport, StaffingSheetQuery
from crm.reports.staffing.service import StaffingService
from crm.reports.standards import Verdict
from crm.reports.table import AGENT_TABLE, CALL_TABLE, FLOW_TABLE, RESULT_TABLE, STAFFING_TABLE, TICKET_TABLE
from foundation.routes import NoQuery, Request, Routes


def routes(service: ReportService, staffing: StaffingService) -> Routes:
    """Declare the routes of reports."""
    table = Routes("reports")
    by_time = "by half hour to year"
    calls = f"Report calls {by_time}, and by queue, access number, agent or team"
    tickets = f"Report tickets {by_time} of registration, and by kind, channel, department, category or area"
    agents = f"Report the time by state, calls, occupancy and adherence of each agent or team, {by_time}"
    plan = "Plan the agents of a day by half hour, from the same weekdays before"
    add_report(table, Report("/reports/calls", CALL_TABLE, calls, CallQuery, CallSheetQuery, CallReport, service.calls))
    of_tickets = (TICKET_TABLE, tickets, TicketQuery, TicketSheetQuery, TicketReport, service.tickets)
    add_report(table, Report("/reports/tickets", *of_tickets))
    of_agents = (AGENT_TABLE, agents, AgentQuery, AgentSheetQuery, AgentReport, service.agents)
    add_report(table, Report("/reports/agents", *of_agents))
    flows = f"Report how callers followed each flow, {by_time}, and at which step they left it"
    of_flows = (FLOW_TABLE, flows, FlowQuery, FlowSheetQuery, FlowReport, service.flows)
    add_report(table, Report("/reports/flows", *of_flows))
    results = f"Report the results that agents chose for calls, {by_time}, and by queue"
    of_results = (RESULT_TABLE, results, ResultQuery, ResultSheetQuery, ResultReport, service.results)
    add_report(table, Report("/reports/results", *of_results))
    of_staffing = (STAFFING_TABLE, plan, StaffingQuery, StaffingSheetQuery, StaffingReport, staffing.plan)
    add_report(table, Report("/reports/staffing", *of_staffing))
    _add_others(table, service)
    return table


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
