"""Addresses of clients, also behind proxies, and their neighbourhood."""

import ipaddress
from collections.abc import Collection, Iterable

from aiohttp import web

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
FORWARDED_FOR = "X-Forwarded-For"
_FORWARDED = (FORWARDED_FOR, "Forwarded", "X-Real-IP")
LONGEST_CHAIN = 20
"""Proxies that one request passes at most; a longer list is not walked to its end."""


class ClientAddresses:
    """Finds the client of a request.

    `proxies` are the networks of our own reverse proxies: of them alone X-Forwarded-For is believed. `monitors` are the
    networks that may read metrics without signing in.
    """

    def __init__(self, proxies: Collection[Network] = (), monitors: Collection[Network] = LOOPBACK) -> None:
        self._proxies = tuple(proxies)
        self._monitors = tuple(monitors)

    def client(self, request: web.Request) -> str:
        """Return the nearest address that is not a trusted proxy.

        It is empty where the peer has none.

        Each proxy appends the address it was connected from, so the list is read from its end. A client can write the
        beginning of the list itself, which is never reached.
        """
        peer = _parsed(request.remote or "")
        if peer is None:
            return ""
        hops = [hop for value in request.headers.getall(FORWARDED_FOR, []) for hop in value.split(",")]
        for hop in hops[: -LONGEST_CHAIN - 1 : -1]:
            if not _within(peer, self._proxies):
                break
            before = _parsed(hop)
            if before is None:
                break
            peer = before
        return str(peer)

    def is_trusted_proxy(self, address: str) -> bool:
        """Return whether the address is one of our own reverse proxies."""
        parsed = _parsed(address)
        return parsed is not None and _within(parsed, self._proxies)

    def may_monitor(self, request: web.Request) -> bool:
        """Return whether the client's address may read metrics and failed checks.

        A request that was forwarded by a proxy that we do not trust has no known client, and may not.
        """
        if any(name in request.headers for name in _FORWARDED) and not self.is_trusted_proxy(request.remote or ""):
            return False
        client = _parsed(self.client(request))
        return client is not None and _within(client, self._monitors)


def neighbourhood(address: str) -> str:
    """Return the address as limits count it: for IPv6 its /64."""
    parsed = _parsed(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{parsed}/64", strict=False).network_address)
    return str(parsed)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80` or `2001:db8::1`."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
