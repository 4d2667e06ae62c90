"""Call back in the caller's place: agent first, then the number."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.calls.answering import Withdrawn
from ari_app.calls.call_services import TRANSFER_BY_US, CallServices
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.control.parties import OUTSIDE_LEG
from ari_app.calls.model import CallState, Outgoing
from ari_app.calls.offers import OfferEnd, staged
from ari_app.calls.outgoing import OutgoingLeg
from ari_app.calls.ways_out import waiting_call
from ari_app.desk.call_states import Direction, OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.desk.pop import SpokenWording
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import DeclineReason, LeaveReason, Offer
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from foundation.tasks import log_failure
from ivr.walker import ToQueue

LOOKED_AT_AGAIN_S = 5.0
"""How often a call back that waits looks whether it is still wanted."""
RINGING_LOOKED_AT_S = 0.4
"""The same while an agent's phone rings: sooner than the queue frees the agent of a caller who left."""

log = structlog.get_logger()


class AskedCallBack(Protocol):
    """Call back that a caller asked for."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def queue(self) -> str: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def priority(self) -> int: ...
    @property
    def asked_call_id(self) -> str: ...
    @property
    def joined_at(self) -> datetime: ...
    @property
    def window_zh(self) -> str: ...
    @property
    def window_en(self) -> str: ...


def call_back_state(services: CallServices, asked: AskedCallBack, joined_at_ms: int) -> CallState:
    """Return the first state of a call back.

    Raises:
        NumberRefused: the number is not dialled.
    """
    target = Target(TargetKind.NUMBER, asked.number, asked.number, endpoint=services.dial_plan.endpoint(asked.number))
    return CallState(
        id=new_id("call"),
        node=services.node,
        direction=Direction.OUTBOUND,
        channel_id=new_id(OUTSIDE_LEG),
        number=asked.number,
        access_number=services.caller_id,
        stage=CallStage.QUEUED,
        started_at_ms=milliseconds(utc_now()),
        customer_id=asked.customer_id,
        kind=asked.kind,
        queue=asked.queue,
        target=ToQueue(asked.queue, asked.kind, asked.priority),
        queued_at_ms=joined_at_ms,
        outgoing=Outgoing(
            agent_id="",
            caller_name="",
            target=target,
            home_queue=asked.queue,
            missed_call_id=asked.asked_call_id,
            shown_number=services.caller_id,
            call_back_id=asked.id,
            waits=True,
            asked_at_ms=milliseconds(asked.joined_at),
            window=SpokenWording(asked.window_zh, asked.window_en) if asked.window_zh else None,
        ),
    )


def calls_back(state: CallState) -> bool:
    """Tell whether a call back waits, or is carried out."""
    outgoing = state.outgoing
    if outgoing is None or outgoing.call_back_id is None:
        return False
    return outgoing.waits or (state.talk is not None and state.talk.agent_id == outgoing.agent_id)


class CallBackLeg(OutgoingLeg):
    """Rings the agent whom the queue reserved, then the number."""

    def __init__(self, services: CallServices, state: CallState, commands: CommandInbox) -> None:
        super().__init__(services, state, commands)
        self.declined: DeclineReason | None = None
        """The agent did not take it: the call back waits on."""

    async def _own_phone(self, inbox: Inbox) -> bool:
        """Ring the agent as for a caller; False without an answer."""
        if not self._adopted and not await self._in_force():
            self._too_late, self.declined = True, DeclineReason.CALLER_GONE
            return False
        watching = asyncio.create_task(self._withdraw_unwanted(), name=f"wanted:{self._state.id}")
        watching.add_done_callback(log_failure)
        try:
            self.declined = await self._ring(inbox)
        finally:
            watching.cancel()
        if self.declined is not None:
            return False
        if not await self._connected():
            self._too_late, self.declined = True, DeclineReason.CALLER_GONE
            return False
        self._outgoing.waits = False
        if not await wanted(self._services, self._state):
            self._outgoing.result = OutgoingResult.CANCELLED
            return False
        return True

    async def _withdraw_unwanted(self) -> None:
        """Stop the ring once the call back is not wanted.

        The queue gives the agent the next call soon, and one phone must not ring for two.
        """
        while True:
            await asyncio.sleep(RINGING_LOOKED_AT_S)
            if not await wanted(self._services, self._state):
                self._services.dispatcher.dispatch(Withdrawn(leg_id=self._talk.channel_id))
                return

    async def _originate(self, ring_s: float) -> None:
        await self._services.ari.originate(
            f"PJSIP/{self._phone.endpoint}",
            channel_id=self._talk.channel_id,
            app_args=["agent", self._state.id],
            caller_id=self._state.number or "anonymous",
            timeout_s=max(1, round(ring_s)),
            variables=TRANSFER_BY_US,
        )

    async def clean_up(self, reason: DeclineReason = DeclineReason.CALLER_GONE) -> None:
        """Remove the agent's leg. Idempotent."""
        await super().clean_up(self.declined or reason)

    async def _forget_offer(self, reason: DeclineReason) -> None:
        """Wait on without this agent, or keep the agent in the record."""
        if self.declined is None:
            await super()._forget_offer(reason)
            return
        await self._wait_on(self.declined)
        self._outgoing.agent_id, self._outgoing.waits = "", True
        self._state.abandon_position = None


class CallBackWait:
    """One call back in line. `offers` receives the offers of all processes."""

    def __init__(
        self, services: CallServices, state: CallState, offers: asyncio.Queue[Offer], commands: CommandInbox
    ) -> None:
        assert state.outgoing is not None, "a call back is a call out"
        self._services = services
        self._state = state
        self._outgoing = state.outgoing
        self._offers = offers
        self._commands = commands

    async def run(self) -> OfferEnd:
        """Wait for an agent, and carry the call out."""
        state = self._state
        make_pop = await self._services.pops.prepare(state)
        while True:
            if state.talk is None and not await self._offered():
                return OfferEnd.DECLINED
            leg = CallBackLeg(self._services, state, self._commands)
            end = await leg.run(make_pop)
            if leg.declined is None:
                return end

    async def _offered(self) -> bool:
        """Wait for an agent; False: it is not wanted any more."""
        queues, state = self._services.queues, self._state
        self._services.store.put(state)
        offer: Offer | None = None
        while True:
            # Asked first: what is not wanted must not stand in line, where it would be given an agent.
            if not await wanted(self._services, state):
                if offer is not None:
                    await self._give_back(offer.reservation_id, DeclineReason.CALLER_GONE)
                with suppress(QueuesUnavailable):
                    await queues.leave(state.id, LeaveReason.SYSTEM)
                return False
            if offer is None:
                with suppress(QueuesUnavailable):
                    # In place since the caller joined; known already, as a rule.
                    await queues.restore([waiting_call(state)])
                offer = await self._next()
                for other in offer.others if offer is not None else ():
                    # One agent is enough: the number is dialled for the first.
                    await self._give_back(other.reservation_id, DeclineReason.INTERRUPTED)
                continue
            phone = self._services.agents.phone(offer.agent_id)
            if phone is None:
                await self._give_back(offer.reservation_id, DeclineReason.UNAVAILABLE)
                offer = None
                continue
            state.talk = staged(offer, phone)
            self._outgoing.agent_id, self._outgoing.caller_name = phone.agent_id, phone.name
            return True

    async def _next(self) -> Offer | None:
        try:
            async with asyncio.timeout(LOOKED_AT_AGAIN_S):
                return await self._offers.get()
        except TimeoutError:
            return None

    async def _give_back(self, reservation_id: str, reason: DeclineReason) -> None:
        with suppress(QueuesUnavailable):
            await self._services.queues.declined(reservation_id, reason)


async def wanted(services: CallServices, state: CallState) -> bool:
    """Tell whether a call back is still to be made."""
    outgoing = state.outgoing
    if outgoing is None or outgoing.call_back_id is None:
        return True
    return await services.call_backs.wanted(outgoing.call_back_id, state.id)
