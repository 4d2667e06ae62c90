"""Addresses of webhooks: public ones, never of our own network (S35)."""

import ipaddress
from collections.abc import Collection

from yarl import URL

from crm.webhooks.errors import AddressDenied

LONGEST = 2000
_SCHEMES = frozenset({"http", "https"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INNER = frozenset({"localhost", "localhost.localdomain"})

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Return whether an IP address, in any notation, is public."""
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in (found, *_inside(found)))


def _inside(address: Ip) -> list[Ip]:
    """Yield IPv4 addresses within an IPv6 address: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Ip | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def checked(url: str, allowed_hosts: Collection[str] = ()) -> URL:
    """Check the address of a receiver before its name is resolved.

    `allowed_hosts` are those of our own network that an operator named: only they may be private, or without TLS.

    Raises:
        AddressDenied: it is not an https address, or one of our own network; the message says how to mend it.
    """
    try:
        parsed = URL(url)
        host, port = parsed.host, parsed.port
    except ValueError as error:
        raise AddressDenied("must be an address such as https://example.org/hotline") from error
    if len(url) > LONGEST or not host or port is None or parsed.scheme not in _SCHEMES:
        raise AddressDenied("must be an address such as https://example.org/hotline")
    if parsed.user is not None or parsed.password is not None or parsed.fragment:
        raise AddressDenied("must not hold a user, a password or a fragment")
    if host in allowed_hosts:
        return parsed
    if parsed.scheme != "https":
        raise AddressDenied("must begin with https://")
    if host.rstrip(".") in _INNER or (_is_number(host) and not is_public(host)):
        raise AddressDenied("must not be of our own network")
    return parsed


def _is_number(host: str) -> bool:
    """Return whether a host is an IP address and no name.

    Also in forms such as 2130706433, 0x7f.1 or 127.1 (WHATWG URL, 3.5).
    """
    return ":" in host or host.rstrip(".").rpartition(".")[2][:1].isdigit()
