"""Phones of agents hired and closed while the hotline runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriNotFound
from tests.asterisk.hotline import ADMINISTRATOR, WAIT_S, Hotline

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
