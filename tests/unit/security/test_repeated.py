"""A request repeated with its key is carried out once."""

from typing import Any

import aiohttp

from ari_app.web.openapi import describe
from foundation.routes import Role
from tests.unit.security.conftest import Office

KEY = {"Idempotency-Key": "key-1"}
WEB_REPORT = {"kind": "complaint", "subject": "服务态度", "name": "网友", "number": "13733330001"}


async def sent(http: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
    async with http.post(f"/api/v1{path}", json=body, headers=KEY) as answer:
        assert answer.status == status, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def test_routes_with_a_key_are_those_described(office: Office) -> None:
    document = describe(office.server.routes)
    promised = {
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if any(one["name"] == "Idempotency-Key" for one in operation["parameters"])
    }

    tried = set()
    async with office.client(Role.AGENT) as http:
        filed = await sent(http, "/tickets", {"kind": "complaint", "subject": "服务态度"}, 201)
        ticket = filed["id"]
        for path, body, status in [
            ("/tickets", {"kind": "complaint", "subject": "服务态度"}, 201),
            ("/tickets/{ticket_id}/additions", {"text": "又来电"}, 201),
            ("/tickets/{ticket_id}/urge", {}, 200),
            ("/public/reports", WEB_REPORT, 201),
        ]:
            first = await sent(http, path.format(ticket_id=ticket), body, status)
            assert await sent(http, path.format(ticket_id=ticket), body, status) == first, path
            tried.add(f"post /api/v1{path}")

    assert promised == tried


async def test_a_double_click_urges_once_and_another_click_again(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        ticket = (await sent(http, "/tickets", {"kind": "complaint", "subject": "服务态度"}, 201))["id"]
        path = f"/tickets/{ticket}/urge"
        urged = [await sent(http, path, {"version": 1}, 200) for _ in range(2)]
        assert [one["urge_count"] for one in urged] == [1, 1]
        assert (await sent(http, path, {"channel": "web"}, 422))["type"] == "/problems/idempotency-key-reused"
        async with http.post(f"/api/v1{path}", json={}, headers={"Idempotency-Key": "key-2"}) as answer:
            assert (await answer.json())["urge_count"] == 2
        async with http.get(f"/api/v1/tickets/{ticket}") as answer:
            assert [entry["action"] for entry in (await answer.json())["log"]] == ["file", "urge", "urge"]
