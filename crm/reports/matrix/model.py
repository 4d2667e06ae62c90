"""Query and cells of the matrix."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from pydantic import BaseModel, model_validator

from crm.kinds import TicketKind
from crm.moments import Day
from crm.tickets.model import Channel

LONGEST_DAYS = 400
Served = Callable[[], Mapping[tuple[TicketKind, Channel], Sequence[str]]]
"""Returns the names of the flows, queues or forms that serve a kind on a channel."""


class MatrixQuery(BaseModel, extra="forbid"):
    """Days of registration of the counted tickets."""

    since: Day
    until: Day
    """Not part of it."""

    @model_validator(mode="after")
    def _bounds(self) -> "MatrixQuery":
        if self.until <= self.since:
            raise ValueError("until must be after since")
        if self.until - self.since > timedelta(days=LONGEST_DAYS):
            raise ValueError(f"until must be at most {LONGEST_DAYS} days after since")
        return self


class MatrixCell(BaseModel):
    """Kind of matter on a channel, with figures of its tickets."""

    kind: TicketKind
    channel: Channel
    served_by: list[str]
    """Flows and their queues, the web form, or the desk."""
    gap: bool
    """Nothing serves it: callers with this matter have to take another channel."""
    registered: int
    first_contact_share: float | None
    satisfaction: float | None
    rated: int
    since: datetime | None
    """When the first day of its tickets begins, for their list; None without tickets."""
    until: datetime | None


class Matrix(BaseModel):
    """Every kind on every channel, by kind."""

    since: date
    until: date
    channels: list[Channel]
    kinds: list[TicketKind]
    cells: list[MatrixCell]
