"""Extensions asked for and decided."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime

_UNDECIDED = text("granted IS NULL AND withdrawn_at IS NULL")


class TicketExtension(SQLModel, table=True):
    """A department asked for more time."""

    __tablename__ = "ticket_extension"
    # Those that wait stay few however many were ever asked for.
    __table_args__ = (
        Index("ix_ticket_extension_undecided", "asked_at", postgresql_where=_UNDECIDED, sqlite_where=_UNDECIDED),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Who asked."""
    reason: str
    until: datetime = Field(sa_type=UtcDateTime)
    """The deadline it asks for."""
    asked_by: str = ""
    asked_at: datetime = Field(sa_type=UtcDateTime)
    granted: bool | None = None
    """None until it is decided, and where it was withdrawn before."""
    decision: str = ""
    """Why it was decided so."""
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When nobody needed the answer any more: the ticket was replied to, or is another department's."""


personal(TicketExtension, "reason", "decision")


class ExtensionView(BaseModel, from_attributes=True):
    """An extension as shown."""

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
    """A request that waits to be decided, with its ticket."""

    ticket_id: str
    number: str
    subject: PersonalText
