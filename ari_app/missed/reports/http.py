"""Routes of the reports of missed people and of calls back."""

from ari_app.missed.reports.model import (
    CallBackQuery,
    CallBackReport,
    CallBackSheetQuery,
    RescueQuery,
    RescueReport,
    RescueSheetQuery,
)
from ari_app.missed.reports.service import MissedReports
from crm.reports.definitions.callbacks import CALLBACKS
from crm.reports.definitions.rescue import RESCUE
from crm.reports.report_routes import Report, add_report
from crm.reports.table import ReportTable
from foundation.routes import Routes

CALL_BACK_TABLE = ReportTable("callbacks", "预约回拨", "Calls back", CALLBACKS)
RESCUE_TABLE = ReportTable("rescue", "漏接挽回", "Missed people", RESCUE)


def routes(service: MissedReports) -> Routes:
    """Declare the routes of the reports."""
    table = Routes("missed-reports")
    by_time = "by half hour to year"
    asked = f"Report the calls back that callers asked for, {by_time}, and by queue"
    of_calls_back = (CALL_BACK_TABLE, asked, CallBackQuery, CallBackSheetQuery, CallBackReport, service.call_backs)
    add_report(table, Report("/reports/callbacks", *of_calls_back))
    people = f"Report the people who did not reach an agent, and how many were reached later, {by_time}"
    of_people = (RESCUE_TABLE, people, RescueQuery, RescueSheetQuery, RescueReport, service.rescue)
    add_report(table, Report("/reports/rescue", *of_people))
    return table
