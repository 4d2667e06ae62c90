"""HTTP client for other systems: bounded, not redirected (F32, S35)."""

import asyncio
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from crm.webhooks.address import checked, is_public
from crm.webhooks.errors import AddressDenied, BadResponse

TIMEOUT_S = 10.0
RESPONSE_BYTES = 64 * 1024
"""Most bytes of a response that are read: a hostile one has no end."""


@dataclass(frozen=True)
class OutsideResponse:
    """Response of another system."""

    status: int
    body: bytes


class _PublicResolver(AbstractResolver):
    """Resolver that checks the very addresses a connection uses (S35)."""

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed = allowed_hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [(kind, str(address[0])) for kind, _, _, _, address in found]
        if host not in self._allowed and not all(is_public(address) for _, address in addresses):
            raise AddressDenied("the name leads into our own network")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in addresses
        ]

    async def close(self) -> None:
        return


class OutsideClient:
    """HTTP client for other systems; `allowed_hosts` may be in our network."""

    def __init__(self, allowed_hosts: Collection[str] = (), *, timeout_s: float = TIMEOUT_S) -> None:
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    def check(self, url: str) -> None:
        """Check an address before it is stored.

        Raises:
            AddressDenied: requests must not go there.
        """
        checked(url, self._allowed)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, wants_body: bool = False
    ) -> OutsideResponse:
        """Send a body and return the response; its body only where wanted.

        Raises:
            AddressDenied: requests must not go there.
            BadResponse: another status than 2xx, or more than `RESPONSE_BYTES`.
            TimeoutError, aiohttp.ClientError: no response in time.
        """
        target = checked(url, self._allowed)
        async with self._opened().post(
            target, data=body, headers={"Content-Type": "application/json", **headers}, allow_redirects=False
        ) as response:
            if not 200 <= response.status < 300:
                # A redirection fails too: its target was not checked.
                raise BadResponse(f"HTTP {response.status}")
            received = OutsideResponse(response.status, await _read(response) if wants_body else b"")
            # The rest of the response is not awaited.
            response.close()
            return received

    async def aclose(self) -> None:
        """End every connection."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Without a cache of names: each connection uses an address that was checked for it.
            connector = aiohttp.TCPConnector(
                resolver=_PublicResolver(self._allowed), use_dns_cache=False, force_close=True, limit=64
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "hotline"},
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_chunked(RESPONSE_BYTES):
        read += chunk
        if len(read) > RESPONSE_BYTES:
            raise BadResponse("the response has no end")
    return bytes(read)
