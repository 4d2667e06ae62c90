"""Phones of agents hired, closed, and moved into the browser."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriNotFound
from tests.asterisk.hotline import ADMINISTRATOR, OTHER_AGENT, WAIT_S, Hotline

STAFF_NUMBER, PHONE = "1901", "agent1901"


@pytest.fixture
async def ari(hotline: Hotline) -> AsyncIterator[AriClient]:
    at = hotline.stack.at
    client = AriClient(at.rest_url, at.user, at.password, application=at.application)
    await client.start()
    yield client
    await client.aclose()


@pytest.fixture
async def ami(hotline: Hotline) -> AsyncIterator[AmiClient]:
    at = hotline.stack.at
    client = AmiClient(at.address, at.ami_port, at.user, at.password)
    await client.start()
    yield client
    await client.aclose()


async def becomes_true(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await look():
            await asyncio.sleep(0.05)


async def test_hired_agents_phone_rings_without_the_service_and_closed_one_does_not(
    hotline: Hotline, ari: AriClient, ami: AmiClient
) -> None:
    async def has_account() -> bool:
        try:
            return bool(await ari.endpoint("PJSIP", PHONE))
        except AriNotFound:
            return False

    async def in_fallback() -> bool:
        members = await ami.database_entries("Queue/PersistentMembers")
        return f"PJSIP/{PHONE};" in members.get("hotline_fallback", "")

    async def gone() -> bool:
        return not await has_account() and not await in_fallback()

    administrator = await hotline.desk(ADMINISTRATOR, socket=False)
    person = {"staff_number": STAFF_NUMBER, "name": "New", "role": "agent", "password": "a-long-secret", "queues": []}
    hired = await administrator.post("/api/v1/staff", person)
    await becomes_true(has_account)
    await becomes_true(in_fallback)

    await administrator.patch(f"/api/v1/staff/{hired['id']}", {"active": False})
    await becomes_true(gone)

    await administrator.patch(f"/api/v1/staff/{hired['id']}", {"active": True})
    await becomes_true(has_account)
    await becomes_true(in_fallback)


async def test_browsers_phone_lives_as_long_as_its_session(hotline: Hotline, ari: AriClient, ami: AmiClient) -> None:
    user = f"agent{OTHER_AGENT}-browser"

    async def secret() -> str | None:
        try:
            return (await ari.dynamic("res_pjsip", "auth", user))["password"]
        except AriNotFound:
            return None

    async def fallback_rings(wanted: str, *others: str) -> bool:
        members = (await ami.database_entries("Queue/PersistentMembers")).get("hotline_fallback", "")
        return f"PJSIP/{wanted};" in members and not any(f"PJSIP/{other};" in members for other in others)

    first = await hotline.desk(OTHER_AGENT, socket=False)
    assert await first.get("/api/v1/agents/me/phone") == {"kind": "desk", "chosen": False, "online": False}

    opened = await first.post("/api/v1/agents/me/phone", None)
    settings = await ari.dynamic("res_pjsip", "endpoint", user)
    assert (opened["user"], opened["secret"]) == (user, await secret())
    assert opened["socket_url"] == f"ws://127.0.0.1:{hotline.stack.at.http_port}/ws"
    assert (settings["webrtc"], settings["allow"]) == ("yes", "(opus|ulaw|alaw)")
    assert (await ari.dynamic("res_pjsip", "endpoint", f"agent{OTHER_AGENT}"))["webrtc"] == "no"

    chosen = await first.put("/api/v1/agents/me/phone", {"kind": "browser"})
    assert chosen == {"kind": "browser", "chosen": True, "online": False}
    await becomes_true(lambda: fallback_rings(user, f"agent{OTHER_AGENT}"))

    second = await hotline.desk(OTHER_AGENT, socket=False)
    renewed = await second.post("/api/v1/agents/me/phone", None)
    assert renewed["secret"] != opened["secret"]
    await first.delete("/api/v1/session")
    assert await secret() == renewed["secret"], "the other session's phone stays"

    await second.put("/api/v1/agents/me/phone", {"kind": "desk"})
    await becomes_true(lambda: fallback_rings(f"agent{OTHER_AGENT}", user))
    await second.delete("/api/v1/session")

    async def gone() -> bool:
        return await secret() is None

    await becomes_true(gone)
