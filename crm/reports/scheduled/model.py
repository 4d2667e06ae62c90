"""Tables, input and views of scheduled reports."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.notices.model import DeliveryState
from crm.reports.model import Language
from crm.reports.scheduled.timing import ReportPeriod
from crm.text import OneLine
from foundation.database import UtcDateTime, text_enum
from foundation.problems import Reason


class ReportSubject(StrEnum):
    """Part of a scheduled report."""

    CALLS = "calls"
    AGENTS = "agents"
    TICKETS = "tickets"
    TEAMS = "teams"
    ADHERENCE = "adherence"
    FLOWS = "flows"
    MATRIX = "matrix"
    CALLBACKS = "callbacks"
    RESCUE = "rescue"


USUAL_SUBJECTS = [ReportSubject.CALLS, ReportSubject.AGENTS, ReportSubject.TICKETS]


class ReportPlan(SQLModel, table=True):
    """Plan of a scheduled report: its contents, days and mailboxes."""

    __tablename__ = "report_plan"

    id: str = Field(primary_key=True)
    name: str
    period: ReportPeriod = Field(sa_type=text_enum(ReportPeriod))
    day: int
    """Day of the next month on which it is due, from months on."""
    hour: int
    """Hour of the due day."""
    subjects: list[str] = Field(sa_column=Column(JSON, nullable=False))
    mailboxes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    language: str = "zh"
    active: bool = True
    since: datetime = Field(sa_type=UtcDateTime)
    """Reports due earlier are not made up."""


follow(ReportPlan, EntrySubject.REPORT_PLAN, ignored={"id", "since"})


class ReportRun(SQLModel, table=True):
    """Report that was made, once for each plan and time."""

    __tablename__ = "report_run"
    __table_args__ = (UniqueConstraint("plan_id", "since", "until"),)

    id: str = Field(primary_key=True)
    plan_id: str = Field(sa_column=Column(ForeignKey("report_plan.id", ondelete="CASCADE"), nullable=False))
    since: date
    until: date
    """Not part of it."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime, index=True)


def _distinct(given: list[str]) -> list[str]:
    if len(set(given)) < len(given):
        raise ValueError("must have no entry twice")
    return given


Mailbox = Annotated[OneLine, InputField(min_length=3, max_length=254)]
Mailboxes = Annotated[list[Mailbox], InputField(min_length=1, max_length=50), AfterValidator(_distinct)]
Subjects = Annotated[
    list[ReportSubject], InputField(min_length=1, max_length=len(ReportSubject)), AfterValidator(_distinct)
]


class ReportPlanInput(BaseModel, extra="forbid"):
    """Plan of a scheduled report."""

    name: Annotated[OneLine, InputField(min_length=1, max_length=60)]
    period: ReportPeriod
    day: int | None = InputField(default=None, ge=1, le=28)
    """Day of the next month; left out: 10 for months and quarters, 15 for half years, 20 for years."""
    hour: int = InputField(default=8, ge=0, le=23)
    subjects: Subjects = list(USUAL_SUBJECTS)
    mailboxes: Mailboxes
    language: Language = "zh"
    active: bool = True


class ReportReceipt(BaseModel):
    """Mailbox of a report, and how far the mail to it got."""

    mailbox: str
    state: DeliveryState
    sent_at: datetime | None
    error: Reason


class ReportRunView(BaseModel):
    """Report that was made, with the newest mail to each mailbox."""

    id: str
    since: date
    until: date
    due_at: datetime
    made_at: datetime
    receipts: list[ReportReceipt]


class ReportPlanView(BaseModel):
    """Plan with its last reports and its next day."""

    id: str
    name: str
    period: ReportPeriod
    day: int
    hour: int
    subjects: list[ReportSubject]
    mailboxes: list[str]
    language: Language
    active: bool
    next_due: date | None
    can_be_mailed: bool
    """Mail has a gateway; without one reports are made and wait to be fetched here."""
    runs: list[ReportRunView]
    """The last ones, newest first."""


class ReportFileQuery(BaseModel, extra="forbid"):
    """File of a report."""

    kind: Annotated[str, InputField(pattern="^(pdf|xlsx)$")] = "pdf"
