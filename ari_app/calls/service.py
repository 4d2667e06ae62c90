"""All live calls of this process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress

import structlog

from ari_app.ari.channels import HangupReason
from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriNotFound
from ari_app.ari.events import StasisStart
from ari_app.ari.model import Channel
from ari_app.calls.admission import Admission
from ari_app.calls.answering import Withdrawn
from ari_app.calls.call import LiveCall
from ari_app.calls.call_services import CallServices
from ari_app.calls.control.outside_places import outside_numbers
from ari_app.calls.control.view import call_changed
from ari_app.calls.model import CallState, LegStage
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import DeclineReason, Offer, offer_id
from crm.customers.phone import caller_number
from foundation.clock import milliseconds, utc_now
from foundation.database import out_of_reach
from foundation.ids import new_id

INBOUND = "inbound"
SETTLE_AGAIN_S = 2.0

log = structlog.get_logger()


class CallService:
    """Owns one task per call, new or adopted."""

    def __init__(
        self,
        services: CallServices,
        region: str,
        admission: Admission,
        settle_outbound: Callable[[LiveCall], Awaitable[None]],
    ) -> None:
        """Begin without any call.

        Args:
            settle_outbound: stores the result of an ended outbound call; the call's state stays until it has.
        """
        self._settle_outbound = settle_outbound
        self._services = services
        self._region = region
        self._admission = admission
        self._calls: dict[str, LiveCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._early_offers: list[Offer] | None = []
        """Offers that came before adoption was complete; None afterwards."""

    @property
    def live(self) -> list[CallState]:
        """States of all calls of this process."""
        return [call.state for call in self._calls.values()]

    @property
    def calls(self) -> Mapping[str, LiveCall]:
        """Calls of this process by id."""
        return self._calls

    def _going_on(self) -> int:
        """Count the calls, without those that have ended and await their record."""
        return sum(call.state.stage is not CallStage.ENDED for call in self._calls.values())

    def has_channel(self, channel_id: str) -> bool:
        """Tell whether a call of this process has, or had, this channel."""
        return any(call.state.channel_id == channel_id for call in self._calls.values())

    def put_on_hold(self, channel_id: str, on_hold: bool) -> None:
        """Note whether a caller's phone has its call on hold."""
        for call in self._calls.values():
            if call.state.channel_id == channel_id and call.state.stage is not CallStage.ENDED:
                call.state.held_by_phone = on_hold
                self._services.store.put(call.state)

    async def link_ticket(self, call_id: str, ticket_id: str) -> None:
        """Note and show a ticket filed in a call. Idempotent.

        An outbound call is about the ticket that it was made for.
        """
        if (call := self._calls.get(call_id)) is None:
            return
        state = call.state
        if state.ticket_id == ticket_id or (state.direction is Direction.OUTBOUND and state.ticket_id is not None):
            return
        state.ticket_id = ticket_id
        self._services.store.put(state)
        for agent_id in state.agents:
            await self._services.desks.call_changed(agent_id, call_changed(state, agent_id))

    def outbound(self) -> int:
        """Count the campaigns' calls under way."""
        return sum(
            call.state.attempt_id is not None and call.state.stage is not CallStage.ENDED
            for call in self._calls.values()
        )

    async def outside_legs(self) -> dict[str, str]:
        """Return the agents behind the outside numbers of all nodes, by place.

        Raises:
            RedisError, OSError: Redis is out of reach.
        """
        states = {state.id: state for state in await self._services.store.all() if state.node != self._services.node}
        states |= {call_id: call.state for call_id, call in self._calls.items()}
        return {place: agent_id for state in states.values() for place, agent_id in outside_numbers(state).items()}

    def arrived(self, event: StasisStart) -> None:
        """Take a channel that entered our application and belongs to no call."""
        self.take(event.channel, event.args)

    def take(self, channel: Channel, arguments: Sequence[str]) -> None:
        """Begin a caller's call, if admitted; turn any other channel away."""
        if not arguments or arguments[0] != INBOUND:
            # A leg without its call: the agent answered after the caller had hung up.
            log.warning("unexpected_channel", channel_id=channel.id, arguments=arguments[:4])
            self._turn_away(channel.id, "normal")
            return
        # A caller who was answered already is served, also if the answering process died.
        if not channel.up and self._admission.refusal(self._going_on()) is not None:
            self._turn_away(channel.id, "congestion")
            return
        state = CallState(
            id=new_id("call"),
            node=self._services.node,
            direction=Direction.INBOUND,
            channel_id=channel.id,
            number=caller_number(channel.caller.number, self._region),
            access_number=arguments[1] if len(arguments) > 1 else "",
            stage=CallStage.ARRIVED,
            started_at_ms=milliseconds(utc_now()),
        )
        self._begin(LiveCall(self._services, state))

    def place(self, state: CallState) -> None:
        """Place a call; `settle_outbound` gets the result."""
        self._begin(LiveCall(self._services, state))

    def adopt(self, state: CallState, *, moved: bool) -> None:
        """Adopt a call that another process began.

        Args:
            state: as the other process stored it.
            moved: the dialplan's fallback took the call meanwhile.
        """
        if state.talk is not None and state.talk.connected_at_ms is None and state.talk.stage is LegStage.CONNECTED:
            # Stored by a version that had one conversation for each call.
            state.talk.connected_at_ms = state.connected_at_ms
        call = LiveCall(self._services, state, adopted=True)
        call.moved = moved
        self._begin(call)

    def adopted(self) -> None:
        """Adoption is complete: hand over the offers that came meanwhile."""
        early, self._early_offers = self._early_offers, None
        for offer in early or ():
            self.offered(offer)

    def offered(self, offer: Offer) -> None:
        """Hand an offer to its call, or give the agent back."""
        if self._early_offers is not None:
            self._early_offers.append(offer)
            return
        call = self._calls.get(offer.call_id)
        if call is not None and not call.state.bridged:
            call.offers.put_nowait(offer)
            for talk in call.state.rung_for:
                if talk.stage is LegStage.RINGING and offer_id(talk.reservation_id) != offer.id:
                    self._services.dispatcher.dispatch(Withdrawn(leg_id=talk.channel_id))
            return
        log.warning("offer_for_unknown_call", offered_call_id=offer.call_id)
        self._own(asyncio.create_task(self._give_back(offer), name=f"give-back:{offer.reservation_id}"))

    def leave(self) -> None:
        """Leave all calls to the next process from now on."""
        self._services.life.leaving = True

    async def aclose(self) -> None:
        """End the tasks; the next process adopts their calls.

        The states are stored, and Asterisk keeps the channels.
        """
        self.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, call: LiveCall) -> None:
        """Register the call at once: a hang-up may be the next event."""
        state = call.state
        registered = ExitStack()
        inbox = registered.enter_context(self._services.dispatcher.channel(state.channel_id))
        for talk in state.rung_for:
            # Until its own task registers, so that an answered agent's leg is not turned away.
            registered.enter_context(self._services.dispatcher.channel(talk.channel_id))
        if state.control is not None and state.control.party is not None:
            registered.enter_context(self._services.dispatcher.channel(state.control.party.channel_id))
        if state.control is not None and (supervisor := state.control.supervisor) is not None:
            registered.enter_context(self._services.dispatcher.channel(supervisor.channel_id))
            if supervisor.ear_id is not None:
                registered.enter_context(self._services.dispatcher.channel(supervisor.ear_id))
        self._calls[state.id] = call
        registered.callback(self._calls.pop, state.id)
        task = asyncio.create_task(self._carry(call, inbox), name=f"call:{state.id}")
        task.add_done_callback(lambda _: registered.close())
        self._own(task)

    async def _carry(self, call: LiveCall, inbox: Inbox) -> None:
        """Carry a call to its end, settle it, and forget it.

        It is forgotten only when everything is stored.
        """
        await call.run(inbox)
        if call.state.direction is not Direction.INBOUND:
            await self._settle(lambda: self._settle_outbound(call))
        elif call.recorded and call.state.message_ids:
            await self._settle(lambda: self._services.messages.file(call.state))
        if call.recorded:
            self._services.store.forget(call.state.id)

    async def _settle(self, work: Callable[[], Awaitable[None]]) -> None:
        """Settle a call; repeat while the database is away."""
        while True:
            try:
                await work()
            except Exception as error:
                if not out_of_reach(error):
                    raise
                log.warning("call_not_settled", error=type(error).__name__)
                await asyncio.sleep(SETTLE_AGAIN_S)
            else:
                return

    async def _give_back(self, offer: Offer) -> None:
        for rung in offer.rung:
            try:
                await self._services.queues.declined(rung.reservation_id, DeclineReason.CALLER_GONE)
            except QueuesUnavailable:
                # The reservation ends by itself.
                log.warning("agent_not_released", agent_id=rung.agent_id)

    def _turn_away(self, channel_id: str, reason: HangupReason) -> None:
        self._own(asyncio.create_task(self._hang_up(channel_id, reason), name=f"turn-away:{channel_id}"))

    async def _hang_up(self, channel_id: str, reason: HangupReason) -> None:
        with suppress(AriNotFound):
            await self._services.ari.hang_up(channel_id, reason=reason)

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("call_task_failed", task=task.get_name(), exc_info=error)
