"""Inputs and views of agents' work: results, pauses, figures."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, JsonValue
from pydantic import Field as Rule

from crm.kinds import TicketKind

RESULT_MISSING = "result_missing"
"""Reason of the pause after a wrap-up that ended without the result it needs; as in the functions in Redis."""


class DispositionInput(BaseModel, extra="forbid"):
    """Result of a call."""

    code: Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """One of the queue's `dispositions`, not a group of them."""
    answers: Annotated[dict[str, JsonValue], Rule(max_length=40)] = {}
    """What the result asks for, by field name."""


class PauseReasonView(BaseModel, from_attributes=True):
    """Reason of a pause."""

    code: str
    zh: str
    en: str
    limit_minutes: int | None
    """Longest usual pause; None: it may last."""
    planned: bool = False
    """The shift plan has room for it, as for meals."""
    chosen: bool
    """False: set by the system, such as for a phone that is gone; agents do not choose it."""


class IntakeQuery(BaseModel, extra="forbid"):
    """Queue of the call and kind of the matter."""

    queue: Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    kind: TicketKind | None = None


class FiguresView(BaseModel):
    """Figures of an agent since midnight."""

    since: datetime
    taken: int
    """Callers talked with."""
    dialled: int
    """Calls placed and answered."""
    talk_ms: int
    missed: int
    """Offers that rang and were not taken."""
    wrap_up_ms: int


class ExtendWrapUp(BaseModel, extra="forbid"):
    """Time to add to the wrap-up."""

    seconds: Annotated[int, Rule(ge=10, le=600)] = 60
