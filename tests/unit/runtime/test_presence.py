"""Presence of agents."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ari_app.calls.call_services import AgentPhone
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentSnapshot, AgentState, DeclineReason, Snapshot
from ari_app.runtime import presence
from ari_app.runtime.presence import PresenceService

AGENT = "staff-1"


class Queues:
    """Queues with one agent whom a former process made not ready."""

    def __init__(self) -> None:
        self.asked = 0
        self.made_ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def snapshot(self) -> Snapshot:
        self.asked += 1
        if self.asked == 1:
            raise QueuesUnavailable("no answer in time")
        agent = AgentSnapshot(AGENT, AgentState.NOT_READY, reason=DeclineReason.UNAVAILABLE)
        return Snapshot(0, agents=(agent,))

    async def ready(self, agent_id: str) -> None:
        self.made_ready.set_result(agent_id)

    def watch_agents(self, _listener: object) -> Any:
        return lambda: None

    watch_queues = watch_agents


async def test_agent_with_a_phone_that_is_back_is_ready_again_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PHONES_EVERY_S", 0.001)
    queues = Queues()
    hub: Any = SimpleNamespace(connected=lambda agent_id: agent_id == AGENT)
    agents: Any = SimpleNamespace(phone=lambda agent_id: AgentPhone(agent_id, "1001", "刘芳", "agent1001"))

    async def online(user: str) -> bool:
        return user == "agent1001"

    given: Any = queues
    running = asyncio.create_task(PresenceService(hub, given, agents, online).run())
    async with asyncio.timeout(5):
        assert await queues.made_ready == AGENT
    running.cancel()


class Desk:
    """Desk of the one agent, clear once the last pop is closed."""

    def __init__(self, last: str) -> None:
        self.clear: asyncio.Event = asyncio.Event()
        self._last = last
        self.shown: str | None = None

    async def send(self, *_: object, **__: object) -> bool:
        return True

    def listening(self, _roles: object) -> bool:
        return False

    async def shown_call(self, _agent_id: str) -> str | None:
        return self.shown

    async def close_pop(self, _agent_id: str, call_id: str) -> None:
        if call_id == self._last:
            self.clear.set()


class Changes(Queues):
    """Queues that tell about the one agent, who is ready by now."""

    async def agent(self, agent_id: str) -> AgentSnapshot:
        return AgentSnapshot(agent_id, AgentState.READY)

    tell: Callable[[AgentSnapshot], None]

    def watch_agents(self, listener: Any) -> Any:
        self.tell = listener
        return lambda: None

    def watch_queues(self, _listener: object) -> Any:
        return lambda: None


@pytest.mark.parametrize("known", [True, False], ids=["same process", "restarted in the wrap-up"])
async def test_pop_of_a_call_dialled_during_a_wrap_up_goes_with_that_wrap_up(known: bool) -> None:
    desk, queues = Desk("dialled"), Changes()
    desk.shown = None if known else "dialled"
    hub: Any = desk
    given: Any = queues
    agents: Any = SimpleNamespace(phone=lambda _agent_id: None)

    async def online(_user: str) -> bool:
        return True

    running = asyncio.create_task(PresenceService(hub, given, agents, online).run())
    while not hasattr(queues, "tell"):
        await asyncio.sleep(0)
    seen_before = ((AgentState.WRAP_UP, "first"), (AgentState.TALKING, "dialled")) if known else ()
    for state, call_id in (*seen_before, (AgentState.WRAP_UP, "first"), (AgentState.READY, None)):
        queues.tell(AgentSnapshot(AGENT, state, call_id=call_id))
    async with asyncio.timeout(5):
        await desk.clear.wait()
    running.cancel()
