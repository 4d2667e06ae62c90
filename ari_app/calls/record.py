"""The record of a call that has ended."""

from datetime import datetime
from typing import Protocol

from ari_app.calls.model import CallOutcome, CallState, Direction, HangUpBy
from ari_app.queues.model import Departure
from crm.history.model import CallRecordView
from foundation.clock import from_milliseconds, milliseconds, utc_now


class EndedCall(Protocol):
    """What is known of a call at its end: `LiveCall` says what each means."""

    state: CallState
    flow_completed: bool
    departure: Departure | None
    failure: BaseException | None
    hung_up_by: HangUpBy
    moved: bool
    media_lost: bool


def outcome(call: EndedCall) -> CallOutcome:
    """What became of a call, from what is known of it."""
    state = call.state
    if call.media_lost or call.moved:
        return CallOutcome.LOST if call.media_lost else CallOutcome.FALLBACK
    if state.connected_at_ms is not None:
        return CallOutcome.ANSWERED
    if call.failure is not None:
        return CallOutcome.FAILED
    if state.direction is Direction.OUTBOUND:
        return CallOutcome.ANSWERED if state.answered_at_ms is not None else CallOutcome.UNREACHED
    if call.departure is not None and call.departure.abandoned:
        return CallOutcome.ABANDONED
    return CallOutcome.SELF_SERVED if call.flow_completed or _served_itself(state) else CallOutcome.LEFT_FLOW


def call_record(call: EndedCall) -> CallRecordView:
    """The row that stays of a call."""
    state = call.state
    ended_at_ms = milliseconds(utc_now())
    connected_at_ms = state.connected_at_ms
    wait_until_ms = connected_at_ms or ended_at_ms
    departure = call.departure
    return CallRecordView(
        id=state.id,
        direction=state.direction.value,
        number=state.number,
        access_number=state.access_number,
        customer_id=state.customer_id,
        agent_id=state.talk.agent_id if state.talk is not None else None,
        queue=state.queue,
        ticket_id=state.ticket_id,
        started_at=from_milliseconds(state.started_at_ms),
        answered_at=_moment(state.answered_at_ms),
        queued_at=_moment(state.queued_at_ms),
        connected_at=_moment(connected_at_ms),
        ended_at=from_milliseconds(ended_at_ms),
        outcome=outcome(call).value,
        abandon_position=departure.position if departure is not None and departure.abandoned else None,
        wait_ms=wait_until_ms - state.queued_at_ms if state.queued_at_ms is not None else None,
        talk_ms=ended_at_ms - connected_at_ms if connected_at_ms is not None else None,
        hangup_by=(HangUpBy.SYSTEM if call.media_lost or call.moved else call.hung_up_by).value,
        keys=[f"{pressed.step}:{pressed.keys}" for pressed in state.cursor.pressed] if state.cursor is not None else [],
    )


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_milliseconds(value)


def _served_itself(state: CallState) -> bool:
    """The flow did what the caller wanted before he hung up, such as urging a ticket."""
    return state.cursor is not None and bool(state.cursor.variables.get("call", {}).get("served"))
