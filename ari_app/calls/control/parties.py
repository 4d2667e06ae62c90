"""Legs of a conversation's further parties: reserved, rung, hung up, released."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from ari_app.ari.errors import AriError
from ari_app.calls.call_services import TRANSFER_BY_US, AgentPhone, CallServices, PopMaker
from ari_app.calls.control.errors import TargetBusy
from ari_app.calls.control.model import Party, Target, TargetKind
from ari_app.calls.control.view import call_left
from ari_app.calls.model import CallState
from ari_app.queues.errors import QueuesUnavailable
from foundation.ids import new_id
from foundation.tasks import shield_until_done

AGENT_LEG = "agent-leg"
OUTSIDE_LEG = "outside-leg"
OUTSIDE_FORMATS = ("alaw", "ulaw")
RING_OUTSIDE_S = 45.0

log = structlog.get_logger()

Listen = Callable[[str], object]
"""Registers for the events of a leg, by its id."""


class Parties:
    """Rings and releases the agents and outside numbers of one call."""

    def __init__(self, services: CallServices, state: CallState, make_pop: PopMaker | None) -> None:
        self._services = services
        self._state = state
        self._make_pop = make_pop

    def party(self, target: Target) -> Party:
        """Return a target as a party, with its channel's id."""
        return Party(new_id(AGENT_LEG if target.kind is TargetKind.AGENT else OUTSIDE_LEG), target)

    async def reserve(self, target: Target) -> None:
        """Reserve a target's agent.

        Raises:
            TargetBusy: the agent has another call, or is no agent any more.
            QueuesUnavailable: Redis did not answer.
        """
        if target.kind is not TargetKind.AGENT:
            return
        occupying = self._services.queues.occupied(target.id, self._state.id, self._state.home_queue)
        if not await shield_until_done(occupying):
            raise TargetBusy(f"agent {target.staff_number or target.id} is in another call")

    def ring_s(self, target: Target) -> float:
        """Return how long a target's phone rings."""
        if target.kind is not TargetKind.AGENT:
            return RING_OUTSIDE_S
        return self._services.queues.settings_of(self._state.home_queue or "").ring_s

    async def ring(self, party: Party, listen: Listen) -> None:
        """Ring a party's phone.

        Args:
            listen: called before, so that an answer at once is not missed.

        Raises:
            AriError: it cannot be rung.
        """
        target, services, state = party.target, self._services, self._state
        if target.kind is TargetKind.AGENT:
            # The desk is written to first, and the phone does not wait until Redis has remembered the pop.
            ringing = self.ring_agent(target.endpoint, party.channel_id, self.ring_s(target), listen)
            for failed in await asyncio.gather(self.show(party), ringing, return_exceptions=True):
                if failed is not None:
                    raise failed
            return
        listen(party.channel_id)
        await services.ari.originate(
            target.endpoint,
            channel_id=party.channel_id,
            app_args=["outside", state.id],
            caller_id=services.caller_id,
            timeout_s=round(RING_OUTSIDE_S),
            formats=OUTSIDE_FORMATS,
        )

    async def ring_agent(self, endpoint: str, channel_id: str, ring_s: float, listen: Listen) -> None:
        """Ring an agent's phone; `listen` as for `ring`.

        Raises:
            AriError: it cannot be rung.
        """
        listen(channel_id)
        await self._services.ari.originate(
            endpoint,
            channel_id=channel_id,
            app_args=["agent", self._state.id],
            originator=self._state.channel_id,
            caller_id=self._state.number or "anonymous",
            timeout_s=max(1, round(ring_s)),
            variables=TRANSFER_BY_US,
        )

    async def show(self, party: Party) -> None:
        """Show the call on the desk of the agent who is rung."""
        if self._make_pop is not None:
            target = party.target
            phone = AgentPhone(target.id, target.staff_number, target.name, "")
            waited_ms = self._state.talk.waited_ms if self._state.talk is not None else 0
            await self._services.desks.pop(target.id, self._make_pop(self._state, phone, waited_ms))

    async def drop(self, party: Party, *, talked: bool = False, missed: bool = False, asked: bool = False) -> None:
        """Hang a party up, and free its agent. Idempotent.

        An agent who did not answer has `missed` the ring; of one who was only `asked` no miss is counted.
        """
        await self.hang_up(party.channel_id)
        if party.target.kind is TargetKind.AGENT:
            await self.release(party.target.id, talked=talked, missed=missed and not asked)
            await self._services.desks.call_changed(party.target.id, call_left(self._state))
            if not talked:
                missed_of = 0 if missed else None
                await self._services.desks.close_pop(party.target.id, self._state.id, missed_of=missed_of)

    async def hang_up(self, channel_id: str) -> None:
        """Hang a leg up, if it is there."""
        with suppress(AriError):
            await self._services.ari.hang_up(channel_id)

    async def release(self, agent_id: str, *, talked: bool, missed: bool = False) -> None:
        """Give an agent back to the queue; after a talk with wrap-up."""
        try:
            await self._services.queues.finished(agent_id, self._state.id, talked=talked, missed=missed)
        except QueuesUnavailable:
            # Repaired when the queue answers again.
            log.warning("agent_not_released", agent_id=agent_id)

    async def occupy(self, agent_id: str, *, serving: bool = True) -> bool:
        """Take an agent into the call; False if busy elsewhere.

        One who is not `serving` the queue, such as a supervisor, has no wrap-up.
        """
        queue = self._state.home_queue if serving else None
        try:
            return await self._services.queues.occupied(agent_id, self._state.id, queue)
        except QueuesUnavailable:
            return False
