"""Queries over what supervisors did."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.supervision.model import FindUses, SupervisorAudit


async def uses(session: AsyncSession, wanted: FindUses) -> Sequence[SupervisorAudit]:
    """Return orders of supervisors, newest first."""
    statement = select(SupervisorAudit).order_by(col(SupervisorAudit.at).desc()).limit(wanted.limit)
    if wanted.call_id is not None:
        statement = statement.where(SupervisorAudit.call_id == wanted.call_id)
    if wanted.agent_id is not None:
        statement = statement.where(SupervisorAudit.agent_id == wanted.agent_id)
    return (await session.exec(statement)).all()
