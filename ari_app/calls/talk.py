"""An agent's leg: rung after her desk has popped, bridged when she answers, recorded, and always cleaned up."""

import asyncio
from contextlib import suppress
from enum import StrEnum

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, NotFound
from ari_app.ari.events import ChannelDestroyed, ChannelHangupRequest, StasisEnd, StasisStart
from ari_app.calls.model import CallStage, CallState, Talk
from ari_app.calls.taping import Tape
from ari_app.calls.tools import AgentLine, CallTools, PopMaker
from ari_app.queues.model import DeclineReason, Offer
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from recordings.model import RecordingKind

ANSWER_GRACE_S = 5.0
"""How much longer than the ringing time we wait for Asterisk to say that it is over."""

# Q.850 causes, as Asterisk reports why a leg ended.
BUSY = frozenset({17})
REFUSED = frozenset({21})
UNAVAILABLE = frozenset({1, 2, 3, 20, 27, 31, 34, 38, 41, 42, 58, 127})

log = structlog.get_logger()


class OfferEnd(StrEnum):
    """How an offer came to its end."""

    DECLINED = "declined"
    """The agent did not take the call; the caller goes on waiting."""
    TALKED = "talked"
    """They talked, and the agent hung up."""


class AgentLeg:
    """One offer carried out: pop, ring, bridge, talk.

    A caller's hang-up cancels `run` at any point; then the agent's leg is hung up, her reservation given back or her
    wrap-up begun, and the recording sealed.
    """

    def __init__(
        self, tools: CallTools, state: CallState, offer: Offer, line: AgentLine, hold: asyncio.Task[None] | None
    ) -> None:
        self._tools = tools
        self._state = state
        self._offer = offer
        self._line = line
        self._hold = hold
        """The caller's way into the holding bridge, which must be over before he is moved on."""
        self._talk = Talk(
            reservation_id=offer.reservation_id,
            agent_id=line.agent_id,
            staff_number=line.staff_number,
            channel_id=new_id("agent-leg"),
            bridge_id=new_id("talk"),
        )
        self._tape = Tape(tools.ami, tools.recordings)
        self._originating: asyncio.Task[None] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._gone = False
        """Her leg ended by itself: there is nothing to hang up."""

    async def run(self, make_pop: PopMaker) -> OfferEnd:
        """Carry the offer out, from the pop to the agent's hang-up."""
        connected = False
        reason = DeclineReason.CALLER_GONE
        with self._tools.dispatcher.channel(self._talk.channel_id) as inbox:
            try:
                if not await self._announce(make_pop):
                    return OfferEnd.DECLINED
                refused = await self._ring(inbox)
                if refused is not None:
                    reason = refused
                    return OfferEnd.DECLINED
                if not await self._tools.queues.connected(self._offer.reservation_id):
                    # The reservation ran out or another node has the call: this answer is too late (F17, F21).
                    return OfferEnd.DECLINED
                connected = True
                await self._bridge()
                await _until_gone(inbox)
                self._gone = True
                return OfferEnd.TALKED
            finally:
                await asyncio.shield(self._clean_up(reason, connected=connected))

    async def _announce(self, make_pop: PopMaker) -> bool:
        """Pop first; False where the offer is over by then and nobody is to be rung."""
        self._state.stage, self._state.talk = CallStage.RINGING, self._talk
        popped, in_force = await asyncio.gather(
            self._tools.desks.pop(self._line.agent_id, make_pop(self._state, self._line, self._offer.waited_ms)),
            self._tools.queues.ringing(self._offer.reservation_id),
        )
        if not popped:
            # A desk that reconnects gets its pop then (F14); the customer is not kept waiting for a browser.
            log.warning("pop_without_desk", agent_id=self._line.agent_id)
        return in_force

    async def _ring(self, inbox: Inbox) -> DeclineReason | None:
        """Ring until she answers; why not, where she does not."""
        ring_s = self._offer.ring_ms / 1000
        self._originating = asyncio.create_task(self._originate(ring_s), name=f"originate:{self._talk.channel_id}")
        self._preparing = asyncio.create_task(self._prepare(), name=f"prepare:{self._talk.bridge_id}")
        try:
            await asyncio.shield(self._originating)
            async with asyncio.timeout(ring_s + ANSWER_GRACE_S):
                return await _until_answered(inbox)
        except NotFound:
            # The caller's channel is gone, and with it the call.
            raise
        except AriError as error:
            log.warning("agent_leg_failed", agent_id=self._line.agent_id, error=str(error))
            return DeclineReason.UNAVAILABLE
        except TimeoutError:
            return DeclineReason.NO_ANSWER

    async def _originate(self, ring_s: float) -> None:
        await self._tools.ari.originate(
            f"PJSIP/{self._line.endpoint}",
            channel_id=self._talk.channel_id,
            app_args=["agent", self._state.id],
            originator=self._state.channel_id,
            caller_id=self._state.number or "anonymous",
            timeout_s=max(1, round(ring_s)),
        )

    async def _prepare(self) -> None:
        """While her phone rings: the bridge and the recording's entry, so that an answer waits for neither."""
        await asyncio.gather(
            self._tape.prepare(
                self._state.id,
                RecordingKind.CONVERSATION,
                customer_id=self._state.customer_id,
                agent_id=self._line.agent_id,
            ),
            self._tools.ari.create_bridge(self._talk.bridge_id, types=["mixing"], name=self._state.id),
            self._tools.store.save(self._state),
        )
        self._talk.segment_id = self._tape.segment_id

    async def _bridge(self) -> None:
        """Let them hear each other, and record both sides."""
        assert self._preparing is not None, "rung before bridged"
        await asyncio.shield(self._preparing)
        if self._hold is not None:
            await asyncio.wait({self._hold})
        await asyncio.gather(
            self._tools.ari.add_to_bridge(self._talk.bridge_id, [self._state.channel_id, self._talk.channel_id]),
            self._tape.start(self._state.channel_id),
        )
        self._state.stage = CallStage.TALKING
        self._state.connected_at_ms = milliseconds(utc_now())
        await asyncio.gather(
            self._tools.store.save(self._state), self._tools.desks.call_changed(self._line.agent_id, self._state)
        )

    async def _clean_up(self, reason: DeclineReason, *, connected: bool) -> None:
        if self._originating is not None:
            # Hanging up a leg whose creation is still on its way would miss it.
            await _over(self._originating)
        if not self._gone:
            with suppress(AriError):
                await self._tools.ari.hang_up(self._talk.channel_id)
        # A hang-up in the very moment of her answer: the queue may know of it though we were cut off before hearing so.
        if connected or not await self._tools.queues.declined(self._offer.reservation_id, reason):
            connected = await self._tools.queues.finished(self._line.agent_id, self._state.id) or connected
        if not connected:
            self._state.talk, self._state.stage = None, CallStage.QUEUED
            await self._tools.desks.close_pop(self._line.agent_id, self._state.id)
        if self._preparing is not None:
            await _over(self._preparing)
            with suppress(AriError):
                await self._tools.ari.destroy_bridge(self._talk.bridge_id)
            await self._tape.stop(self._state.channel_id)


async def _over(task: asyncio.Task[None]) -> None:
    """Wait for a task whose failure, if any, whoever started it has heard of or no longer needs."""
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("leg_task_failed", task=task.get_name(), error=str(error))


async def _until_answered(inbox: Inbox) -> DeclineReason | None:
    """Wait for the leg to enter our application; why not, where it ends instead."""
    while True:
        event = await inbox.get()
        if isinstance(event, StasisStart):
            return None
        if isinstance(event, ChannelDestroyed):
            return _reason(event.cause)


async def _until_gone(inbox: Inbox) -> None:
    while not isinstance(await inbox.get(), StasisEnd | ChannelDestroyed | ChannelHangupRequest):
        pass


def _reason(cause: int) -> DeclineReason:
    if cause in BUSY:
        return DeclineReason.BUSY
    if cause in REFUSED:
        return DeclineReason.REFUSED
    return DeclineReason.UNAVAILABLE if cause in UNAVAILABLE else DeclineReason.NO_ANSWER
