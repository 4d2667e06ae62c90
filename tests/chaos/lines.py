"""Callers in queues with other ways out, led there before a fault.

A team rings all at once, callers overflow into another queue, numbers are called back in line, and a supervisor takes
a call over. Callers of the team and those who overflow are promises like all others. Calls back and the take-over have
an oracle of their own here.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from random import Random
from typing import Any

import aiohttp

from bench.ours import FIRST_AGENT, PASSWORD
from bench.sip_peer import AgentCall, CallerCall
from tests.chaos.controlled import AFTERWARDS_S, AGAIN_S, LEAD_S, OWN_CALL
from tests.chaos.desks import SUPERVISOR, desk_of
from tests.chaos.load import ChaosLoad, Promise, Snapshot
from tests.desk_client import Desk, Refused

CALLS_BACK, ASKED_BETWEEN_S = 6, 1.5
TEAM_CALLERS, OVERFLOWING = 6, 4
BETWEEN_S = 0.7
"""Between two callers who overflow: some move before the fault, some at it, some after it."""
STEPS_S = 0.06
"""The steps of a take-over are done in about this time."""
CALLED_BACK_S = 90.0
"""Until all were called back, who have their places among all others."""
TEAM, OVERFLOW, CALL_BACK = "1", "2", "32"
"""Keys of the menu, and of the queue."""


class LineLeader:
    """Callers who choose, and a supervisor at a desk."""

    def __init__(self, load: ChaosLoad, url: str, random: Random) -> None:
        self._load = load
        self._url = url
        self._random = random
        self._asked: list[CallerCall] = []
        """Callers who asked to be called back."""
        self._known = len(load.outside.calls)
        self._talk: Promise | None = None
        """The call that is taken over."""
        self._taking_over: asyncio.Task[None] | None = None

    @property
    def stages(self) -> list[str]:
        """Return what callers were led to."""
        return ["call_back"] * len(self._asked) + ["taken_over"] * (self._talk is not None)

    async def sign_in(self) -> None:
        """Sign the supervisor in."""
        self._desk = await desk_of(self._url, SUPERVISOR, socket=False).__aenter__()

    async def aclose(self) -> None:
        """Let the phones hang up again, and sign out."""
        self._load.phones.kept.clear()
        if self._taking_over is not None:
            self._taking_over.cancel()
            await asyncio.gather(self._taking_over, return_exceptions=True)
        await self._desk.__aexit__(None, None, None)

    async def lead(self) -> None:
        """Fill the queues; return while a number rings, if one does.

        Raises:
            TimeoutError: a caller did not get there.
        """
        for _ in range(CALLS_BACK):
            self._asked.append(self._load.call_in(CALL_BACK))
            await asyncio.sleep(ASKED_BETWEEN_S)
        async with asyncio.timeout(LEAD_S):
            for call in self._asked:
                await call.over.wait()
        async with asyncio.timeout(LEAD_S):
            while not await self._listened():
                await asyncio.sleep(AGAIN_S)
        async with asyncio.timeout(CALLED_BACK_S):
            while not self._called_back():
                await asyncio.sleep(AGAIN_S)
        for _ in range(TEAM_CALLERS):
            self._load.call_in(TEAM)
        for _ in range(OVERFLOWING):
            self._load.call_in(OVERFLOW)
            await asyncio.sleep(BETWEEN_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(ASKED_BETWEEN_S * CALLS_BACK):
                while not any(not call.over.is_set() and not call.talking_ns for call in self._called_back()):
                    await asyncio.sleep(AGAIN_S)
        self._taking_over = asyncio.create_task(self._take_over(), name="take-over")
        await asyncio.sleep(self._random.uniform(0.0, STEPS_S))

    def left_to_ledger(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot without the calls that are judged here."""
        own = {*self._asked, *([self._talk.call] if self._talk is not None else [])}
        return Snapshot([promise for promise in snapshot.promises if promise.call not in own])

    async def judged(self, *, survive: bool) -> list[str]:
        """Return what is wrong with calls back and take-over."""
        async with desk_of(self._url, SUPERVISOR, socket=False) as desk:
            try:
                taken = await self._taken_over(desk) if survive else await self._no_one_talks(desk)
                return taken + await self._all_called_back(desk, survive=survive)
            except (Refused, aiohttp.ClientError) as error:
                return [repr(error)]

    def _called_back(self) -> list[AgentCall]:
        """Calls of numbers that were called back."""
        numbers = tuple(call.number for call in self._asked)
        return [call for call in self._load.outside.calls[self._known :] if call.agent.endswith(numbers)]

    async def _listened(self) -> bool:
        """Have the supervisor listen to a talk; False: it ended."""
        talks = [one for one in self._load.snapshot().promises if one.stage == "talking" and one.agent is not None]
        for promise in talks:
            assert promise.agent is not None
            self._load.phones.kept.add(promise.agent)
            live = await self._live(promise)
            if live is None:
                self._load.phones.kept.discard(promise.agent)
                continue
            self._talk, self._live_id = promise, live
            await self._desk.post(f"/api/v1/live-calls/{live}/listen", None)
            await self._supervisor_is_in_the_call()
            return True
        return False

    async def _live(self, promise: Promise) -> str | None:
        """Return the id of a call in which two talk."""
        for call in await self._desk.get("/api/v1/live-calls"):
            if call["stage"] == "talking" and str(call["number"]).endswith(promise.call.number):
                return str(call["call_id"])
        return None

    async def _supervisor_is_in_the_call(self) -> None:
        async with asyncio.timeout(LEAD_S):
            while True:
                for call in self._load.phones.calls:
                    if call.agent == f"supervisor{SUPERVISOR}" and call.talking_ns and not call.over.is_set():
                        self._load.phones.kept.add(call)
                        return
                await asyncio.sleep(AGAIN_S)

    async def _take_over(self) -> None:
        with suppress(aiohttp.ClientError, Refused):
            await self._desk.post(f"/api/v1/live-calls/{self._live_id}/take-over", None)

    async def _taken_over(self, desk: Desk) -> list[str]:
        """Check that one of two has the caller; hang up."""
        assert self._talk is not None
        assert self._talk.agent is not None
        index = self._load.system.phones().index(self._talk.agent.agent)
        async with Desk(self._url, str(FIRST_AGENT + index), PASSWORD, socket=False) as agent:
            seen: list[Any] = []
            try:
                async with asyncio.timeout(AFTERWARDS_S):
                    while sorted(seen, key=str) != [None, "talking"]:
                        await asyncio.sleep(AGAIN_S)
                        seen = [await stage_of(one) for one in (desk, agent)]
                    await (desk if seen[0] else agent).post(f"{OWN_CALL}/hang-up", None)
                    await self._talk.call.over.wait()
            except TimeoutError:
                return [f"taken over: {seen}, over: {self._talk.call.over.is_set()}"]
        return []

    async def _no_one_talks(self, desk: Desk) -> list[str]:
        """Check that a supervisor has no call."""
        async with asyncio.timeout(AFTERWARDS_S):
            while (seen := await stage_of(desk)) is not None:
                await asyncio.sleep(AGAIN_S)
        return [] if seen is None else [f"the supervisor is still {seen}"]

    async def _all_called_back(self, desk: Desk, *, survive: bool) -> list[str]:
        """Check that each number talked once, or is on the list."""
        numbers = {call.number for call in self._asked}
        talked, listed = set[str](), numbers
        with suppress(TimeoutError):
            async with asyncio.timeout(CALLED_BACK_S):
                while talked != numbers or (survive and listed):
                    await asyncio.sleep(AGAIN_S)
                    talked = {number for number in numbers if self._talks(number)}
                    listed = await _on_the_list(desk, numbers)
        if not survive:
            return [f"{number} is not to be called back" for number in numbers - talked - listed]
        again = {number for number in talked if self._talks(number)[0] is not self._rings(number)[-1]}
        return [
            *(f"{number} was not called back" for number in numbers - talked),
            *(f"{number} is still on the list" for number in talked & listed),
            *(f"{number} was rung after a talk" for number in again),
        ]

    def _rings(self, number: str) -> list[AgentCall]:
        return [call for call in self._called_back() if call.agent.endswith(number)]

    def _talks(self, number: str) -> list[AgentCall]:
        """Return a number's rings that heard an agent and are over.

        An agent may hang up while the service is away: the number that answers then hears no one, and is rung again.
        """
        return [ring for ring in self._rings(number) if self._load.heard(ring) and ring.over.is_set()]


async def _on_the_list(desk: Desk, numbers: set[str]) -> set[str]:
    """Return the numbers that are still to be called back."""
    listed = [str(entry["number"]) for entry in await desk.get("/api/v1/missed-callers")]
    return {number for number in numbers if any(one.endswith(number) for one in listed)}


async def stage_of(desk: Desk) -> str | None:
    """Return the stage of a person's own call."""
    try:
        return str((await desk.get(OWN_CALL))["state"])
    except Refused as refused:
        if refused.status != HTTPStatus.CONFLICT:
            raise
        return None
