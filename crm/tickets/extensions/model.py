"""Table and views of extensions."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime

_UNDECIDED = text("granted IS NULL AND withdrawn_at IS NULL")


class TicketExtension(SQLModel, table=True):
    """Extension of a deadline, asked for by a department."""

    __tablename__ = "ticket_extension"
    # Only the waiting ones, which stay few, are in the index.
    __table_args__ = (
        Index("ix_ticket_extension_undecided", "asked_at", postgresql_where=_UNDECIDED, sqlite_where=_UNDECIDED),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Department that asked."""
    reason: str
    until: datetime = Field(sa_type=UtcDateTime)
    """Wanted deadline."""
    asked_by: str = ""
    asked_at: datetime = Field(sa_type=UtcDateTime)
    granted: bool | None = None
    """None while undecided, and after a withdrawal."""
    decision: str = ""
    """Reason of the decision."""
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a reply or another department made the extension needless."""


personal(TicketExtension, "reason", "decision")


class ExtensionView(BaseModel, from_attributes=True):
    """Extension as shown."""

    department_id: str | None
    reason: PersonalText
    until: datetime
    asked_by: str
    asked_at: datetime
    granted: bool | None
    decision: PersonalText
    decided_by: str
    decided_at: datetime | None
    withdrawn_at: datetime | None


class PendingExtension(ExtensionView):
    """Extension that waits for a decision, with its ticket."""

    ticket_id: str
    number: str
    subject: PersonalText
    deadline: datetime | None
    """Present deadline; None where none runs."""
