"""One thing to be told, and how far that got."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime


class OutboxEntry(SQLModel, table=True):
    """An event for whoever must hear of it. Delivered at least once, in order within its key."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_pending", "done_at", "next_at"), Index("ix_outbox_key", "key", "id"))

    id: str = Field(primary_key=True)
    """Ids sort by age, so they give the order within a key."""
    kind: str
    key: str
    """What it is about, such as a ticket's id; entries of one key are delivered in order."""
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    """When it is tried next; moved on by a lease while it is being tried."""
    attempts: int = 0
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dead: bool = False
    """Given up after too many attempts: somebody has to look at `error`."""
    error: str | None = None
