"""Every route × every role (S8), and nothing beside the table."""

import asyncio
import dataclasses

import pytest

from ari_app.desk.socket import PATH
from foundation.routes import PUBLIC, Role
from tests.unit.web.conftest import Build, House
from tests.unit.web.sample import sample_routes
from tests.unit.web.walk import walk

BESIDE_THE_TABLE = {("GET", PATH), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}


async def everybody(house: House) -> dict[Role, str]:
    return {role: await house.token(role) for role in Role}


async def test_every_route_lets_in_exactly_its_roles(house: House) -> None:
    assert len(house.server.routes) > 10
    assert await walk(house.url, house.server.routes, await everybody(house)) == []


async def test_the_walk_notices_a_route_with_a_wrong_role(house: House) -> None:
    tokens = await everybody(house)
    for route in house.server.routes:
        if route.public:
            changed = dataclasses.replace(route, public=False, roles=frozenset({Role.AGENT}))
        else:
            changed = dataclasses.replace(route, roles=frozenset(Role) - route.roles or PUBLIC)
        assert await walk(house.url, [changed], tokens), f"{route.method} {route.path}"


def test_nothing_is_served_beside_the_table(house: House) -> None:
    served = {
        (route.method, route.resource.canonical) for route in house.server.application.router.routes() if route.resource
    }
    assert served == BESIDE_THE_TABLE | {(route.method, route.path) for route in house.server.routes}


async def test_two_features_cannot_declare_the_same_route(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.unit.web.conftest.sample_routes",
        lambda folder: dataclasses.replace(
            sample_routes(folder), table=[*sample_routes(folder).table, *sample_routes(folder).table]
        ),
    )
    with pytest.raises(ValueError, match="two features declare GET /api/v1/kinds"):
        await build()


@pytest.mark.parametrize(
    "target",
    [
        "/api//v1/things",
        "//api/v1/things",
        "/api/v1//things",
        "/api/v1/..;/v1/things",
        "/api/v1/notice/..;/things",
        "/api/v1/notice/../things",
        "/api/v1/notice/%2e%2e/things",
        "/api/v1/things/..;",
        "/api/v1/things/a;b",
        "/api/v1/things/..%2f..%2fetc%2fpasswd",
        "/api/v1/things/..%5c..%5cetc",
        "/api/v1/things/%252e%252e%252f;",
        "/api/v1/things/%00",
        "/api/v1/things/" + "x" * 129,
        "/api/v1/things/",
        "/API/V1/things",
        "/",
        "/api/v1/things.json",
        "/static/../../etc/passwd",
    ],
)
async def test_odd_paths_lead_nowhere(house: House, target: str) -> None:
    token = await house.token(Role.ADMINISTRATOR)
    assert await raw_status(house, f"GET {target} HTTP/1.1", f"Authorization: Bearer {token}") == 404


@pytest.mark.parametrize(
    "headers",
    [
        ["X-Original-URL: /api/v1/things", "X-Rewrite-URL: /api/v1/things"],
        ["X-HTTP-Method-Override: GET", "X-HTTP-Method: GET", "X-Method-Override: GET"],
    ],
)
async def test_headers_lead_nowhere_else(house: House, headers: list[str]) -> None:
    token = await house.token(Role.ADMINISTRATOR)
    signed_in = f"Authorization: Bearer {token}"
    assert await raw_status(house, "GET /api/v1/nothing HTTP/1.1", signed_in, *headers) == 404
    assert await raw_status(house, "POST /api/v1/things HTTP/1.1", signed_in, "Content-Length: 0", *headers) == 403
    assert await raw_status(house, "PUT /api/v1/things HTTP/1.1", signed_in, "Content-Length: 0", *headers) == 405


async def raw_status(house: House, request: str, *headers: str) -> int:
    """Return the status of a raw request, since clients tidy paths up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write("\r\n".join([request, "Host: desk.test", "Connection: close", *headers, "", ""]).encode())
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    assert b"Traceback" not in answer
    return int(answer.split(b" ", 2)[1])
