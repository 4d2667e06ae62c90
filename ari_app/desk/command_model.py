"""Commands from desk to server over the WebSocket.

Every command is one JSON object with `type`.
"""

from typing import Annotated, Any, Literal

import msgspec

from ari_app.desk.call_states import CallAction


class Command(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Desk to server."""


class Hello(Command, frozen=True, tag="hello"):
    """The first message of a client without a cookie: the one-time ticket."""

    ticket: str


class ReadyCommand(Command, frozen=True, tag="ready"):
    """Take calls."""


class PauseCommand(Command, frozen=True, tag="not_ready"):
    """Take no calls, at once or after the present one."""

    reason: str


class WrapUpDone(Command, frozen=True, tag="wrap_up_done"):
    """The work after the call is done."""


class ExtendWrapUp(Command, frozen=True, tag="extend_wrap_up"):
    """Add time to the wrap-up."""

    seconds: Annotated[int, msgspec.Meta(ge=10, le=600)] = 60


class PaintsPops(Command, frozen=True, tag="paints_pops"):
    """This desk says when a pop is on its screen.

    The phone rings after that.
    """


class PopSeen(Command, frozen=True, tag="pop_seen"):
    """The pop is on the screen."""

    id: str


class StoreDraft(Command, frozen=True, tag="draft"):
    """Store fields of the call's draft.

    Fields that are not named stay as they are. Without fields the whole draft is deleted.
    """

    call_id: str
    fields: dict[str, Any]


class CallTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Target of a transfer or a consultation."""

    kind: Literal["agent", "queue", "department", "number", "flow"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """The agent's or department's id, the queue's or flow's name, or the number as people write it."""


class ControlCall(Command, frozen=True, tag="call_command"):
    """Command about the agent's own call.

    The answer is a `call` or a `refused` message.
    """

    action: CallAction
    key: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Idempotency key: the same command with the same key is carried out once."""
    digits: Annotated[str, msgspec.Meta(max_length=32)] = ""
    target: CallTarget | None = None
    to_head: bool = False
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Ping(Command, frozen=True, tag="ping"):
    """Is the server there?"""


AgentCommand = ReadyCommand | PauseCommand | WrapUpDone | ExtendWrapUp | ControlCall
"""Commands that an agent's desk hands to the service."""
AnyCommand = AgentCommand | Hello | PaintsPops | PopSeen | StoreDraft | Ping
