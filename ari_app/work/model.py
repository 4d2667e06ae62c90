"""Dispositions of calls, reasons of pauses, figures of a day."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlmodel import Field, SQLModel

from crm.tickets.model import TicketKind
from foundation.database import UtcDateTime


class CallDisposition(SQLModel, table=True):
    """Result of a call, as the agent chose it."""

    __tablename__ = "call_disposition"

    call_id: str = Field(primary_key=True)
    """Without a foreign key: the call's record may be stored later, from the spool."""
    code: str
    staff_id: str
    at: datetime = Field(sa_type=UtcDateTime)


class DispositionInput(BaseModel, extra="forbid"):
    """Result of a call."""

    code: Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """One of the queue's `dispositions`."""


class DispositionView(BaseModel, from_attributes=True):
    """Stored result of a call."""

    call_id: str
    code: str
    staff_id: str
    at: datetime


class PauseReasonView(BaseModel, from_attributes=True):
    """Reason of a pause."""

    code: str
    zh: str
    en: str
    limit_minutes: int | None
    """Longest usual pause; None: it may last."""
    chosen: bool
    """False: set by the system, such as for a phone that is gone; agents do not choose it."""


class IntakeQuery(BaseModel, extra="forbid"):
    """Queue of the call and kind of the matter."""

    queue: Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    kind: TicketKind | None = None


class FiguresView(BaseModel):
    """Figures of an agent since midnight."""

    since: datetime
    taken: int
    """Callers talked with."""
    dialled: int
    """Calls placed and answered."""
    talk_ms: int
    missed: int
    """Offers that rang and were not taken."""
    wrap_up_ms: int


class ExtendWrapUp(BaseModel, extra="forbid"):
    """Time to add to the wrap-up."""

    seconds: Annotated[int, Rule(ge=10, le=600)] = 60
