"""A caller's wait in a queue: music, announcements, offers to agents."""

import asyncio
from contextlib import ExitStack, suppress

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.calls.announcing import Announcements
from ari_app.calls.call_services import AgentPhone, CallServices, PopMaker
from ari_app.calls.control.command_inbox import Commanded, CommandInbox
from ari_app.calls.control.errors import NotNow
from ari_app.calls.control.model import StoryEntry, SupervisorCommand
from ari_app.calls.holding import Hold
from ari_app.calls.log_lines import log_offered, log_queued
from ari_app.calls.model import CallState, LegStage, Talk
from ari_app.calls.offers import OfferEnd, phone_of, staged
from ari_app.calls.overflow_number import no_agent
from ari_app.calls.overflowing import Overflow, Unstaffed, WaitLimits, note_overflow
from ari_app.calls.queue_keys import usable_keys
from ari_app.calls.ringing_all import RingingTogether
from ari_app.calls.talk import AgentLeg
from ari_app.calls.voice import ChannelVoice
from ari_app.calls.wait_end import WaitEnd
from ari_app.calls.ways_out import asked, change_queue, shut, waiting_call, way_out
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import DeclineReason, Offer
from ari_app.queues.overflow import OverflowAction
from ari_app.queues.settings import KeyAction, KeyUse, QueueSettings
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.tasks import log_failure, retrieve
from ivr.walker import ToQueue

ENTER_AGAIN_S = 0.5
MUSIC_WITHIN_S = 0.3
"""Time until the music of a caller for whom an agent is free: the ring goes first."""

log = structlog.get_logger()


Awaited = Offer | KeyUse | SupervisorCommand | Overflow | WaitEnd
"""What ends a stretch of waiting."""


class Waiting:
    """One caller in one queue. `offers` receives the offers of all processes."""

    def __init__(
        self,
        services: CallServices,
        state: CallState,
        voice: ChannelVoice,
        language: str,
        offers: asyncio.Queue[Offer],
        commands: CommandInbox,
    ) -> None:
        self._services = services
        self._state = state
        self._voice = voice
        self._offers = offers
        self._commands = commands
        self._adopted = state.stage in {CallStage.QUEUED, CallStage.RINGING}
        self._waits_on = state.queued_at_ms is not None
        """The caller was in a queue before, and keeps the place."""
        self._announcements = Announcements(services, state, voice, language)
        self._announcements.greeted = self._adopted

    async def run(self, target: ToQueue) -> WaitEnd:
        """Wait until the caller is served or the queue's limits apply.

        A hang-up cancels it. An adopted caller goes on where the former process stopped: in the queue, with an agent's
        phone ringing, or in a conversation.
        """
        state = self._state
        settings = self._services.queues.settings_of(target.queue)
        # A caller who comes from a conversation is moved, wherever that was.
        moved = state.returned_at_ms is not None
        adopted = self._adopted and not moved
        self._hold = Hold(self._services.holding, state.channel_id, settings, adopted=adopted)
        if state.leaving is not None:
            # The former process had stored the caller's choice.
            await self._voice.answered()
            await self._hold.release()
            return WaitEnd(state.leaving)
        # What is known of the caller is looked up while Asterisk answers.
        pop = asyncio.create_task(self._services.pops.prepare(state), name=f"pop:{state.id}")
        # A look-up is not cancelled: a query cut off halfway costs its connection.
        pop.add_done_callback(retrieve)
        try:
            await self._voice.answered()
            if not self._waits_on and (closed := shut(self._services, state, settings)) is not None:
                await self._announcements.closed(settings, closed.opens)
                return await self._taken(closed.overflow, pop)
            # Nearly every caller asked for none: a ringing phone must not wait for its turn to write.
            if not self._waits_on and await self._services.call_backs.outstanding(state.number):
                await self._merged(settings)
            if state.talk is not None:
                if state.talk.stage in {LegStage.OFFERED, LegStage.RINGING}:
                    self._hold.begin()
                resumed = await self._resumed(state.talk, await asyncio.shield(pop))
                if resumed is not None:
                    return resumed
                self._hold_again(settings)
            await self._join(target)
            end = await self._until_served(settings, pop)
            if end not in {WaitEnd.SERVED, WaitEnd.SENT_ON}:
                await self._hold.release()
            return end
        finally:
            self._hold.stop()

    async def _join(self, target: ToQueue) -> None:
        """Join the queue, with music.

        It begins at once where no agent is free. An agent who is free is rung first.
        """
        state = self._state
        state.stage, state.queue = CallStage.QUEUED, target.queue
        state.queued_at_ms = state.queued_at_ms or milliseconds(utc_now())
        state.left_queue_at_ms = None
        self._services.store.put(state)
        if not self._adopted:
            log_queued(target.queue, target.priority)
        asyncio.get_running_loop().call_later(MUSIC_WITHIN_S, self._hold.begin)
        await self._enter(target)
        if self._offers.empty():
            self._hold.begin()

    async def _merged(self, settings: QueueSettings) -> None:
        """Take the place of the call back that this caller waited for."""
        number = self._state.number
        joined_ms = await self._services.call_backs.merge(number, settings.name, self._state.id) if number else None
        if joined_ms is not None:
            self._state.queued_at_ms, self._waits_on = joined_ms, True

    async def _enter(self, target: ToQueue) -> None:
        """Join the queue; repeat while it is unreachable. The music plays meanwhile."""
        queues, state = self._services.queues, self._state
        while True:
            try:
                if self._waits_on and state.returned_at_ms is None:
                    # Known already, as a rule; else `enter` would begin the wait anew.
                    await queues.restore([waiting_call(state)])
                if target.queue in queues.queues:
                    await queues.enter(state.id, target.queue, target.priority, state.preferred, asked(state))
                else:
                    log.warning("queue_unknown", queue=target.queue)
                    await queues.restore([waiting_call(state)])
            except QueuesUnavailable:
                await asyncio.sleep(ENTER_AGAIN_S)
            else:
                return

    async def _resumed(self, talk: Talk, make_pop: PopMaker) -> WaitEnd | None:
        """Go on with another process's offer; None where the caller waits on."""
        return await self._carried_out(phone_of(self._services, talk), make_pop)

    async def _carried_out(self, phone: AgentPhone, make_pop: PopMaker) -> WaitEnd | None:
        """Carry the staged offer out; None where the caller waits on."""
        state = self._state
        leg: AgentLeg | RingingTogether = AgentLeg(self._services, state, phone, self._commands, self._hold)
        if state.rung:
            leg = RingingTogether(self._services, state, self._commands, self._hold)
        ended = await leg.run(make_pop)
        if ended is OfferEnd.SENT_ON:
            leave_agent(state)
            return WaitEnd.SENT_ON
        return WaitEnd.SERVED if ended is OfferEnd.TALKED else None

    async def _until_served(self, settings: QueueSettings, pop: asyncio.Task[PopMaker]) -> WaitEnd:
        limits = WaitLimits(self._services, self._state, settings)
        limit = self._watched(limits)
        try:
            while True:
                what = await self._next_offer(settings, limit)
                if isinstance(what, WaitEnd):
                    return what
                if isinstance(what, Overflow) and what.to.action is OverflowAction.CALL_BACK:
                    note_overflow(self._state, what)
                    self._announcements.offers_call_back, limit = True, self._watched(limits)
                    continue
                if isinstance(what, Overflow):
                    return await self._taken(what, pop)
                if isinstance(what, KeyUse):
                    return await self._chosen(what, settings)
                if isinstance(what, SupervisorCommand):
                    return await self._moved_by(what)
                # From here on an agent is rung: the limits of the wait do not apply.
                served = await self._served(what, await asyncio.shield(pop))
                if served is not None:
                    return served
                await self._rejoin(settings)
        finally:
            limit.cancel()

    def _watched(self, limits: WaitLimits) -> asyncio.Task[Overflow | Unstaffed]:
        """Begin to watch the limits of the wait."""
        limit = asyncio.create_task(limits.reached(), name=f"limits:{self._state.id}")
        limit.add_done_callback(log_failure)
        return limit

    async def _taken(self, overflow: Overflow, pop: asyncio.Task[PopMaker]) -> WaitEnd:
        """Take the caller out of a queue that overflows or is closed."""
        with ExitStack() as registered:
            end = await way_out(self._services, self._state, overflow, registered)
            if end is not None:
                return end
            return await self._carried_out(no_agent(), await asyncio.shield(pop)) or WaitEnd.SENT_ON

    def _hold_again(self, settings: QueueSettings) -> None:
        """Hold the caller again after an offer that failed."""
        # Its music may be due in a moment: it would pull the caller out of the next conversation.
        self._hold.stop()
        self._hold = Hold(self._services.holding, self._state.channel_id, settings, adopted=True)
        self._hold.begin()

    async def _rejoin(self, settings: QueueSettings) -> None:
        """Restore the caller's music, and the place in case Redis lost it."""
        self._voice.drop_keys()  # pressed while an agent was rung
        self._hold_again(settings)
        with suppress(QueuesUnavailable):
            await self._services.queues.restore([waiting_call(self._state)])

    def _patience(self, settings: QueueSettings) -> float | None:
        """Return the loop's time at which the longest wait is over."""
        since_ms = self._state.waits_since_ms
        if settings.longest_wait_s is None or since_ms is None:
            return None
        waited_s = (milliseconds(utc_now()) - since_ms) / 1000
        return asyncio.get_running_loop().time() + max(0.0, settings.longest_wait_s - waited_s)

    async def _next_offer(self, settings: QueueSettings, limit: asyncio.Task[Overflow | Unstaffed]) -> Awaited:
        """Wait for an offer, a key, an order, or an end.

        An offer that is here wins over a key: the agent's phone may ring at once. A key wins over an offer on its way.
        """
        if not self._offers.empty():
            return self._offers.get_nowait()
        offered = asyncio.create_task(self._offers.get(), name=f"offer:{self._state.id}")
        announcing = asyncio.create_task(self._announce(settings), name=f"announce:{self._state.id}")
        announcing.add_done_callback(log_failure)
        chosen = asyncio.create_task(self._chosen_key(settings), name=f"keys:{self._state.id}")
        chosen.add_done_callback(log_failure)
        orders = Inbox(self._state.id)
        ordered = asyncio.create_task(self._order(orders, settings), name=f"orders:{self._state.id}")
        ordered.add_done_callback(log_failure)
        end: WaitEnd | None = None
        with self._commands.opened(orders):
            try:
                async with asyncio.timeout_at(self._patience(settings)):
                    await asyncio.wait({offered, limit, chosen, ordered}, return_when=asyncio.FIRST_COMPLETED)
            except TimeoutError:
                end = WaitEnd.TIMED_OUT
            finally:
                for one in (offered, announcing, chosen, ordered):
                    one.cancel()
            if offered.done():
                return offered.result()
            if not self._offers.empty():
                return self._offers.get_nowait()
            if chosen.done():
                return chosen.result()
            if ordered.done():
                return _accepted(ordered.result())
            reached = None if end is not None else limit.result()
            return reached if isinstance(reached, Overflow) else end or WaitEnd.UNSTAFFED

    async def _order(self, orders: Inbox, settings: QueueSettings) -> Commanded:
        """Return the first order to move the caller; refuse others."""
        while True:
            given = await orders.get()
            assert isinstance(given, Commanded), "nothing else is put here"
            command = given.command
            if isinstance(command, SupervisorCommand) and command.queue not in {"", settings.name}:
                return given
            if not given.answer.done():
                given.answer.set_exception(NotNow("the caller waits in this queue, without an agent"))

    async def _moved_by(self, command: SupervisorCommand) -> WaitEnd:
        """Move the caller to the queue that a supervisor named."""
        story = self._state.story
        now_ms = milliseconds(utc_now())
        self._state.story = [*story, StoryEntry(now_ms, StoryStep.MOVED, command.supervisor.id, command.queue)]
        log.info("caller_moved", queue=command.queue, supervisor=command.supervisor.id)
        return await change_queue(self._services, self._state, command.queue)

    async def _chosen_key(self, settings: QueueSettings) -> KeyUse:
        """Return the use of the first key that has one."""
        usable = usable_keys(settings, self._state)
        while True:
            key = await self._voice.key()
            use = usable.get(key)
            if use is not None:
                self._state.leaving_key = key
                return use

    async def _chosen(self, use: KeyUse, settings: QueueSettings) -> WaitEnd:
        """Carry the caller's choice out; it is stored before."""
        state = self._state
        log.info("queue_key", queue=settings.name, action=use.action.value, to=use.queue)
        if use.action is not KeyAction.QUEUE:
            state.leaving = use.action.value
            await self._services.store.save(state)
            crashpoint("key-chosen")
            return WaitEnd(use.action.value)
        assert use.queue is not None, "as the settings were checked"
        return await change_queue(self._services, self._state, use.queue)

    async def _served(self, offer: Offer, make_pop: PopMaker) -> WaitEnd | None:
        """Carry out an offer; None where the caller waits on."""
        talks = await self._staged(offer)
        if not talks:
            return None
        if offer.pulled:
            pulled = StoryEntry(milliseconds(utc_now()), StoryStep.PULLED, offer.agent_id)
            self._state.story = [*self._state.story, pulled]
        self._state.talk, *self._state.rung = talks
        for talk in talks:
            log_offered(talk)
        return await self._carried_out(phone_of(self._services, talks[0]), make_pop)

    async def _staged(self, offer: Offer) -> list[Talk]:
        """Stage an offer's agents; give back those who are not there."""
        talks = []
        for rung in offer.rung:
            phone = self._services.agents.phone(rung.agent_id)
            if phone is not None:
                talks.append(staged(offer, phone, rung.reservation_id))
                continue
            log.warning("offer_to_unknown_agent", agent_id=rung.agent_id)
            with suppress(QueuesUnavailable):
                await self._services.queues.declined(rung.reservation_id, DeclineReason.UNAVAILABLE)
        if len(talks) > 1:
            for talk in talks:
                # Each recording names its agent: which of them talks is open.
                talk.recording.channel_id, talk.recording.agent_id = self._state.channel_id, talk.agent_id
        return talks

    async def _announce(self, settings: QueueSettings) -> None:
        await self._hold.begun()
        await self._announcements.run(settings)


def leave_agent(state: CallState) -> None:
    """Note that the caller goes on without the agent of the conversation."""
    assert state.talk is not None, "the agent talked with the caller"
    state.last_agent_id = state.talk.agent_id or state.last_agent_id
    state.talk, state.control, state.stage = None, None, CallStage.QUEUED


def _accepted(given: Commanded) -> SupervisorCommand:
    """Answer an order that is going to be carried out."""
    assert isinstance(given.command, SupervisorCommand), "others were refused"
    if not given.answer.done():
        given.answer.set_result(None)
    return given.command
