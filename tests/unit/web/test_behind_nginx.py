"""Behind a real nginx with the shipped site: addresses, desks, metrics."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ari_app.web.addresses import ClientAddresses
from ari_app.web.sign_in_limits import SignInLimits
from dev.nginx import Nginx
from dev.ports import free_port
from foundation.routes import Role
from tests.unit.web.conftest import PASSWORD, SOCKET, Build, House, person

PROXIES = ClientAddresses([ip_network("127.0.0.1")], [ip_network("127.0.0.1")])
OFFICE, STRANGER = "127.0.0.2", "127.0.0.3"
SPOOFED = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
async def house(build: Build) -> House:
    return await build(addresses=PROXIES, limits=SignInLimits(per_address=10))


@pytest.fixture
def nginx(house: House, tmp_path: Path) -> Iterator[Nginx]:
    proxy = Nginx(free_port(), house.server.port, tmp_path / "nginx")
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def outer(nginx: Nginx, tmp_path: Path) -> Iterator[Nginx]:
    proxy = Nginx(free_port(), nginx.port, tmp_path / "outer")
    proxy.start()
    yield proxy
    proxy.stop()


def client(proxy: Nginx, address: str, **headers: str) -> aiohttp.ClientSession:
    """Return a client that connects from this address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    return aiohttp.ClientSession(f"http://127.0.0.1:{proxy.port}", connector=connector, headers=headers)


async def seen(house: House, proxy: Nginx, address: str, forwarded: dict[str, str]) -> str:
    """Return the address that a handler sees."""
    token = await house.token(Role.AGENT)
    async with (
        client(proxy, address, Authorization=f"Bearer {token}") as http,
        http.get("/api/v1/things/1", headers=forwarded) as answer,
    ):
        return str((await answer.json())["subject"])


@pytest.mark.parametrize("forwarded", [{}, SPOOFED, {"X-Forwarded-For": "127.0.0.1"}])
async def test_one_and_two_proxies_show_the_client_whatever_the_client_sends(
    house: House, nginx: Nginx, outer: Nginx, forwarded: dict[str, str]
) -> None:
    assert await seen(house, nginx, OFFICE, forwarded) == OFFICE
    assert await seen(house, outer, OFFICE, forwarded) == OFFICE


async def sign_in(proxy: Nginx, address: str, staff_number: str, password: str) -> int:
    body = {"staff_number": staff_number, "password": password}
    async with client(proxy, address, **SPOOFED) as http, http.post("/api/v1/session", json=body) as answer:
        return answer.status


async def test_stranger_who_exhausts_an_address_locks_no_other_and_no_known_colleague(
    house: House, nginx: Nginx
) -> None:
    known, other = person(Role.AGENT).staff_number, person(Role.AGENT, 1).staff_number
    assert await sign_in(nginx, STRANGER, known, PASSWORD) == 201
    guesses = [await sign_in(nginx, STRANGER, f"q{number}", "x") for number in range(11)]
    assert guesses == [401] * 10 + [429]
    assert await sign_in(nginx, STRANGER, other, PASSWORD) == 429
    assert await sign_in(nginx, STRANGER, known, PASSWORD) == 201
    assert await sign_in(nginx, OFFICE, other, PASSWORD) == 201


async def test_desk_opens_through_the_proxy_and_metrics_do_not(house: House, nginx: Nginx) -> None:
    token = await house.token(Role.AGENT)
    async with client(nginx, OFFICE, Authorization=f"Bearer {token}") as http:
        async with http.ws_connect(SOCKET) as socket:
            assert (await socket.receive_json(timeout=10))["type"] == "welcome"
        async with http.get("/metrics") as answer:
            assert answer.status == 404
        async with http.get("/readyz") as answer:
            assert "checks" not in await answer.json()


async def test_phones_of_browsers_are_led_to_asterisk(house: House, tmp_path: Path) -> None:
    async def asterisk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"SIP/2.0 200 {message.data}")
        return socket

    application = web.Application()
    application.router.add_get("/ws", asterisk)
    async with TestServer(application) as server:
        assert server.port is not None
        proxy = Nginx(free_port(), house.server.port, tmp_path / "nginx", asterisk_port=server.port)
        proxy.start()
        try:
            async with client(proxy, OFFICE) as http, http.ws_connect("/sip", protocols=("sip",)) as socket:
                assert socket.protocol == "sip"
                await socket.send_str("REGISTER")
                assert (await socket.receive_str()) == "SIP/2.0 200 REGISTER"
        finally:
            proxy.stop()
