"""One thing to be told, and how far that got."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from crm.text import Lines
from foundation.database import UtcDateTime

_PENDING = text("next_at IS NOT NULL")
_DEAD = text("next_at IS NULL AND done_at IS NULL")

Kind = Annotated[str, InputField(pattern=r"^[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30}){0,3}$")]
"""What an entry tells: whose event, and which, such as `ticket.dispatch`."""


class OutboxEntry(SQLModel, table=True):
    """An event for whoever must hear of it. Delivered at least once, in order within its key."""

    __tablename__ = "outbox"
    __table_args__ = (
        # What is pending stays few however much was ever delivered.
        Index("ix_outbox_pending", "next_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index("ix_outbox_pending_of_key", "key", "sequence", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index("ix_outbox_dead", "sequence", postgresql_where=_DEAD, sqlite_where=_DEAD),
        Index("ix_outbox_done_at", "done_at"),
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
    dropped_by: str | None = None
    """Who decided that nobody has to hear of it any more; it counts as done then."""
    drop_reason: str | None = None


class DeadLetterView(BaseModel, from_attributes=True):
    """What was given up. Not what it would have told: that may hold personal data (S29)."""

    sequence: int
    kind: str
    key: str
    created_at: datetime
    attempts: int
    error: str | None


class Redelivered(BaseModel):
    """How many are tried again."""

    count: int


class Drop(BaseModel, extra="forbid"):
    """Why nobody has to hear of it any more."""

    reason: Lines = InputField(min_length=2, max_length=500)
