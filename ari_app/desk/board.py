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


class AlertFigure(StrEnum):
    """Figure of a queue that has a threshold."""

    WAITING = "waiting"
    LONGEST_WAIT_S = "longest_wait_s"
    LEVEL = "level"
    """Service level of the last minutes, in percent: less than the bound breaks it."""
    LONG_PAUSES = "long_pauses"
    """Agents of the queue with a pause longer than its reason allows."""


class OpenAlert(msgspec.Struct, frozen=True):
    """Threshold of a queue that is broken now."""

    id: str
    queue: str
    figure: AlertFigure
    bound: int
    value: int
    """The value that broke it."""
    since_ms: int


class QueueFigures(msgspec.Struct, frozen=True):
    """Figures of a queue on the board; None: no calls."""

    queue: str
    level_last: float | None = None
    level_today: float | None = None
    abandoned_today: int = 0
    missed: int = 0
    """Callers to call back."""
    expected_wait_ms: int | None = None
    """Of the next caller; None: not known."""
    expected_wait_error_ms: int | None = None
    """Mean difference of real and expected waits today; None: no answered caller had one."""


class BoardCall(msgspec.Struct, frozen=True):
    """Live call of any node.

    Roles that see no numbers get a masked one.
    """

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
    number: str | None = None
    """The other party; None where the number is withheld."""
    customer_id: str | None = None
    ticket_id: str | None = None
