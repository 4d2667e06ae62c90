"""Queries over forms."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.kinds import TicketKind
from crm.tickets.forms.model import SHIPPED, FormView, TicketForm


async def in_force(session: AsyncSession, kind: TicketKind) -> FormView:
    """Return the newest form of a kind."""
    statement = select(TicketForm).where(TicketForm.kind == kind).order_by(col(TicketForm.version).desc()).limit(1)
    found = (await session.exec(statement)).one_or_none()
    return FormView.model_validate(found) if found is not None else _shipped(kind)


async def of_version(session: AsyncSession, kind: TicketKind, version: int) -> FormView | None:
    """Return a version of a kind's form."""
    if version == 0:
        return _shipped(kind)
    found = await session.get(TicketForm, (kind, version))
    return FormView.model_validate(found) if found is not None else None


def _shipped(kind: TicketKind) -> FormView:
    return FormView(kind=kind, version=0, fields=SHIPPED[kind])
