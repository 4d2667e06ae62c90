"""Tables of service levels: clocks, their steps, policies, hours, actions."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, desc, text
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, select

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.sla.policy import ClockKind
from crm.sla.timing import StepKind
from foundation.database import UtcDateTime, text_enum

_DUE = text("next_at IS NOT NULL")
_RUNNING = text("stopped_at IS NULL")
WHOLE_SERVICE = "default"
"""Owner of the hours for departments without their own, and for tickets without a department."""


class TicketClock(SQLModel, table=True):
    """Deadline of a ticket; a redo starts one of the next round.

    Changed only while the ticket's row is locked, so that both change together.
    """

    __tablename__ = "ticket_clock"
    __table_args__ = (
        # Few steps are pending, however many tickets there are.
        Index("ix_ticket_clock_next_at", "next_at", postgresql_where=_DUE, sqlite_where=_DUE),
        Index("ix_ticket_clock_running", "due_at", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
        # Reports: the clocks due in a time.
        Index("ix_ticket_clock_due_at", "due_at"),
    )

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    clock: ClockKind = Field(primary_key=True, sa_type=text_enum(ClockKind))
    round: int = Field(default=1, primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """The department that gives the hours: the ticket's present or last one; of a stopped clock, the one then."""
    policy_version: int
    """The policy that the ticket was filed under, and stays under."""
    round_the_clock: bool = False
    allowed_s: int
    """Business seconds the clock had when it was started."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """During a pause, the deadline before it."""
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remaining_s: int = 0
    """Business seconds left during a pause; negative where it was late."""
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    edition: int = 1
    """Grows when the deadline is moved, so that its steps can happen again."""
    next_step: int = 0
    """The index of the next step of its plan."""
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When that step is due; None while paused, once stopped, and after the last one."""
    alone: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """The clock without the tickets merged into its own: `merging.ClockBeforeMerge`."""
    before_visit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Deadline that an agreed visit moved: `visits.DeadlineBeforeVisit`."""


class ClockStep(SQLModel, table=True):
    """Step that happened. Its key is the claim of one runner."""

    __tablename__ = "ticket_clock_step"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    clock: ClockKind = Field(primary_key=True, sa_type=text_enum(ClockKind))
    round: int = Field(primary_key=True)
    edition: int = Field(primary_key=True)
    step: int = Field(primary_key=True)
    kind: StepKind = Field(sa_type=text_enum(StepKind))
    department_id: str | None = None
    due_at: datetime = Field(sa_type=UtcDateTime)
    """The deadline of the step."""
    at: datetime = Field(sa_type=UtcDateTime)


class ServicePolicy(SQLModel, table=True):
    """Version of the policy; it stays, because tickets refer to it."""

    __tablename__ = "service_policy"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    policy: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    effective_from: datetime = Field(sa_type=UtcDateTime, index=True)
    reaches_open: bool = False
    """Open tickets change over to it when it takes effect."""
    note: str = ""
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


def _former_policy(session: Session, _row: ServicePolicy) -> ServicePolicy | None:
    return session.scalars(select(ServicePolicy).order_by(desc("version")).limit(1)).first()


follow(
    ServicePolicy,
    EntrySubject.POLICY,
    id_of=lambda row: str(row.version),
    name_of=lambda row: str(row.version),
    ignored={"version", "changed_by", "changed_at"},
    former=_former_policy,
)


class DepartmentHours(SQLModel, table=True):
    """Version of a department's working hours; the newest counts.

    `hours` is None where those of the whole service count again.
    """

    __tablename__ = "department_hours"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Grows over all departments: the greatest shows whether any changed."""
    owner: str = Field(index=True)
    """A department's id, or `WHOLE_SERVICE`."""
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


def _former_hours(session: Session, row: DepartmentHours) -> DepartmentHours | None:
    of_owner = select(DepartmentHours).where(DepartmentHours.owner == row.owner)
    return session.scalars(of_owner.order_by(desc("version")).limit(1)).first()


follow(
    DepartmentHours,
    EntrySubject.HOURS,
    id_of=lambda row: str(row.owner),
    name_of=lambda row: str(row.owner),
    ignored={"version", "owner", "changed_by", "changed_at"},
    former=_former_hours,
)


class ImprovementAction(SQLModel, table=True):
    """Improvement action of the review meeting, tracked until done (H18)."""

    __tablename__ = "improvement_action"

    id: str = Field(primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id", index=True)
    what: str
    owner: str
    """The person who does it."""
    until: datetime = Field(sa_type=UtcDateTime)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    done_by: str = ""
