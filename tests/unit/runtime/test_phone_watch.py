"""Desks know their phones; a phone that is gone gets no calls."""

from types import SimpleNamespace
from typing import Any

import pytest

from ari_app.ari.model import Endpoint
from ari_app.calls.call_services import AgentPhone
from ari_app.desk.model import PhoneChanged
from ari_app.queues.model import AgentSnapshot, AgentState
from ari_app.runtime.phone_watch import PhoneWatch
from crm.staff.model import PhoneKind
from foundation.routes import Role

AGENT = "staff-1"


class Floor:
    """One agent's desk, queue and phone."""

    def __init__(self) -> None:
        self.socket = SimpleNamespace(id="desk-1", staff_id=AGENT, role=Role.AGENT)
        self.online = False
        self.state = AgentState.READY
        self.told: list[bool] = []
        self.paused: list[str] = []
        hub: Any = SimpleNamespace(sockets=lambda: [self.socket], send=self._send)
        agents: Any = SimpleNamespace(
            phone=lambda agent_id: AgentPhone(agent_id, "1001", "刘芳", "browser1001"),
            choice=lambda _agent_id: PhoneKind.BROWSER,
        )
        queues: Any = SimpleNamespace(agent=self._agent, not_ready=self._not_ready)
        self.watch = PhoneWatch(hub, queues, agents, self._endpoints)

    async def look(self, online: bool) -> None:
        self.online = online
        await self.watch.look()

    async def _send(self, agent_id: str, message: PhoneChanged, *, relay: bool) -> bool:
        assert (agent_id, message.kind, relay) == (AGENT, PhoneKind.BROWSER, False)
        self.told.append(message.online)
        return True

    async def _agent(self, agent_id: str) -> AgentSnapshot:
        return AgentSnapshot(agent_id, self.state)

    async def _not_ready(self, agent_id: str, reason: str) -> None:
        assert agent_id == AGENT
        self.paused.append(reason)

    async def _endpoints(self, technology: str) -> list[Endpoint]:
        state = "online" if self.online else "offline"
        return [Endpoint(technology=technology, resource="browser1001", state=state)]


async def test_a_phone_that_is_gone_pauses_a_ready_agent_once() -> None:
    floor = Floor()
    await floor.look(True)
    await floor.look(False)
    assert (floor.told, floor.paused) == ([True], []), "a page that reloads registers anew"
    await floor.look(False)
    await floor.look(False)
    assert (floor.told, floor.paused) == ([True, False], ["unavailable"])
    await floor.look(True)
    assert floor.told == [True, False, True]


async def test_a_reload_is_no_change() -> None:
    floor = Floor()
    for online in (True, False, True, True):
        await floor.look(online)
    assert (floor.told, floor.paused) == ([True], [])


async def test_a_phone_that_never_registered_is_shown_and_pauses_no_one() -> None:
    floor = Floor()
    for _ in range(3):
        await floor.look(False)
    assert (floor.told, floor.paused) == ([False], [])


@pytest.mark.parametrize("state", [AgentState.TALKING, AgentState.RINGING, AgentState.NOT_READY])
async def test_only_a_ready_agent_is_paused(state: AgentState) -> None:
    floor = Floor()
    floor.state = state
    for online in (True, False, False):
        await floor.look(online)
    assert (floor.told, floor.paused) == ([True, False], [])


async def test_a_new_desk_hears_of_its_phone_again() -> None:
    floor = Floor()
    await floor.look(True)
    floor.socket = SimpleNamespace(id="desk-2", staff_id=AGENT, role=Role.AGENT)
    await floor.look(True)
    assert floor.told == [True, True]
