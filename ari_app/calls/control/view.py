"""View of a call for the desks of its agents."""

from ari_app.calls.control.model import Control, Party, TargetKind, may, third_may
from ari_app.calls.model import CallState
from ari_app.desk.call_states import CallAction, CallParty, CallSupervisor, ControlStage, Direction, SupervisionMode
from ari_app.desk.model import CallAgent, CallChanged
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now

RINGING_STAGES = frozenset({ControlStage.CONSULT_RINGING, ControlStage.TRANSFERRING})
CALLED = "called"
"""Role of an agent whom another agent calls."""
THIRD = "third"
"""Role of an agent who is consulted."""
TRANSFER, PICK_UP = "transfer", "pick_up"
"""Ways in which the call becomes a third party's with the answer."""
SENDING = frozenset({StoryStep.TRANSFERRED, StoryStep.CONSULTED})
"""Steps with a note for the agent who gets the call, or is asked."""


def call_changed(state: CallState, agent_id: str) -> CallChanged:
    """Return a call as one of its agents sees it."""
    now_ms = milliseconds(utc_now())
    control = state.control or Control(state.talk.connected_at_ms or now_ms if state.talk is not None else now_ms)
    shown = _about(state, agent_id, now_ms)
    shown.note = _note_for(state, agent_id)
    if not state.bridged:
        if agent_id in state.agents and state.outgoing is not None:
            shown.may, shown.since_ms = [CallAction.HANG_UP], state.started_at_ms
        return shown
    party, talk = control.party, state.talk
    if talk is not None and not talk.released:
        shown.agent = CallAgent(talk.agent_id, talk.agent_name, talk.staff_number)
    if talk is not None and state.direction is Direction.INBOUND:
        shown.waited_ms = talk.waited_ms
    shown.state, shown.since_ms, shown.until_ms = control.stage, control.since_ms, control.until_ms
    shown.muted, shown.held_by_phone = control.muted, control.held_by_phone
    shown.recording = not control.recording_paused
    shown.held_ms = state.held_ms
    shown.held_since_ms = state.held_since_ms
    if party is not None:
        shown.party = _party(party)
    shown.supervisor = supervisor_of(state, hides_silent=True)
    if party is not None and party.target.kind is TargetKind.AGENT and party.target.id == agent_id:
        shown.role, shown.may, shown.muted = THIRD, third_may(control), party.muted
        if control.stage is ControlStage.TRANSFERRING and talk is not None:
            shown.agent = CallAgent(talk.agent_id, talk.agent_name, talk.staff_number)
            shown.takes = PICK_UP if control.parked_until_ms is not None else TRANSFER
    elif agent_id == state.called_agent:
        shown.may = [CallAction.HANG_UP]
    elif agent_id in state.agents:
        shown.may = may(control, internal=state.direction is Direction.INTERNAL)
        shown.returned_from = _party(control.returned_from) if control.returned_from is not None else None
    else:
        shown.over = True
    return shown


def _note_for(state: CallState, agent_id: str) -> str:
    """Return the note of the colleague who sent the call.

    A transfer to a queue has its note for the agent who takes the call there.
    """
    places = {agent_id, state.queue}
    sent = (entry for entry in reversed(state.story) if entry.step in SENDING and entry.target in places)
    return next((entry.note for entry in sent if entry.note), "")


def _party(party: Party) -> CallParty:
    return CallParty(
        kind=party.target.kind.value,
        id=party.target.id,
        name=party.target.name,
        answered=party.up,
        away_since_ms=party.away_since_ms,
        rings_again=party.rings_again,
    )


def supervisor_of(state: CallState, *, hides_silent: bool) -> CallSupervisor | None:
    """Return the supervisor of a call; `hides_silent` as agents see it."""
    supervisor = state.control.supervisor if state.control is not None else None
    if supervisor is None or not supervisor.up:
        return None
    if hides_silent and supervisor.silent and supervisor.mode is SupervisionMode.LISTEN:
        return None
    target = supervisor.target
    return CallSupervisor(target.id, target.name, target.staff_number, supervisor.mode, supervisor.since_ms)


def call_left(state: CallState, agent_id: str = "") -> CallChanged:
    """Return a call for the desk of an agent who left it."""
    shown = _about(state, agent_id, milliseconds(utc_now()))
    shown.over, shown.queue, shown.taken_over_by = True, None, _taken_over_by(state)
    return shown


def _taken_over_by(state: CallState) -> str:
    """Return the supervisor who takes the call now; empty where none does."""
    party = state.control.party if state.control is not None else None
    if party is None or not state.story:
        return ""
    last = state.story[-1]
    takes = last.step is StoryStep.TOOK_OVER and last.agent_id == party.target.id
    return party.target.name if takes else ""


def _about(state: CallState, agent_id: str, now_ms: int) -> CallChanged:
    """Return what every desk of a call shows of it."""
    shown = CallChanged(
        call_id=state.id,
        stage=state.stage,
        at_ms=now_ms,
        ticket_id=state.ticket_id,
        queue=state.queue,
        direction=state.direction,
        customer_id=state.customer_id,
    )
    outgoing = state.outgoing
    if outgoing is not None:
        shown.number, shown.name = state.number, outgoing.target.name
        shown.missed_call_id, shown.result = outgoing.missed_call_id, outgoing.result
        if agent_id == state.called_agent:
            shown.role, shown.name = CALLED, outgoing.caller_name
    return shown
