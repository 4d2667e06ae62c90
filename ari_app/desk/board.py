"""Live calls as the board of supervisors shows them."""

from enum import StrEnum

import msgspec

from ari_app.desk.call_states import ControlStage, SupervisionMode


class BoardStage(StrEnum):
    """Stage of a call on the board."""

    FLOW = "flow"
    """In a menu, or being dialled."""
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"


class BoardSupervisor(msgspec.Struct, frozen=True):
    """Supervisor of a call on the board."""

    staff_id: str
    name: str
    mode: SupervisionMode
    answered: bool


class BoardCall(msgspec.Struct, frozen=True):
    """Live call of any node, without its number."""

    call_id: str
    stage: BoardStage
    since_ms: int
    """Beginning of the wait or the conversation."""
    direction: str
    state: ControlStage | None = None
    queue: str | None = None
    agent_id: str | None = None
    third_agent_id: str | None = None
    supervisor: BoardSupervisor | None = None
