"""Calls that agents make: input, outcome, views."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from ari_app.calls.tolls import NumberClass
from ari_app.desk.call_states import OutgoingResult
from crm.moments import Moment
from crm.personal_data.fields import Personal
from crm.personal_data.holdings import personal
from crm.text import Id, OneLine
from foundation.clock import utc_now
from foundation.database import UtcDateTime, text_enum

ID = 64
LATEST_DAYS = 60
LONGEST_NOTE = 500


class OutgoingOutcome(StrEnum):
    """Outcome of a call, as its agent says it."""

    REACHED = "reached"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    WRONG_NUMBER = "wrong_number"
    CALL_AGAIN = "call_again"
    """To be called at another time."""


class OutgoingCall(SQLModel, table=True):
    """Call that an agent made, with its outcome."""

    __tablename__ = "outgoing_call"

    call_id: str = Column(primary_key=True)
    staff_id: str = Column(foreign_key="staff.id", index=True)
    number: str | None = None
    customer_id: str | None = Column(default=None, index=True)
    ticket_id: str | None = Column(default=None, index=True)
    missed_call_id: str | None = None
    result: OutgoingResult | None = Column(default=None, sa_type=text_enum(OutgoingResult))
    """As the service saw it; None while the call goes on."""
    outcome: OutgoingOutcome | None = Column(default=None, sa_type=text_enum(OutgoingOutcome))
    """As the agent says."""
    call_again_at: datetime | None = Column(default=None, sa_type=UtcDateTime)
    note: str = ""
    at: datetime = Column(sa_type=UtcDateTime, index=True)


personal(OutgoingCall, "number", "note")


class CalledInput(BaseModel, extra="forbid"):
    """Party to be called."""

    kind: Literal["agent", "department", "number"]
    id: str = Field(min_length=1, max_length=ID)
    """The agent's or department's id, or the number as people write it."""


class CallOut(BaseModel, extra="forbid"):
    """Call to be made: to whom, and about what."""

    target: CalledInput | None = None
    """Left out: the number of the missed call, the call, the ticket's reporter or the customer."""
    missed_call_id: str | None = Field(default=None, min_length=1, max_length=ID)
    """Entry of the list of missed callers: the agent takes it, and its result is the call's outcome."""
    call_id: str | None = Field(default=None, min_length=1, max_length=ID)
    """Earlier call."""
    ticket_id: str | None = Field(default=None, min_length=1, max_length=ID)
    customer_id: str | None = Field(default=None, min_length=1, max_length=ID)
    shown_number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,15}$")] | None = None
    """Number that the other party sees, of those that are open; the usual one by default."""

    @model_validator(mode="after")
    def _names_a_number(self) -> "CallOut":
        if self.target is None and not any((self.missed_call_id, self.call_id, self.ticket_id, self.customer_id)):
            raise ValueError("must name a target, a missed call, a call, a ticket or a customer")
        return self


class OutcomeInput(BaseModel, extra="forbid"):
    """Outcome of an agent's call."""

    outcome: OutgoingOutcome
    call_again_at: Moment | None = None
    """With `call_again`, and only then."""
    note: Annotated[OneLine, Field(max_length=LONGEST_NOTE)] = ""

    @model_validator(mode="after")
    def _time_of_call_again(self) -> "OutcomeInput":
        if (self.outcome is OutgoingOutcome.CALL_AGAIN) != (self.call_again_at is not None):
            raise ValueError("call_again_at: must be given with call_again, and only then")
        latest = utc_now() + timedelta(days=LATEST_DAYS)
        if self.call_again_at is not None and not utc_now() <= self.call_again_at <= latest:
            raise ValueError("call_again_at: must be within the next 60 days")
        return self


class FindOutgoing(BaseModel, extra="forbid"):
    """Filters of agents' calls."""

    ticket_id: Id | None = None
    customer_id: Id | None = None
    limit: int = Field(default=50, ge=1, le=200)


class OutgoingCallView(BaseModel, from_attributes=True):
    """Call that an agent made."""

    call_id: str
    staff_id: str
    number: Annotated[str | None, Personal.NUMBER]
    customer_id: str | None
    ticket_id: str | None
    missed_call_id: str | None
    result: OutgoingResult | None
    outcome: OutgoingOutcome | None
    call_again_at: datetime | None
    note: Annotated[str, Personal.TEXT]
    at: datetime


class OutgoingRules(BaseModel):
    """Numbers that the asking agent may call."""

    open: list[NumberClass]
    opened: list[str]
    """Short numbers that may be called as they are."""
    shown_numbers: list[str]
    """Numbers that the other party may see, the usual one first."""
    a_day: int
    left_today: int
