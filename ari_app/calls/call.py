"""One call from its first event to its record: one task, whose cancellation is the hang-up."""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, NotFound, NotInStasis
from ari_app.ari.events import ChannelDestroyed, ChannelDtmfReceived, ChannelHangupRequest, StasisEnd, StasisStart
from ari_app.calls.errors import NumberRefused
from ari_app.calls.keypad import Keypad
from ari_app.calls.model import CallStage, CallState, HangUpBy
from ari_app.calls.record import call_record
from ari_app.calls.spoken import SpokenAnswers
from ari_app.calls.taping import Tape
from ari_app.calls.tools import CallTools
from ari_app.calls.voice import ChannelVoice
from ari_app.calls.waiting import WaitEnd, Waiting
from ari_app.queues.model import Departure, Offer
from foundation.clock import milliseconds, utc_now
from foundation.tasks import seen_through
from ivr.cursor import Cursor
from ivr.variables import read
from ivr.walker import ToQueue
from recordings.model import RecordingKind

CANCEL_AGAIN_S = 2.0
RING_OUTSIDE_S = 45
"""How long a customer's phone rings."""
OUTSIDE_FORMATS = ("alaw", "ulaw")

log = structlog.get_logger()


class LiveCall:
    """A call and the task that owns it. `offers` is where a reserved agent is announced to it."""

    def __init__(self, tools: CallTools, state: CallState) -> None:
        self.state = state
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()
        self.flow_completed = False
        """The flow was walked to its end: the caller got what he came for, or the survey was answered."""
        self.departure: Departure | None = None
        self.failure: BaseException | None = None
        """What ended the conversation where nobody hung up."""
        self.hung_up_by = HangUpBy.SYSTEM
        self.cause = 0
        """Why the other party's leg ended (Q.850)."""
        self._tools = tools
        self._keypad = Keypad()
        self._answered = asyncio.Event()
        self._tape: Tape | None = None
        self._voice = ChannelVoice(
            tools.ari, tools.dispatcher, state.channel_id, self._keypad, SpokenAnswers(tools.recordings, state)
        )

    async def run(self, inbox: Inbox) -> None:
        """Carry the call to its end and store its record. It enters at whatever stage its state says.

        Args:
            inbox: the events of the other party's channel, registered before anything was asked of it.
        """
        structlog.contextvars.bind_contextvars(call_id=self.state.id)
        conversation = asyncio.create_task(self._converse(), name=f"conversation:{self.state.id}")
        try:
            await self._until_over(inbox, conversation)
        finally:
            await _ended(conversation)
            self._note_failure(conversation)
            await asyncio.shield(self._finish())

    async def _until_over(self, inbox: Inbox, conversation: asyncio.Task[None]) -> None:
        """Read the channel's events until the conversation is over or the other party is gone."""
        reading = asyncio.create_task(self._read(inbox), name=f"events:{self.state.id}")
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
                return

    async def _converse(self) -> None:
        """Everything said to and by the other party; each stage is stored before it is acted out."""
        state = self.state
        if state.stage is CallStage.DIALLING:
            await self._dial()
        elif state.stage is CallStage.ARRIVED:
            await self._tools.ari.answer(state.channel_id)
            state.answered_at_ms = milliseconds(utc_now())
        if state.cursor is None:
            state.cursor = await seen_through(self._tools.openings.cursor(state))
        await self._walk(state.cursor)

    async def _walk(self, cursor: Cursor) -> None:
        walker = self._tools.walker(self._voice, self)
        while True:
            self.state.stage = CallStage.FLOW
            outcome = await walker.walk(cursor)
            if not isinstance(outcome, ToQueue):
                self.flow_completed = True
                return
            self.state.kind = outcome.kind
            if await self._wait_for_agent(outcome, cursor.language) is WaitEnd.SERVED:
                self.hung_up_by = HangUpBy.AGENT
                return
            if outcome.otherwise is None:
                return
            cursor.step = outcome.otherwise

    async def _wait_for_agent(self, target: ToQueue, language: str) -> WaitEnd:
        waiting = Waiting(self._tools, self.state, self._voice, language, self.offers)
        try:
            return await waiting.run(target)
        finally:
            self.departure = waiting.departure

    async def save(self, cursor: Cursor) -> None:
        """Store the cursor with the call (the flow's `CursorStore`): a call is found again at the step it is at."""
        state = self.state
        state.cursor = cursor
        state.customer_id = read(cursor.variables, "customer.id") or state.customer_id
        state.ticket_id = read(cursor.variables, "ticket.id") or state.ticket_id
        await self._tools.store.save(state)

    async def _dial(self) -> None:
        """Ring the other party until it answers; a leg that ends instead ends the call."""
        state = self.state
        assert state.number is not None, "an outbound call has a number"
        await self._tools.store.save(state)
        await self._tools.ari.originate(
            self._tools.dial_plan.endpoint(state.number),
            channel_id=state.channel_id,
            app_args=["contact", state.id],
            caller_id=self._tools.caller_id,
            timeout_s=RING_OUTSIDE_S,
            formats=OUTSIDE_FORMATS,
        )
        await self._answered.wait()
        state.answered_at_ms = milliseconds(utc_now())
        self._tape = Tape(self._tools.ami, self._tools.recordings)
        await seen_through(self._tape.prepare(state.id, RecordingKind.SURVEY, customer_id=state.customer_id))
        await self._tape.start(state.channel_id)

    def _note_failure(self, conversation: asyncio.Task[None]) -> None:
        if conversation.cancelled() or (error := conversation.exception()) is None:
            return
        if isinstance(error, NotFound | NotInStasis):
            # The channel went away under a request: a hang-up, seen from the other side.
            self.hung_up_by = HangUpBy.CALLER
            return
        self.failure = error
        if isinstance(error, AriError | NumberRefused):
            log.warning("call_not_carried_out", error=str(error))
        else:
            log.error("call_failed", exc_info=error)

    async def _finish(self) -> None:
        """The end that every call comes to: record sealed, line released, call record stored, live state forgotten."""
        state = self.state
        state.stage = CallStage.ENDED
        if self._tape is not None:
            await self._tape.stop(state.channel_id)
        with suppress(AriError):
            await self._tools.ari.hang_up(state.channel_id)
        try:
            await self._tools.history.record_call(call_record(self))
        except Exception:
            # The state stays in Redis, from which the record is made when the database is back.
            log.exception("call_record_not_stored")
            await self._tools.store.save(state)
        else:
            await self._tools.store.forget(state.id)


async def _ended(conversation: asyncio.Task[None]) -> None:
    """Cancel a conversation until it is over: a library that swallows the cancellation must not keep the call."""
    while not conversation.done():
        conversation.cancel()
        await asyncio.wait({conversation}, timeout=CANCEL_AGAIN_S)
