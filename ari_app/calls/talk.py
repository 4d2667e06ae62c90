"""An agent's leg: screen pop, ringing, bridge, recording, clean-up."""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriConflict, AriError, AriNoResponse, AriNotFound, AriNotReady, NotInStasis
from ari_app.calls.answering import ANSWER_GRACE_S, until_answered
from ari_app.calls.call_services import TRANSFER_BY_US, AgentPhone, CallServices, PopMaker
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.control.conversation import Conversation, ConversationEnd
from ari_app.calls.control.further_parties import drop_further_parties
from ari_app.calls.control.segments import Segments
from ari_app.calls.control.view import call_changed
from ari_app.calls.holding import Hold
from ari_app.calls.log_lines import log_connected, log_offer_ended
from ari_app.calls.model import CallState, LegStage, Talk
from ari_app.calls.offers import HANG_UP_REASONS, MISSED, TOO_LATE, UNHEARD, OfferEnd
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import DeclineReason
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.tasks import shield_until_done, task_over

RING_AGAIN_S = 1.0
"""Pause before the next offer, where Asterisk did not answer the request to ring."""

log = structlog.get_logger()


class AgentLeg:
    """Carries out one offer, from the talk's present stage to its end.

    A caller's hang-up cancels `run` at any point. The agent's leg is then hung up, the reservation given back or the
    wrap-up begun, and the recording sealed.
    """

    def __init__(
        self,
        services: CallServices,
        state: CallState,
        phone: AgentPhone,
        commands: CommandInbox,
        hold: Hold | None = None,
        talk: Talk | None = None,
    ) -> None:
        talk = talk or state.talk
        assert talk is not None, "an offer was staged"
        self._services = services
        self._state = state
        self._phone = phone
        self._commands = commands
        self._hold = hold
        """The caller's way into the holding bridge, which must be over before the caller is bridged."""
        self._originating: asyncio.Task[None] | None = None
        self._bridging: asyncio.Task[None] | None = None
        """Makes the bridge."""
        self._gone = False
        """The leg ended by itself: there is nothing to hang up."""
        self._bridge_refused = False
        """Asterisk did not bridge both; both are still there."""
        self._too_late = False
        """The queue had given the call to another agent."""
        self._answered_by: str | None = None
        """Name of another agent who has the caller."""
        self._adopted = talk.stage is not LegStage.OFFERED
        """Another process rang the agent, so that only Asterisk knows how far it got."""
        self._segments = Segments(services, state, talk.recording, adopted=self._adopted)
        self._make_pop: PopMaker | None = None

    @property
    def _talk(self) -> Talk:
        """Return the agent's side: another agent's, once the call was handed over."""
        assert self._state.talk is not None, "an offer was staged"
        return self._state.talk

    async def run(self, make_pop: PopMaker) -> OfferEnd:
        """Carry the offer out, from the pop to the agent's hang-up."""
        reason = DeclineReason.CALLER_GONE
        talk = self._talk
        self._make_pop = make_pop
        with self._services.dispatcher.channel(talk.channel_id) as inbox:
            try:
                if talk.stage is LegStage.OFFERED and not await self._announce(make_pop):
                    self._too_late = True
                    return OfferEnd.DECLINED
                if talk.stage is LegStage.RINGING:
                    refused = await self._ring(inbox)
                    if refused is not None:
                        reason = refused
                        return OfferEnd.DECLINED
                    if not await self._connected():
                        # The reservation ran out, or another node has the call: the answer is too late (F17, F21).
                        self._too_late = True
                        return OfferEnd.DECLINED
                    talk.stage = LegStage.CONNECTED
                ended = await self._converse(inbox)
                if ended is not None:
                    return OfferEnd.SENT_ON if ended is ConversationEnd.SENT_ON else OfferEnd.TALKED
                self._gone = not self._bridge_refused
                # The caller waits on in the same place; the agent goes into wrap-up.
                reason, talk.stage = DeclineReason.INTERRUPTED, LegStage.RINGING
                return OfferEnd.DECLINED
            finally:
                if not self._services.life.leaving:
                    await shield_until_done(self.clean_up(reason))

    async def _announce(self, make_pop: PopMaker) -> bool:
        """Show the screen pop; False if the offer is over by then."""
        self._state.stage, self._talk.stage = CallStage.RINGING, LegStage.RINGING
        # Stored before the queue answers: both requests use the same connection.
        self._services.store.put(self._state)
        popped, in_force = await asyncio.gather(
            self._services.desks.pop(self._phone.agent_id, make_pop(self._state, self._phone, self._talk.waited_ms)),
            self._in_force(),
        )
        if not popped:
            # A desk that reconnects gets the pop later (F14); the caller does not wait for a browser.
            log.warning("pop_without_desk", agent_id=self._phone.agent_id)
        crashpoint("reserved")
        return in_force

    async def _in_force(self) -> bool:
        """Report the ringing to the queue; False if the offer is over."""
        try:
            return await self._services.queues.ringing(self._talk.reservation_id)
        except QueuesUnavailable:
            # An agent who is free is rung all the same; if the offer is over by then, the queue refuses the answer.
            log.warning("rung_without_queue", agent_id=self._phone.agent_id)
            return True

    async def _ring(self, inbox: Inbox) -> DeclineReason | None:
        """Ring until the agent answers; else return the reason."""
        agent_id, ring_s = self._talk.agent_id, self._talk.ring_ms / 1000
        if not self._adopted:
            originating = self._originate(ring_s)
            self._originating = asyncio.create_task(originating, name=f"originate:{self._talk.channel_id}")
        # Requested after the ringing, which is more urgent.
        self._prepare_early()
        try:
            if self._originating is not None:
                await asyncio.shield(self._originating)
                self._talk.rung = True
                crashpoint("ringing")
            elif await self._answered_already():
                return None
            with self._commands.ringing(agent_id, lambda: self._services.ari.hang_up(self._talk.channel_id)):
                async with asyncio.timeout(ring_s + ANSWER_GRACE_S):
                    refused = await until_answered(inbox)
        except AriNotFound:
            if self._adopted:
                return DeclineReason.INTERRUPTED
            # The caller's channel is gone, and with it the call.
            raise
        except (AriNoResponse, AriNotReady) as error:
            # Asterisk is away: no fault of the agent (F11). An offer made again at once would only fail again.
            log.warning("agent_not_rung", agent_id=self._phone.agent_id, error=str(error))
            await asyncio.sleep(RING_AGAIN_S)
            return DeclineReason.INTERRUPTED
        except AriError as error:
            log.warning("agent_leg_failed", agent_id=self._phone.agent_id, error=str(error))
            return DeclineReason.UNAVAILABLE
        except TimeoutError:
            return DeclineReason.NO_ANSWER
        return DeclineReason.INTERRUPTED if refused is not None and agent_id in self._commands.rung_anew else refused

    async def _answered_already(self) -> bool:
        """Tell whether an adopted leg is in our application by now.

        Raises:
            AriNotFound: it ended.
        """
        channel = await self._services.ari.channel(self._talk.channel_id)
        self._talk.rung = True
        return channel.stasis_arguments(self._services.ari.application) is not None

    async def _originate(self, ring_s: float) -> None:
        await self._services.ari.originate(
            f"PJSIP/{self._phone.endpoint}",
            channel_id=self._talk.channel_id,
            app_args=["agent", self._state.id],
            originator=self._state.channel_id,
            caller_id=self._state.number or "anonymous",
            timeout_s=max(1, round(ring_s)),
            variables=TRANSFER_BY_US,
        )

    def _prepare_early(self) -> None:
        self._prepare()

    def _prepare(self) -> asyncio.Task[None]:
        """Begin to make bridge and recording entry, once; return the bridge's task.

        An answer waits for the bridge only: a locked database delays no conversation (F25).
        """
        if self._bridging is None:
            self._bridging = asyncio.create_task(self._make_bridge(), name=f"bridge:{self._talk.bridge_id}")
            self._segments.prepare()
        return self._bridging

    async def _make_bridge(self) -> None:
        with suppress(AriConflict):  # made by a former process
            await self._services.ari.create_bridge(self._talk.bridge_id, types=["mixing"], name=self._state.id)

    async def _connected(self) -> bool:
        """Report the answer to the queue; False if the reservation is over."""
        crashpoint("answered")
        queues, talk = self._services.queues, self._talk
        try:
            return await queues.connected(talk.reservation_id) or await queues.hold_on(
                talk.agent_id, self._state.id, self._state.queue
            )
        except QueuesUnavailable:
            # Two people want to talk; the queue gets the report when it is back (F20).
            log.warning("answered_without_queue", agent_id=self._phone.agent_id)
            return True

    async def _converse(self, inbox: Inbox) -> ConversationEnd | None:
        """Bridge both until the conversation is over; None if never bridged."""
        connected = self._state.bridged
        if self._adopted and self._state.control is None and not await self._there():
            self._gone = True
            return ConversationEnd.HUNG_UP if connected else None
        if connected:
            # The process that brought them together may have died before it stored the entry.
            self._segments.prepare(self._talk.connected_at_ms)
        elif not await self._brought_together():
            return None
        conversation = Conversation(self._services, self._state, self._make_pop, self._commands, self._segments)
        ended = await conversation.run(inbox, adopted=self._adopted)
        self._gone = conversation.agent_gone
        return ended

    async def _there(self) -> bool:
        """Tell whether the agent's leg is still in our application."""
        try:
            channel = await self._services.ari.channel(self._talk.channel_id)
        except AriNotFound:
            return False
        return channel.stasis_arguments(self._services.ari.application) is not None

    async def _brought_together(self) -> bool:
        """Bridge both; False if the agent hung up, or Asterisk refuses.

        Raises:
            AriNotFound, NotInStasis: the caller hung up.
            AriNoResponse, AriNotReady: Asterisk is away.
        """
        try:
            await self._bridge()
        except (AriNotFound, NotInStasis):
            if await self._there():
                raise
            return False
        except (AriNoResponse, AriNotReady):
            raise
        except AriError as error:
            log.warning("bridge_refused", agent_id=self._phone.agent_id, error=str(error))
            self._bridge_refused = True
            return False
        return True

    async def _bridge(self) -> None:
        """Bridge and record both sides. Idempotent."""
        await asyncio.shield(self._prepare())
        if self._hold is not None:
            await self._hold.leave()
        crashpoint("committed")
        starting = self._segments.start()
        await self._services.ari.add_to_bridge(self._talk.bridge_id, [self._state.channel_id, self._talk.channel_id])
        # From here on both talk, with or without a recording (F27).
        self._state.stage = CallStage.TALKING
        self._talk.connect(milliseconds(utc_now()))
        self._state.connected_at_ms = self._state.connected_at_ms or self._talk.connected_at_ms
        # Stored before the recording has begun: who talked is not offered again by the next process.
        self._services.store.put(self._state)
        log_connected(self._talk)
        shown = call_changed(self._state, self._phone.agent_id)
        await asyncio.gather(self._services.desks.call_changed(self._phone.agent_id, shown), asyncio.wait({starting}))
        await self._services.store.save(self._state)
        crashpoint("talking")

    async def clean_up(self, reason: DeclineReason = DeclineReason.CALLER_GONE) -> None:
        """Remove the leg at any stage. Idempotent."""
        talk = self._talk
        if self._originating is not None:
            # A hang-up sent before the leg is created would miss it.
            await task_over(self._originating)
        if not self._gone:
            with suppress(AriError):
                await self._services.ari.hang_up(talk.channel_id, reason=HANG_UP_REASONS.get(reason))
        bridged = talk.connected_at_ms is not None
        if self._state.talk is talk:
            await drop_further_parties(self._services, self._state)
        await self._release_agent(reason, bridged=bridged)
        if self._bridging is not None:
            await task_over(self._bridging)
        if self._bridging is not None or self._adopted:
            with suppress(AriError):
                await self._services.ari.destroy_bridge(talk.bridge_id)
            await self._segments.end(talked_since_ms=talk.connected_at_ms)
        talk.stage = LegStage.OVER
        if bridged:
            self._end_talk()
        else:
            await self._forget_offer(reason)

    async def _forget_offer(self, reason: DeclineReason) -> None:
        await self._wait_on(reason)

    async def _wait_on(self, reason: DeclineReason) -> None:
        """Leave the caller waiting without this agent."""
        talk, state = self._talk, self._state
        log_offer_ended(talk, TOO_LATE if self._too_late else reason.value)
        state.abandon_position = talk.position if reason is DeclineReason.CALLER_GONE else None
        state.ring_without(talk)
        # Boards and colleagues read it there: the caller may be taken again.
        self._services.store.put(state)
        missed = reason in MISSED and not self._too_late
        missed_of = self._services.queues.settings_of(state.queue or "").misses_until_not_ready if missed else None
        await self._services.desks.close_pop(
            self._phone.agent_id, state.id, missed_of=missed_of, answered_by=self._answered_by
        )

    def _end_talk(self) -> None:
        """Add the conversation to the call's time with agents."""
        state, now_ms = self._state, milliseconds(utc_now())
        state.talked_ms += now_ms - (self._talk.connected_at_ms or now_ms)
        if state.held_since_ms is not None:
            state.held_ms, state.held_since_ms = state.held_ms + now_ms - state.held_since_ms, None

    async def _release_agent(self, reason: DeclineReason, *, bridged: bool) -> None:
        """Give the agent back to the queue, with wrap-up after a conversation."""
        talk = self._talk
        if talk.released:
            return  # the agent left before the call ended
        talk.released = True
        try:
            # A hang-up in the moment of the answer: the queue may know of the answer though this call does not.
            if bridged or not await self._services.queues.declined(talk.reservation_id, reason):
                talked = bridged or reason not in UNHEARD
                await self._services.queues.finished(talk.agent_id, self._state.id, talked=talked)
        except QueuesUnavailable:
            # Repaired when the queue answers again.
            log.warning("agent_not_released", agent_id=talk.agent_id)
