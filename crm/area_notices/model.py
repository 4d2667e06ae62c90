"""Table, input and views of notices of areas."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, model_validator
from pydantic import Field as InputField
from pydantic_core import PydanticKnownError
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.moments import Moment
from crm.text import OneLine
from foundation.clock import utc_now
from foundation.database import UtcDateTime

LONGEST = timedelta(days=366)
"""Longest time in force: what is true for longer belongs into the agents' knowledge."""


class AreaNotice(SQLModel, table=True):
    """Notice of what holds in an area, such as a cut supply."""

    __tablename__ = "area_notice"
    __table_args__ = (Index("ix_area_notice_area_ends_at", "area", "ends_at"),)

    id: str = Field(primary_key=True)
    area: str
    zh: str
    en: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str
    """Who wrote it."""
    staff_name: str
    written_at: datetime = Field(sa_type=UtcDateTime)


follow(
    AreaNotice, EntrySubject.AREA_NOTICE, name_of=lambda row: str(row.area), ignored={"id", "staff_id", "staff_name"}
)


def _still_to_come(moment: datetime) -> datetime:
    if moment <= utc_now():
        raise PydanticKnownError("datetime_future")
    return moment


class AreaNoticeInput(BaseModel, extra="forbid"):
    """Notice of an area as entered."""

    area: OneLine = InputField(min_length=1, max_length=60)
    zh: OneLine = InputField(min_length=1, max_length=300)
    en: OneLine = InputField(default="", max_length=300)
    """Left out: English pages show the Chinese words."""
    starts_at: Moment = InputField(default_factory=utc_now)
    """Left out: from now on."""
    ends_at: Annotated[Moment, AfterValidator(_still_to_come)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        if self.ends_at > self.starts_at + LONGEST:
            raise ValueError(f"ends_at must be at most {LONGEST.days} days after starts_at")
        return self


class AreaNoticeView(BaseModel, from_attributes=True):
    """Notice of an area as shown."""

    id: str
    area: str
    zh: str
    en: str
    starts_at: datetime
    ends_at: datetime
    staff_name: str
    written_at: datetime


class AreaNoticeQuery(BaseModel, extra="forbid"):
    """Notices that are asked for."""

    area: OneLine = InputField(default="", max_length=60)
    """Only those in force in this area; left out: all that are not over."""
