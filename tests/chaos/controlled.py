"""Calls that agents lead to a stage before a fault.

Their phones hang up only when the row is over, and each has an oracle of its own: the same stage afterwards, sound at
the ears, and all legs gone in the end.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from bench.ours import FIRST_AGENT, PASSWORD
from tests.chaos.load import ChaosLoad, Promise, Snapshot
from tests.desk_client import Desk, Refused

OWN_CALL = "/api/v1/agents/me/call"
LEAD_S = 20.0
AFTERWARDS_S = 15.0
AGAIN_S = 0.1
STAGES = ("held", "consulting", "three_party")
HELPERS = 4
"""One for each consultation, and two who call each other."""


@dataclass(eq=False)
class Led:
    """One call with a stage that an agent gave it."""

    stage: str
    staff_number: str
    promise: Promise | None
    """The caller; None: two agents."""


class Leader(Protocol):
    """People who lead calls to a stage before a fault."""

    @property
    def stages(self) -> list[str]: ...

    async def sign_in(self) -> None: ...

    async def lead(self) -> None: ...

    def left_to_ledger(self, snapshot: Snapshot) -> Snapshot: ...

    async def judged(self, *, survive: bool) -> list[str]: ...

    async def aclose(self) -> None: ...


class CallLeader:
    """Agents at their desks, who lead calls to each stage."""

    def __init__(self, load: ChaosLoad, url: str) -> None:
        self._load = load
        self._url = url
        self._desks: dict[str, Desk] = {}
        """Desks by the phone."""
        self._ids: dict[str, str] = {}
        self._helpers: list[str] = []
        """Phones of agents at a break: to be consulted and called."""
        self.calls: list[Led] = []

    async def sign_in(self) -> None:
        """Sign all agents in, and give some a break."""
        for index, phone in enumerate(self._load.system.phones()):
            desk = Desk(self._url, str(FIRST_AGENT + index), PASSWORD, socket=False)
            self._desks[phone] = await desk.__aenter__()
            self._ids[phone] = (await desk.get("/api/v1/session"))["staff_id"]
        self._helpers = list(self._desks)[-HELPERS:]
        async with asyncio.timeout(LEAD_S):
            for phone in self._helpers:
                await self._desks[phone].post("/api/v1/agents/me/not-ready", {"reason": "paperwork"})
            for phone in self._helpers:
                while (await self._desks[phone].get("/api/v1/agents/me"))["state"] != "not_ready":
                    await asyncio.sleep(AGAIN_S)

    async def aclose(self) -> None:
        """Let the phones hang up again, and sign out."""
        self._load.phones.kept.clear()
        for desk in self._desks.values():
            await desk.__aexit__(None, None, None)

    async def lead(self) -> None:
        """Lead a call to each stage.

        Raises:
            TimeoutError: none got there.
        """
        for stage in STAGES:
            async with asyncio.timeout(LEAD_S):
                while not await self._led(stage):
                    await asyncio.sleep(AGAIN_S)
        await self._call_colleague()

    def left_to_ledger(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot without the calls that are led."""
        led = {one.promise.call for one in self.calls if one.promise is not None}
        return Snapshot([promise for promise in snapshot.promises if promise.call not in led])

    async def _led(self, stage: str) -> bool:
        """Lead one call to a stage; False where it ended meanwhile."""
        talks = self.left_to_ledger(self._load.snapshot()).promises
        promise = next((one for one in talks if one.stage == "talking" and one.agent is not None), None)
        if promise is None or promise.agent is None or promise.agent.agent in self._helpers:
            return False
        desk = self._desks[promise.agent.agent]
        self._load.phones.kept.add(promise.agent)
        try:
            await desk.post(f"{OWN_CALL}/hold", None)
        except Refused:
            self._load.phones.kept.discard(promise.agent)
            return False
        if stage != "held":
            helper = self._helpers.pop()
            await desk.post(f"{OWN_CALL}/consult", {"target": {"kind": "agent", "id": self._ids[helper]}})
            await self._kept(helper)
            await is_at(desk, "consulting")
            if stage == "three_party":
                await desk.post(f"{OWN_CALL}/three-party", None)
        self.calls.append(Led(stage, self._staff_number(promise.agent.agent), promise))
        return True

    async def _call_colleague(self) -> None:
        """Have an agent at a break call another."""
        phone, other = self._helpers.pop(), self._helpers.pop()
        desk = self._desks[phone]
        await desk.post("/api/v1/calls", {"target": {"kind": "agent", "id": self._ids[other]}})
        await self._kept(phone)
        await self._kept(other)
        await is_at(desk, "talking")
        self.calls.append(Led("talking", self._staff_number(phone), None))

    async def _kept(self, phone: str) -> None:
        """Keep the next call at a phone from being hung up."""
        async with asyncio.timeout(LEAD_S):
            while True:
                for call in reversed(self._load.phones.calls):
                    if call.agent == phone and not call.over.is_set():
                        self._load.phones.kept.add(call)
                        return
                await asyncio.sleep(AGAIN_S)

    def _staff_number(self, phone: str) -> str:
        return str(FIRST_AGENT + list(self._desks).index(phone))

    @property
    def stages(self) -> list[str]:
        """Return the stages that calls were led to."""
        return [one.stage for one in self.calls]

    async def judged(self, *, survive: bool) -> list[str]:
        """Return what is wrong with the calls that were led; end them.

        The agents sign in anew: a Redis without data has no sessions.
        """
        assert survive, "no call of agents outlives Asterisk"
        wrong = []
        for led in self.calls:
            try:
                async with Desk(self._url, led.staff_number, PASSWORD, socket=False) as desk:
                    await is_at(desk, led.stage)
                    await desk.post(f"{OWN_CALL}/hang-up", None)
                if led.promise is not None:
                    async with asyncio.timeout(AFTERWARDS_S):
                        await led.promise.call.over.wait()
            except (Refused, TimeoutError, AssertionError) as error:
                wrong.append(f"{led.stage}: {error!r}")
        return wrong


async def is_at(desk: Desk, stage: str) -> None:
    """Wait until an agent's call is at a stage.

    Raises:
        AssertionError: it is not; with what was seen last.
    """
    seen: object = None
    try:
        async with asyncio.timeout(AFTERWARDS_S):
            while True:
                try:
                    shown: dict[str, Any] = await desk.get(OWN_CALL)
                    if shown["state"] == stage:
                        return
                    seen = shown["state"]
                except (Refused, aiohttp.ClientError) as error:
                    seen = error
                await asyncio.sleep(AGAIN_S)
    except TimeoutError:
        raise AssertionError(f"not {stage}: {seen!r}") from None
