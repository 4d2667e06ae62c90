"""Calls back that callers asked for, until made or given up."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, Index, SQLModel

from ari_app.queues.hours import ComingWindow
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime, text_enum


class CallBackEnd(StrEnum):
    """End of a call back."""

    REACHED = "reached"
    MERGED = "merged"
    """The caller dialled again before."""
    TAKEN = "taken"
    """An agent took the caller from the list."""
    WINDOW_OVER = "window_over"
    """The time that the caller chose is over: the caller is left to the list."""
    GIVEN_UP = "given_up"
    """No answer in all attempts: the caller is left to the list."""
    UNREACHABLE = "unreachable"
    """The number is not dialled, or does not exist: the caller is left to the list."""


LEFT_TO_THE_LIST = frozenset({CallBackEnd.WINDOW_OVER, CallBackEnd.GIVEN_UP, CallBackEnd.UNREACHABLE})
"""Ends after which people call by hand."""


class NotCalled(StrEnum):
    """Reason for which a number is not called back."""

    NOT_DIALLED = "not_dialled"
    """Numbers like this one are not called."""
    DO_NOT_CALL = "do_not_call"
    """Another person's number, who wishes no calls."""
    IN_LINE = "in_line"
    """A caller with this number waits in a queue now."""


class QueueCallBack(SQLModel, table=True):
    """Call back in the caller's place in a queue."""

    __tablename__ = "queue_call_back"
    __table_args__ = (
        Index("ix_queue_call_back_number", "number"),
        Index("ix_queue_call_back_ended_at", "ended_at"),
    )

    id: str = Field(primary_key=True)
    number: str
    customer_id: str | None = Field(default=None, foreign_key="customer.id")
    queue: str
    kind: str | None = None
    priority: int = 0
    asked_call_id: str
    """The caller's call; its record comes later."""
    joined_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """Not before."""
    window_zh: str = ""
    window_en: str = ""
    """The time that the caller chose; empty: as soon as possible."""
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Begin of that time, which is the place in line: before it the caller did not wait."""
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    call_id: str | None = None
    """The present attempt, in line or under way; at the end, the call that reached the caller."""
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """How long its node has it; renewed while it waits."""
    end: CallBackEnd | None = Field(default=None, sa_type=text_enum(CallBackEnd))
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(QueueCallBack, "number")


@dataclass(frozen=True)
class Asked:
    """Wish of a caller to be called back."""

    number: str
    queue: str
    call_id: str
    customer_id: str | None
    kind: str | None
    priority: int
    joined_at: datetime
    window: ComingWindow | None = None
