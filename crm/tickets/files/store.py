"""Queries over files of tickets."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sql
from sqlalchemy import Connection
from sqlmodel import SQLModel, col, delete, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.files.model import FileUse, TicketFile, TicketFileUse
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.routes import Principal

_FILE = SQLModel.metadata.tables[TicketFile.__tablename__].c


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketFile]:
    """Return the files that actions brought to a ticket, in order."""
    wanted = (TicketFile.ticket_id == ticket_id, col(TicketFile.version).is_not(None), ~col(TicketFile.erased))
    return (await session.exec(select(TicketFile).where(*wanted).order_by(col(TicketFile.id)))).all()


def counts(connection: Connection, ticket_ids: Collection[str]) -> dict[str, int]:
    """Count the files of each ticket that has some."""
    statement = (
        sql.select(_FILE.ticket_id, sql.func.count().label("number"))
        .where(_FILE.ticket_id.in_(ticket_ids), _FILE.version.is_not(None), ~_FILE.erased)
        .group_by(_FILE.ticket_id)
    )
    return {row.ticket_id: row.number for row in connection.execute(statement)}


async def count_of_ticket(session: AsyncSession, ticket_id: str) -> int:
    """Return how many files a ticket has, unnamed ones included."""
    return (await session.exec(select(func.count()).where(TicketFile.ticket_id == ticket_id))).one()


async def of_request(session: AsyncSession, key: str) -> TicketFile | None:
    """Return the file that a request uploaded before."""
    return (await session.exec(select(TicketFile).where(TicketFile.request_key == key))).one_or_none()


async def held(session: AsyncSession, ids: Collection[str]) -> dict[str, TicketFile]:
    """Lock files; return them by id."""
    wanted = select(TicketFile).where(col(TicketFile.id).in_(ids)).with_for_update()
    return {one.id: one for one in (await session.exec(wanted)).all()}


async def remove_unwanted(session: AsyncSession, before: datetime) -> list[str]:
    """Remove entries that no action named, and those of erased persons.

    Returns:
        the names of their files.
    """
    forgotten = col(TicketFile.version).is_(None) & (col(TicketFile.at) < before)
    wanted = select(TicketFile.id, TicketFile.file).where(or_(forgotten, col(TicketFile.erased)))
    found = (await session.exec(wanted)).all()
    if found:
        await session.exec(delete(TicketFile).where(col(TicketFile.id).in_([file_id for file_id, _ in found])))
    return [name for _, name in found]


async def known(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return the ids that have an entry."""
    return set((await session.exec(select(TicketFile.id).where(col(TicketFile.id).in_(ids)))).all())


def note_use(session: AsyncSession, file_id: str, action: FileUse, by: Principal | None) -> None:
    """Note a use of a file in the audit."""
    session.add(
        TicketFileUse(
            id=new_id("use"),
            file_id=file_id,
            at=utc_now(),
            action=action,
            staff_id=by.staff_id if by is not None else None,
            staff_name=f"{by.name} ({by.staff_number})" if by is not None else "",
        )
    )
