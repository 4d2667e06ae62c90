"""Path of a caller through flows and queues, by turns."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from ari_app.calls.call_services import CallServices
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.model import CallState, FlowEnd
from ari_app.calls.preferring import preferred_agents
from ari_app.calls.priority import ranked
from ari_app.calls.voice import ChannelVoice
from ari_app.calls.wait_end import WaitEnd
from ari_app.calls.waiting import Waiting
from ari_app.desk.model import CallStage
from ari_app.queues.model import LeaveReason, Offer
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.tasks import shield_until_done
from ivr.cursor import Cursor
from ivr.variables import read, write
from ivr.walker import ToQueue

NOT_SERVED = frozenset({FlowEnd.UNSERVED, FlowEnd.BACK_IN_LINE})
"""Words of a flow's end without a service; the second where no place is left to go back to."""


class PathEnd(StrEnum):
    """Result of a caller's path."""

    COMPLETED = "completed"
    """The flow was walked to its end: the caller was served, or the survey answered."""
    UNSERVED = "unserved"
    """We ended the call without having served the caller."""
    SERVED = "served"
    """The caller talked with an agent, who hung up."""


class CallerPath:
    """Leads one caller from the call's present step to the path's end.

    It is the flow's `CursorStore`, too: an adopted call goes on at the step that was stored last.
    """

    def __init__(
        self,
        services: CallServices,
        state: CallState,
        voice: ChannelVoice,
        offers: asyncio.Queue[Offer],
        commands: CommandInbox,
        leave_queue: Callable[[LeaveReason], Awaitable[None]],
    ) -> None:
        self._services = services
        self._state = state
        self._voice = voice
        self._offers = offers
        self._commands = commands
        self._leave_queue = leave_queue

    async def run(self) -> PathEnd:
        """Walk flows and wait in queues, as each leads to the other."""
        state = self._state
        if state.cursor is None:
            state.cursor = await shield_until_done(self._services.entry_points.cursor(state))
        cursor = state.cursor
        while True:
            if state.flow is not None:
                cursor = await self._chosen_flow(state.flow)
            if state.target is None:
                ended = await self._walk(cursor)
                if ended is not None:
                    return ended
            assert state.target is not None, "the flow led to a queue"
            target = state.target
            waiting = Waiting(self._services, state, self._voice, cursor.language, self._offers, self._commands)
            end = await waiting.run(target)
            if end in {WaitEnd.SENT_ON, WaitEnd.CHANGED} and state.target is not None:
                continue
            if end is WaitEnd.SERVED:
                return PathEnd.SERVED
            state.left_queue_at_ms = state.left_queue_at_ms or milliseconds(utc_now())
            if state.target is None:
                continue  # another flow was chosen
            await self._leave_queue(LeaveReason.TIMED_OUT if state.leaving is None else LeaveReason.CHOSE_OTHERWISE)
            if not self._goes_on(cursor, target, end):
                return PathEnd.UNSERVED

    async def _chosen_flow(self, flow: str) -> Cursor:
        """Return the first cursor of a flow that was chosen meanwhile."""
        state = self._state
        # Perhaps out of the music.
        await self._services.holding.release(state.channel_id, self._services.queues.settings_of(state.queue or ""))
        state.flow = None
        return self._services.entry_points.of_flow(state, flow)

    async def _walk(self, cursor: Cursor) -> PathEnd | None:
        """Walk the flow; None where it led to a queue."""
        state = self._state
        state.stage = CallStage.FLOW
        async with self._voice.filling_pauses():
            outcome = await self._services.walker(self._voice, self).walk(cursor)
        if not isinstance(outcome, ToQueue):
            if outcome.reason == FlowEnd.BACK_IN_LINE and state.left_by_key is not None:
                state.target, state.left_by_key = state.left_by_key, None
                await self._services.store.save(state)
                return None
            return PathEnd.UNSERVED if outcome.reason in NOT_SERVED else PathEnd.COMPLETED
        state.kind, state.target = outcome.kind, ranked(self._services, state, outcome)
        settings = self._services.queues.settings_of(outcome.queue)
        state.preferred = await preferred_agents(self._services.history, state, settings)
        return None

    def _goes_on(self, cursor: Cursor, target: ToQueue, end: WaitEnd) -> bool:
        """Set the flow's step after the queue; False: it has none."""
        state = self._state
        write(cursor.variables, "queue.name", target.queue)
        write(cursor.variables, "queue.kind", target.kind)
        write(cursor.variables, "queue.priority", target.priority)
        write(cursor.variables, "queue.joined_ms", state.queued_at_ms)
        if target.otherwise is None:
            return False
        self._voice.drop_keys()  # keys pressed while waiting answer nothing that follows
        write(cursor.variables, "queue.ended", end.value)
        write(cursor.variables, "queue.left_by_key", state.leaving is not None)
        state.left_by_key = target if state.leaving is not None else None
        state.target, state.leaving, state.leaving_key, cursor.step = None, None, None, target.otherwise
        return True

    async def save(self, cursor: Cursor) -> None:
        """Store the cursor with the call."""
        state = self._state
        state.cursor = cursor
        state.customer_id = read(cursor.variables, "customer.id") or state.customer_id
        state.ticket_id = read(cursor.variables, "ticket.id") or state.ticket_id
        self._voice.stage()
        self._services.store.put(state)
        crashpoint("step")
