"""Five hundred desks reconnect at once and hear every message once."""

import asyncio
from typing import Any

import aiohttp

from ari_app.desk.model import Notice, NoticeLevel
from ari_app.desk.pop import SpokenWording
from foundation.routes import Role
from tests.unit.web.conftest import ORIGIN, SOCKET, Build, House, person

DESKS, NOTICES = 500, 60
PATIENCE_S = 60.0
COME_BACK_S = 0.05
"""Reconnect later, as the console does when too many connect at once."""
LAST = str(NOTICES - 1)


async def test_five_hundred_desks_at_once(build: Build) -> None:
    house = await build()
    tickets = [await ticket(house, number) for number in range(DESKS)]
    async with aiohttp.ClientSession(house.url, connector=aiohttp.TCPConnector(limit=0)) as http:
        desks = [asyncio.create_task(heard(http, one), name=f"desk {one}") for one in tickets]
        welcomed = asyncio.create_task(all_connected(house))
        for number in range(NOTICES - 1):
            await house.hub.broadcast(Role.AGENT, notice(str(number)))
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            await welcomed
            await house.hub.broadcast(Role.AGENT, notice(LAST))
            runs = await asyncio.gather(*desks)

    assert len(runs) == DESKS
    for run in runs:
        assert run == list(range(run[0], NOTICES)), "nothing lost, nothing doubled, in order"


async def ticket(house: House, number: int) -> str:
    return await house.sessions.ticket((await house.sessions._begin(person(Role.AGENT, number))).session)


async def all_connected(house: House) -> None:
    while not all(house.hub.connected(person(Role.AGENT, number).staff_id) for number in range(DESKS)):
        await asyncio.sleep(COME_BACK_S)


async def heard(http: aiohttp.ClientSession, ticket: str) -> list[int]:
    """Return the numbers of the notices that reach a desk."""
    socket = await opened(http)
    numbers: list[int] = []
    async with socket:
        await socket.send_json({"type": "hello", "ticket": ticket})
        assert (await socket.receive_json())["type"] == "welcome"
        while not numbers or numbers[-1] != int(LAST):
            message: dict[str, Any] = await socket.receive_json()
            if message["type"] == "notice":
                numbers.append(int(message["text"]["en"]))
    return numbers


async def opened(http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    while True:
        try:
            return await http.ws_connect(SOCKET, origin=ORIGIN)
        except aiohttp.WSServerHandshakeError as refused:
            if refused.status not in {429, 503}:
                raise
            await asyncio.sleep(COME_BACK_S)


def notice(number: str) -> Notice:
    return Notice(level=NoticeLevel.INFO, text=SpokenWording(number, number))
