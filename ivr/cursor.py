"""Where a call is in its flow, as data: stored at every step, so that another process can pick the call up there."""

from typing import Any, Protocol

import msgspec


class Pressed(msgspec.Struct, frozen=True):
    """What a caller pressed at a step; the agent's desk shows the list."""

    step: str
    keys: str


class Cursor(msgspec.Struct):
    """A place in a flow. `variables` holds only JSON values, by dotted-path roots such as `call` and `customer`."""

    flow: str
    step: str
    language: str = "zh"
    variables: dict[str, Any] = {}
    pressed: list[Pressed] = []
    attempts: int = 0
    """How often the present step has been asked without a usable answer."""
    wrong_key: bool = False
    """Whether the last answer to the present step was a wrong one; silence is none."""


class CursorStore(Protocol):
    """Keeps the cursor of one call."""

    async def save(self, cursor: Cursor) -> None:
        """Store it; called before each step is carried out."""
