"""Views of transfer targets and live calls, as HTTP sends them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ari_app.desk.call_states import ControlStage, SupervisionMode
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from crm.personal_data.fields import Personal


class FindTargets(BaseModel, extra="forbid"):
    """Filter of targets."""

    q: str = Field(default="", max_length=40)
    """Part of a name, a staff number, or pinyin: initials, or readings from the first character on."""


class TargetView(BaseModel):
    """Target of a transfer or a consultation, with its live state."""

    kind: Literal["agent", "queue", "department"]
    id: str
    name: str
    name_en: str | None = None
    """English name of a queue."""
    available: bool
    """It can take a call now."""
    staff_number: str | None = None
    state: AgentState | None = None
    reason: str | None = None
    """Reason of an agent who is not ready."""
    since_ms: int | None = None
    waiting: int | None = None
    longest_wait_ms: int | None = None
    expected_wait_ms: int | None = None
    """Estimate for the next caller of a queue; null where there is none."""
    on_duty: str | None = None
    """Person on duty in the department, with a telephone number."""


class LiveSupervisor(BaseModel):
    """Supervisor of a live call."""

    staff_id: str
    name: str
    mode: SupervisionMode
    answered: bool
    """False while the supervisor's phone rings."""


class LiveCallView(BaseModel):
    """Call that is under way on any node."""

    call_id: str
    direction: str
    stage: CallStage
    state: ControlStage | None
    number: Annotated[str | None, Personal.NUMBER]
    customer_id: str | None
    ticket_id: str | None
    queue: str | None
    agent_id: str | None
    third_agent_id: str | None
    third_number: Annotated[str | None, Personal.NUMBER]
    started_at: datetime
    queued_at: datetime | None
    """When the caller began to wait in the present queue, also after a conversation."""
    connected_at: datetime | None
    held_ms: int
    held_since_ms: int | None
    node: str
    supervisor: LiveSupervisor | None
    """Supervisor who listens, whispers or barges."""
