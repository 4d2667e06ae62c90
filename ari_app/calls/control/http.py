"""Routes of call control: an agent's own call."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field, StringConstraints

from ari_app.calls.control.orders import Order
from ari_app.calls.control.service import CallControl
from ari_app.desk.call_states import CallAction, ControlStage, Direction, OutgoingResult, SupervisionMode
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallChanged
from crm.personal_data.fields import Personal
from foundation.routes import NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Supervisors have calls of their own once they took one over, or pulled a caller."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[0-9*#A-D]+$")]
SIMPLE: dict[CallAction, str] = {
    CallAction.HOLD: "Hold the call: the customer hears music",
    CallAction.RESUME: "Resume the held call",
    CallAction.MUTE: "Mute the agent's voice",
    CallAction.UNMUTE: "End the muting",
    CallAction.PAUSE_RECORDING: "Record nothing until the recording is resumed",
    CallAction.RESUME_RECORDING: "Record the call again",
    CallAction.RECONNECT: "Ring the agent's phone into the call again",
    CallAction.SWAP: "Talk with the other party: the customer, or the third",
    CallAction.CANCEL: "Hang the third party up and talk with the customer again",
    CallAction.COMPLETE: "Leave the customer to the third party, before or after its answer",
    CallAction.THREE_PARTY: "Let all three hear each other",
    CallAction.LEAVE: "Leave a three-party call: the other two talk on",
    CallAction.PARK: "Park the call: another agent may pick it up",
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
    away_since_ms: int | None
    """Since when the agent's leg is missed; again when a ring had no answer."""
    rings_again: bool
    """The phone of an agent who is missed rings."""


class SupervisorView(BaseModel):
    """Supervisor who is with the agent in the call."""

    staff_id: str
    name: str
    staff_number: str
    mode: SupervisionMode
    since_ms: int


class AgentOfCall(BaseModel):
    """Agent who owns the call."""

    id: str
    name: str
    staff_number: str


class OwnCall(BaseModel):
    """The agent's call as it is now; times are epoch milliseconds."""

    call_id: str
    stage: str
    """Stage of the call: `talking` in all states of a conversation."""
    state: ControlStage | None
    """State of the conversation."""
    over: bool
    """The agent is in the call no more: it was handed over."""
    role: Literal["agent", "third", "called"]
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
    agent: AgentOfCall | None
    """Agent who owns the call, and consults or transfers it."""
    party: PartyView | None
    supervisor: SupervisorView | None
    """Also null while a supervisor listens in silence."""
    queue: str | None
    ticket_id: str | None
    direction: Direction
    number: Annotated[str | None, Personal.NUMBER]
    """The number that the agent called."""
    name: Annotated[str, Personal.NAME]
    """Name of the colleague or department that was called, or that calls."""
    customer_id: str | None
    missed_call_id: str | None
    """Missed call that is called back."""
    result: OutgoingResult | None
    """How a call of the agent's ended; with `over`."""


class DigitsInput(BaseModel, extra="forbid"):
    """Keys to press."""

    digits: Key = Field(examples=["1#"])


class TargetInput(BaseModel, extra="forbid"):
    """Target of a transfer or a consultation."""

    kind: Literal["agent", "queue", "department", "number", "flow"]
    id: str = Field(min_length=1, max_length=64)
    """The agent's id or staff number, a department's id, a queue's or flow's name, or a number as people write it."""


class TransferInput(BaseModel, extra="forbid"):
    """Receiver of a call."""

    target: TargetInput
    to_head: bool = False
    """A queue: before its other callers."""
    note: str = Field(default="", max_length=500)
    """Words for the receiver."""


class ThirdParty(BaseModel, extra="forbid"):
    """Third party to be consulted."""

    kind: Literal["agent", "department", "number"]
    id: str = Field(min_length=1, max_length=64)
    """The agent's id or staff number, the department's id, or the number as people write it."""


class ConsultInput(BaseModel, extra="forbid"):
    """Third party of a consultation."""

    target: ThirdParty
    note: str = Field(default="", max_length=500)
    """Words for the third party."""


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

    @table.add(
        "POST",
        "/agents/me/call/transfer",
        roles=AGENTS,
        summary="Transfer the call blindly to an agent, a queue, a department, a number or a flow",
        body=TransferInput,
        response=OwnCall,
        problems=(409, 422, 429, 503),
        once=True,
    )
    async def transfer(request: Request[TransferInput, NoQuery]) -> OwnCall:
        body = request.body
        target = CallTarget(body.target.kind, body.target.id)
        order = _order(request, CallAction.TRANSFER, target=target, to_head=body.to_head, note=body.note)
        return own_call(await control.obey(order))

    @table.add(
        "POST",
        "/agents/me/call/consult",
        roles=AGENTS,
        summary="Call an agent, a department or a number while the customer hears music",
        body=ConsultInput,
        response=OwnCall,
        problems=(409, 422, 429, 503),
        once=True,
    )
    async def consult(request: Request[ConsultInput, NoQuery]) -> OwnCall:
        target = CallTarget(request.body.target.kind, request.body.target.id)
        order = _order(request, CallAction.CONSULT, target=target, note=request.body.note)
        return own_call(await control.obey(order))

    @table.add(
        "POST",
        "/calls/{call_id}/pick-up",
        roles=AGENTS,
        summary="Take a parked call, or one that waits in the agent's queue: the agent's phone rings",
        response=OwnCall,
        problems=(404, 409, 503),
        once=True,
    )
    async def pick_up(request: Request[None, NoQuery]) -> OwnCall:
        return own_call(await control.pick_up(request.path["call_id"], _order(request, CallAction.PICK_UP)))

    return table


def own_call(shown: CallChanged) -> OwnCall:
    """Return a call as HTTP sends it."""
    return OwnCall.model_validate(msgspec.to_builtins(shown))


def _order(
    request: Request[Any, NoQuery],
    action: CallAction,
    *,
    digits: str = "",
    target: CallTarget | None = None,
    to_head: bool = False,
    note: str = "",
) -> Order:
    return Order(
        agent_id=request.actor.staff_id,
        action=action,
        key=request.idempotency_key or "",
        digits=digits,
        target=target,
        to_head=to_head,
        note=note,
    )
