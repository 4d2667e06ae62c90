"""Table, input and view of findings."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from crm.text import Lines, OneLine
from foundation.database import UtcDateTime, text_enum


class Validity(StrEnum):
    """Validity of a complaint (有效/无效投诉)."""

    VALID = "valid"
    INVALID = "invalid"


class TicketFinding(SQLModel, table=True):
    """Finding about a complaint; the last of several counts."""

    __tablename__ = "ticket_finding"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    validity: Validity = Field(sa_type=text_enum(Validity))
    finding: str
    responsibility: str = ""
    corrective_measures: str = ""
    preventive_measures: str = ""
    judged_by: str = ""
    judged_at: datetime = Field(sa_type=UtcDateTime)
    contested_because: str = ""
    contested_by: str = ""
    contested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(
    TicketFinding,
    "finding",
    "responsibility",
    "corrective_measures",
    "preventive_measures",
    "contested_because",
)


class JudgeComplaint(BaseModel, extra="forbid"):
    """Finding as entered: result, responsible party and measures (H2, H13)."""

    validity: Validity
    finding: Lines = InputField(min_length=1, max_length=4000)
    responsibility: OneLine = InputField(default="", max_length=200)
    corrective_measures: Lines = InputField(default="", max_length=2000)
    preventive_measures: Lines = InputField(default="", max_length=2000)


class FindingView(BaseModel, from_attributes=True):
    """Finding as shown."""

    validity: Validity
    finding: PersonalText
    responsibility: PersonalText
    corrective_measures: PersonalText
    preventive_measures: PersonalText
    judged_by: str
    judged_at: datetime
    contested_because: PersonalText
    contested_by: str
    contested_at: datetime | None
