"""Table and view of refusals and rulings."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime, text_enum


class RefusalReason(StrEnum):
    """Reason of a refusal (退单原因)."""

    NOT_OUR_AREA = "not_our_area"
    NOT_OUR_DUTY = "not_our_duty"
    DUPLICATE = "duplicate"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    NOT_ACCEPTABLE = "not_acceptable"
    """No department may take it, such as a matter before a court."""
    OTHER = "other"


class Ruling(StrEnum):
    """Ruling of a supervisor about a refusal."""

    UPHELD = "upheld"
    """The ticket goes to another department."""
    OVERRULED = "overruled"
    """The ticket goes back to the department, which cannot refuse it again."""


EVIDENCE = "退单证据"
"""Note on the recording that comes with a refusal, as it is stored."""
EVIDENCE_EN = "Evidence of the refusal"


class TicketRefusal(SQLModel, table=True):
    """Refusal of a ticket by its department."""

    __tablename__ = "ticket_refusal"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    department_id: str = Field(foreign_key="department.id")
    """Department that refused."""
    person_id: str | None = Field(default=None, foreign_key="staff.id")
    """Person in the department, who gets an overruled ticket back."""
    reason: RefusalReason = Field(sa_type=text_enum(RefusalReason))
    explanation: str
    evidence_recording_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    ruling: Ruling | None = Field(default=None, sa_type=text_enum(Ruling))
    ruling_reason: str = ""
    ruled_by: str = ""
    ruled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(TicketRefusal, "explanation", "ruling_reason")


class OwnRefusal(BaseModel):
    """Refusal as the department that refused sees it."""

    ticket_id: str
    number: str
    subject: PersonalText
    reason: RefusalReason
    explanation: PersonalText
    at: datetime
    ruling: Ruling | None
    ruling_reason: PersonalText
    ruled_at: datetime | None
    is_ours: bool
    """Whether the ticket is with the department again, which sees it only then."""


class RefusalView(BaseModel, from_attributes=True):
    """Refusal as shown."""

    department_id: str
    reason: RefusalReason
    explanation: PersonalText
    evidence_recording_id: str | None
    at: datetime
    ruling: Ruling | None
    ruling_reason: PersonalText
    ruled_by: str
    ruled_at: datetime | None
