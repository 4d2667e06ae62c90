"""Routes of scheduled reports."""

from crm.reports.scheduled.model import ReportFileQuery, ReportPlanInput, ReportPlanView, ReportRunView
from crm.reports.scheduled.service import ScheduledReports
from foundation.routes import ADMINISTRATORS, LEADERS, Download, NoQuery, Request, Routes


def routes(scheduled: ScheduledReports) -> Routes:
    """Declare the routes of scheduled reports."""
    table = Routes("reports")

    @table.add(
        "GET",
        "/report-plans",
        roles=LEADERS,
        summary="List the plans of scheduled reports, each with its last reports and the receipts of their mails",
        response=list[ReportPlanView],
    )
    async def plans(_request: Request[None, NoQuery]) -> list[ReportPlanView]:
        return await scheduled.plans()

    @table.add(
        "POST",
        "/report-plans",
        roles=ADMINISTRATORS,
        summary="Plan a report that is sent by mail on its days",
        body=ReportPlanInput,
        response=ReportPlanView,
        status=201,
        problems=(422,),
    )
    async def create(request: Request[ReportPlanInput, NoQuery]) -> ReportPlanView:
        return await scheduled.create(request.body)

    @table.add(
        "PUT",
        "/report-plans/{plan_id}",
        roles=ADMINISTRATORS,
        summary="Change the plan of a report",
        body=ReportPlanInput,
        response=ReportPlanView,
        problems=(404, 422),
    )
    async def change(request: Request[ReportPlanInput, NoQuery]) -> ReportPlanView:
        return await scheduled.change(request.path["plan_id"], request.body)

    @table.add(
        "DELETE",
        "/report-plans/{plan_id}",
        roles=ADMINISTRATORS,
        summary="Remove the plan of a report and the reports it made",
        response=None,
        problems=(404,),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await scheduled.remove(request.path["plan_id"])

    _add_runs(table, scheduled)
    return table


def _add_runs(table: Routes, scheduled: ScheduledReports) -> None:
    @table.add(
        "POST",
        "/report-runs/{run_id}/mails",
        roles=LEADERS,
        summary="Send a report that was made again, to the mailboxes of its plan",
        response=ReportRunView,
        status=201,
        problems=(404,),
    )
    async def send_again(request: Request[None, NoQuery]) -> ReportRunView:
        return await scheduled.send_again(request.path["run_id"])

    @table.add(
        "GET",
        "/report-runs/{run_id}/file",
        roles=LEADERS,
        summary="Return a report that was made, as PDF or spreadsheet",
        query=ReportFileQuery,
        response=Download,
        problems=(404,),
    )
    async def file(request: Request[None, ReportFileQuery]) -> Download:
        return await scheduled.file(request.path["run_id"], request.query.kind)
