"""Queries on recordings and their audit."""

from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import delete, text, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from recordings.model import Recording, RecordingAudit, RecordingStatus

_PAGE = 500
_UNSEALED = (RecordingStatus.RECORDING, RecordingStatus.FAILED, RecordingStatus.MISSING)


async def add(session: AsyncSession, recording: Recording, *, lock: bool) -> None:
    """Store a new entry as its call's next segment. `lock`: the database has several writers."""
    if lock:
        # Two segments of one call that begin at once must not get the same number.
        statement = text("SELECT pg_advisory_xact_lock(hashtext(:call_id))").bindparams(call_id=recording.call_id)
        await session.exec(statement)  # type: ignore[call-overload]
    query = select(func.max(Recording.segment)).where(Recording.call_id == recording.call_id)
    recording.segment = ((await session.exec(query)).one() or 0) + 1
    session.add(recording)
    await session.flush()


async def get(session: AsyncSession, recording_id: str) -> Recording | None:
    """One entry by id."""
    return await session.get(Recording, recording_id)


async def of_call(session: AsyncSession, call_id: str) -> Sequence[Recording]:
    """A call's segments in order."""
    query = select(Recording).where(Recording.call_id == call_id).order_by(col(Recording.segment))
    return (await session.exec(query)).all()


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[Recording]:
    """A ticket's recordings, oldest first."""
    query = select(Recording).where(Recording.ticket_id == ticket_id)
    return (await session.exec(query.order_by(col(Recording.started_at), col(Recording.segment)))).all()


async def finish(session: AsyncSession, recording_id: str, **facts: Any) -> bool:
    """Store how an unsealed recording ended; False if somebody else already sealed it, which stands."""
    query = update(Recording).where(col(Recording.id) == recording_id, col(Recording.status).in_(_UNSEALED))
    return bool((await session.exec(query.values(**facts))).rowcount)


async def discard(session: AsyncSession, recording_id: str) -> None:
    """Remove an entry under which nothing was ever recorded."""
    await session.exec(delete(Recording).where(col(Recording.id) == recording_id, col(Recording.status).in_(_UNSEALED)))


async def mark_missing(session: AsyncSession, recording_id: str, note: str) -> None:
    """Store that there is no file behind an entry; its checksum stays, should the file come back."""
    query = update(Recording).where(col(Recording.id) == recording_id)
    await session.exec(query.values(status=RecordingStatus.MISSING, note=note))


async def link(session: AsyncSession, call_id: str, **facts: str) -> None:
    """Store what a call's recordings belong to."""
    await session.exec(update(Recording).where(col(Recording.call_id) == call_id).values(**facts))


async def known_files(session: AsyncSession, names: Collection[str]) -> set[str]:
    """Those of these relative file names that belong to an entry."""
    ids = {PurePosixPath(name).stem for name in names}
    return set((await session.exec(select(Recording.file).where(col(Recording.id).in_(ids)))).all())


async def pages(session: AsyncSession, statuses: Collection[RecordingStatus]) -> AsyncIterator[Sequence[Recording]]:
    """All entries with one of these statuses, a page at a time."""
    last = ""
    while True:
        query = select(Recording).where(col(Recording.status).in_(statuses), Recording.id > last)
        page = (await session.exec(query.order_by(col(Recording.id)).limit(_PAGE))).all()
        if not page:
            return
        yield page
        last = page[-1].id


async def audit_of(session: AsyncSession, recording_id: str) -> Sequence[RecordingAudit]:
    """What was done with a recording, oldest first."""
    query = select(RecordingAudit).where(RecordingAudit.recording_id == recording_id)
    return (await session.exec(query.order_by(col(RecordingAudit.at), col(RecordingAudit.id)))).all()
