"""Phones of several agents that ring for one caller at once."""

import asyncio

from ari_app.calls.call_services import AgentPhone, CallServices, PopMaker
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.holding import Hold
from ari_app.calls.model import CallState, Talk
from ari_app.calls.offers import OfferEnd, phone_of
from ari_app.calls.talk import AgentLeg
from ari_app.queues.model import DeclineReason
from foundation.tasks import log_failure, shield_until_done

CANCEL_AGAIN_S = 2.0
"""A library may swallow a cancellation."""


class RungAgent(AgentLeg):
    """One of the phones; the agent's conversation, if the first to answer."""

    def __init__(self, together: "RingingTogether", talk: Talk, phone: AgentPhone) -> None:
        super().__init__(together.services, together.state, phone, together.commands, together.hold, talk)
        self._together = together
        self.own = talk

    @property
    def _talk(self) -> Talk:
        """Return the own side, until the conversation is this agent's."""
        return super()._talk if self._together.winner is self else self.own

    async def _connected(self) -> bool:
        """Report the answer; False if another agent was faster."""
        return self._together.winner is None and await super()._connected() and self._together.won(self)

    def _prepare_early(self) -> None:
        """Prepare one conversation, not one for each phone."""
        if self._state.talk is self.own:
            super()._prepare_early()

    async def clean_up(self, reason: DeclineReason = DeclineReason.CALLER_GONE) -> None:
        """Remove the leg at any stage. Idempotent."""
        if self._together.winner not in {None, self}:
            reason, self._answered_by = DeclineReason.ANSWERED_ELSEWHERE, self._together.winner_name
        await super().clean_up(reason)


class RingingTogether:
    """Carries out an offer to several agents.

    The first to answer has the caller. The queue decides who that is, by the reservations; where it is out of reach,
    this process does. The others' phones stop at once, and no miss is counted. An agent who declines leaves the others
    ringing.
    """

    def __init__(
        self, services: CallServices, state: CallState, commands: CommandInbox, hold: Hold | None = None
    ) -> None:
        self.services = services
        self.state = state
        self.commands = commands
        self.hold = hold
        self.winner: RungAgent | None = None
        self._legs = [RungAgent(self, talk, phone_of(services, talk)) for talk in state.rung_for]
        self._tasks: dict[RungAgent, asyncio.Task[OfferEnd]] = {}

    @property
    def winner_name(self) -> str | None:
        """Return the name of the agent who has the caller."""
        return self.state.talk.agent_name if self.state.talk is not None else None

    async def run(self, make_pop: PopMaker) -> OfferEnd:
        """Ring until an agent answers, and carry that conversation to its end.

        A caller's hang-up cancels it at any point.
        """
        for leg in self._legs:
            self._tasks[leg] = asyncio.create_task(leg.run(make_pop), name=f"ring:{self.state.id}")
        pending = set(self._tasks.values())
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._check(task)
        finally:
            await shield_until_done(self._all_over())
        return self._tasks[self.winner].result() if self.winner is not None else OfferEnd.DECLINED

    def _check(self, task: asyncio.Task[OfferEnd]) -> None:
        """Raise the failure of a phone; one beside a conversation is logged."""
        if self.winner is not None and task is not self._tasks[self.winner]:
            log_failure(task)
        elif not task.cancelled():
            task.result()

    async def _all_over(self) -> None:
        """Cancel every phone's task until it is over."""
        while pending := [task for task in self._tasks.values() if not task.done()]:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)

    def won(self, leg: RungAgent) -> bool:
        """Give the caller to the first leg; the others stop ringing."""
        if self.winner is not None:
            return False
        self.state.talk, self.state.rung = leg.own, []
        self.winner = leg
        for other, task in self._tasks.items():
            if other is not leg:
                task.cancel()
        return True

    async def clean_up(self) -> None:
        """Remove the legs of a call that has ended."""
        for leg in self._legs:
            await leg.clean_up()
