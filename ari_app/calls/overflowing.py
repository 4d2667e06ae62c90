"""Limits of one caller's wait: overflow rules, then the queue's two limits."""

import asyncio
from dataclasses import dataclass

import structlog

from ari_app.calls.call_services import CallServices
from ari_app.calls.control.model import StoryEntry
from ari_app.calls.model import CallState
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.overflow import LOOKED_AT_AGAIN_S, OverflowTarget, QueueLoad, Wait, due, next_look_s
from ari_app.queues.settings import QueueSettings
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now

log = structlog.get_logger()


@dataclass(frozen=True)
class Overflow:
    """Way out of a queue that a caller takes."""

    to: OverflowTarget
    name: str
    """Names the rule in the state of a call."""


@dataclass(frozen=True)
class Unstaffed:
    """No agent has been signed in for the queue's limit."""


class WaitLimits:
    """Watches the limits of one caller's wait.

    The time without an agent goes on over offers that failed.
    """

    def __init__(self, services: CallServices, state: CallState, settings: QueueSettings) -> None:
        self._services = services
        self._state = state
        self._settings = settings
        self._rules = settings.overflow
        self._unstaffed_since: float | None = None

    async def reached(self) -> Overflow | Unstaffed:
        """Return the first limit that is reached."""
        limit_s, used = self._settings.unstaffed_wait_s, self._used()
        if limit_s is None and len(used) == len(self._rules):
            await asyncio.Future[None]()
        while True:
            wait = await self._wait()
            index = due(self._rules, wait, used)
            if index is not None:
                return Overflow(self._rules[index].to, self._name(index))
            pause_s = next_look_s(self._rules, wait)
            if limit_s is not None and wait.unstaffed_s is not None:
                if wait.unstaffed_s >= limit_s:
                    return Unstaffed()
                pause_s = min(pause_s, limit_s - wait.unstaffed_s)
            await asyncio.sleep(min(pause_s, LOOKED_AT_AGAIN_S))

    def _used(self) -> set[int]:
        """Return the rules that do not apply to this caller."""
        target, former = self._state.target, self._state.overflowed
        # Without a step to go on at, a caller who leaves the queue would only be hung up.
        goes_on = target is not None and target.otherwise is not None
        return {
            index
            for index, rule in enumerate(self._rules)
            if (rule.to.needs_flow and not goes_on) or self._name(index) in former
        }

    async def _wait(self) -> Wait:
        now = asyncio.get_running_loop().time()
        load = await self._load()
        if load is None or load.signed_in:
            self._unstaffed_since = None
        elif self._unstaffed_since is None:
            self._unstaffed_since = now
        unstaffed_s = None if self._unstaffed_since is None else now - self._unstaffed_since
        since_ms = self._state.here_since_ms or self._state.queued_at_ms
        waited_s = 0.0 if since_ms is None else (milliseconds(utc_now()) - since_ms) / 1000
        position = await self._position()
        return Wait(position, load, waited_s, await self._expected_s(position, load), unstaffed_s)

    async def _expected_s(self, position: int | None, load: QueueLoad | None) -> float | None:
        """Return the wait from now on, where a rule asks for it."""
        waits = self._services.waits
        is_asked = any(rule.expected_wait_s is not None for rule in self._rules)
        if not is_asked or waits is None or position is None or load is None:
            return None
        mean_ms = await waits.mean_ms(self._settings.name, position, load)
        return None if mean_ms is None else mean_ms / 1000

    async def _load(self) -> QueueLoad | None:
        try:
            return await self._services.queues.loads.of(self._settings.name)
        except QueuesUnavailable:
            return None

    async def _position(self) -> int | None:
        """Return the caller's place, where a rule asks for it."""
        if all(rule.callers_per_agent is None and rule.expected_wait_s is None for rule in self._rules):
            return None
        try:
            place = await self._services.queues.position(self._state.id)
        except QueuesUnavailable:
            return None
        return None if place is None or place.offered else place.position

    def _name(self, index: int) -> str:
        return f"{self._settings.name}.{index}"


def note_overflow(state: CallState, overflow: Overflow) -> None:
    """Keep an applied rule with the call, for its story too."""
    target = overflow.to
    place = target.queue or target.flow
    entry = StoryEntry(milliseconds(utc_now()), StoryStep.OVERFLOWED, target=place, number=target.number)
    state.story = [*state.story, entry]
    state.overflowed = [*state.overflowed, overflow.name]
    log.info("queue_overflowed", rule=overflow.name, to=str(target))
