"""Requests to hostile systems (F32, S35)."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crm.webhooks.address import checked, is_public
from crm.webhooks.client import RESPONSE_BYTES, OutsideClient
from crm.webhooks.errors import AddressDenied, BadResponse

Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answerer) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    server = TestServer(application, host="127.0.0.1")
    async with server:
        yield server


@asynccontextmanager
async def opened(*allowed: str, timeout_s: float = 5) -> AsyncIterator[OutsideClient]:
    client = OutsideClient(allowed, timeout_s=timeout_s)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "https://127.0.0.1/ari",
        "https://[::1]:8088/ari",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://10.1.2.3/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://localhost:8088/ari",
        "https://localhost./",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "http://example.org/",
        "https://user:password@example.org/",
        "https://example.org/#x",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "//example.org/",
        "https://",
        "",
        "https://example.org:99999/",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_s35_private_and_invalid_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressDenied):
        checked(url)


@pytest.mark.parametrize("url", ["https://example.org/hook?x=1", "https://8.8.8.8:8443/", "https://[2606:4700::1111]/"])
def test_public_addresses_are_accepted(url: str) -> None:
    assert str(checked(url)) == url


def test_only_allowed_hosts_may_be_private() -> None:
    assert checked("http://127.0.0.1:9/", {"127.0.0.1"}).port == 9
    with pytest.raises(AddressDenied):
        checked("http://127.0.0.2:9/", {"127.0.0.1"})


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"]])
async def test_s35_name_with_a_private_address_is_refused(answers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in answers]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with opened() as client:
        with pytest.raises(AddressDenied):
            await client.post("https://rebinding.example.org/", b"", {})


async def test_s35_name_is_resolved_once_per_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer, which rebinding needs, is never asked for."""
    asked = 0
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host: str, port: int, **options: Any) -> Any:
        nonlocal asked
        if host != "erp.example.org":
            return await real(host, port, **options)
        asked += 1
        address = "127.0.0.1" if asked == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    async with serving(answer) as server, opened("erp.example.org") as client:
        found = await client.post(f"http://erp.example.org:{server.port}/", b"", {}, wants_body=True)
    assert (found.body, asked) == (b"here", 1)


async def test_s35_redirection_is_not_followed() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        raise web.HTTPTemporaryRedirect("/ari/channels")

    async with serving(answer) as server, opened("127.0.0.1") as client:
        with pytest.raises(BadResponse, match="307"):
            await client.post(str(server.make_url("/hook")), b"", {})
    assert seen == ["/hook"]


async def test_f32_endless_response_is_not_read() -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(10 * 1024):
                await response.write(b"x" * 1024)
                sent += 1024
        except ConnectionError:
            pass
        return response

    async with serving(answer) as server, opened("127.0.0.1") as client:
        url = str(server.make_url("/"))
        with pytest.raises(BadResponse, match="no end"):
            await client.post(url, b"", {}, wants_body=True)
        # Where the answer is not wanted, its status is enough.
        assert (await client.post(url, b"", {})).status == 200
    assert sent < 2 * 10 * 1024 * 1024
    assert RESPONSE_BYTES < 1024 * 1024


async def test_f32_missing_response_times_out() -> None:
    gone = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    started = time.monotonic()
    async with serving(answer) as server, opened("127.0.0.1", timeout_s=0.2) as client:
        with pytest.raises(TimeoutError):
            await client.post(str(server.make_url("/")), b"", {})
        assert time.monotonic() - started < 3
        gone.set()


async def test_f32_slow_body_does_not_delay_the_status() -> None:
    gone = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await gone.wait()
        return response

    async with serving(answer) as server, opened("127.0.0.1", timeout_s=2) as client:
        assert (await client.post(str(server.make_url("/")), b"", {})).status == 200
        gone.set()


async def test_compressed_response_is_not_unpacked() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b not gzip at all", headers={"Content-Encoding": "gzip"})

    async with serving(answer) as server, opened("127.0.0.1") as client:
        found = await client.post(str(server.make_url("/")), b"", {}, wants_body=True)
    assert found.body.startswith(b"\x1f\x8b")


def test_text_that_is_no_ip_address_is_not_public() -> None:
    assert not is_public("example.org")
