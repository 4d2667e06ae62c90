"""Outside number that rings for a caller of a queue that overflows."""

from contextlib import ExitStack, suppress

import structlog

from ari_app.ari.errors import AriConflict, AriError
from ari_app.calls.call_services import AgentPhone, CallServices
from ari_app.calls.control.model import Control, Target, TargetKind
from ari_app.calls.control.parties import RING_OUTSIDE_S, Parties
from ari_app.calls.errors import NumberRefused
from ari_app.calls.model import CallState, LegStage, RecordingStage, Talk
from ari_app.desk.call_states import ControlStage
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.ids import new_id
from recordings.service import new_segment_id

OVERFLOW = "overflow"
"""Reservation of a conversation without an agent of ours."""

log = structlog.get_logger()


def no_agent() -> AgentPhone:
    """Return the agent's side of a conversation that has none."""
    return AgentPhone("", "", "", "")


async def ring_number(services: CallServices, state: CallState, number: str, registered: ExitStack) -> bool:
    """Ring a number as a transfer without an agent does.

    The caller hears the music meanwhile. False: it cannot be rung, and the caller waits on.

    Args:
        registered: keeps a leg that answers at once from being turned away until the conversation listens.
    """
    parties = Parties(services, state, None)
    try:
        target = Target(TargetKind.NUMBER, number, number, endpoint=services.dial_plan.endpoint(number))
    except NumberRefused as refused:
        log.warning("overflow_number_refused", why=str(refused))
        return False
    party, now_ms = parties.party(target), milliseconds(utc_now())
    until_ms = now_ms + round(RING_OUTSIDE_S * 1000)
    state.talk = Talk(
        reservation_id=OVERFLOW,
        agent_id="",
        staff_number="",
        channel_id=new_id("agent-leg"),
        bridge_id=new_id("talk"),
        ring_ms=round(RING_OUTSIDE_S * 1000),
        waited_ms=0,
        recording=RecordingStage(new_segment_id(), over=True),
        stage=LegStage.CONNECTED,
        released=True,
        connected_at_ms=now_ms,
    )
    state.control = Control(now_ms, ControlStage.TRANSFERRING, until_ms=until_ms, party=party)
    await services.store.save(state)
    crashpoint("overflowing")
    try:
        with suppress(AriConflict):  # made by a former process
            await services.ari.create_bridge(state.talk.bridge_id, types=["mixing"], name=state.id)
        await parties.ring(party, lambda leg_id: registered.enter_context(services.dispatcher.channel(leg_id)))
    except AriError as error:
        log.warning("overflow_number_not_rung", error=str(error))
        state.talk, state.control = None, None
        services.store.put(state)
        return False
    return True
