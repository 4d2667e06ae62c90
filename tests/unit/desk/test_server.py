"""Requests against the running server: who may, what is answered, what is refused and how it is said."""

from typing import Any

import aiohttp

from foundation.routes import Role
from tests.unit.desk.conftest import House


async def problem(answer: aiohttp.ClientResponse, status: int) -> dict[str, Any]:
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = await answer.json(content_type=None)
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    return body


async def test_a_body_reaches_the_handler_as_its_model(house: House) -> None:
    async with await house.signed_in(Role.AGENT) as http:
        sent = {"subject": "no heat", "contacts": [{"name": "张", "number": "1"}]}
        async with http.post("/api/v1/things", json=sent, headers={"Idempotency-Key": "k-1"}) as answer:
            assert answer.status == 201
            assert answer.content_type == "application/json"
            assert await answer.json() == {
                "id": "1",
                "subject": "no heat",
                "filed_by": "stf-agent-0",
                "idempotency_key": "k-1",
            }
