"""Requests against the running server, and its refusals."""

import asyncio
import base64
import hashlib
import io
import zlib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ari_app.web.addresses import ClientAddresses
from dev.ports import free_port
from dev.redis import Redis
from foundation.routes import Role
from tests.unit.web.conftest import ORIGIN, PASSWORD, Build, House
from tests.unit.web.sample import STYLE

THING = {"subject": "no heat"}


async def problem(answer: aiohttp.ClientResponse, status: int) -> dict[str, Any]:
    """The problem details of an answer, which hold together."""
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = await answer.json(content_type=None)
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    assert body["title"]
    return body


@pytest.fixture
async def agent(house: House) -> Any:
    async with await house.signed_in(Role.AGENT) as http:
        yield http


async def test_a_body_reaches_the_handler_as_its_model(agent: aiohttp.ClientSession) -> None:
    sent = {"subject": "no heat", "contacts": [{"name": "张", "number": "1"}]}
    async with agent.post("/api/v1/things", json=sent, headers={"Idempotency-Key": "k-1"}) as answer:
        assert answer.status == 201
        assert answer.content_type == "application/json"
        assert await answer.json() == {
            "id": "1",
            "subject": "no heat",
            "filed_by": "stf-agent-0",
            "idempotency_key": "k-1",
        }


async def test_a_query_reaches_the_handler_as_its_model(agent: aiohttp.ClientSession) -> None:
    async with agent.get("/api/v1/things", params=[("kinds", "a"), ("kinds", "b"), ("limit", "5")]) as answer:
        assert [thing["subject"] for thing in await answer.json()] == ["a", "b"]
    async with agent.get("/api/v1/things") as answer:
        assert [thing["subject"] for thing in await answer.json()] == ["all"]


async def test_every_wrong_field_is_named_with_its_rule_and_without_its_value(agent: aiohttp.ClientSession) -> None:
    sent = {"subject": "", "score": 5, "role": "admin", "contacts": [{"name": "x", "number": "canary-1"}]}
    async with agent.post("/api/v1/things", json=sent) as answer:
        body = await problem(answer, 422)
        assert body["type"] == "/problems/invalid"
        assert {error["field"]: error["rule"] for error in body["errors"]} == {
            "subject": "must be filled in",
            "contacts.0.number": "must be digits only",
            "score": "Extra inputs are not permitted",
            "role": "Extra inputs are not permitted",
        }
        assert "canary" not in await answer.text()


async def test_rule_between_fields_names_the_one_inside_another(agent: aiohttp.ClientSession) -> None:
    sent = {"subject": "x", "contacts": [{"name": "a", "number": "1"}, {"name": "b", "number": "1"}]}
    async with agent.post("/api/v1/things", json=sent) as answer:
        (error,) = (await problem(answer, 422))["errors"]
    assert (error["field"], error["rule"]) == ("contacts.1.number", "must be another number")


@pytest.mark.parametrize(
    ("remark", "rule"),
    [
        ("好" * 6, "String should have at most 5 characters"),
        ("x", "String should have at least 2 characters"),
        ("SOS", "must not be shouted"),
    ],
)
async def test_a_text_has_characters_also_where_it_has_other_rules(
    agent: aiohttp.ClientSession, remark: str, rule: str
) -> None:
    async with agent.post("/api/v1/things", json={"subject": "x", "remark": remark}) as answer:
        errors = (await problem(answer, 422))["errors"]
        assert [(one["field"], one["rule"]) for one in errors] == [("remark", rule)]


@pytest.mark.parametrize("path", ["/api/v1/things?subject=" + "x" * 10_000, "/" + "x" * 10_000])
async def test_long_address_is_refused_without_a_traceback(
    house: House, agent: aiohttp.ClientSession, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with agent.get(path) as answer:
        assert (await problem(answer, 400))["type"] == "/problems/malformed"
        assert "8190" in (await problem(answer, 400))["detail"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "hotline"
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


async def test_bytes_that_are_no_http_are_refused_without_a_traceback(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(b"GET /api/v1/notice HTTP/1.1\r\nContent-Length: x\r\n\r\n")
    told = await reader.read()
    writer.close()
    assert told.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"application/problem+json" in told
    assert b"/problems/malformed" in told
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("color=red", "color"),
        ("limit=1&limit=2", "limit"),
        ("above=3&below=2", "below"),
    ],
)
async def test_a_wrong_query_is_named(agent: aiohttp.ClientSession, query: str, field: str) -> None:
    async with agent.get(f"/api/v1/things?{query}") as answer:
        assert [error["field"] for error in (await problem(answer, 422))["errors"]] == [field]


@pytest.mark.parametrize("body", [b"{", b"", b'{"subject": "\xff"}', b"[]", b"null", b"9" * 1000, b"[" * 5000])
async def test_a_body_that_cannot_be_read_is_refused(agent: aiohttp.ClientSession, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with agent.post("/api/v1/things", data=body, headers=headers) as answer:
        await problem(answer, answer.status)
        assert answer.status in {400, 422}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"])
async def test_only_json_is_read(agent: aiohttp.ClientSession, kind: str) -> None:
    async with agent.post("/api/v1/things", data=b'{"subject": "s"}', headers={"Content-Type": kind}) as answer:
        assert (await problem(answer, 415))["type"] == "/problems/not-json"


async def test_a_large_body_is_refused(agent: aiohttp.ClientSession) -> None:
    body = io.BytesIO(b'{"subject": "' + b"x" * 1_100_000 + b'"}')
    async with agent.post("/api/v1/things", data=body, headers={"Content-Type": "application/json"}) as answer:
        await problem(answer, 413)


async def test_a_compressed_bomb_is_refused(agent: aiohttp.ClientSession) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "deflate"}
    compressed = zlib.compress(b'{"subject": "' + b"x" * 50_000_000 + b'"}', 9)
    assert len(compressed) < 100_000
    async with agent.post("/api/v1/things", data=compressed, headers=headers) as answer:
        await problem(answer, 413)


@pytest.mark.parametrize("key", ["", " ", "k" * 129, "ключ"])
async def test_an_odd_idempotency_key_is_refused(agent: aiohttp.ClientSession, key: str) -> None:
    async with agent.post("/api/v1/things", json=THING, headers={"Idempotency-Key": key}) as answer:
        assert "Idempotency-Key" in (await problem(answer, 400))["detail"]


async def test_route_without_a_response_is_204(house: House) -> None:
    async with await house.signed_in(Role.SUPERVISOR) as http:
        async with http.delete("/api/v1/things/1") as answer:
            assert (answer.status, await answer.read()) == (204, b"")
        async with http.delete("/api/v1/things/kept") as answer:
            assert (await problem(answer, 409))["detail"] == "It is still needed."


async def test_a_page_is_text_and_may_run_no_inline_script(house: House) -> None:
    async with (
        await house.signed_in(Role.SUPERVISOR) as http,
        http.get("/api/v1/things/1/sheet") as answer,
    ):
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert await answer.text() == "<p>工单</p>"
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


async def test_s12_a_page_may_apply_the_one_style_it_brings_along(house: House) -> None:
    async with (
        await house.signed_in(Role.SUPERVISOR) as http,
        http.get("/api/v1/things/1/order") as answer,
    ):
        style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert f"style-src 'sha256-{style}'" in policy
        assert "default-src 'self'" in policy
        assert not any("unsafe" in rule for rule in policy)


async def test_internal_error_shows_its_number_alone(
    agent: aiohttp.ClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    async with agent.get("/api/v1/broken") as answer:
        body = await problem(answer, 500)
        assert "canary" not in await answer.text()
        assert "SELECT" not in await answer.text()
    logged = capsys.readouterr().out
    assert body["detail"].split()[-5] in logged
    assert "canary" in logged


@pytest.mark.parametrize("path", ["/api/v1/leaky", "/api/v1/secretive"])
async def test_undeclared_fields_are_not_sent(agent: aiohttp.ClientSession, path: str) -> None:
    async with agent.get(path) as answer:
        assert "canary" not in await answer.text()
        assert answer.status == (500 if path.endswith("leaky") else 200)


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/notice", 200), ("/api/v1/things", 401), ("/nothing", 404), ("/healthz", 200)]
)
async def test_every_answer_carries_the_headers_that_keep_browsers_safe(house: House, path: str, status: int) -> None:
    async with house.client() as http, http.get(path) as answer:
        assert answer.status == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "hotline"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_unknown_path_and_a_wrong_method_are_problems(house: House) -> None:
    async with house.client() as http:
        async with http.get("/api/v1/nothing") as answer:
            await problem(answer, 404)
        async with http.put("/api/v1/things") as answer:
            await problem(answer, 405)
            assert answer.headers["Allow"] == "GET,POST"
        async with http.get("/api/v1/things") as answer:
            await problem(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_body_that_trickles_in_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ari_app.web.router.BODY_S", 0.05)
    token = await house.token(Role.AGENT)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    head = f"POST /api/v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{".encode())
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()


async def test_the_address_is_the_nearest_that_is_no_proxy_of_ours(house: House, build: Build) -> None:
    sent = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    async with await house.signed_in(Role.AGENT) as http, http.get("/api/v1/things/1", headers=sent) as answer:
        assert (await answer.json())["subject"] == "127.0.0.1"
    behind = await build(addresses=ClientAddresses([ip_network("127.0.0.1")]))
    async with await behind.signed_in(Role.AGENT) as http, http.get("/api/v1/things/1", headers=sent) as answer:
        assert (await answer.json())["subject"] == "198.51.100.7"


async def test_a_page_of_ours_uses_its_cookie_and_others_cannot(house: House) -> None:
    cookie = {"Cookie": f"hotline={await house.token(Role.AGENT)}"}
    ours = {**cookie, "Origin": ORIGIN}
    async with house.client() as http:
        async with http.get("/api/v1/session", headers=cookie) as answer:
            csrf_token = (await answer.json())["csrf_token"]
        for headers, status in [
            (ours, 201),
            ({**cookie, "X-CSRF-Token": csrf_token}, 201),
            (cookie, 403),
            ({**cookie, "X-CSRF-Token": "guess"}, 403),
            ({**cookie, "Origin": "https://evil.test"}, 403),
            ({**cookie, "Origin": "null"}, 403),
            ({**cookie, "Origin": f"{ORIGIN}.evil.test"}, 403),
            ({**cookie, "Origin": "https://evil.test", "X-CSRF-Token": csrf_token}, 403),
        ]:
            async with http.post("/api/v1/things", json=THING, headers=headers) as answer:
                assert answer.status == status, headers
                if status == 403:
                    assert (await problem(answer, 403))["type"] == "/problems/wrong-origin"


async def test_cookie_does_not_replace_a_wrong_token(house: House) -> None:
    cookie = f"hotline={await house.token(Role.AGENT)}"
    async with house.client(Cookie=cookie) as http:
        for header in ("Bearer " + "x" * 43, "Bearer", "Basic YTpi", "", "Bearer '; DROP TABLE staff; --"):
            async with http.get("/api/v1/session", headers={"Authorization": header}) as answer:
                await problem(answer, 401)


async def test_routes_with_a_session_are_unavailable_while_redis_is_away(build: Build, tmp_path: Path) -> None:
    redis = Redis(free_port(), tmp_path / "redis", persistent=False)
    redis.start()
    try:
        house = await build(redis_url=redis.url)
        token = await house.token(Role.AGENT)
    finally:
        redis.stop()
    async with house.client(Authorization=f"Bearer {token}") as http:
        async with http.get("/api/v1/things") as answer:
            await problem(answer, 503)
        async with http.post("/api/v1/session", json={"staff_number": "1000", "password": PASSWORD}) as answer:
            await problem(answer, 503)
        async with http.get("/api/v1/notice") as answer:
            assert answer.status == 200
