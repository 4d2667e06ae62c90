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
        several = {"tickets": [{"id": ticket}], "department_id": office.place.east}
        for _ in range(2):
            async with http.post("/api/v1/tickets/dispatch", json=several, headers=KEY) as answer:
                (dispatched,) = await answer.json()
            assert (dispatched["problem"], dispatched["ticket"]["status"]) == (None, "dispatched")
        tried.add("post /api/v1/tickets/dispatch")
    async with office.client(Role.DEPARTMENT) as http:
        for _ in range(2):
            async with http.post("/api/v1/tickets/sign", json={"tickets": [{"id": ticket}]}, headers=KEY) as answer:
                (signed,) = await answer.json()
            assert signed["ticket"]["version"] == dispatched["ticket"]["version"] + 1
        tried.add("post /api/v1/tickets/sign")

    actions = {f"post {route.path}" for route in office.server.routes if route.action}
    uploads = {"post /api/v1/tickets/{ticket_id}/files", "post /api/v1/public/files"}
    assert promised - actions == (tried - actions) | uploads
    assert actions - promised == set()


async def test_an_action_whose_answer_was_lost_is_carried_out_once(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        ticket = (await sent(http, "/tickets", {"kind": "complaint", "subject": "服务态度"}, 201))["id"]
        dispatch = {"department_id": office.place.east, "version": 1}
        for _ in range(2):
            assert (await sent(http, f"/tickets/{ticket}/dispatch", dispatch, 200))["version"] == 2
        other = await sent(http, f"/tickets/{ticket}/dispatch", {"department_id": office.place.west}, 422)
        assert other["type"] == "/problems/idempotency-key-reused"
        # The keys of one person are no other person's.
    refusal = {"reason": "not_our_area", "explanation": "该户不在本工区范围内", "version": 2}
    async with office.client(Role.DEPARTMENT) as http:
        for _ in range(2):
            assert (await sent(http, f"/tickets/{ticket}/refuse", refusal, 200))["status"] == "refused"
        async with http.get(f"/api/v1/tickets/{ticket}") as answer:
            assert answer.status == 404
    async with office.client(Role.AGENT) as http, http.get(f"/api/v1/tickets/{ticket}") as answer:
        assert [entry["action"] for entry in (await answer.json())["log"]] == ["file", "dispatch", "refuse"]


async def test_a_merge_whose_answer_was_lost_answers_the_head_again(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        ids = []
        for subject in ("服务态度", "态度差"):
            async with http.post("/api/v1/tickets", json={"kind": "complaint", "subject": subject}) as answer:
                ids.append((await answer.json())["id"])
        merged = [await sent(http, f"/tickets/{ids[0]}/merge", {"into": ids[1]}, 200) for _ in range(2)]
        assert [one["id"] for one in merged] == [ids[1], ids[1]]
        assert merged[0]["version"] == merged[1]["version"]


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
