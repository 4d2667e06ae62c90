"""States of agents that Redis lost, and what each agent wanted."""

import msgspec

from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, AgentState

SIGNED_IN = "signed_in"
"""Reason of an agent who has just signed in."""
RUNG = frozenset({AgentState.RESERVED, AgentState.RINGING})
HAD_A_CALL = frozenset({AgentState.TALKING, AgentState.WRAP_UP})
TAKES_CALLS = RUNG | {AgentState.READY, AgentState.TALKING}
"""States that end in READY, unless the agent has asked for another one."""


def torn_state(before: AgentSnapshot | None, now: AgentSnapshot) -> AgentSnapshot | None:
    """Return the state that Redis lost, or None.

    No agent signs in without having left, and none is signed out in a call without having asked for it: a Redis
    without its data did not know such an agent, and the call was taken up again.
    """
    if before is None or before.state is AgentState.OFFLINE:
        return None
    if now.state is AgentState.NOT_READY and now.reason == SIGNED_IN:
        return None if _may_sign_in(before) else before
    if before.next_state is AgentState.OFFLINE:
        return None
    if now.state is AgentState.OFFLINE:
        # One in wrap-up may sign out at once.
        return _in_a_call(before) if before.state in RUNG | {AgentState.TALKING} else None
    if now.state is AgentState.TALKING and now.next_state is AgentState.OFFLINE:
        # One who asks to be signed out after the call stays in it as long as before.
        signs_out = before.state is AgentState.TALKING and before.since_ms == now.since_ms
        taken_up = before.state in TAKES_CALLS | HAD_A_CALL and not signs_out
        return _in_a_call(before) if taken_up else None
    return None


def wish_after(before: AgentSnapshot) -> tuple[AgentState, str]:
    """Return the state that follows what the agent did, with its reason.

    It is the one asked for, or ready.

    The reason is never the closed desk: the desk is open again.
    """
    if before.next_state is not None:
        state, reason = before.next_state, before.next_reason
    elif before.state is AgentState.NOT_READY:
        state, reason = before.state, before.reason
    else:
        state, reason = AgentState.READY, None
    return state, SIGNED_IN if reason is None or reason == DESK_CLOSED else reason


def _may_sign_in(before: AgentSnapshot) -> bool:
    """Tell whether the agent becomes "signed in, not ready" without a loss."""
    if before.state is AgentState.NOT_READY:
        return before.reason in {None, SIGNED_IN, DESK_CLOSED}
    return before.next_state is AgentState.NOT_READY and before.next_reason in {None, SIGNED_IN, DESK_CLOSED}


def _in_a_call(before: AgentSnapshot) -> AgentSnapshot:
    return msgspec.structs.replace(before, state=AgentState.TALKING)
