"""Addresses of clients behind proxies, and the networks that may read metrics."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from ari_app.web.addresses import ClientAddresses, neighbourhood


def client(peer: str, *forwarded: str, proxies: str = "10.0.0.0/24 2001:db8::/64 127.0.0.1") -> str:
    """Return the client of a forwarded request."""
    addresses = ClientAddresses([ip_network(one) for one in proxies.split()])
    request = make_mocked_request("GET", "/", headers=[("X-Forwarded-For", one) for one in forwarded])
    return addresses.client(request.clone(remote=peer))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("198.51.100.7", ("203.0.113.9",), "198.51.100.7"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7, 10.0.0.2",), "198.51.100.7"),
        ("10.0.0.1", ("10.0.0.9, 198.51.100.7, 127.0.0.1, 10.0.0.2",), "198.51.100.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7, <script>",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.7:4711",), "198.51.100.7"),
        ("10.0.0.1", ("[2001:db8:1::5]:4711",), "2001:db8:1::5"),
        ("::ffff:10.0.0.1", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("2001:db8::1", ("2001:db8:1::5",), "2001:db8:1::5"),
        ("10.0.0.1", ("10.0.0.2, " * 50 + "10.0.0.2",), "10.0.0.2"),
        ("nonsense", ("198.51.100.7",), ""),
    ],
)
def test_client_is_the_nearest_address_that_is_not_a_trusted_proxy(
    peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert client(peer, *forwarded) == expected


def test_neighbourhood_of_ipv6_is_its_64_and_of_text_is_unknown() -> None:
    assert neighbourhood("2001:db8::1:2") == "2001:db8::"
    assert neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert neighbourhood("x") == "unknown"
