"""The tables of service levels: clocks of tickets, what happened to them, policies, working hours."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from crm.sla.policy import ClockKind
from crm.sla.timing import StepKind
from foundation.database import UtcDateTime, text_enum

_DUE = text("next_at IS NOT NULL")
_RUNNING = text("stopped_at IS NULL")
WHOLE_SERVICE = "default"
"""Whose hours count where a department has none, and where a ticket lies with nobody."""


class TicketClock(SQLModel, table=True):
    """One deadline of a ticket. What comes back (redo) gets a clock of the next round; how the last ended stays.

    Changed only by whoever holds the ticket's row, so a deadline and its ticket change together.
    """

    __tablename__ = "ticket_clock"
    __table_args__ = (
        # What waits to happen stays few however many tickets there ever were.
        Index("ix_ticket_clock_next_at", "next_at", postgresql_where=_DUE, sqlite_where=_DUE),
        Index("ix_ticket_clock_running", "due_at", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
        # Reports: the clocks due in a time.
        Index("ix_ticket_clock_due_at", "due_at"),
    )

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    clock: ClockKind = Field(primary_key=True, sa_type=text_enum(ClockKind))
    round: int = Field(default=1, primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Whose hours it runs by: who holds the ticket or held it last; once stopped, who held it then."""
    policy_version: int
    """The policy the ticket was filed under, and stays under."""
    round_the_clock: bool = False
    allowed_s: int
    """Business seconds the clock had when it was started."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """While it is paused: until when it was due."""
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remaining_s: int = 0
    """Business seconds left, while it is paused; less than nothing when it was late already."""
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    edition: int = 1
    """Grows when the deadline is moved, so that its steps can happen again."""
    next_step: int = 0
    """Which step of its plan comes next."""
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When that is due; None while paused, once stopped, and after the last."""
    alone: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """What it would be without the tickets that were merged into its own, where any were: `merging.ClockAlone`."""
    before_visit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Deadline that an agreed visit moved: `visits.DeadlineBeforeVisit`."""


class ClockStep(SQLModel, table=True):
    """A step that happened. Its key is the claim: whoever adds the row does what the step asks, and nobody else can."""

    __tablename__ = "ticket_clock_step"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    clock: ClockKind = Field(primary_key=True, sa_type=text_enum(ClockKind))
    round: int = Field(primary_key=True)
    edition: int = Field(primary_key=True)
    step: int = Field(primary_key=True)
    kind: StepKind = Field(sa_type=text_enum(StepKind))
    department_id: str | None = None
    due_at: datetime = Field(sa_type=UtcDateTime)
    """The deadline it is about."""
    at: datetime = Field(sa_type=UtcDateTime)


class ServicePolicy(SQLModel, table=True):
    """One version of the policy. Tickets keep the version they were filed under, so versions stay."""

    __tablename__ = "service_policy"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    policy: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    effective_from: datetime = Field(sa_type=UtcDateTime, index=True)
    reaches_open: bool = False
    """Whether tickets that are open when it takes effect change over to it."""
    note: str = ""
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class DepartmentHours(SQLModel, table=True):
    """One version of somebody's working hours; the newest counts. `hours` is None where the service's count again."""

    __tablename__ = "department_hours"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Grows over all departments: the greatest one tells whether anything changed."""
    owner: str = Field(index=True)
    """A department's id, or WHOLE_SERVICE."""
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class ImprovementAction(SQLModel, table=True):
    """What is to be done so that deadlines are kept: from the review meeting, tracked until it is done (H18)."""

    __tablename__ = "improvement_action"

    id: str = Field(primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id", index=True)
    what: str
    owner: str
    """Who does it."""
    until: datetime = Field(sa_type=UtcDateTime)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    done_by: str = ""
