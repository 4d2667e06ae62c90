"""Connections without a request end, and are limited per address."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest

from ari_app.web.addresses import ClientAddresses
from ari_app.web.connections import ConnectionLimits
from foundation.routes import Role
from tests.unit.web.conftest import SOCKET, Build, House

PARTIAL = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
PATIENCE_S = 10.0


async def connected(house: House, stack: AsyncExitStack, sent: bytes) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    stack.callback(writer.close)
    writer.write(sent)
    return reader


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Return the bytes that came until the server closed the connection."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("sent", [b"", PARTIAL, b"GET"])
async def test_two_hundred_connections_without_a_request_are_closed(build: Build, sent: bytes) -> None:
    house = await build(connections=ConnectionLimits(headers_s=0.5))
    async with AsyncExitStack() as stack, house.client() as http:
        readers = [await connected(house, stack, sent) for _ in range(200)]
        async with http.get("/healthz") as answer:
            assert answer.status == 200
        assert [await until_closed(reader) for reader in readers] == [b""] * 200


async def test_headers_that_trickle_in_do_not_extend_the_time_limit(build: Build) -> None:
    house = await build(connections=ConnectionLimits(headers_s=0.3))
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(PARTIAL)
    closed = asyncio.create_task(until_closed(reader))
    while not closed.done():
        writer.write(b"X-More: 1\r\n")
        await asyncio.wait({closed}, timeout=0.05)
    assert closed.result() == b""
    writer.close()


async def test_second_request_of_a_connection_has_a_time_limit_too(build: Build) -> None:
    house = await build(connections=ConnectionLimits(headers_s=5, idle_s=0.5))
    async with AsyncExitStack() as stack:
        reader = await connected(house, stack, PARTIAL + b"\r\n" + PARTIAL)
        assert b" 200 OK" in await until_closed(reader)


async def test_request_under_way_and_desk_outlive_the_time_limit(build: Build) -> None:
    house = await build(connections=ConnectionLimits(headers_s=0.2, idle_s=0.2))
    token = await house.token(Role.AGENT)
    async with house.client(Authorization=f"Bearer {token}") as http, http.ws_connect(SOCKET) as socket:
        assert (await socket.receive_json())["type"] == "welcome"
        await asyncio.sleep(0.5)  # longer than both limits
        await socket.send_json({"type": "ping"})
        assert (await socket.receive_json(timeout=PATIENCE_S))["type"] == "pong"


async def test_connections_of_one_address_are_limited(build: Build) -> None:
    house = await build(connections=ConnectionLimits(per_address=10))
    async with AsyncExitStack() as stack:
        within = [await connected(house, stack, b"") for _ in range(10)]
        beyond = await connected(house, stack, PARTIAL + b"\r\n")
        assert await until_closed(beyond) == b""
        assert not any(reader.at_eof() for reader in within)
    async with asyncio.timeout(PATIENCE_S):
        while house.server.connections.open:
            await asyncio.sleep(0.01)
    async with house.client() as http, http.get("/healthz") as answer:
        assert answer.status == 200


async def test_trusted_proxy_may_open_any_number_of_connections(build: Build) -> None:
    house = await build(
        connections=ConnectionLimits(per_address=1), addresses=ClientAddresses([ip_network("127.0.0.0/8")])
    )
    async with AsyncExitStack() as stack, house.client() as http:
        for _ in range(5):
            await connected(house, stack, b"")
        async with http.get("/healthz") as answer:
            assert answer.status == 200
