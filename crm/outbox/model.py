"""One thing to be told, and how far that got."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime

_PENDING = text("next_at IS NOT NULL")


class OutboxEntry(SQLModel, table=True):
    """An event for whoever must hear of it. Delivered at least once, in order within its key."""

    __tablename__ = "outbox"
    __table_args__ = (
        # What is pending stays few however much was ever delivered.
        Index("ix_outbox_pending", "next_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index("ix_outbox_pending_of_key", "key", "sequence", postgresql_where=_PENDING, sqlite_where=_PENDING),
    )

    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    """Given by the database: the order within a key, whose writers hold what the key names."""
    kind: str
    key: str
    """What it is about, such as a ticket's id."""
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is tried next, while it is being tried: when that counts as failed; None when done or given up."""
    attempts: int = 0
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None
    """Of the last attempt that failed. Given up: no `next_at`, no `done_at`, and this says why."""
