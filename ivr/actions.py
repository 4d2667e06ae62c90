"""Named actions that a flow may run; packages above provide them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ivr.cursor import Cursor
from ivr.variables import JSON


@dataclass(frozen=True)
class ActionCall:
    """One use of an action.

    An action may run twice for one step, if the process dies after it and before the cursor moved on: what it does must
    be safe to repeat for the same call and step.
    """

    cursor: Cursor
    """Where the call is; to be read, not changed."""
    arguments: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """An action by name. `run` returns dotted variables and their new values.

    A run that raises, or takes longer than `timeout_s` seconds, is logged and the call goes on at the step's `failed`.
    """

    name: str
    run: Callable[[ActionCall], Awaitable[Mapping[str, JSON]]]
    arguments: frozenset[str] = frozenset()
    """The arguments it takes; a flow that passes another is refused."""
    sets: frozenset[str] = frozenset()
    """The variables it may return, so that a flow that reads one it never sets is refused."""
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """All values of the arguments that have a fixed set of them."""
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """All values of the variables it returns that have a fixed set of them."""
    timeout_s: float = 5.0
