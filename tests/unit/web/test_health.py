"""Health and metrics, and who sees how much of them."""

import asyncio
from ipaddress import ip_network

import pytest

from ari_app.web.addresses import ClientAddresses
from foundation.routes import Role
from tests.unit.web.conftest import Build, House


async def test_healthz_says_alive(house: House) -> None:
    async with house.client() as http, http.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "alive"})


async def test_readyz_is_ready_when_every_check_is(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: str | None = None

    async def redis() -> str | None:
        return wrong

    async def asterisk() -> str | None:
        return None

    house = await build(checks={"redis": redis, "asterisk": asterisk})
    async with house.client() as http:
        async with http.get("/readyz") as answer:
            assert answer.status == 200
            assert await answer.json() == {
                "status": "ready",
                "checks": {"redis": "ok", "asterisk": "ok"},
                "alarms": {},
            }
        wrong = "loading"
        async with http.get("/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {
                "status": "not ready",
                "checks": {"redis": "loading", "asterisk": "ok"},
                "alarms": {},
            }
        async with http.get("/readyz", headers={"X-Forwarded-For": "192.0.2.1"}) as answer:
            assert await answer.json() == {"status": "not ready"}


async def test_a_check_that_fails_or_hangs_is_not_ready(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ari_app.web.health.CHECK_S", 0.05)

    async def failing() -> str | None:
        raise ConnectionRefusedError("canary")

    async def hanging() -> str | None:
        await asyncio.Event().wait()
        return None

    house = await build(checks={"failing": failing, "hanging": hanging})
    async with house.client() as http, http.get("/readyz") as answer:
        assert answer.status == 503
        checks = (await answer.json())["checks"]
        assert checks == {"failing": "ConnectionRefusedError", "hanging": "no response in 0 s"}


async def test_metrics_are_for_this_machine_and_for_administrators(house: House) -> None:
    async with house.client() as http:
        async with http.get("/api/v1/things/canary-path?subject=canary-query") as answer:
            assert answer.status == 401
        async with http.get("/metrics") as answer:
            assert answer.status == 200
            text = await answer.text()
            assert 'route="/api/v1/things/{thing_id}",status="401"' in text
            assert "canary" not in text
        forwarded = {"X-Forwarded-For": "127.0.0.1"}
        async with http.get("/metrics", headers=forwarded) as answer:
            assert answer.status == 401
    for role, status in [(Role.SUPERVISOR, 403), (Role.ADMINISTRATOR, 200)]:
        async with await house.signed_in(role) as http, http.get("/metrics", headers=forwarded) as answer:
            assert answer.status == status


@pytest.mark.parametrize(
    ("monitors", "forwarded", "status"),
    [
        ("127.0.0.0/8", None, 200),
        ("192.0.2.0/24", None, 401),
        ("192.0.2.0/24", "192.0.2.7", 200),
        ("192.0.2.0/24", "192.0.2.7, 198.51.100.7", 401),
        ("127.0.0.0/8", "198.51.100.7", 401),
    ],
)
async def test_metrics_are_open_to_the_networks_of_the_setting(
    build: Build, monitors: str, forwarded: str | None, status: int
) -> None:
    house = await build(addresses=ClientAddresses([ip_network("127.0.0.1")], [ip_network(monitors)]))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with house.client() as http, http.get("/metrics", headers=headers) as answer:
        assert answer.status == status


async def test_alarm_is_shown_and_leaves_the_service_ready(house: House) -> None:
    async def configuration() -> str | None:
        return "hotline.yaml:3: no such step"

    async def certificate() -> str | None:
        return None

    house.server.add_alarm("configuration", configuration)
    house.server.add_alarm("certificate", certificate)
    async with house.client() as http, http.get("/readyz") as answer:
        assert answer.status == 200
        assert (await answer.json())["alarms"] == {"configuration": "hotline.yaml:3: no such step"}
