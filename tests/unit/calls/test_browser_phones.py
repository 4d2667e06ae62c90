"""Accounts of browsers' phones: owners, expiry, credentials for TURN."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from ari_app.ari.errors import AriNoResponse, AriNotFound
from ari_app.calls.provisioning import PhoneAccount
from ari_app.phones import service
from ari_app.phones.errors import NoPhoneAccount, TelephonyAway
from ari_app.phones.service import PhoneService
from ari_app.phones.store import PhoneOwners
from ari_app.web.ice_servers import IceServer

AGENT, USER = "staff-1", "agent1001-browser"
SECRET = "shared with coturn"


class Asterisk:
    """Objects that were made over ARI, by type and id."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, str]] = {}
        self.away = False

    async def put_dynamic(self, _kind: str, type_: str, id_: str, fields: dict[str, str]) -> None:
        if self.away:
            raise AriNoResponse("PUT", "/auth", "away")
        self.objects[type_, id_] = dict(fields)

    async def dynamic(self, _kind: str, type_: str, id_: str) -> dict[str, str]:
        try:
            return self.objects[type_, id_]
        except KeyError:
            raise AriNotFound("GET", "/auth", "none") from None

    async def delete_dynamic(self, _kind: str, type_: str, id_: str) -> None:
        if self.objects.pop((type_, id_), None) is None:
            raise AriNotFound("GET", "/auth", "none")


class Agents:
    """One agent."""

    def account(self, agent_id: str) -> PhoneAccount | None:
        return PhoneAccount("agent1001", "desk") if agent_id == AGENT else None


class House:
    """The service with sessions that a test ends."""

    def __init__(self, redis: Redis) -> None:
        self.asterisk = Asterisk()
        self.alive = {"first", "second"}
        self.talking = False
        self.asked = asyncio.Event()
        asterisk: Any = self.asterisk
        agents: Any = Agents()
        staff: Any = None
        self.phones = PhoneService(
            asterisk,
            agents,
            staff,
            PhoneOwners(redis),
            self._alive,
            in_call=self._talks,
            socket_url="wss://desk.example/sip",
            ice_servers=[
                IceServer(urls=["stun:turn.example"]),
                IceServer(urls=["turn:turn.example"]),
                IceServer(urls=["turn:other.example"], username="own", credential="given"),
            ],
            turn_secret=SECRET,
        )

    async def _alive(self, session_id: str) -> bool:
        return session_id in self.alive

    async def _talks(self, _agent_id: str) -> bool:
        self.asked.set()
        return self.talking


@pytest.fixture
async def house(redis_url: str) -> AsyncIterator[House]:
    redis = Redis.from_url(redis_url)
    made = House(redis)
    yield made
    await made.phones.aclose()
    await redis.aclose()


async def removed(house: House) -> bool:
    """Tell whether the removals that were begun have removed the account."""
    for task in [*house.phones._retrying._tasks.values()]:
        await task
    return ("auth", USER) not in house.asterisk.objects


async def test_phone_of_an_expired_session_is_swept_away(house: House) -> None:
    await house.phones.open(AGENT, "first")
    await house.phones.sweep()
    assert not await removed(house)

    house.alive.remove("first")
    await house.phones.sweep()
    assert await removed(house)


async def test_session_that_lost_its_phone_to_a_later_one_takes_nothing_with_it(house: House) -> None:
    await house.phones.open(AGENT, "first")
    renewed = await house.phones.open(AGENT, "second")

    await house.phones.session_ended(AGENT, "first")
    assert not await removed(house)
    assert house.asterisk.objects["auth", USER]["password"] == renewed.secret

    await house.phones.session_ended(AGENT, None)
    assert await removed(house)


async def test_session_that_ends_in_a_call_leaves_the_phone_until_the_call_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CALL_OVER_EVERY_S", 0.01)
    await house.phones.open(AGENT, "first")
    house.talking = True
    await house.phones.session_ended(AGENT, "first")
    await house.asked.wait()
    assert ("auth", USER) in house.asterisk.objects

    house.talking = False
    assert await removed(house)


async def test_closed_account_has_no_phone_from_now_on(house: House) -> None:
    await house.phones.open(AGENT, "first")
    house.talking = True
    await house.phones.session_ended(AGENT, None)
    assert await removed(house)


async def test_credential_for_turn_expires_and_is_signed(house: House) -> None:
    stun, turn, other = (await house.phones.open(AGENT, "first")).ice_servers

    assert (stun.username, stun.credential) == (None, None)
    assert (other.username, other.credential) == ("own", "given")
    assert turn.username is not None
    expires, agent = turn.username.split(":")
    assert (expires.isdigit(), agent) == (True, AGENT)
    signed = hmac.new(SECRET.encode(), turn.username.encode(), hashlib.sha1).digest()
    assert turn.credential == base64.b64encode(signed).decode()


async def test_without_asterisk_or_account_there_is_no_phone(house: House) -> None:
    with pytest.raises(NoPhoneAccount):
        await house.phones.open("staff-2", "first")
    house.asterisk.away = True
    with pytest.raises(TelephonyAway):
        await house.phones.open(AGENT, "first")
