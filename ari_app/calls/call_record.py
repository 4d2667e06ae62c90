"""Record of a call that has ended."""

from datetime import datetime
from typing import Protocol

from ari_app.calls.control.model import StoryEntry
from ari_app.calls.model import CallState, HangUpBy
from ari_app.desk.call_states import Direction
from ari_app.queues.model import Departure, LeaveReason
from crm.history.model import CallOutcome, CallRecordView, CallStep
from foundation.clock import from_milliseconds, milliseconds, utc_now
from ivr.variables import read


class EndedCall(Protocol):
    """Facts about a call at its end; `LiveCall` explains each."""

    state: CallState
    flow_completed: bool
    unserved: bool
    departure: Departure | None
    failure: BaseException | None
    hung_up_by: HangUpBy
    moved: bool
    media_lost: bool


def outcome(call: EndedCall) -> CallOutcome:
    """Return what became of a call.

    One rule for callers who joined a queue: bridged with an agent is answered; a message left, or the flow's service,
    has its own outcome; a hang-up of the caller before that is abandoned, at any moment; a wait ended by the queue's
    limits, and nothing after it, is timed out, as is silence where a message was asked for; ended by the service is
    failed.
    """
    state = call.state
    if call.media_lost or call.moved:
        return CallOutcome.LOST if call.media_lost else CallOutcome.FALLBACK
    if state.connected_at_ms is not None:
        return CallOutcome.ANSWERED
    if call.failure is not None:
        return CallOutcome.FAILED
    return _unbridged_caller(call) if state.direction is Direction.INBOUND else _unbridged_outbound(state)


def _unbridged_outbound(state: CallState) -> CallOutcome:
    if state.outgoing is not None:
        return CallOutcome.UNREACHED
    return CallOutcome.ANSWERED if state.answered_at_ms is not None else CallOutcome.UNREACHED


def _unbridged_caller(call: EndedCall) -> CallOutcome:
    if _asked_call_back(call.state):
        return CallOutcome.CALL_BACK
    if call.state.message_ids:
        return CallOutcome.MESSAGE_LEFT
    if call.flow_completed or _served_itself(call.state):
        return CallOutcome.SELF_SERVED
    if call.state.closed_queue and call.state.queued_at_ms is None:
        return CallOutcome.AFTER_HOURS
    if call.unserved:
        was_silent = call.state.was_silent and call.state.queued_at_ms is not None
        timed_out = was_silent or (call.departure is not None and call.departure.reason is LeaveReason.TIMED_OUT)
        return CallOutcome.TIMED_OUT if timed_out else CallOutcome.FAILED
    return CallOutcome.LEFT_FLOW if call.state.queued_at_ms is None else CallOutcome.ABANDONED


def call_record(call: EndedCall) -> CallRecordView:
    """Return the record of a call that has ended."""
    state = call.state
    ended_at_ms = milliseconds(utc_now())
    connected_at_ms = state.connected_at_ms
    # The menu after the queue is no wait.
    wait_until_ms = min(at_ms for at_ms in (state.left_queue_at_ms, connected_at_ms, ended_at_ms) if at_ms is not None)
    is_caller = state.direction is Direction.INBOUND
    return CallRecordView(
        id=state.id,
        direction=state.direction.value,
        number=state.number,
        access_number=state.access_number,
        customer_id=state.customer_id,
        agent_id=(state.talk.agent_id if state.talk is not None else None) or state.last_agent_id,
        queue=state.queue,
        ticket_id=state.ticket_id,
        started_at=from_milliseconds(state.started_at_ms),
        answered_at=_moment(state.answered_at_ms),
        queued_at=_moment(state.queued_at_ms),
        connected_at=_moment(connected_at_ms),
        ended_at=from_milliseconds(ended_at_ms),
        outcome=outcome(call).value,
        abandon_position=_abandon_position(call),
        wait_ms=wait_until_ms - state.queued_at_ms if state.queued_at_ms is not None and is_caller else None,
        talk_ms=state.talked_ms if connected_at_ms is not None else None,
        held_ms=state.held_ms if connected_at_ms is not None else None,
        story=[_step(entry) for entry in state.story],
        hangup_by=(HangUpBy.SYSTEM if call.media_lost or call.moved else call.hung_up_by).value,
        flow=state.cursor.flow if state.cursor is not None else None,
        flow_step=state.cursor.step if state.cursor is not None else None,
        expected_wait_ms=state.expected_wait_ms,
        flow_done=call.flow_completed if state.cursor is not None else None,
        keys=[f"{pressed.step}:{pressed.keys}" for pressed in state.cursor.pressed] if state.cursor is not None else [],
    )


def _step(entry: StoryEntry) -> CallStep:
    return CallStep(
        at=from_milliseconds(entry.at_ms),
        step=entry.step,
        agent_id=entry.agent_id,
        target=entry.target,
        number=entry.number,
        note=entry.note,
    )


def _abandon_position(call: EndedCall) -> int | None:
    if outcome(call) is not CallOutcome.ABANDONED:
        return None
    if call.departure is not None and call.departure.abandoned:
        return call.departure.position
    return call.state.abandon_position


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_milliseconds(value)


def _asked_call_back(state: CallState) -> bool:
    """Tell whether the flow noted a call back."""
    return state.cursor is not None and bool(read(state.cursor.variables, "call_back.asked"))


def _served_itself(state: CallState) -> bool:
    """Tell whether the flow served the caller, such as by an urge."""
    return state.cursor is not None and bool(state.cursor.variables.get("call", {}).get("served"))
