"""Refusals and rulings."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime, text_enum


class RefusalReason(StrEnum):
    """Why a department declines (退单原因)."""

    NOT_OUR_AREA = "not_our_area"
    NOT_OUR_DUTY = "not_our_duty"
    DUPLICATE = "duplicate"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    NOT_ACCEPTABLE = "not_acceptable"
    """Nobody here may take it: it is before a court, say."""
    OTHER = "other"


class Ruling(StrEnum):
    """What a supervisor decided about a refusal."""

    UPHELD = "upheld"
    """The department was right: the ticket goes elsewhere."""
    OVERRULED = "overruled"
    """It is theirs: the ticket goes back, and they cannot refuse it again."""


class TicketRefusal(SQLModel, table=True):
    """One department's refusal of one ticket."""

    __tablename__ = "ticket_refusal"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    department_id: str = Field(foreign_key="department.id")
    """Who declined."""
    person_id: str | None = Field(default=None, foreign_key="staff.id")
    """To whom in it the ticket was dispatched, so that an overruled one goes back to them."""
    reason: RefusalReason = Field(sa_type=text_enum(RefusalReason))
    explanation: str
    evidence_recording_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    ruling: Ruling | None = Field(default=None, sa_type=text_enum(Ruling))
    ruling_reason: str = ""
    ruled_by: str = ""
    ruled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(TicketRefusal, "explanation", "ruling_reason")


class RefusalView(BaseModel, from_attributes=True):
    """A refusal as shown."""

    department_id: str
    reason: RefusalReason
    explanation: PersonalText
    evidence_recording_id: str | None
    at: datetime
    ruling: Ruling | None
    ruling_reason: PersonalText
    ruled_by: str
    ruled_at: datetime | None
