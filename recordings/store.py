"""Queries on recordings and their audit."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import sqlalchemy as sql
from sqlalchemy import Connection, Row, bindparam, delete, insert, text, update
from sqlmodel import SQLModel, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.history.store import mark_call
from crm.tickets.model import Ticket, TicketAttachment, TicketReporter
from crm.tickets.visibility import shared_with
from recordings.model import Recording, RecordingAudit, RecordingStatus

_PAGE = 500
_UNSEALED = (RecordingStatus.RECORDING, RecordingStatus.FAILED, RecordingStatus.MISSING)


_RECORDING = SQLModel.metadata.tables[Recording.__tablename__]
_COLUMNS = _RECORDING.c
_SEGMENTS = _RECORDING.alias()
_NEXT_SEGMENT = (
    select(func.coalesce(func.max(_SEGMENTS.c.segment), 0) + 1)
    .where(_SEGMENTS.c.call_id == bindparam("call_id"))
    .scalar_subquery()
)
_TICKET_OF_CALL = (
    select(TicketReporter.ticket_id)
    .where(TicketReporter.call_id == bindparam("call_id"))
    .order_by(col(TicketReporter.at).desc())
    .limit(1)
    .scalar_subquery()
)
"""The last ticket filed in the call: a later link would find no entry yet."""
_GIVEN: dict[str, Any] = {column.name: bindparam(column.name) for column in _COLUMNS if column.name != "segment"}
_GIVEN["ticket_id"] = func.coalesce(_GIVEN["ticket_id"], _TICKET_OF_CALL)
ADD = insert(_RECORDING).values(**_GIVEN, segment=_NEXT_SEGMENT).returning(*_COLUMNS)
_UNKNOWN: dict[str, Any] = {**dict.fromkeys(_GIVEN), "gap_ms": 0, "note": ""}
GET = sql.select(*_COLUMNS).where(_COLUMNS.id == bindparam("recording_id"))
LAST_TICKET = (
    sql.select(_COLUMNS.ticket_id)
    .where(_COLUMNS.call_id == bindparam("call_id"), _COLUMNS.ticket_id.is_not(None))
    .order_by(_COLUMNS.segment.desc())
    .limit(1)
)
LOCK_CALL = text("SELECT pg_advisory_xact_lock(hashtext(:call_id))")


class EntryFile(NamedTuple):
    """The columns of an entry that the audit compares with files."""

    id: str
    file: str
    started_at: datetime


Entry = Recording | Row[*tuple[Any, ...]]
"""A recording: an object, or a plain row of its columns where calls need speed."""


def add(connection: Connection, facts: Mapping[str, Any]) -> Entry:
    """Store a new entry as its call's next segment."""
    if connection.dialect.name != "sqlite":
        # Two segments of one call that begin at once must not get the same number.
        connection.execute(LOCK_CALL, {"call_id": facts["call_id"]})
    return connection.execute(ADD, whole(facts)).one()


def whole(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the facts of an entry that is not stored yet."""
    return {**_UNKNOWN, **facts}


def entry(connection: Connection, recording_id: str) -> Entry | None:
    """Return one entry by id."""
    return connection.execute(GET, {"recording_id": recording_id}).one_or_none()


def last_ticket(connection: Connection, call_id: str) -> str | None:
    """Return the ticket of the call's last segment with one."""
    found: str | None = connection.execute(LAST_TICKET, {"call_id": call_id}).scalar()
    return found


@cache
def _finishing(names: tuple[str, ...]) -> sql.UpdateBase:
    """Return the statement that closes an entry with these facts."""
    unsealed = _COLUMNS.id == bindparam("recording_id"), _COLUMNS.status.in_(_UNSEALED)
    given: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(_RECORDING).where(*unsealed).values(**given).returning(*_COLUMNS)


def finish(connection: Connection, recording_id: str, facts: Mapping[str, Any]) -> Entry | None:
    """Close an unsealed recording; None if it was sealed already.

    The result that was stored first stands.
    """
    given: dict[str, Any] = {"recording_id": recording_id, **facts}
    finished = connection.execute(_finishing(tuple(facts)), given).one_or_none()
    if finished is not None:
        # Of a call with several agents it says how long each of them talked.
        mark_call(connection, finished.call_id)
    return finished


async def get(session: AsyncSession, recording_id: str) -> Recording | None:
    """Return one entry by id."""
    return await session.get(Recording, recording_id)


async def of_call(session: AsyncSession, call_id: str) -> Sequence[Recording]:
    """Return a call's segments in order."""
    query = select(Recording).where(Recording.call_id == call_id).order_by(col(Recording.segment))
    return (await session.exec(query)).all()


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[Recording]:
    """Return a ticket's recordings, oldest first.

    Those of its calls, and those attached to it.
    """
    attached = select(TicketAttachment.recording_id).where(TicketAttachment.ticket_id == ticket_id)
    query = select(Recording).where(or_(Recording.ticket_id == ticket_id, col(Recording.id).in_(attached)))
    return (await session.exec(query.order_by(col(Recording.started_at), col(Recording.segment)))).all()


async def attached_for(session: AsyncSession, recording_ids: Collection[str], department_id: str) -> set[str]:
    """Return recordings attached to tickets that a department may see (S7)."""
    attached = (
        select(TicketAttachment.recording_id)
        .join(Ticket, col(Ticket.id) == TicketAttachment.ticket_id)
        .where(
            col(TicketAttachment.recording_id).in_(recording_ids),
            or_(Ticket.department_id == department_id, col(Ticket.id).in_(shared_with(department_id))),
        )
    )
    return set((await session.exec(attached)).all())


async def discard(session: AsyncSession, recording_id: str) -> None:
    """Remove an entry under which nothing was ever recorded."""
    await session.exec(delete(Recording).where(col(Recording.id) == recording_id, col(Recording.status).in_(_UNSEALED)))


async def mark_missing(session: AsyncSession, recording_id: str, note: str) -> None:
    """Mark an entry as missing its file.

    Its checksum stays, should the file come back.
    """
    query = update(Recording).where(col(Recording.id) == recording_id)
    await session.exec(query.values(status=RecordingStatus.MISSING, note=note))


async def link(session: AsyncSession, call_id: str, **facts: str) -> None:
    """Link a call's recordings with a ticket or customer."""
    await session.exec(update(Recording).where(col(Recording.call_id) == call_id).values(**facts))


async def known_files(session: AsyncSession, names: Collection[str]) -> set[str]:
    """Return the file names that belong to an entry."""
    ids = {PurePosixPath(name).stem for name in names}
    return set((await session.exec(select(Recording.file).where(col(Recording.id).in_(ids)))).all())


async def pages(session: AsyncSession, statuses: Collection[RecordingStatus]) -> AsyncIterator[Sequence[EntryFile]]:
    """Yield all entries in these states, a page at a time.

    Only the columns that are compared with files are read, so that no other value can make an entry unreadable.
    """
    last = ""
    while True:
        query = select(Recording.id, Recording.file, Recording.started_at)
        query = query.where(col(Recording.status).in_(statuses), Recording.id > last)
        found = (await session.exec(query.order_by(col(Recording.id)).limit(_PAGE))).all()
        page = [EntryFile(*row) for row in found]
        if not page:
            return
        yield page
        last = page[-1].id


async def audit_of(session: AsyncSession, recording_id: str) -> Sequence[RecordingAudit]:
    """Return the uses of a recording, oldest first."""
    query = select(RecordingAudit).where(RecordingAudit.recording_id == recording_id)
    return (await session.exec(query.order_by(col(RecordingAudit.at), col(RecordingAudit.id)))).all()
