"""Which ticket stands for which, since when, and what it takes to undo that."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from crm.text import Id, Version
from crm.tickets.model import TicketStatus, TicketView, Urgency
from foundation.database import UtcDateTime, text_enum

_ACTIVE = text("undone_at IS NULL")


class TicketMerge(SQLModel, table=True):
    """One merge, with all that undoing it needs.

    The merged ticket keeps its row, its reporters, recordings, deadlines and log. What the ticket that stands for both
    gets are copies, whose ids are kept here: so nothing is lost by merging, and undoing it removes exactly those.
    """

    __tablename__ = "ticket_merge"
    __table_args__ = (
        # A ticket is merged into one other at most, whoever merges at the same moment.
        Index("ix_ticket_merge_active", "ticket_id", unique=True, postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index("ix_ticket_merge_into_id", "into_id"),
        Index("ix_ticket_merge_open_matter", "open_matter", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    into_id: str = Field(foreign_key="ticket.id")
    """The ticket that stands for both; never one that is merged itself."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = ""
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: str = ""
    # What the merged ticket had, and has again.
    parked_from: TicketStatus | None = Field(default=None, sa_type=text_enum(TicketStatus))
    escalated: bool = False
    open_matter: str | None = None
    # What the ticket that stands for both got.
    own_urgency: Urgency = Field(sa_type=text_enum(Urgency))
    """How urgent it was by itself."""
    reporter_ids: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    attachment_ids: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))


class MergeTicket(BaseModel, extra="forbid"):
    """Into which ticket; one that was merged itself stands for the one it was merged into."""

    into: Id
    version: Version | None = None


class MergeView(BaseModel, from_attributes=True):
    """A merge as shown."""

    ticket_id: str
    into_id: str
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str


class MergedTickets(BaseModel):
    """What stands for a ticket, and what it stands for."""

    into: TicketView | None
    merged: list[TicketView]
    history: list[MergeView]
