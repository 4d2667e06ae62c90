"""Table and views of the audit log. Append-only."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from crm.moments import Moment
from crm.text import Id
from foundation.append_only import append_only
from foundation.database import UtcDateTime, text_enum

HIDDEN = "***"
"""Stands for a value that is not kept: a password, a key, an address that holds one."""


class EntrySubject(StrEnum):
    """Kind of what an entry is about."""

    STAFF = "staff"
    DEPARTMENT = "department"
    CATEGORY = "category"
    POLICY = "policy"
    HOURS = "hours"
    RECIPIENT = "recipient"
    REPORT_PLAN = "report_plan"
    AREA_NOTICE = "area_notice"
    VISIT_WINDOW = "visit_window"
    """A window of a department's week, with its places."""
    FORM = "form"
    """The form of a kind of ticket."""
    THRESHOLD = "threshold"
    """A bound of a queue's figure."""
    SHIFTS = "shifts"
    """The shifts that begin on a day, or on some days."""
    LIST = "list"
    """A list that was exported."""


class EntryAction(StrEnum):
    """Kind of change."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    EXPORT = "export"


class AuditEntry(SQLModel, table=True):
    """Change of the house, or an export of a list."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_subject_subject_id_at", "subject", "subject_id", "at"),
        Index("ix_audit_entry_staff_id_at", "staff_id", "at"),
    )

    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    subject: EntrySubject = Field(sa_type=text_enum(EntrySubject))
    subject_id: str
    subject_name: str
    """Its name then."""
    action: EntryAction = Field(sa_type=text_enum(EntryAction))
    staff_id: str | None = None
    """None: the service itself, or a command on its machine."""
    staff_name: str = ""
    changes: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """By field what stood there and what stands there now, as `BeforeAfter`."""


append_only(SQLModel.metadata.tables[AuditEntry.__tablename__])


class BeforeAfter(BaseModel):
    """Value of a field before and after; of a secret `HIDDEN`."""

    before: Any = None
    after: Any = None


class AuditEntryView(BaseModel, from_attributes=True):
    """Entry as shown."""

    id: str
    at: datetime
    subject: EntrySubject
    subject_id: str
    subject_name: str
    action: EntryAction
    staff_id: str | None
    staff_name: str
    changes: dict[str, BeforeAfter]


class AuditQuery(BaseModel, extra="forbid"):
    """Filters and page of the audit log, newest first."""

    subject: EntrySubject | None = None
    subject_id: Id | None = None
    action: EntryAction | None = None
    staff_id: Id | None = None
    since: Moment | None = None
    until: Moment | None = None
    after: Id | None = None
    """Id of the last entry of the page before."""
    limit: int = InputField(default=50, ge=1, le=200)
