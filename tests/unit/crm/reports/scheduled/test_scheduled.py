"""Scheduled reports arrive by mail, once, with both files."""

import asyncio
import io
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from ari_app.campaigns.model import ANSWERS
from crm.history.model import CallRecord
from crm.notices.channels import GatewaySender
from crm.notices.delivering import Deliverer
from crm.notices.model import DeliveryState, NoticeChannel
from crm.reports.counting import CallCounting
from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.model import AgentLine, Language
from crm.reports.scheduled import service as scheduled_service
from crm.reports.scheduled.content import Content, ReportContent, Section
from crm.reports.scheduled.errors import MailboxInvalid, ReportRunNotFound
from crm.reports.scheduled.model import ReportPlanInput
from crm.reports.scheduled.pages import as_pdf
from crm.reports.scheduled.service import Days, ScheduledReports
from crm.reports.scheduled.timing import ReportPeriod
from crm.reports.service import ReportService
from dev.programs import chinese_font
from foundation.database import Database
from foundation.workdays import is_workday
from recordings.model import SEGMENTS
from tests.unit.crm.notices.conftest import IMPATIENT
from tests.unit.crm.notices.test_channels import mail_server, opened

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=ZONE)
FRIDAY = datetime(2026, 11, 27, 9, 0, tzinfo=ZONE)


def named(group: str, key: str, language: Language) -> str | None:
    return "报修" if (group, key, language) == ("queue", "repair", "zh") else None


def scheduled(database: Database) -> ScheduledReports:
    reports = ReportService(database, ZONE.key, ANSWERS, SEGMENTS)
    return ScheduledReports(database, ReportContent(reports, named), Days(ZONE, is_workday), lambda _channels: None)


def plan(period: ReportPeriod = ReportPeriod.DAY, *mailboxes: str) -> ReportPlanInput:
    return ReportPlanInput(name="供热热线", period=period, mailboxes=list(mailboxes) or ["boss@example.org"])


@pytest.fixture
def planned_on_friday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled_service, "utc_now", lambda: FRIDAY.astimezone(UTC))


async def with_calls(database: Database) -> None:
    moment = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
    async with database.write() as session:
        for number in range(3):
            session.add(
                CallRecord(
                    id=f"call-{number}", direction="inbound", outcome="answered", access_number="96001",
                    queue="repair", agent_id="anna", started_at=moment, queued_at=moment, wait_ms=9000,
                    answered_at=moment, ended_at=moment + timedelta(minutes=2), talk_ms=111_000,
                )
            )  # fmt: skip
    await CallCounting(database, ZONE.key, SEGMENTS).catch_up()


async def sent(database: Database, url: str, service: ScheduledReports, count: int) -> None:
    """Deliver until so many mails have arrived."""
    deliverer = Deliverer(database, {NoticeChannel.EMAIL: GatewaySender(url, subject_apart=True)}, IMPATIENT)
    running = asyncio.create_task(deliverer.run())
    try:
        async with asyncio.timeout(15):
            while True:
                deliverer.wake([NoticeChannel.EMAIL])
                receipts = [one for view in await service.plans() for run in view.runs for one in run.receipts]
                if sum(one.state is DeliveryState.SENT for one in receipts) >= count:
                    return
                await asyncio.sleep(0.02)
    finally:
        running.cancel()


async def test_a_report_arrives_with_both_files_and_is_sent_again_by_one_click(
    database: Database, planned_on_friday: None
) -> None:
    await with_calls(database)
    service = scheduled(database)
    await service.create(plan(ReportPeriod.DAY, "boss@example.org", "head@example.org"))

    assert await service.make_due(MONDAY) == 1
    assert await service.make_due(MONDAY + timedelta(hours=3)) == 0
    with mail_server() as (mailbox, url):
        await sent(database, url, service, 2)
        (run,) = (await service.plans())[0].runs
        again = await service.send_again(run.id)
        assert {one.state for one in again.receipts} == {DeliveryState.QUEUED}
        await sent(database, url, service, 2)

    assert len(mailbox.mails) == 4
    assert {address for mail in mailbox.mails for address in mail.rcpt_tos} == {"boss@example.org", "head@example.org"}
    message = opened(mailbox.mails[0])
    assert "供热热线 · 日报 2026-11-27 – 2026-11-29" in str(make_header(decode_header(message["Subject"])))
    files = {part.get_filename(): part.get_payload(decode=True) for part in message.walk() if part.get_filename()}
    pdf, sheet = files["day-2026-11-27-2026-11-29.pdf"], files["day-2026-11-27-2026-11-29.xlsx"]
    assert isinstance(pdf, bytes)
    assert pdf.startswith(b"%PDF")
    assert isinstance(sheet, bytes)
    book = load_workbook(io.BytesIO(sheet))
    assert book.sheetnames[:3] == ["摘要", "话务走势", "各队列话务"]
    rows = list(book["各队列话务"].iter_rows(values_only=True))
    assert rows[1][3] == "报修"
    assert ("接通量", 3, None, None) in list(book["摘要"].iter_rows(values_only=True))


async def test_what_was_missed_while_the_service_was_down_is_made_up_once_by_two_processes(
    database: Database, planned_on_friday: None
) -> None:
    service, other = scheduled(database), scheduled(database)
    await service.create(plan(ReportPeriod.DAY))
    await service.create(plan(ReportPeriod.MONTH))

    after = datetime(2026, 12, 11, 7, 0, tzinfo=ZONE)
    made = await asyncio.gather(service.make_due(after), other.make_due(after))

    daily, monthly = sorted(await service.plans(), key=lambda one: one.period)
    # Workdays from 30 November to 10 December, and November on the 10th.
    assert sum(made) == 9 + 1
    assert [(str(one.since), str(one.until)) for one in monthly.runs] == [("2026-11-01", "2026-12-01")]
    assert len(daily.runs) == scheduled_service.SHOWN_RUNS
    assert all(len(one.receipts) == 1 for one in daily.runs)


@pytest.mark.parametrize(("file", "name"), [(chinese_font(), b"WenQuanYiMicroHei"), (None, b"STSong-Light")])
def test_a_printed_report_brings_its_letters_along(file: Path | None, name: bytes) -> None:
    day = date(2026, 11, 30)
    lines = [AgentLine(since=MONDAY, until=MONDAY, key="anna", name="王秀英")]
    content = Content("月报", day, day, "zh", ZONE.key, [], [Section("坐席", DEFINITIONS.agents, lines)])
    printed = as_pdf(content, file)
    assert name in printed
    assert (b"/FontFile2" in printed) is (file is not None)
    # Only the letters of this report.
    assert len(printed) < 100_000


async def test_a_plan_says_that_no_mail_can_go_out(database: Database) -> None:
    reports = ReportContent(ReportService(database, ZONE.key, ANSWERS, SEGMENTS), named)
    without = ScheduledReports(database, reports, Days(ZONE, is_workday), lambda _channels: None, can_mail=False)
    assert not (await without.create(plan())).can_be_mailed
    assert [one.can_be_mailed for one in await scheduled(database).plans()] == [True]


async def test_a_wrong_mailbox_is_named(database: Database) -> None:
    with pytest.raises(MailboxInvalid, match=r"mailboxes\.1 must be a mailbox"):
        await scheduled(database).create(plan(ReportPeriod.DAY, "a@example.org", "nobody"))


async def test_a_removed_plan_takes_its_reports_along(database: Database, planned_on_friday: None) -> None:
    service = scheduled(database)
    created = await service.create(plan())
    await service.make_due(MONDAY)
    (run,) = (await service.plans())[0].runs

    await service.remove(created.id)

    assert await service.plans() == []
    with pytest.raises(ReportRunNotFound):
        await service.file(run.id, "pdf")


async def test_an_inactive_plan_makes_nothing_and_later_does_not_make_it_up(
    database: Database, planned_on_friday: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = scheduled(database)
    created = await service.create(plan().model_copy(update={"active": False}))
    assert await service.make_due(MONDAY) == 0

    monkeypatch.setattr(scheduled_service, "utc_now", lambda: MONDAY + timedelta(hours=1))
    await service.change(created.id, plan())

    assert await service.make_due(MONDAY + timedelta(hours=2)) == 0
    assert await service.make_due(MONDAY + timedelta(days=1)) == 1
