"""Table, input and views of merges."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from crm.text import Id, Version
from crm.tickets.model import TicketStatus, Urgency
from crm.tickets.views import TicketView
from foundation.database import UtcDateTime, text_enum

_ACTIVE = text("undone_at IS NULL")


class TicketMerge(SQLModel, table=True):
    """Merge of two tickets, with the facts that undo it.

    The merged ticket retains its row, reporters, recordings, deadlines and log. The ticket that stands for both gets
    copies, listed here by id: merging loses nothing, and undoing removes exactly the copies.
    """

    __tablename__ = "ticket_merge"
    __table_args__ = (
        # Two merges of one ticket at the same moment: one fails.
        Index("ix_ticket_merge_active", "ticket_id", unique=True, postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index("ix_ticket_merge_into_id", "into_id"),
        Index("ix_ticket_merge_open_matter", "open_matter", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    into_id: str = Field(foreign_key="ticket.id")
    """Ticket that stands for both; never a merged one."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = ""
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: str = ""
    # Facts of the merged ticket, restored by undoing.
    parked_from: TicketStatus | None = Field(default=None, sa_type=text_enum(TicketStatus))
    escalated: bool = False
    open_matter: str | None = None
    # Facts of the ticket that stands for both.
    own_urgency: Urgency = Field(sa_type=text_enum(Urgency))
    """Its urgency without the merged ones."""
    reporter_ids: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    attachment_ids: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))


class MergeTicket(BaseModel, extra="forbid"):
    """Ticket to merge into; where it is merged, its head is meant."""

    into: Id
    version: Version | None = None


class MergeView(BaseModel, from_attributes=True):
    """Merge as shown."""

    ticket_id: str
    into_id: str
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str


class MergedTickets(BaseModel):
    """Merges of a ticket in both directions."""

    into: TicketView | None
    merged: list[TicketView]
    history: list[MergeView]
