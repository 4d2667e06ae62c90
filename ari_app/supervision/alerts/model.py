"""Tables and views of queues' thresholds and alerts."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index, SQLModel

from ari_app.desk.board import AlertFigure
from crm.audit.following import follow
from crm.audit.model import EntrySubject
from foundation.database import UtcDateTime, text_enum


class QueueThreshold(SQLModel, table=True):
    """Bound of a queue's figure."""

    __tablename__ = "queue_threshold"
    __table_args__ = (UniqueConstraint("queue", "figure"),)

    id: str = Field(primary_key=True)
    queue: str
    figure: AlertFigure = Field(sa_type=text_enum(AlertFigure))
    bound: int
    staff_id: str
    """The supervisor who set it."""
    at: datetime = Field(sa_type=UtcDateTime)


follow(
    QueueThreshold,
    EntrySubject.THRESHOLD,
    name_of=lambda row: f"{row.queue} {row.figure}",
    ignored={"id", "staff_id", "at"},
)


class QueueAlert(SQLModel, table=True):
    """One time for which a threshold was broken."""

    __tablename__ = "queue_alert"
    __table_args__ = (Index("ix_queue_alert_began_at", "began_at"), Index("ix_queue_alert_ended_at", "ended_at"))

    id: str = Field(primary_key=True)
    queue: str
    figure: AlertFigure = Field(sa_type=text_enum(AlertFigure))
    bound: int
    value: int
    """The value that broke it."""
    worst: int
    """The worst value until the end."""
    began_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ThresholdInput(BaseModel, extra="forbid"):
    """Bound of a queue's figure."""

    queue: Annotated[str, Rule(min_length=1, max_length=64)]
    figure: AlertFigure
    bound: Annotated[int, Rule(ge=1, le=86_400)]


class ThresholdView(BaseModel, from_attributes=True):
    """Bound of a queue's figure."""

    id: str
    queue: str
    figure: AlertFigure
    bound: int


class FindAlerts(BaseModel, extra="forbid"):
    """Filter of alerts."""

    limit: int = Rule(default=50, ge=1, le=500)


class AlertView(BaseModel, from_attributes=True):
    """One time for which a threshold was broken."""

    id: str
    queue: str
    figure: AlertFigure
    bound: int
    value: int
    """The value that broke it."""
    worst: int
    """The worst value until the end."""
    began_at: datetime
    ended_at: datetime | None
