"""All live calls of this process: who comes in, who is called, and which call an offer is for."""

import asyncio
from contextlib import ExitStack

import structlog

from ari_app.ari.events import StasisStart
from ari_app.calls.call import LiveCall
from ari_app.calls.model import CallStage, CallState, Direction
from ari_app.calls.tools import CallTools
from ari_app.queues.model import DeclineReason, Offer
from crm.customers.phone import normalise
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id

INBOUND = "inbound"

log = structlog.get_logger()


class CallService:
    """Owns one task per call."""

    def __init__(self, tools: CallTools, region: str) -> None:
        self._tools = tools
        self._region = region
        self._calls: dict[str, LiveCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def live(self) -> list[CallState]:
        """Every call of this process, as it is now."""
        return [call.state for call in self._calls.values()]

    def arrived(self, event: StasisStart) -> None:
        """A channel nobody waited for entered our application: a caller, if the dialplan says so."""
        if not event.args or event.args[0] != INBOUND:
            # A leg of ours whose call is gone: the agent answered after the caller had hung up.
            log.warning("unexpected_channel", channel_id=event.channel.id, arguments=event.args[:4])
            self._own(asyncio.create_task(self._turn_away(event.channel.id), name=f"turn-away:{event.channel.id}"))
            return
        state = CallState(
            id=new_id("call"),
            node=self._tools.node,
            direction=Direction.INBOUND,
            channel_id=event.channel.id,
            number=normalise(event.channel.caller.number, self._region),
            access_number=event.args[1] if len(event.args) > 1 else "",
            stage=CallStage.ARRIVED,
            started_at_ms=milliseconds(utc_now()),
        )
        self._begin(LiveCall(self._tools, state))

    async def place(self, call: CallState) -> LiveCall:
        """Call somebody and stay until the call is over; the result tells what became of it."""
        live = LiveCall(self._tools, call)
        await self._begin(live)
        return live

    def offered(self, offer: Offer) -> None:
        """An agent is reserved for one of our calls."""
        call = self._calls.get(offer.call_id)
        if call is not None:
            call.offers.put_nowait(offer)
            return
        log.warning("offer_for_unknown_call", offered_call_id=offer.call_id)
        self._own(asyncio.create_task(self._give_back(offer), name=f"give-back:{offer.reservation_id}"))

    async def aclose(self) -> None:
        """End the tasks; what they know is stored, and Asterisk keeps the channels."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, call: LiveCall) -> asyncio.Task[None]:
        """Register the call before anything else can happen: a hang-up may be the very next event."""
        registered = ExitStack()
        inbox = registered.enter_context(self._tools.dispatcher.channel(call.state.channel_id))
        self._calls[call.state.id] = call
        registered.callback(self._calls.pop, call.state.id)
        task = asyncio.create_task(call.run(inbox), name=f"call:{call.state.id}")
        task.add_done_callback(lambda _: registered.close())
        self._own(task)
        return task

    async def _give_back(self, offer: Offer) -> None:
        await self._tools.queues.declined(offer.reservation_id, DeclineReason.CALLER_GONE)

    async def _turn_away(self, channel_id: str) -> None:
        await self._tools.ari.hang_up(channel_id)

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("call_task_failed", task=task.get_name(), exc_info=error)
