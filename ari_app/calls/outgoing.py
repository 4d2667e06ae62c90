"""Call that an agent makes: the own phone rings first."""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriConflict, AriError, AriNotFound
from ari_app.ari.events import ChannelDestroyed, ChannelHangupRequest, StasisEnd, StasisStart
from ari_app.calls.answering import ANSWER_GRACE_S
from ari_app.calls.call_services import TRANSFER_BY_US, AgentPhone, CallServices, PopMaker
from ari_app.calls.control.command_inbox import Commanded, CommandInbox
from ari_app.calls.control.conversation import ConversationEnd
from ari_app.calls.control.errors import NotNow
from ari_app.calls.control.model import SupervisorCommand, TargetKind
from ari_app.calls.control.parties import AGENT_LEG, OUTSIDE_FORMATS, OUTSIDE_LEG, RING_OUTSIDE_S
from ari_app.calls.control.view import call_changed, call_left
from ari_app.calls.model import CallState, LegStage, Outgoing, RecordingStage, Talk
from ari_app.calls.offers import OfferEnd, phone_of
from ari_app.calls.talk import AgentLeg
from ari_app.desk.call_states import CallAction, Direction, OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import DeclineReason
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.ids import new_id
from foundation.tasks import shield_until_done, task_over
from recordings.service import new_segment_id

ENDS = (StasisEnd, ChannelDestroyed, ChannelHangupRequest)
CALLED_OUT = "called-out"
"""Reservation of an agent who calls: no match made it."""
AUTO_ANSWER = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:hotline>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://hotline>;info=alert-autoanswer",
}
"""Headers by which a phone on the table answers the agent's own call by itself."""

# Q.850 causes of the end of the other party's leg.
RESULTS = {
    17: OutgoingResult.BUSY,
    18: OutgoingResult.NO_ANSWER,
    19: OutgoingResult.NO_ANSWER,
    21: OutgoingResult.REFUSED,
}
_CLEARED = frozenset({0, 16, 127})
"""Ends without a reason: the ringing time was over, or the end came while the service was away."""

log = structlog.get_logger()


def outgoing_call(node: str, phone: AgentPhone, outgoing: Outgoing, *, ring_s: float) -> CallState:
    """Return the first state of an agent's call, with every id chosen."""
    target = outgoing.target
    is_internal = target.kind is TargetKind.AGENT
    return CallState(
        id=new_id("call"),
        node=node,
        direction=Direction.INTERNAL if is_internal else Direction.OUTBOUND,
        channel_id=new_id(AGENT_LEG if is_internal else OUTSIDE_LEG),
        number=None if is_internal else target.id,
        access_number="" if is_internal else outgoing.shown_number,
        stage=CallStage.RINGING,
        started_at_ms=milliseconds(utc_now()),
        outgoing=outgoing,
        talk=Talk(
            reservation_id=CALLED_OUT,
            agent_id=phone.agent_id,
            staff_number=phone.staff_number,
            agent_name=phone.name,
            channel_id=new_id(AGENT_LEG),
            bridge_id=new_id("talk"),
            ring_ms=round(ring_s * 1000),
            waited_ms=0,
            recording=RecordingStage(new_segment_id()),
        ),
    )


def result_of(state: CallState, cause: int, *, media_lost: bool) -> OutgoingResult:
    """Return an ended call's result; `cause` is of the other leg."""
    outgoing = _outgoing(state)
    if state.connected_at_ms is not None:
        return OutgoingResult.REACHED
    if outgoing.result is not None:
        return outgoing.result
    if media_lost:
        return OutgoingResult.FAILED
    if cause in _CLEARED:
        return OutgoingResult.NO_ANSWER if outgoing.dialled else OutgoingResult.FAILED
    return RESULTS.get(cause, OutgoingResult.UNREACHABLE)


async def show_result(services: CallServices, state: CallState, cause: int, *, media_lost: bool) -> None:
    """Store the result, and show it on the agent's desk."""
    outgoing = _outgoing(state)
    outgoing.result = result_of(state, cause, media_lost=media_lost)
    if state.talk is not None and state.talk.agent_id == outgoing.agent_id:
        await services.desks.call_changed(outgoing.agent_id, call_left(state))


class OutgoingLeg(AgentLeg):
    """Carries an agent's call from its present stage to its end.

    The end of the other party's leg cancels `run` at any point. From the answer on it is a conversation as any other.
    """

    def __init__(self, services: CallServices, state: CallState, commands: CommandInbox) -> None:
        assert state.talk is not None, "made with its talk"
        super().__init__(services, state, phone_of(services, state.talk), commands)
        self._dialling: asyncio.Task[None] | None = None

    @property
    def _outgoing(self) -> Outgoing:
        return _outgoing(self._state)

    async def run(self, make_pop: PopMaker) -> OfferEnd:
        """Carry the call out, from the agent's phone to the agent's hang-up."""
        self._make_pop = make_pop
        with self._services.dispatcher.channel(self._talk.channel_id) as inbox:
            try:
                if self._state.bridged:
                    # Raises where the other party is gone.
                    await self._services.ari.channel(self._state.channel_id)
                elif not await self._reached(inbox, make_pop):
                    return OfferEnd.DECLINED
                ended = await self._converse(inbox)
                if ended is None:
                    refused = self._bridge_refused
                    self._gone = not refused
                    self._outgoing.result = OutgoingResult.FAILED if refused else OutgoingResult.CANCELLED
                    return OfferEnd.DECLINED
                return OfferEnd.SENT_ON if ended is ConversationEnd.SENT_ON else OfferEnd.TALKED
            finally:
                if not self._services.life.leaving:
                    await shield_until_done(self.clean_up())

    async def _reached(self, inbox: Inbox, make_pop: PopMaker) -> bool:
        """Ring the agent, then the other party; return whether both answered."""
        state, talk = self._state, self._talk
        events = self._services.dispatcher.joined(state.channel_id, inbox)
        with events, self._commands.opened(inbox):
            if talk.stage is LegStage.OFFERED:
                state.stage, talk.stage = CallStage.RINGING, LegStage.RINGING
                await self._services.store.save(state)
                crashpoint("calling-out")
                await self._announce_call(make_pop)
            if talk.stage is LegStage.RINGING:
                if not await self._own_phone(inbox):
                    return False
                state.stage, talk.stage = CallStage.DIALLING, LegStage.CONNECTED
                await self._services.store.save(state)
                crashpoint("dialling-out")
            return await self._dialled(inbox)

    async def _announce_call(self, make_pop: PopMaker) -> None:
        """Show the call, and the facts about the other party."""
        if self._state.called_agent is None:
            await self._services.desks.pop(self._phone.agent_id, make_pop(self._state, self._phone, 0))
        await self._show()

    async def _own_phone(self, inbox: Inbox) -> bool:
        """Ring the agent's phone; False without an answer."""
        talk, ring_s = self._talk, self._talk.ring_ms / 1000
        self._prepare()
        try:
            if not talk.rung and not (self._adopted and await self._exists(talk.channel_id)):
                self._originating = asyncio.create_task(self._originate(ring_s), name=f"originate:{talk.channel_id}")
                await asyncio.shield(self._originating)
            talk.rung = True
            self._services.store.put(self._state)
            crashpoint("own-phone")
            if self._adopted and await self._answered_already():
                return True
            async with asyncio.timeout(ring_s + ANSWER_GRACE_S):
                if await self._until_answer(talk.channel_id, inbox):
                    return True
        except (AriError, TimeoutError) as error:
            log.warning("agent_not_rung", agent_id=self._phone.agent_id, error=str(error))
        self._outgoing.result = self._outgoing.result or OutgoingResult.NO_PHONE
        return False

    async def _originate(self, ring_s: float) -> None:
        await self._services.ari.originate(
            f"PJSIP/{self._phone.endpoint}",
            channel_id=self._talk.channel_id,
            app_args=["agent", self._state.id],
            caller_id=self._state.number or self._outgoing.target.staff_number or "anonymous",
            timeout_s=max(1, round(ring_s)),
            variables={**AUTO_ANSWER, **TRANSFER_BY_US},
        )

    async def _dialled(self, inbox: Inbox) -> bool:
        """Ring the other party; the agent hears that. False without an answer."""
        state, outgoing, ari = self._state, self._outgoing, self._services.ari
        self._prepare()
        try:
            there = self._adopted and await self._exists(state.channel_id)
            if outgoing.dialled and not there and self._adopted:
                return False  # it ended while no process listened
            if not (there and await self._in_application(state.channel_id)):
                await ari.ring(self._talk.channel_id)
                if not there:
                    self._dialling = asyncio.create_task(self._dial(), name=f"dial:{state.channel_id}")
                    await asyncio.shield(self._dialling)
                outgoing.dialled = True
                self._services.store.put(state)
                crashpoint("dialled-out")
                await self._show()
                async with asyncio.timeout(self._ring_s() + ANSWER_GRACE_S):
                    if not await self._until_answer(state.channel_id, inbox):
                        outgoing.result = outgoing.result or OutgoingResult.CANCELLED
                        return False
            state.answered_at_ms = milliseconds(utc_now())
            await ari.stop_ringing(self._talk.channel_id)
        except AriNotFound:
            self._gone, outgoing.result = True, OutgoingResult.CANCELLED
            return False
        except AriError as error:
            log.warning("number_not_dialled", error=str(error))
            outgoing.result = OutgoingResult.FAILED
            return False
        except TimeoutError:
            outgoing.result = OutgoingResult.NO_ANSWER
            return False
        return True

    async def _dial(self) -> None:
        target, services = self._outgoing.target, self._services
        is_internal = target.kind is TargetKind.AGENT
        with suppress(AriConflict):  # asked for by a former process
            await services.ari.originate(
                target.endpoint,
                channel_id=self._state.channel_id,
                app_args=["agent" if is_internal else "outside", self._state.id],
                originator=self._talk.channel_id if is_internal else None,
                caller_id=self._talk.staff_number if is_internal else self._outgoing.shown_number,
                timeout_s=max(1, round(self._ring_s())),
                formats=() if is_internal else OUTSIDE_FORMATS,
            )

    def _ring_s(self) -> float:
        is_internal = self._outgoing.target.kind is TargetKind.AGENT
        return self._talk.ring_ms / 1000 if is_internal else RING_OUTSIDE_S

    async def _until_answer(self, channel_id: str, inbox: Inbox) -> bool:
        """Wait for a phone's answer; False where a party hung up before."""
        while True:
            event = await inbox.get()
            if isinstance(event, Commanded):
                if self._hung_up_by_command(event):
                    return False
            elif isinstance(event, StasisStart) and event.channel.id == channel_id:
                return True
            elif isinstance(event, ENDS) and event.channel.id == self._talk.channel_id:
                self._gone = isinstance(event, ChannelDestroyed)
                return False

    def _hung_up_by_command(self, given: Commanded) -> bool:
        """Obey a hang-up; refuse every other command."""
        if given.answer.done():
            return False
        command = given.command
        if isinstance(command, SupervisorCommand) or command.action is not CallAction.HANG_UP:
            stage = self._state.stage.value
            given.answer.set_exception(NotNow(f"{command.action.value} is not possible while the call is {stage}"))
            return False
        is_own = command.agent_id == self._talk.agent_id
        self._outgoing.result = OutgoingResult.CANCELLED if is_own else OutgoingResult.REFUSED
        given.answer.set_result(None)
        return True

    async def clean_up(self, reason: DeclineReason = DeclineReason.CALLER_GONE) -> None:
        """Remove the agent's leg, and free a called colleague. Idempotent."""
        if self._dialling is not None:
            # A hang-up sent before the leg is created would miss it.
            await task_over(self._dialling)
        await super().clean_up(reason)
        called = self._state.called_agent
        if called is not None:
            with suppress(QueuesUnavailable):  # repaired when the queue answers again
                await self._services.queues.finished(called, self._state.id, talked=self._state.bridged)
            await self._services.desks.call_changed(called, call_left(self._state, called))

    async def _release_agent(self, reason: DeclineReason, *, bridged: bool) -> None:
        """Free the agent; with wrap-up, where a number was tried."""
        tried = self._outgoing.dialled or self._outgoing.result is OutgoingResult.FAILED
        if self._talk.reservation_id == CALLED_OUT and tried:
            bridged = True
        await super()._release_agent(reason, bridged=bridged)

    async def _forget_offer(self, _reason: DeclineReason) -> None:
        """Keep the agent in the record of a call without an answer."""
        log.info("call_out_ended", staff_number=self._talk.staff_number, dialled=self._outgoing.dialled)

    async def _exists(self, channel_id: str) -> bool:
        try:
            await self._services.ari.channel(channel_id)
        except AriNotFound:
            return False
        return True

    async def _in_application(self, channel_id: str) -> bool:
        channel = await self._services.ari.channel(channel_id)
        return channel.stasis_arguments(self._services.ari.application) is not None

    async def _show(self) -> None:
        """Show the call to the agents who are in it."""
        for agent_id in self._state.agents:
            await self._services.desks.call_changed(agent_id, call_changed(self._state, agent_id))


def _outgoing(state: CallState) -> Outgoing:
    assert state.outgoing is not None, "an agent made the call"
    return state.outgoing
