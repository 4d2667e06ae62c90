"""One call from its first event to its record: one task.

A hang-up cancels the task.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, AriNoResponse, AriNotFound, AriNotReady, NotInStasis
from ari_app.ari.events import ChannelDestroyed, ChannelDtmfReceived, ChannelHangupRequest, StasisEnd, StasisStart
from ari_app.calls import metrics
from ari_app.calls.call_back import CallBackLeg, CallBackWait
from ari_app.calls.call_record import call_record, linked
from ari_app.calls.call_services import AgentPhone, CallServices
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.errors import LeftApplication, NumberRefused
from ari_app.calls.keypad import Keypad
from ari_app.calls.log_lines import log_end, log_start
from ari_app.calls.model import CallState, FlowEnd, HangUpBy, LegStage, RecordingStage, Talk
from ari_app.calls.outgoing import CALLED_OUT, OutgoingLeg, show_result
from ari_app.calls.preferring import preferred_agents
from ari_app.calls.recorder import CallRecorder, Recorded
from ari_app.calls.talk import AgentLeg, OfferEnd
from ari_app.calls.voice import ChannelVoice
from ari_app.calls.wait_end import WaitEnd
from ari_app.calls.waiting import Waiting, leave_agent
from ari_app.calls.whereabouts import Whereabouts
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import Departure, LeaveReason, Offer
from ari_app.queues.settings import HIGHEST_PRIORITY
from crm.customers.model import Grade
from crm.history.model import CallRecordView
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.database import out_of_reach
from foundation.tasks import log_failure, shield_until_done, task_over
from ivr.cursor import Cursor
from ivr.variables import read, write
from ivr.walker import ToQueue
from recordings.model import RecordingKind
from recordings.service import new_segment_id

DEFERRED_RECORD = "call_record"
"""Name of the spool's records that wait for the database."""
CANCEL_AGAIN_S = 2.0
RING_OUTSIDE_S = 45
"""Time for which a customer's phone rings."""
CONTACT = "contact"
"""The Stasis argument of an outbound leg, as `inbound` is of a caller."""
OUTSIDE_FORMATS = ("alaw", "ulaw")

MOST_URGES = 4
"""Urges of a ticket that count for a call's priority."""

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
        self._channel_made = adopted or state.direction is Direction.INBOUND
        self._unseen_end = False
        """No event reported the end of the channel."""
        self._services = services
        self._keypad = Keypad()
        self._whereabouts = Whereabouts(services, state)
        self._answered = asyncio.Event()
        self._entering: asyncio.Task[None] | None = None
        """Stores the entry of an outbound call's recording."""
        self._recorder: CallRecorder | None = None
        """Records a call led by the machine."""
        self._voice = ChannelVoice(services, state, self._keypad)

    @property
    def channel_made(self) -> bool:
        """Tell whether Asterisk has the other party's channel, or had it."""
        outgoing = self.state.outgoing
        return outgoing.dialled if outgoing is not None else self._channel_made

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
                self._answered.set()
            elif isinstance(event, StasisEnd | ChannelDestroyed | ChannelHangupRequest):
                self.hung_up_by = HangUpBy.CALLER
                self.cause = getattr(event, "cause", None) or 0
                # A hang-up is asked for before a channel leaves us; one that leaves without went on in the dialplan.
                self.moved = self.moved or (isinstance(event, StasisEnd) and await self._whereabouts.in_dialplan())
                return

    async def _converse(self) -> None:
        """Talk with the other party; each stage is stored before it begins."""
        state = self.state
        if state.outgoing is not None and (state.target is None or self._calls_back()):
            if await self._called_out() is not OfferEnd.SENT_ON:
                return
        elif self.adopted:
            await self._take_over()
        if state.stage is CallStage.DIALLING:
            await self._dial()
        elif state.stage is CallStage.ARRIVED:
            self._voice.answer()
        if state.cursor is None:
            state.cursor = await shield_until_done(self._services.entry_points.cursor(state))
        await self._walk(state.cursor)

    async def _called_out(self) -> OfferEnd:
        """Ring the agent, then the number; return how it ended."""
        if self._calls_back():
            end = await CallBackWait(self._services, self.state, self.offers, self.commands).run()
        else:
            leg = OutgoingLeg(self._services, self.state, self.commands)
            end = await leg.run(await self._services.pops.prepare(self.state))
        self.hung_up_by = HangUpBy.AGENT
        if end is OfferEnd.SENT_ON:
            leave_agent(self.state)
        return end

    def _calls_back(self) -> bool:
        """Tell whether a call back waits, or is carried out."""
        outgoing, state = self.state.outgoing, self.state
        if outgoing is None or outgoing.call_back_id is None:
            return False
        return outgoing.waits or (state.talk is not None and state.talk.agent_id == outgoing.agent_id)

    async def _take_over(self) -> None:
        """Find out what became of an adopted call meanwhile.

        Raises:
            AriNotFound: the other party is gone.
            LeftApplication: the fallback serves the caller.
        """
        channel = await self._services.ari.channel(self.state.channel_id)
        if channel.stasis_arguments(self._services.ari.application) is not None:
            self._answered.set()
        elif self.state.direction is Direction.INBOUND:
            raise LeftApplication
        if not channel.up and self.state.stage is not CallStage.ARRIVED and self.state.direction is Direction.INBOUND:
            self._voice.answer()
        await self._voice.take_over()

    async def _walk(self, cursor: Cursor) -> None:
        walker = self._services.walker(self._voice, self)
        state = self.state
        while True:
            if state.flow is not None:
                # An agent sent the caller here, perhaps out of the music.
                await self._services.holding.release(
                    state.channel_id, self._services.queues.settings_of(state.queue or "")
                )
                cursor, state.flow = self._services.entry_points.of_flow(state, state.flow), None
            if state.target is None:
                state.stage = CallStage.FLOW
                async with self._voice.filling_pauses():
                    outcome = await walker.walk(cursor)
                if not isinstance(outcome, ToQueue):
                    self.unserved = outcome.reason == FlowEnd.UNSERVED
                    self.flow_completed = not self.unserved
                    return
                state.kind, state.target = outcome.kind, self._ranked(outcome)
                state.preferred = await preferred_agents(
                    self._services.history, state, self._services.queues.settings_of(outcome.queue)
                )
            target = state.target
            waiting = Waiting(self._services, state, self._voice, cursor.language, self.offers, self.commands)
            end = await waiting.run(target)
            if end in {WaitEnd.SENT_ON, WaitEnd.CHANGED}:
                continue
            if end is WaitEnd.SERVED:
                self.hung_up_by = HangUpBy.AGENT
                return
            await self._leave_queue(LeaveReason.TIMED_OUT if state.leaving is None else LeaveReason.CHOSE_OTHERWISE)
            write(cursor.variables, "queue.name", target.queue)
            write(cursor.variables, "queue.kind", target.kind)
            write(cursor.variables, "queue.priority", target.priority)
            write(cursor.variables, "queue.joined_ms", state.queued_at_ms)
            if target.otherwise is None:
                self.unserved = True
                return
            self._voice.drop_keys()  # keys pressed while waiting answer nothing that follows
            write(cursor.variables, "queue.ended", end.value)
            state.target, state.leaving, cursor.step = None, None, target.otherwise

    def _ranked(self, target: ToQueue) -> ToQueue:
        """Return the target with the customer's priority.

        It follows the grade (H20) and how often the customer urged; protected customers come first (H25).
        """
        if self._known("customer.protected"):
            return replace(target, priority=HIGHEST_PRIORITY)
        priority = target.priority + self._grade_priority() + self._urge_priority()
        return replace(target, priority=min(max(priority, 0), HIGHEST_PRIORITY))

    def _grade_priority(self) -> int:
        grade = self._known("customer.grade")
        return self._services.grade_priorities.get(Grade(grade), 0) if grade else 0

    def _urge_priority(self) -> int:
        urges = int(self._known("offer.urges") or 0)
        return min(urges, MOST_URGES) * self._services.urge_priority

    def _known(self, variable: str) -> Any:
        cursor = self.state.cursor
        return read(cursor.variables, variable) if cursor is not None else None

    async def save(self, cursor: Cursor) -> None:
        """Store the cursor with the call, as the flow's `CursorStore`.

        An adopted call goes on at this step.
        """
        state = self.state
        state.cursor = cursor
        state.customer_id = read(cursor.variables, "customer.id") or state.customer_id
        state.ticket_id = read(cursor.variables, "ticket.id") or state.ticket_id
        self._voice.stage()
        self._services.store.put(state)
        crashpoint("step")

    async def _dial(self) -> None:
        """Ring the other party until it answers.

        A leg that ends instead ends the call.
        """
        state = self.state
        assert state.number is not None, "an outbound call has a number"
        if not self.adopted:
            state.recording = RecordingStage(new_segment_id())
            await self._services.store.save(state)
            crashpoint("dialling")
            await self._services.ari.originate(
                self._services.dial_plan.endpoint(state.number),
                channel_id=state.channel_id,
                app_args=[CONTACT, state.id],
                caller_id=self._services.caller_id,
                timeout_s=RING_OUTSIDE_S,
                formats=OUTSIDE_FORMATS,
            )
            self._channel_made = True
            crashpoint("dialled")
        await self._answered.wait()
        state.answered_at_ms = milliseconds(utc_now())
        recorder = self._call_recorder()
        if recorder is not None:
            self._entering = asyncio.create_task(recorder.prepare(), name=f"entry:{state.id}")
            await recorder.start(state.channel_id)

    def _call_recorder(self) -> CallRecorder | None:
        """Return the recorder of a call led by the machine, else None."""
        recording, services = self.state.recording, self._services
        if self._recorder is None and recording is not None:
            recorded = Recorded(self.state.id, RecordingKind.SURVEY, self.state.customer_id)
            self._recorder = CallRecorder(services.ami, services.recordings, recording, recorded, adopted=self.adopted)
        return self._recorder

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
            await self._clean_up_leg(state.talk)
        state.stage = CallStage.ENDED
        await self._leave_queue(LeaveReason.CALLER_HUNG_UP)
        if self._entering is not None:
            await task_over(self._entering)
        if (recorder := self._call_recorder()) is not None:
            await recorder.stop(state.channel_id)
        if not self.moved:
            with suppress(AriError):
                await self._services.ari.hang_up(state.channel_id)
        if self.moved:
            await self._services.store.note_led_away(state)
        crashpoint("ended")
        if state.outgoing is not None:
            await show_result(self._services, state, self.cause)
        if state.outgoing is not None and state.outgoing.waits:
            self.recorded = True  # no phone rang: there was no call
            return
        record = call_record(self)
        metrics.observe(record)
        metrics.observe_expected(state)
        await self._store_record(record)

    async def _store_record(self, record: CallRecordView) -> None:
        try:
            try:
                record = await linked(record, self._services.recordings)
                await self._services.history.record_call(record)
            except Exception as error:
                if not out_of_reach(error):
                    raise
                await self._services.spool.add(DEFERRED_RECORD, record.model_dump_json().encode())
        except Exception:
            # The state stays in Redis: the next process makes the record.
            log.exception("call_record_not_stored")
            await self._services.store.save(self.state)
        else:
            self.recorded = True
        log_end(record)

    async def _clean_up_leg(self, talk: Talk) -> None:
        """Remove an agent's leg that its own task did not clean up."""
        if talk.reservation_id == CALLED_OUT:
            await OutgoingLeg(self._services, self.state, self.commands).clean_up()
            return
        if self._calls_back():
            await CallBackLeg(self._services, self.state, self.commands).clean_up()
            return
        phone = self._services.agents.phone(talk.agent_id) or AgentPhone(talk.agent_id, talk.staff_number, "", "")
        await AgentLeg(self._services, self.state, phone, self.commands).clean_up()

    async def _leave_queue(self, reason: LeaveReason) -> None:
        if self.state.target is None or self.state.bridged:
            return
        try:
            self.departure = await self._services.queues.leave(self.state.id, reason) or self.departure
        except QueuesUnavailable:
            log.warning("queue_not_left")


async def _ended(conversation: asyncio.Task[None]) -> None:
    """Cancel a conversation until it is over.

    A library may swallow a cancellation; the call must end all the same.
    """
    while not conversation.done():
        conversation.cancel()
        await asyncio.wait({conversation}, timeout=CANCEL_AGAIN_S)
