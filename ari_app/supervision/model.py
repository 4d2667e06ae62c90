"""Table and views of what supervisors did."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlmodel import Field, Index, SQLModel

from crm.staff.model import Queues
from crm.staff.skills import Skills
from crm.text import Id, OneLine
from foundation.append_only import append_only
from foundation.database import UtcDateTime, text_enum


class SupervisorUse(StrEnum):
    """Kind of what a supervisor asked for."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"
    LEAVE = "leave"
    PULL = "pull"
    MOVE = "move"
    READY = "ready"
    PAUSE = "pause"
    SIGN_OUT = "sign_out"
    QUEUES = "queues"


class SupervisorAudit(SQLModel, table=True):
    """One order of a supervisor, stored before the action. Append-only."""

    __tablename__ = "supervisor_audit"
    __table_args__ = (
        Index("ix_supervisor_audit_at", "at"),
        Index("ix_supervisor_audit_call_id_at", "call_id", "at"),
        Index("ix_supervisor_audit_agent_id_at", "agent_id", "at"),
    )

    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str
    staff_number: str
    use: SupervisorUse = Field(sa_type=text_enum(SupervisorUse))
    agent_id: str | None = None
    call_id: str | None = None
    queue: str | None = None
    reason: str = ""


append_only(SQLModel.metadata.tables[SupervisorAudit.__tablename__])


Why = Annotated[OneLine, Rule(min_length=2, max_length=200)]
"""Reason that the agent and the audit read."""


class ReasonInput(BaseModel, extra="forbid"):
    """Reason of an order."""

    reason: Why


class StateInput(BaseModel, extra="forbid"):
    """State that an agent is put into."""

    state: Literal["ready", "not_ready"]
    """`not_ready` begins after a present call."""
    pause: Annotated[str, Rule(pattern=r"^[\w .-]{1,40}$")] = "supervisor"
    """Reason of the pause, as agents choose it."""
    reason: Why


class QueuesInput(BaseModel, extra="forbid"):
    """Queues and skills of an agent; skills left out stay."""

    queues: Queues
    skills: Skills | None = None
    reason: Why


class MoveInput(BaseModel, extra="forbid"):
    """Queue that a caller is moved to; the joining time stays."""

    queue: Annotated[str, Rule(min_length=1, max_length=64)]
    reason: Why


class SupervisorAuditView(BaseModel, from_attributes=True):
    """One order of a supervisor."""

    at: datetime
    staff_id: str
    staff_number: str
    use: SupervisorUse
    agent_id: str | None
    call_id: str | None
    queue: str | None
    reason: str


class FindUses(BaseModel, extra="forbid"):
    """Filters of supervisors' orders."""

    call_id: Id | None = None
    agent_id: Id | None = None
    limit: int = Rule(default=100, ge=1, le=500)
