"""Use cases of the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, or_, select

from crm.audit.errors import EntryNotFound
from crm.audit.following import entry
from crm.audit.model import AuditEntry, AuditEntryView, AuditQuery, EntryAction, EntrySubject
from foundation.acting import actor
from foundation.database import Database


class AuditService:
    """Audit log of the house."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self, wanted: AuditQuery) -> list[AuditEntryView]:
        """Return a page of the log, newest first.

        Raises:
            EntryNotFound: there is no entry `after`.
        """
        at, key = col(AuditEntry.at), col(AuditEntry.id)
        statement = select(AuditEntry).order_by(at.desc(), key.desc()).limit(wanted.limit)
        for column, value in (
            (col(AuditEntry.subject), wanted.subject),
            (col(AuditEntry.subject_id), wanted.subject_id),
            (col(AuditEntry.action), wanted.action),
            (col(AuditEntry.staff_id), wanted.staff_id),
        ):
            statement = statement if value is None else statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(at < wanted.until)
        async with self._database.read() as session:
            if wanted.after is not None:
                last = await session.get(AuditEntry, wanted.after)
                if last is None:
                    raise EntryNotFound(f"there is no entry {wanted.after}")
                statement = statement.where(or_(at < last.at, (at == last.at) & (key < last.id)))
            found = (await session.exec(statement)).all()
        return [AuditEntryView.model_validate(one) for one in found]

    async def exported(self, name: str, filters: Mapping[str, Any], rows: int) -> None:
        """Note an export of a list with its filters."""
        changes = {field: {"before": None, "after": value} for field, value in {**filters, "rows": rows}.items()}
        async with self._database.write() as session:
            session.add(entry(actor(), EntrySubject.LIST, name, name, EntryAction.EXPORT, changes))
