"""Place of a call in its flow, stored at every step.

Another process can continue the call from it.
"""

from typing import Any, Protocol

import msgspec


class Pressed(msgspec.Struct, frozen=True):
    """Keys of a caller at a step, for the agent's desk."""

    step: str
    keys: str


class Cursor(msgspec.Struct):
    """Place in a flow, with the call's variables.

    `variables` holds only JSON values, by dotted-path roots such as `call` and `customer`.
    """

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
