"""Table of stored events and views of dead letters."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from crm.text import Lines
from foundation.database import UtcDateTime
from foundation.problems import Reason

_PENDING = text("next_at IS NOT NULL")
_DEAD = text("next_at IS NULL AND done_at IS NULL")

Kind = Annotated[str, InputField(pattern=r"^[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30}){0,3}$")]
"""Family and name of an event, such as `ticket.dispatch`."""


class OutboxEntry(SQLModel, table=True):
    """Stored event, delivered at least once and in order within its key."""

    __tablename__ = "outbox"
    __table_args__ = (
        # Few entries are pending, however many were delivered.
        Index("ix_outbox_pending", "next_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index("ix_outbox_pending_of_key", "key", "sequence", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index("ix_outbox_dead", "sequence", postgresql_where=_DEAD, sqlite_where=_DEAD),
        Index("ix_outbox_done_at", "done_at"),
    )

    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    """Given by the database. It orders a key's entries: their writers lock what the key names."""
    kind: str
    key: str
    """The id that the event is about, such as a ticket's."""
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The next attempt; during one, the end of its lease. None when delivered or given up."""
    attempts: int = 0
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None
    """The error of the last failed attempt. A given-up entry has neither `next_at` nor `done_at`."""
    dropped_by: str | None = None
    """The employee who dropped it; a dropped entry counts as done."""
    drop_reason: str | None = None


class DeadLetterView(BaseModel, from_attributes=True):
    """Dead letter, without its payload, which may have personal data (S29)."""

    sequence: int
    kind: str
    key: str
    created_at: datetime
    attempts: int
    error: Reason


class Redelivered(BaseModel):
    """Number of entries that are delivered again."""

    count: int


class Drop(BaseModel, extra="forbid"):
    """Reason for dropping a dead letter."""

    reason: Lines = InputField(min_length=2, max_length=500)
