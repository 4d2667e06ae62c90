"""Missed callers: who has whom, and the result."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlmodel import Field, SQLModel

from ari_app.missed.planned.model import CallBackEnd
from crm.kinds import TicketKind
from crm.personal_data.fields import Personal, PersonalText
from crm.personal_data.holdings import personal
from crm.text import OneLine
from crm.tickets.model import TicketStatus
from foundation.database import UtcDateTime, text_enum


class MissedReason(StrEnum):
    """Reason why a caller is to be called back."""

    ABANDONED = "abandoned"
    LOST = "lost"
    FALLBACK = "fallback"
    FAILED = "failed"
    """The service ended the call."""
    TIMED_OUT = "timed_out"
    """A limit of the queue ended the wait."""
    AFTER_HOURS = "after_hours"
    """The queue was closed."""
    CALL_BACK = "call_back"
    """The caller left the queue by key and asked for a call back."""
    MESSAGE = "message"
    """The caller left a message."""
    CALL_AGAIN = "call_again"
    """An agent called the number, and is to call it again later."""


class MissedResult(StrEnum):
    """Result of calling a missed caller back."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    """The caller stays on the list."""
    NOT_NEEDED = "not_needed"
    WRONG_NUMBER = "wrong_number"


class MissedClaim(SQLModel, table=True):
    """Claim of a person who calls back, with the result."""

    __tablename__ = "missed_claim"

    call_id: str = Field(primary_key=True, foreign_key="call_record.id")
    """The caller's newest missed call at that time."""
    staff_id: str = Field(foreign_key="staff.id")
    claimed_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    """Results stored so far."""
    result: MissedResult | None = Field(default=None, sa_type=text_enum(MissedResult))
    note: str = ""
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(MissedClaim, "note", through="call_id")


class CallAgain(SQLModel, table=True):
    """Time at which an agent will call a number again."""

    __tablename__ = "call_again"

    call_id: str = Field(primary_key=True)
    """Call that the agent made; its record may come later."""
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str = Field(foreign_key="staff.id")


class MissedQuery(BaseModel, extra="forbid"):
    """Filters of missed callers."""

    days: int = Rule(default=7, ge=1, le=30)
    mine: bool = False
    """Only those that the asking person has."""


class ResultInput(BaseModel, extra="forbid"):
    """Result of calling back."""

    result: MissedResult
    note: Annotated[OneLine, Rule(max_length=500)] = ""


class MissedTicket(BaseModel):
    """Open ticket of a missed caller."""

    id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    subject: PersonalText


class CallBackTime(BaseModel):
    """Time that a caller chose, in both languages."""

    zh: str
    en: str


class MissedCaller(BaseModel):
    """Person who called and did not reach an agent since."""

    call_id: str
    """The newest missed call: claims and results name it."""
    number: Annotated[str, Personal.NUMBER]
    customer_id: str | None
    customer_name: Annotated[str | None, Personal.NAME]
    reason: MissedReason
    """Of the newest call; a message counts first, then a call back that was asked for."""
    queue: str | None
    calls: int
    """Missed calls since an agent was reached; 0: an agent called, and promised to call again."""
    first_at: datetime
    last_at: datetime
    joined_at: datetime | None
    """When the caller first joined a queue, of those calls."""
    longest_wait_ms: int
    message_call_ids: list[str]
    """Calls with a message to listen to."""
    open_tickets: list[MissedTicket]
    claimed_by: str | None
    """Staff id of the person who calls back."""
    claimed_by_name: str | None
    claimed_at: datetime | None
    attempts: int
    """Times that the caller was called back and not reached."""
    call_again_at: datetime | None
    """When an agent is to call again, where a call back led to that."""
    in_line_from: datetime | None
    """The service calls back in the caller's place in the queue, from then on."""
    window: CallBackTime | None = None
    """Time that the caller chose for it."""
    call_back_end: CallBackEnd | None = None
    """Why the service calls the caller back no more; None: it does, or the caller did not ask."""
