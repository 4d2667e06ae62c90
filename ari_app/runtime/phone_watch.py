"""Watch over agents' phones: desks know whether theirs can be rung."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

import structlog

from ari_app.ari.errors import AriError
from ari_app.ari.model import Endpoint
from ari_app.calls.agent_directory import Agents
from ari_app.desk.hub import Hub
from ari_app.desk.model import PhoneChanged
from ari_app.queues.errors import AgentNotSignedIn, QueuesUnavailable
from ari_app.queues.model import AgentState, DeclineReason
from ari_app.queues.service import QueueService
from foundation.clock import milliseconds, utc_now
from foundation.routes import Role

EVERY_S = 2.0
GONE_LOOKS = 2
"""Looks in a row without the phone until it is gone: a page that reloads registers anew within one."""

log = structlog.get_logger()


@dataclass
class _Desk:
    """Message that a desk was sent, and sightings since it opened."""

    online: bool | None = None
    was_online: bool = False
    missing: int = 0


class PhoneWatch:
    """Tells the desks of this node about their phones.

    A ready agent with a phone that is gone is made not ready at once, before a caller is offered and waits in vain;
    `PresenceService` makes the agent ready again when the phone is back. A phone that was not there when the desk
    opened counts as gone only after an offer: it may be one that does not register.
    """

    def __init__(
        self, hub: Hub, queues: QueueService, agents: Agents, endpoints: Callable[[str], Awaitable[Iterable[Endpoint]]]
    ) -> None:
        self._hub = hub
        self._queues = queues
        self._agents = agents
        self._endpoints = endpoints
        self._desks: dict[str, _Desk] = {}
        """By the socket's id."""

    async def run(self) -> NoReturn:
        """Look at the phones of open desks, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look()
            except (AriError, QueuesUnavailable) as error:
                log.debug("phones_not_seen", error=repr(error))

    async def look(self) -> None:
        """Compare the phones of open desks with what the desks know.

        Raises:
            AriError: Asterisk is out of reach; nothing is said about phones meanwhile.
            QueuesUnavailable: Redis does not respond.
        """
        agents = {socket.id: socket.staff_id for socket in self._hub.sockets() if socket.role is Role.AGENT}
        self._desks = {one: self._desks.get(one) or _Desk() for one in agents}
        if not agents:
            return
        online = {endpoint.resource for endpoint in await self._endpoints("PJSIP") if endpoint.online}
        for socket_id, agent_id in agents.items():
            line = self._agents.phone(agent_id)
            if line is not None:
                await self._compare(self._desks[socket_id], agent_id, line.endpoint in online)

    async def _compare(self, desk: _Desk, agent_id: str, online: bool) -> None:
        desk.missing = 0 if online else desk.missing + 1
        desk.was_online = desk.was_online or online
        if desk.was_online and 0 < desk.missing < GONE_LOOKS:
            return
        if desk.online is not online:
            kind = self._agents.choice(agent_id)
            message = PhoneChanged(online=online, kind=kind, at_ms=milliseconds(utc_now()))
            if await self._hub.send(agent_id, message, relay=False):
                desk.online = online
        if desk.was_online and desk.missing == GONE_LOOKS:
            await self._pause(agent_id)

    async def _pause(self, agent_id: str) -> None:
        if (await self._queues.agent(agent_id)).state is AgentState.READY:
            log.info("phone_gone", agent_id=agent_id)
            try:
                await self._queues.not_ready(agent_id, DeclineReason.UNAVAILABLE)
            except AgentNotSignedIn:
                return
