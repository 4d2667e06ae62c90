"""Desks: those that look, and very many that come back at once."""

import asyncio
import time
from contextlib import AsyncExitStack

import aiohttp

from dev.stack import SAMPLE_PASSWORD
from tests.desk_client import Desk

SUPERVISOR, ADMINISTRATOR = "3001", "9001"
FIRST, PASSWORD = 70001, "chaos-desk-1"
HIRED_AT_ONCE = 8
SOCKET = "/api/v1/desk/socket"
COME_BACK_S = 0.05
"""The pause of a console after a refusal for too many requests."""


def desk_of(url: str, staff_number: str, *, socket: bool = True) -> Desk:
    """One person's desk."""
    return Desk(url, staff_number, SAMPLE_PASSWORD, socket=socket)


async def storm(url: str, count: int) -> float:
    """Open many desks, lose them all, open them again at once.

    Beside them is one that never reads.

    Returns the seconds until every one of them was welcomed with what is so now.
    """
    async with (
        desk_of(url, ADMINISTRATOR, socket=False) as administrator,
        aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as http,
        AsyncExitStack() as opened,
    ):
        at_once = asyncio.Semaphore(HIRED_AT_ONCE)

        async def hired(number: int) -> str:
            async with at_once:
                return await _hired(administrator, http, str(FIRST + number))

        tokens = await asyncio.gather(*(hired(number) for number in range(count + 1)))
        tickets = [await _ticket(http, token) for token in tokens]
        lost = await asyncio.gather(*(_opened(http, url, ticket) for ticket in tickets))
        # The last one stays, and never reads.
        opened.push_async_callback(lost.pop().close)
        tickets = [await _ticket(http, token) for token in tokens[:count]]
        await asyncio.gather(*(socket.close() for socket in lost))
        began = time.monotonic()
        back = await asyncio.gather(*(_opened(http, url, ticket) for ticket in tickets))
        whole_s = time.monotonic() - began
        for socket in back:
            opened.push_async_callback(socket.close)
    return whole_s


async def _hired(administrator: Desk, http: aiohttp.ClientSession, staff_number: str) -> str:
    """A new supervisor; the session's token."""
    person = {
        "staff_number": staff_number,
        "name": f"Watcher {staff_number}",
        "role": "supervisor",
        "password": PASSWORD,
    }
    await administrator.post("/api/v1/staff", person)
    account = {"staff_number": staff_number, "password": PASSWORD}
    async with http.post("/api/v1/session", json=account) as answer:
        token: str = (await answer.json())["token"]
    return token


async def _ticket(http: aiohttp.ClientSession, token: str) -> str:
    async with http.post("/api/v1/desk/ticket", headers={"Authorization": f"Bearer {token}"}) as answer:
        answered = await answer.json()
        assert answer.ok, answered
    ticket: str = answered["ticket"]
    return ticket


async def _opened(http: aiohttp.ClientSession, url: str, ticket: str) -> aiohttp.ClientWebSocketResponse:
    while True:
        try:
            socket = await http.ws_connect(SOCKET, origin=url)
        except aiohttp.WSServerHandshakeError as refused:
            if refused.status not in {429, 503}:
                raise
            await asyncio.sleep(COME_BACK_S)
        else:
            break
    await socket.send_json({"type": "hello", "ticket": ticket})
    welcome = await socket.receive_json()
    assert welcome["type"] == "welcome", welcome
    assert "queues" in welcome["snapshot"], welcome
    return socket
