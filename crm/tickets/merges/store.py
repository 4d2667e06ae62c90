"""Queries over merges and over the copies they make."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import delete
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets import store as tickets_store
from crm.tickets.merges.model import TicketMerge
from crm.tickets.model import Ticket, TicketAttachment, TicketReporter
from foundation.ids import new_id


class MatterMoved(Exception):
    """The open ticket about a matter changed while it was being locked."""


Copied = TypeVar("Copied", TicketReporter, TicketAttachment)


async def active(session: AsyncSession, ticket_id: str) -> TicketMerge | None:
    """Return the merge of a ticket in force."""
    statement = select(TicketMerge).where(TicketMerge.ticket_id == ticket_id, col(TicketMerge.undone_at).is_(None))
    return (await session.exec(statement)).one_or_none()


async def into(session: AsyncSession, ticket_id: str) -> Sequence[TicketMerge]:
    """Return the merges into a ticket in force, in order."""
    statement = (
        select(TicketMerge)
        .where(TicketMerge.into_id == ticket_id, col(TicketMerge.undone_at).is_(None))
        .order_by(col(TicketMerge.id))
    )
    return (await session.exec(statement)).all()


async def head_of(session: AsyncSession, ticket_id: str) -> str:
    """Return the id of a ticket's head: itself, unless it is merged."""
    found = await active(session, ticket_id)
    return found.into_id if found is not None else ticket_id


async def history(session: AsyncSession, ticket_id: str) -> Sequence[TicketMerge]:
    """Return every merge of a ticket or into it, newest first."""
    concerned = or_(TicketMerge.ticket_id == ticket_id, TicketMerge.into_id == ticket_id)
    return (await session.exec(select(TicketMerge).where(concerned).order_by(col(TicketMerge.id).desc()))).all()


async def copy(session: AsyncSession, merge: TicketMerge) -> None:
    """Copy the merged ticket's missing reporters and recordings to the other one."""
    known = await tickets_store.reporters_of(session, merge.into_id)
    reporters = [
        _copied(found, "reporter", merge.into_id)
        for found in await tickets_store.reporters_of(session, merge.ticket_id)
        if not any(_is_included(found, other) for other in known)
    ]
    recordings = {found.recording_id for found in await tickets_store.attachments_of(session, merge.into_id)}
    attachments = [
        _copied(found, "attachment", merge.into_id)
        for found in await tickets_store.attachments_of(session, merge.ticket_id)
        if found.recording_id not in recordings
    ]
    session.add_all([*reporters, *attachments])
    merge.reporter_ids = [*merge.reporter_ids, *(copied.id for copied in reporters)]
    merge.attachment_ids = [*merge.attachment_ids, *(copied.id for copied in attachments)]
    await session.flush()


async def remove_copies(session: AsyncSession, merge: TicketMerge) -> None:
    """Remove the copies that a merge made."""
    await session.exec(delete(TicketReporter).where(col(TicketReporter.id).in_(merge.reporter_ids)))
    await session.exec(delete(TicketAttachment).where(col(TicketAttachment.id).in_(merge.attachment_ids)))
    merge.reporter_ids, merge.attachment_ids = [], []


async def is_copied(session: AsyncSession, ticket_id: str, recording_id: str) -> bool:
    """Return whether a recording of a ticket is only a merge's copy."""
    return await _copied_recording(session, ticket_id, recording_id, await into(session, ticket_id)) is not None


async def adopt_recording(session: AsyncSession, ticket_id: str, recording_id: str) -> TicketAttachment | None:
    """Make a copied recording the ticket's own; return None without a copy."""
    merges = await into(session, ticket_id)
    found = await _copied_recording(session, ticket_id, recording_id, merges)
    if found is not None:
        _adopt(merges, found.id)
    return found


async def adopt_reporter(
    session: AsyncSession, ticket_id: str, is_same: Callable[[TicketReporter], bool]
) -> TicketReporter | None:
    """Make a copied reporter the ticket's own; return None without a copy."""
    merges = await into(session, ticket_id)
    if not merges:
        return None
    same = [found for found in await tickets_store.reporters_of(session, ticket_id) if is_same(found)]
    copies = {copied for merge in merges for copied in merge.reporter_ids}
    if not same or any(found.id not in copies for found in same):
        return None
    _adopt(merges, same[0].id)
    return same[0]


async def _copied_recording(
    session: AsyncSession, ticket_id: str, recording_id: str, merges: Sequence[TicketMerge]
) -> TicketAttachment | None:
    copies = {copied for merge in merges for copied in merge.attachment_ids}
    if not copies:
        return None
    attached = await tickets_store.attachments_of(session, ticket_id)
    return next((found for found in attached if found.recording_id == recording_id and found.id in copies), None)


def _adopt(merges: Iterable[TicketMerge], copied_id: str) -> None:
    """Remove a row from the copies that undoing a merge deletes."""
    for merge in merges:
        merge.attachment_ids = [one for one in merge.attachment_ids if one != copied_id]
        merge.reporter_ids = [one for one in merge.reporter_ids if one != copied_id]


async def open_about(session: AsyncSession, open_matter: str) -> Ticket | None:
    """Lock the open ticket about a matter, following merges (H4).

    No other ticket is locked: only merges lock two, in one order, so that no deadlock is possible.

    Raises:
        MatterMoved: it was merged or closed before it was locked. It is still locked: retry in a new transaction.
    """
    ticket_id = await about(session, open_matter)
    if ticket_id is None:
        return None
    ticket = await tickets_store.locked(session, ticket_id)
    if await about(session, open_matter) != ticket_id:
        raise MatterMoved(open_matter)
    return ticket


async def about(session: AsyncSession, open_matter: str) -> str | None:
    """Return the id of a matter's open ticket, following merges; lock nothing."""
    own = (await session.exec(select(Ticket.id).where(Ticket.open_matter == open_matter))).first()
    if own is not None:
        return own
    merged = select(TicketMerge.into_id).where(
        TicketMerge.open_matter == open_matter, col(TicketMerge.undone_at).is_(None)
    )
    heads = select(Ticket.id).where(col(Ticket.id).in_(merged), col(Ticket.status).in_(tickets_store.OPEN_MATTERS))
    return (await session.exec(heads.order_by(col(Ticket.id)).limit(1))).first()


async def matter_is_taken(session: AsyncSession, open_matter: str) -> bool:
    """Return whether an open ticket about a matter exists."""
    statement = select(Ticket.id).where(Ticket.open_matter == open_matter)
    return (await session.exec(statement)).first() is not None


def _is_included(reporter: TicketReporter, known: TicketReporter) -> bool:
    """Return whether a known reporter includes another one."""
    one, other = ((found.customer_id, found.number, found.name) for found in (reporter, known))
    return one == other and reporter.extension in ("", known.extension)


def _copied(row: Copied, kind: str, ticket_id: str) -> Copied:
    return type(row)(**(row.model_dump() | {"id": new_id(kind), "ticket_id": ticket_id}))
