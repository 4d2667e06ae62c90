"""One call from its first event to its record: one task.

A hang-up cancels the task.
"""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, AriNoResponse, AriNotFound, AriNotReady, NotInStasis
from ari_app.ari.events import ChannelDestroyed, ChannelDtmfReceived, ChannelHangupRequest, StasisEnd, StasisStart
from ari_app.calls import metrics
from ari_app.calls.call_back import CallBackWait, calls_back
from ari_app.calls.call_record import call_record
from ari_app.calls.call_services import CallServices
from ari_app.calls.caller_path import CallerPath, PathEnd
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.dialling import Dialling
from ari_app.calls.errors import LeftApplication, NumberRefused
from ari_app.calls.keypad import Keypad
from ari_app.calls.legs import agent_leg
from ari_app.calls.log_lines import log_start
from ari_app.calls.model import CallState, HangUpBy, LegStage
from ari_app.calls.offers import OfferEnd
from ari_app.calls.outgoing import OutgoingLeg, show_result
from ari_app.calls.record_keeping import store_record
from ari_app.calls.voice import ChannelVoice
from ari_app.calls.waiting import leave_agent
from ari_app.calls.whereabouts import Whereabouts
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import Departure, LeaveReason, Offer
from foundation.crashpoint import crashpoint
from foundation.tasks import log_failure, shield_until_done

CANCEL_AGAIN_S = 2.0

log = structlog.get_logger()


class LiveCall:
    """A call and the task that owns it.

    It begins at the stage of its state. `offers` receives the offers of reserved agents. An `adopted` call was begun by
    another process: Asterisk may know more about it than its state.
    """

    def __init__(self, services: CallServices, state: CallState, *, adopted: bool = False) -> None:
        self.state = state
        self.adopted = adopted
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()
        self.commands = CommandInbox()
        """Commands of agents, while the call has a conversation."""
        self.flow_completed = False
        """The flow was walked to its end: the caller was served, or the survey answered."""
        self.unserved = False
        """We ended the call without having served the caller."""
        self.departure: Departure | None = None
        self.failure: BaseException | None = None
        """The error that ended the conversation, where no party hung up."""
        self.hung_up_by = HangUpBy.SYSTEM
        self.moved = False
        """The dialplan's fallback serves the caller now."""
        self.media_lost = False
        """Asterisk died during the call."""
        self.cause = 0
        """The cause with which the other party's leg ended (Q.850)."""
        self.recorded = False
        """Its record is stored."""
        self._unseen_end = False
        """No event reported the end of the channel."""
        self._services = services
        self._keypad = Keypad()
        self._whereabouts = Whereabouts(services, state)
        self._dialling = Dialling(services, state, adopted=adopted)
        self._voice = ChannelVoice(services, state, self._keypad)
        self._path = CallerPath(services, state, self._voice, self.offers, self.commands, self._leave_queue)

    @property
    def channel_made(self) -> bool:
        """Tell whether Asterisk has the other party's channel, or had it."""
        outgoing = self.state.outgoing
        if outgoing is not None:
            return outgoing.dialled
        return self.adopted or self.state.direction is Direction.INBOUND or self._dialling.rung

    async def run(self, inbox: Inbox) -> None:
        """Carry the call to its end, and store its record.

        Args:
            inbox: events of the other party's channel, registered before the first request about it.
        """
        structlog.contextvars.bind_contextvars(call_id=self.state.id)
        log_start(self.state, adopted=self.adopted)
        conversation = asyncio.create_task(self._converse(), name=f"conversation:{self.state.id}")
        try:
            await self._until_over(inbox, conversation)
        finally:
            await _ended(conversation)
            self._note_failure(conversation)
            if not self._services.life.leaving:
                await shield_until_done(self._finish())

    async def catch_up(self) -> None:
        """Stop waiting for prompts and recordings that ended while events were missed.

        Raises:
            AriError: Asterisk did not respond.
        """
        await self._voice.catch_up()

    async def _until_over(self, inbox: Inbox, conversation: asyncio.Task[None]) -> None:
        """Read the channel's events until conversation or channel ends."""
        reading = asyncio.create_task(self._read(inbox), name=f"events:{self.state.id}")
        reading.add_done_callback(log_failure)
        try:
            await asyncio.wait({reading, conversation}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()

    async def _read(self, inbox: Inbox) -> None:
        while True:
            event = await inbox.get()
            if isinstance(event, ChannelDtmfReceived):
                self._keypad.press(event.digit)
            elif isinstance(event, StasisStart):
                self._dialling.answered.set()
            elif isinstance(event, StasisEnd | ChannelDestroyed | ChannelHangupRequest):
                self.hung_up_by = HangUpBy.CALLER
                self.cause = getattr(event, "cause", None) or 0
                # A hang-up is asked for before a channel leaves us; one that leaves without went on in the dialplan.
                self.moved = self.moved or (isinstance(event, StasisEnd) and await self._whereabouts.in_dialplan())
                return

    async def _converse(self) -> None:
        """Talk with the other party; each stage is stored before it begins."""
        state = self.state
        if state.outgoing is not None and (state.target is None or calls_back(self.state)):
            if await self._called_out() is not OfferEnd.SENT_ON:
                return
        elif self.adopted:
            await self._take_over()
        if state.stage is CallStage.DIALLING:
            await self._dialling.run()
        elif state.stage is CallStage.ARRIVED:
            self._voice.answer()
        self._note_end(await self._path.run())

    async def _called_out(self) -> OfferEnd:
        """Ring the agent, then the number; return how it ended."""
        if calls_back(self.state):
            end = await CallBackWait(self._services, self.state, self.offers, self.commands).run()
        else:
            leg = OutgoingLeg(self._services, self.state, self.commands)
            end = await leg.run(await self._services.pops.prepare(self.state))
        self.hung_up_by = HangUpBy.AGENT
        if end is OfferEnd.SENT_ON:
            leave_agent(self.state)
        return end

    async def _take_over(self) -> None:
        """Find out what became of an adopted call meanwhile.

        Raises:
            AriNotFound: the other party is gone.
            LeftApplication: the fallback serves the caller.
        """
        channel = await self._services.ari.channel(self.state.channel_id)
        if channel.stasis_arguments(self._services.ari.application) is not None:
            self._dialling.answered.set()
        elif self.state.direction is Direction.INBOUND:
            raise LeftApplication
        if not channel.up and self.state.stage is not CallStage.ARRIVED and self.state.direction is Direction.INBOUND:
            self._voice.answer()
        await self._voice.take_over()

    def _note_end(self, end: PathEnd) -> None:
        self.flow_completed = end is PathEnd.COMPLETED
        self.unserved = end is PathEnd.UNSERVED
        if end is PathEnd.SERVED:
            self.hung_up_by = HangUpBy.AGENT

    def _note_failure(self, conversation: asyncio.Task[None]) -> None:
        if conversation.cancelled() or (error := conversation.exception()) is None:
            return
        if isinstance(error, AriNotFound | NotInStasis):
            # The channel went away under a request: a hang-up, seen from the other side, or Asterisk's end (F11).
            self.hung_up_by = HangUpBy.CALLER
            self._unseen_end = True
            return
        if isinstance(error, LeftApplication):
            self.moved = True
            return
        self.failure = error
        self._unseen_end = isinstance(error, AriNoResponse | AriNotReady)
        if isinstance(error, AriError | NumberRefused):
            log.warning("call_not_carried_out", error=str(error))
        else:
            log.error("call_failed", exc_info=error)

    async def _finish(self) -> None:
        """End the call at any stage: release everything, store the record."""
        state = self.state
        if self._unseen_end and not self.moved:
            self.moved = await self._whereabouts.was_led_away()
        if self._unseen_end and not self.moved:
            self.media_lost = self.media_lost or await self._whereabouts.outlived_asterisk()
        if state.talk is not None and state.talk.stage is not LegStage.OVER:
            await agent_leg(self._services, state, self.commands).clean_up()
        state.stage = CallStage.ENDED
        await self._leave_queue(LeaveReason.CALLER_HUNG_UP)
        await self._dialling.stop_recording()
        if not self.moved:
            with suppress(AriError):
                await self._services.ari.hang_up(state.channel_id)
        if self.moved:
            await self._services.store.note_led_away(state)
        crashpoint("ended")
        if state.outgoing is not None:
            await show_result(self._services, state, self.cause, media_lost=self.media_lost)
        if state.outgoing is not None and state.outgoing.waits:
            self.recorded = True  # no phone rang: there was no call
            return
        record = call_record(self)
        metrics.observe(record)
        metrics.observe_expected(state)
        self.recorded = await store_record(self._services, state, record)

    async def _leave_queue(self, reason: LeaveReason) -> None:
        if self.state.target is None or self.state.bridged:
            return
        try:
            left = await self._services.queues.leave(self.state.id, reason, self.state.leaving_key)
            self.departure = left or self.departure
        except QueuesUnavailable:
            log.warning("queue_not_left")


async def _ended(conversation: asyncio.Task[None]) -> None:
    """Cancel a conversation until it is over.

    A library may swallow a cancellation; the call must end all the same.
    """
    while not conversation.done():
        conversation.cancel()
        await asyncio.wait({conversation}, timeout=CANCEL_AGAIN_S)
