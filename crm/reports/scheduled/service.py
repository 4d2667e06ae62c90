"""Use cases of scheduled reports: planning, making, sending again."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.notices.address import is_mailbox
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeFile
from crm.reports import sheet
from crm.reports.scheduled import pages, store
from crm.reports.scheduled.content import Content, ReportContent, change_text, figure_name, figure_text
from crm.reports.scheduled.errors import MailboxInvalid, ReportPlanNotFound, ReportRunNotFound
from crm.reports.scheduled.model import (
    ReportPlan,
    ReportPlanInput,
    ReportPlanView,
    ReportReceipt,
    ReportRun,
    ReportRunView,
)
from crm.reports.scheduled.timing import DUE_DAY, MONTHS, DueReport, IsWorkday, due_reports
from foundation.clock import utc_now
from foundation.database import Database, out_of_reach
from foundation.ids import new_id
from foundation.reader import reading
from foundation.routes import Download

KIND = "report.made"
LOOK_EVERY_S = 30.0
LOOKED_BACK = timedelta(days=31)
"""Reports due earlier than that are not made up."""
SHOWN_RUNS = 5
KEPT = timedelta(days=1100)

log = structlog.get_logger()


@dataclass(frozen=True)
class Days:
    """Calendar that reports follow."""

    zone: ZoneInfo
    is_workday: IsWorkday


class ScheduledReports:
    """Plans of reports, and background part that makes due ones.

    Every process looks. A report, its files and its mails are one transaction, and a plan has one report of a time: of
    two processes that make the same one the second stores nothing, and a process killed in the middle made none.
    """

    def __init__(
        self,
        database: Database,
        content: ReportContent,
        days: Days,
        on_due: Callable[[Collection[NoticeChannel]], None],
        *,
        can_mail: bool = True,
        font: Path | None = None,
    ) -> None:
        """Create the service.

        Args:
            on_due: wakes channels with a due mail.
            font: of printed reports, with Chinese letters.
        """
        self._font = font
        self._can_mail = can_mail
        self._database = database
        self._content = content
        self._days = days
        self._on_due = on_due

    async def plans(self) -> list[ReportPlanView]:
        """Return all plans, each with its last reports."""
        async with self._database.read() as session:
            return [await self._view(session, plan) for plan in await store.plans(session)]

    async def create(self, given: ReportPlanInput) -> ReportPlanView:
        """Create a plan; its first report is the next one due.

        Raises:
            MailboxInvalid: a mailbox is wrong.
        """
        plan = ReportPlan(id=new_id("report-plan"), since=utc_now(), **_fields(given))
        async with self._database.write() as session:
            session.add(plan)
        async with self._database.read() as session:
            return await self._view(session, plan)

    async def change(self, plan_id: str, given: ReportPlanInput) -> ReportPlanView:
        """Change a plan; earlier due days are not made up.

        Raises:
            ReportPlanNotFound: there is none.
            MailboxInvalid: a mailbox is wrong.
        """
        fields = _fields(given)
        async with self._database.write() as session:
            plan = await _found(session, plan_id)
            timing = ("period", "day", "hour", "active")
            if any(getattr(plan, name) != fields[name] for name in timing):
                plan.since = utc_now()
            plan.sqlmodel_update(fields)
        async with self._database.read() as session:
            return await self._view(session, plan)

    async def remove(self, plan_id: str) -> None:
        """Remove a plan and its reports; the log of mails stays.

        Raises:
            ReportPlanNotFound: there is none.
        """
        async with self._database.write() as session:
            plan = await _found(session, plan_id)
            await store.remove_runs(session, await store.run_ids(session, plan_id))
            await session.delete(plan)

    async def send_again(self, run_id: str) -> ReportRunView:
        """Send a report, as made, to its plan's present mailboxes.

        Raises:
            ReportRunNotFound: it was not made, or is no longer kept.
        """
        async with self._database.write() as session:
            run = await session.get(ReportRun, run_id)
            pdf = await store.file_of(session, run_id, "pdf")
            if run is None or pdf is None:
                raise ReportRunNotFound(f"there is no report {run_id}")
            plan = await _found(session, run.plan_id)
            earlier = await store.mails(session, [run_id])
            said = (earlier[-1].subject, earlier[-1].text) if earlier else (plan.name, "")
            session.add_all(_mails(plan, run, new_id("event"), *said))
        self._on_due({NoticeChannel.EMAIL})
        async with self._database.read() as session:
            return await _run_view(session, run)

    async def file(self, run_id: str, ending: str) -> Download:
        """Return a file of a report.

        Raises:
            ReportRunNotFound: it was not made, or is no longer kept.
        """
        async with self._database.read() as session:
            found = await store.file_of(session, run_id, ending)
        if found is None:
            raise ReportRunNotFound(f"there is no report {run_id}")
        return Download(found.content, found.media_type, found.name)

    async def run(self) -> None:
        """Make what is due, until cancelled."""
        while True:
            try:
                await self.make_due(utc_now())
                await self._prune()
            except Exception as error:
                if not out_of_reach(error):
                    log.exception("scheduled_reports_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def make_due(self, now: datetime) -> int:
        """Make each due report that is missing; return how many.

        A plan that fails is logged and tried again at the next look: it stops no other.
        """
        async with self._database.read() as session:
            plans = [plan for plan in await store.plans(session) if plan.active]
            missing = {plan.id: await self._missing(session, plan, now) for plan in plans}
        made = 0
        for plan in plans:
            for due in missing[plan.id]:
                try:
                    made += await self._make(plan, due)
                except Exception as error:
                    if out_of_reach(error):
                        raise
                    log.exception("scheduled_report_failed", plan_id=plan.id, since=str(due.since))
        if made:
            self._on_due({NoticeChannel.EMAIL})
        return made

    async def _missing(self, session: AsyncSession, plan: ReportPlan, now: datetime) -> list[DueReport]:
        earliest = max(plan.since, now - LOOKED_BACK)
        known = await store.made(session, plan.id)
        due = [one for one in self._due(plan, earliest, now) if earliest <= self._at(plan, one.due) <= now]
        return [one for one in due if (one.since, one.until) not in known]

    def _due(self, plan: ReportPlan, since: datetime, until: datetime) -> list[DueReport]:
        days = [moment.astimezone(self._days.zone).date() for moment in (since, until)]
        return list(due_reports(plan.period, plan.day, self._days.is_workday, days[0], days[1]))

    def _at(self, plan: ReportPlan, day: date) -> datetime:
        return datetime.combine(day, time(plan.hour), self._days.zone)

    async def _make(self, plan: ReportPlan, due: DueReport) -> bool:
        """Make a report; return False where another process made it."""
        with reading("en" if plan.language == "en" else "zh"):
            content = await self._content.of(plan, due)
        pdf, book = await asyncio.to_thread(lambda: (pages.as_pdf(content, self._font), pages.as_sheet(content)))
        run = ReportRun(
            id=new_id("report"),
            plan_id=plan.id,
            since=due.since,
            until=due.until,
            due_at=self._at(plan, due.due),
            made_at=utc_now(),
        )
        name = f"{plan.period}-{content.since}-{content.last}"
        files = [
            NoticeFile(key=run.id, name=f"{name}.pdf", media_type=pages.PDF_TYPE, content=pdf),
            NoticeFile(key=run.id, name=f"{name}.xlsx", media_type=sheet.TYPE, content=book),
        ]
        try:
            async with self._database.write() as session:
                session.add(run)
                await session.flush()
                session.add_all([*files, *_mails(plan, run, run.id, *_said(content))])
        except IntegrityError:
            log.info("report_made_elsewhere", plan_id=plan.id, since=str(due.since))
            return False
        log.info("report_made", plan_id=plan.id, since=str(due.since), until=str(due.until))
        return True

    async def _view(self, session: AsyncSession, plan: ReportPlan) -> ReportPlanView:
        now = utc_now()
        ahead = self._due(plan, now, now + timedelta(days=40 + 31 * MONTHS.get(plan.period, 0))) if plan.active else []
        following = (one.due for one in ahead if self._at(plan, one.due) > now)
        runs = [await _run_view(session, run) for run in await store.last_runs(session, plan.id, SHOWN_RUNS)]
        facts = {**plan.model_dump(), "next_due": next(following, None), "can_be_mailed": self._can_mail}
        return ReportPlanView.model_validate({**facts, "runs": runs})

    async def _prune(self) -> None:
        async with self._database.read() as session:
            old = await store.run_ids(session, before=utc_now() - KEPT)
        if old:
            async with self._database.write() as session:
                await store.remove_runs(session, old)


def _fields(given: ReportPlanInput) -> dict[str, Any]:
    for place, mailbox in enumerate(given.mailboxes):
        if not is_mailbox(mailbox):
            raise MailboxInvalid(place)
    day = given.day if given.day is not None else DUE_DAY.get(given.period, 1)
    return {**given.model_dump(), "day": day}


async def _found(session: AsyncSession, plan_id: str) -> ReportPlan:
    plan = await session.get(ReportPlan, plan_id)
    if plan is None:
        raise ReportPlanNotFound(f"there is no report plan {plan_id}")
    return plan


def _said(content: Content) -> tuple[str, str]:
    """Return subject and text of the mail."""
    days = str(content.since) if content.since == content.last else f"{content.since} – {content.last}"
    lines = [
        f"{figure_name(one.figure, content.language)}: {figure_text(one.figure, one.now)} {change_text(one)}".rstrip()
        for one in content.summary
    ]
    return f"{content.title} {days}", "\n".join([f"{content.title} {days}", "", *lines])


def _mails(plan: ReportPlan, run: ReportRun, event_id: str, subject: str, text: str) -> list[NoticeDelivery]:
    now = utc_now()
    return [
        NoticeDelivery(
            id=new_id("notice"),
            event_id=event_id,
            kind=KIND,
            key=run.id,
            addressee=mailbox,
            channel=NoticeChannel.EMAIL,
            subject=subject,
            text=text,
            happened_at=run.made_at,
            created_at=now,
            next_at=now,
            state=DeliveryState.QUEUED,
        )
        for mailbox in plan.mailboxes
    ]


async def _run_view(session: AsyncSession, run: ReportRun) -> ReportRunView:
    newest = {mail.addressee: mail for mail in await store.mails(session, [run.id])}
    receipts = [
        ReportReceipt(mailbox=mailbox, state=mail.state, sent_at=mail.sent_at, error=mail.error)
        for mailbox, mail in newest.items()
    ]
    return ReportRunView(**run.model_dump(exclude={"plan_id"}), receipts=receipts)
