"""Routes of call control: an agent's own call."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, Field, StringConstraints

from ari_app.calls.control.model import CallAction, ControlStage
from ari_app.calls.control.orders import Order
from ari_app.calls.control.service import CallControl
from ari_app.desk.model import CallChanged, CallTarget
from foundation.routes import NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT})

Key = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[0-9*#A-D]+$")]
SIMPLE: dict[CallAction, str] = {
    CallAction.HOLD: "Hold the call: the customer hears music",
    CallAction.RESUME: "Resume the held call",
    CallAction.MUTE: "Mute the agent's voice",
    CallAction.UNMUTE: "End the muting",
    CallAction.PAUSE_RECORDING: "Record nothing until the recording is resumed",
    CallAction.RESUME_RECORDING: "Record the call again",
    CallAction.RECONNECT: "Ring the agent's phone into the call again",
    CallAction.HANG_UP: "End the call; a consulted agent only leaves it",
}
"""Commands without a body."""


class PartyView(BaseModel):
    """Third party of a call."""

    kind: Literal["agent", "number"]
    id: str
    """The agent's id, or the number."""
    name: str
    answered: bool


class OwnCall(BaseModel):
    """The agent's call as it is now; times are epoch milliseconds."""

    call_id: str
    stage: str
    """Stage of the call: `talking` in all states of a conversation."""
    state: ControlStage | None
    """State of the conversation."""
    over: bool
    """The agent is in the call no more: it was handed over."""
    role: Literal["agent", "third"]
    since_ms: int | None
    until_ms: int | None
    """When the state ends by itself, such as the wait for a reconnection."""
    may: list[CallAction]
    """Commands that are possible now."""
    muted: bool
    held_by_phone: bool
    recording: bool
    held_ms: int
    held_since_ms: int | None
    party: PartyView | None
    queue: str | None
    ticket_id: str | None


class DigitsInput(BaseModel, extra="forbid"):
    """Keys to press."""

    digits: Key = Field(examples=["1#"])


def routes(control: CallControl) -> Routes:
    """Return the routes of the agent's own call."""
    table = Routes(tag="calls")

    @table.add(
        "GET",
        "/agents/me/call",
        roles=AGENTS,
        summary="Return the agent's present call",
        response=OwnCall,
        problems=(409, 503),
    )
    async def own(request: Request[None, NoQuery]) -> OwnCall:
        return own_call(await control.own(request.actor.staff_id))

    def simple(action: CallAction) -> Callable[[Request[None, NoQuery]], Awaitable[OwnCall]]:
        async def handle(request: Request[None, NoQuery]) -> OwnCall:
            return own_call(await control.obey(_order(request, action)))

        return handle

    for action, summary in SIMPLE.items():
        table.add(
            "POST",
            f"/agents/me/call/{action.value.replace('_', '-')}",
            roles=AGENTS,
            summary=summary,
            response=OwnCall,
            problems=(409, 503),
            once=True,
        )(simple(action))

    @table.add(
        "POST",
        "/agents/me/call/digits",
        roles=AGENTS,
        summary="Press keys towards the party that the agent hears",
        body=DigitsInput,
        response=OwnCall,
        problems=(409, 503),
        once=True,
    )
    async def digits(request: Request[DigitsInput, NoQuery]) -> OwnCall:
        return own_call(await control.obey(_order(request, CallAction.DIGITS, digits=request.body.digits)))

    return table


def own_call(shown: CallChanged) -> OwnCall:
    """Return a call as HTTP sends it."""
    return OwnCall.model_validate(msgspec.to_builtins(shown))


def _order(
    request: Request[object, NoQuery] | Request[None, NoQuery] | Request[DigitsInput, NoQuery],
    action: CallAction,
    *,
    digits: str = "",
    target: CallTarget | None = None,
) -> Order:
    return Order(
        agent_id=request.actor.staff_id,
        action=action,
        key=request.idempotency_key or "",
        digits=digits,
        target=target,
    )
