"""The record of a call that ended in the fallback."""

from datetime import timedelta

from ari_app.desk.call_states import Direction
from ari_app.fallback.model import QUEUE, FallbackCall
from crm.history.model import CallOutcome, CallRecordView


def continued(before: CallRecordView, fallback: CallRecordView) -> CallRecordView:
    """Return one record of a call that continued in the fallback.

    Identity, start, keys and queue are the service's; the agent, the times and the result are the fallback's.
    """
    waiting_since = before.queued_at or fallback.queued_at or fallback.started_at
    wait_until = fallback.connected_at or fallback.ended_at or fallback.started_at
    return before.model_copy(
        update={
            "agent_id": fallback.agent_id or before.agent_id,
            "customer_id": before.customer_id or fallback.customer_id,
            "queue": before.queue or fallback.queue,
            "answered_at": before.answered_at or fallback.answered_at,
            "queued_at": waiting_since,
            "connected_at": fallback.connected_at,
            "ended_at": fallback.ended_at,
            "outcome": fallback.outcome,
            "wait_ms": int((wait_until - waiting_since).total_seconds() * 1000),
            "talk_ms": fallback.talk_ms,
            "hangup_by": fallback.hangup_by,
        }
    )


def fallback_record(
    call: FallbackCall, number: str | None, customer_id: str | None, agent_id: str | None, *, message: bool
) -> CallRecordView:
    """Return the record of a call that only the fallback had."""
    ended_at = call.ended_at or call.started_at
    waited = timedelta(seconds=call.waited_s or 0)
    answered = call.endpoint is not None
    outcome = CallOutcome.ANSWERED if answered else CallOutcome.FALLBACK if message else CallOutcome.ABANDONED
    connected_at = min(call.started_at + waited, ended_at) if answered else None
    wait_until = connected_at or ended_at
    return CallRecordView(
        id=call.id,
        direction=Direction.INBOUND.value,
        number=number,
        access_number=call.access_number,
        customer_id=customer_id,
        agent_id=agent_id,
        queue=QUEUE,
        ticket_id=None,
        started_at=call.started_at,
        answered_at=call.started_at,
        queued_at=call.started_at,
        connected_at=connected_at,
        ended_at=ended_at,
        outcome=outcome.value,
        abandon_position=None,
        wait_ms=int((wait_until - call.started_at).total_seconds() * 1000),
        talk_ms=int((ended_at - connected_at).total_seconds() * 1000) if connected_at is not None else None,
        hangup_by="",
        keys=[],
    )
