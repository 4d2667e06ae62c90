"""Queries over report plans, the reports made, and their mails."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.notices.model import NoticeDelivery, NoticeFile
from crm.reports.scheduled.model import ReportPlan, ReportRun
from foundation.database import execute


async def plans(session: AsyncSession) -> Sequence[ReportPlan]:
    """Return all plans by name."""
    return (await session.exec(select(ReportPlan).order_by(col(ReportPlan.name), col(ReportPlan.id)))).all()


async def made(session: AsyncSession, plan_id: str) -> set[tuple[date, date]]:
    """Return the times of all reports of a plan."""
    statement = select(col(ReportRun.since), col(ReportRun.until)).where(ReportRun.plan_id == plan_id)
    return {(row[0], row[1]) for row in await session.exec(statement)}


async def last_runs(session: AsyncSession, plan_id: str, most: int) -> Sequence[ReportRun]:
    """Return the last reports of a plan, newest first."""
    statement = select(ReportRun).where(ReportRun.plan_id == plan_id)
    return (await session.exec(statement.order_by(col(ReportRun.until).desc()).limit(most))).all()


async def mails(session: AsyncSession, run_ids: Iterable[str]) -> Sequence[NoticeDelivery]:
    """Return the mails of reports, oldest first."""
    statement = select(NoticeDelivery).where(col(NoticeDelivery.key).in_(list(run_ids)))
    return (await session.exec(statement.order_by(col(NoticeDelivery.sequence)))).all()


async def file_of(session: AsyncSession, run_id: str, ending: str) -> NoticeFile | None:
    """Return a file of a report by the ending of its name."""
    statement = select(NoticeFile).where(NoticeFile.key == run_id, col(NoticeFile.name).endswith(f".{ending}"))
    return (await session.exec(statement)).first()


async def remove_runs(session: AsyncSession, run_ids: Collection[str]) -> None:
    """Remove reports with their files."""
    await execute(session, delete(NoticeFile).where(col(NoticeFile.key).in_(run_ids)))
    await execute(session, delete(ReportRun).where(col(ReportRun.id).in_(run_ids)))


async def run_ids(session: AsyncSession, plan_id: str | None = None, before: datetime | None = None) -> list[str]:
    """Return ids of a plan's reports, or of old ones."""
    statement = select(ReportRun.id)
    if plan_id is not None:
        statement = statement.where(ReportRun.plan_id == plan_id)
    if before is not None:
        statement = statement.where(col(ReportRun.made_at) < before)
    return list((await session.exec(statement)).all())
