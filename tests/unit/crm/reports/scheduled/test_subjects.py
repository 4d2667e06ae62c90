"""Every part of a scheduled report, as spreadsheet and PDF."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from ari_app.campaigns.model import ANSWERS
from ari_app.missed.reports.scheduled import call_back_section, rescue_section
from ari_app.missed.reports.service import MissedReports
from crm.history.facts import AgentTime
from crm.history.model import CallRecord
from crm.kinds import TicketKind
from crm.reports.counting import CallCounting
from crm.reports.matrix.scheduled import matrix_section
from crm.reports.matrix.service import MatrixService
from crm.reports.model import Language
from crm.reports.scheduled.content import Content, ReportContent
from crm.reports.scheduled.model import ReportPlan, ReportPlanInput, ReportSubject
from crm.reports.scheduled.pages import as_pdf, as_sheet
from crm.reports.scheduled.timing import DueReport, ReportPeriod
from crm.reports.service import ReportService
from crm.shifts.model import PlannedShift
from crm.staff.model import Staff
from crm.tickets.model import Channel
from foundation.database import Database
from foundation.routes import Role
from recordings.model import SEGMENTS

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 26, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = DueReport(date(2026, 11, 27), date(2026, 11, 26), date(2026, 11, 27))
NAMES = {
    ("queue", "repair", "zh"): "报修",
    ("queue", "repair", "en"): "Repair",
    ("kind", "fault", "zh"): "故障",
    ("channel", "web", "zh"): "网站",
}


def named(group: str, key: str, language: Language) -> str | None:
    return NAMES.get((group, key, language))


def content_of(database: Database) -> ReportContent:
    reports = ReportService(database, ZONE.key, ANSWERS, SEGMENTS)
    ways = [(kind, channel) for kind in TicketKind for channel in Channel]
    ways.remove((TicketKind.FAULT, Channel.WEB))
    matrix = MatrixService(reports, lambda: {way: ["desk"] for way in ways})
    missed = MissedReports(database, ZONE.key)
    further = {
        ReportSubject.MATRIX: matrix_section(matrix, named, ZONE),
        ReportSubject.CALLBACKS: call_back_section(missed, named),
        ReportSubject.RESCUE: rescue_section(missed, named),
    }
    return ReportContent(reports, named, further)


def plan(language: Language, *subjects: ReportSubject) -> ReportPlan:
    return ReportPlan(
        id="plan-1", name="供热热线", period=ReportPeriod.DAY, day=1, hour=8, language=language, mailboxes=[],
        subjects=[str(one) for one in subjects], since=BEGIN,
    )  # fmt: skip


@pytest.fixture
async def a_day(database: Database) -> None:
    """Store half a kept shift and a caller who gave up."""
    staff = Staff(
        id="anna", staff_number="1001", name="王秀英", role=Role.AGENT, team="甲班", password_hash="", created_at=BEGIN
    )
    call = CallRecord(
        id="call-1", direction="inbound", outcome="abandoned", access_number="96001", queue="repair", flow="hotline",
        number="13800000001", started_at=BEGIN, queued_at=BEGIN, ended_at=BEGIN + HOUR / 60, wait_ms=60_000,
    )  # fmt: skip
    async with database.write() as session:
        session.add(staff)
    async with database.write() as session:
        session.add(PlannedShift(id="s-1", staff_id="anna", since=BEGIN, until=BEGIN + 2 * HOUR))
        session.add(AgentTime(id="t-1", agent_id="anna", state="ready", since=BEGIN, until=BEGIN + HOUR))
        session.add(call)
    await CallCounting(database, ZONE.key, SEGMENTS).catch_up()


def tables(content: Content) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(as_sheet(content)))
    return {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}


async def test_every_part_is_in_both_files(database: Database, a_day: None) -> None:
    content = await content_of(database).of(plan("zh", *ReportSubject), DUE)
    found = tables(content)
    assert [*found] == [
        "摘要", "话务走势", "各队列话务", "坐席", "班组", "班表遵守", "工单 按类型", "工单 按责任部门", "工单 按原因",
        "流程", "业务 × 渠道", "预约回拨 按队列", "漏接挽回 按队列",
    ]  # fmt: skip
    assert found["班组"][1][2] == "甲班"
    assert found["班表遵守"][0][4:] == ("排班时长", "遵守时长", "班表遵守率")
    assert (found["班表遵守"][1][3], found["班表遵守"][1][6]) == ("王秀英", 0.5)
    assert found["业务 × 渠道"][1][3] == "故障 × 网站 · 无人受理"
    rescue = dict(zip(*found["漏接挽回 按队列"], strict=True))
    assert (rescue["名称"], rescue["漏接人数"], rescue["待挽回人数"]) == ("报修", 1, 1)
    assert as_pdf(content, None).startswith(b"%PDF")


async def test_parts_are_those_of_the_plan_in_its_language(database: Database, a_day: None) -> None:
    chosen = (ReportSubject.TEAMS, ReportSubject.ADHERENCE, ReportSubject.RESCUE)
    content = await content_of(database).of(plan("en", *chosen), DUE)
    assert [*tables(content)][1:] == ["Teams", "Adherence to shifts", "Missed people by queue"]
    assert content.sections[-1].lines[0].name == "Repair"


def test_a_plan_without_a_choice_has_the_usual_parts() -> None:
    given = ReportPlanInput(name="日报", period=ReportPeriod.DAY, mailboxes=["boss@example.org"])
    assert given.subjects == [ReportSubject.CALLS, ReportSubject.AGENTS, ReportSubject.TICKETS]
