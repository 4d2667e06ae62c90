"""View of a call for the desks of its agents."""

from ari_app.calls.control.model import CallAction, Control, ControlStage, TargetKind, may
from ari_app.calls.model import CallState
from ari_app.desk.model import CallAgent, CallChanged, CallParty
from foundation.clock import milliseconds, utc_now

RINGING_STAGES = frozenset({ControlStage.CONSULT_RINGING, ControlStage.TRANSFERRING})
THIRD = "third"
"""Role of an agent who is consulted."""


def call_changed(state: CallState, agent_id: str) -> CallChanged:
    """Return a call as one of its agents sees it."""
    now_ms = milliseconds(utc_now())
    control = state.control or Control(state.talk.connected_at_ms or now_ms if state.talk is not None else now_ms)
    shown = CallChanged(call_id=state.id, stage=state.stage, at_ms=now_ms, ticket_id=state.ticket_id, queue=state.queue)
    if not state.bridged:
        return shown
    party, talk = control.party, state.talk
    if talk is not None and not talk.released:
        shown.agent = CallAgent(talk.agent_id, talk.agent_name, talk.staff_number)
    shown.state, shown.since_ms, shown.until_ms = control.stage, control.since_ms, control.until_ms
    shown.muted, shown.held_by_phone = control.muted, control.held_by_phone
    shown.recording = not control.recording_paused
    shown.held_ms = state.held_ms
    shown.held_since_ms = state.held_since_ms
    if party is not None:
        shown.party = CallParty(
            kind=party.target.kind.value, id=party.target.id, name=party.target.name, answered=party.up
        )
    if party is not None and party.target.kind is TargetKind.AGENT and party.target.id == agent_id:
        shown.role, shown.may = THIRD, [CallAction.HANG_UP]
    elif agent_id in state.agents:
        shown.may = may(control)
    else:
        shown.over = True
    return shown


def call_left(state: CallState) -> CallChanged:
    """Return a call for the desk of an agent who left it."""
    return CallChanged(
        call_id=state.id,
        stage=state.stage,
        at_ms=milliseconds(utc_now()),
        ticket_id=state.ticket_id,
        over=True,
    )
