"""Ways out of a queue that overflows, or is closed."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState
from ari_app.calls.overflow_number import ring_number
from ari_app.calls.overflowing import Overflow, note_overflow
from ari_app.calls.wait_end import WaitEnd
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import LeaveReason, WaitingCall
from ari_app.queues.overflow import OverflowAction, OverflowTarget
from ari_app.queues.settings import QueueSettings
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint

ENDS = {
    OverflowAction.OTHERWISE: WaitEnd.TIMED_OUT,
    OverflowAction.MESSAGE: WaitEnd.MESSAGE,
    OverflowAction.CALL_BACK: WaitEnd.CALL_BACK,
}
"""Ends of a wait after which the flow goes on at its `otherwise`."""
CLOSED = "closed"


@dataclass(frozen=True)
class Shut:
    """Closed queue with its way out."""

    overflow: Overflow
    opens: str | None
    """By the local clock; None: not for years."""


def shut(services: CallServices, state: CallState, settings: QueueSettings) -> Shut | None:
    """Return the way out of a closed queue; None: it is open."""
    if settings.closed is None or services.hours.is_open(settings):
        return None
    overflow = Overflow(settings.closed.to, f"{settings.name}.{CLOSED}")
    if overflow.name in state.overflowed or (overflow.to.needs_flow and not goes_on(state)):
        # A number that did not answer is not rung again.
        overflow = replace(overflow, to=OverflowTarget(action=OverflowAction.OTHERWISE))
    state.queue, state.closed_queue = settings.name, True
    return Shut(overflow, services.hours.opens(settings))


async def way_out(
    services: CallServices, state: CallState, overflow: Overflow, registered: ExitStack
) -> WaitEnd | None:
    """Take a caller out of a queue; None: a number rings."""
    note_overflow(state, overflow)
    target, is_waiting = overflow.to, state.queued_at_ms is not None
    if target.queue is not None and is_waiting:
        return await change_queue(services, state, target.queue, LeaveReason.TIMED_OUT)
    if target.queue is not None:
        assert state.target is not None, "on the way to a queue"
        state.target = replace(state.target, queue=target.queue)
        await services.store.save(state)
        return WaitEnd.CHANGED
    if (end := ENDS.get(target.action)) is not None:
        services.store.put(state)
        return WaitEnd.CLOSED if state.closed_queue and end is WaitEnd.TIMED_OUT else end
    with suppress(QueuesUnavailable):  # an offer that comes all the same is given back
        await services.queues.leave(state.id, LeaveReason.TIMED_OUT)
    if target.flow is not None:
        state.flow, state.target = target.flow, None
        await services.store.save(state)
        return WaitEnd.SENT_ON
    assert target.number is not None, "as the settings were checked"
    return None if await ring_number(services, state, target.number, registered) else WaitEnd.CHANGED


async def change_queue(
    services: CallServices, state: CallState, queue: str, reason: LeaveReason = LeaveReason.CHOSE_OTHERWISE
) -> WaitEnd:
    """Take a waiting caller to another queue, with the same joining time."""
    assert state.target is not None, "waiting"
    state.target, state.queue = replace(state.target, queue=queue), queue
    state.here_since_ms = milliseconds(utc_now())
    await services.store.save(state)
    crashpoint("changing-queue")
    with suppress(QueuesUnavailable):  # repeated when the caller enters
        # Left first: where an agent is reserved already, `enter` alone would keep the queue.
        await services.queues.leave(state.id, reason, state.leaving_key)
        await services.queues.restore([waiting_call(state)])
    state.leaving_key = None
    return WaitEnd.CHANGED


def goes_on(state: CallState) -> bool:
    """Tell whether the caller's flow has a step after the queue."""
    return state.target is not None and state.target.otherwise is not None


def waiting_call(state: CallState) -> WaitingCall:
    """Return a waiting caller, as `restore` needs it."""
    assert state.target is not None, "waiting"
    assert state.queued_at_ms is not None, "waiting"
    return WaitingCall(
        state.id,
        state.target.queue,
        state.target.priority,
        state.queued_at_ms,
        state.node,
        tuple(state.preferred),
        asked(state),
    )


def asked(state: CallState) -> tuple[str, ...]:
    """Return the words of the flow's step, and the language."""
    words = state.target.asks if state.target is not None else ()
    return tuple(dict.fromkeys((*words, state.cursor.language))) if state.cursor is not None else words
