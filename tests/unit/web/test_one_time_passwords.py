"""Sessions with a one-time password: they may set a password only."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from foundation.routes import Role
from tests.unit.web.conftest import ORIGIN, PASSWORD, SOCKET, House, person

OWN = "a password of my own"


@pytest.fixture
def newcomer(house: House) -> str:
    """Staff number of an agent with a one-time password."""
    agent = replace(person(Role.AGENT), password_one_time=True)
    house.staff.people[agent.staff_number] = agent
    return agent.staff_number


async def sign_in(http: aiohttp.ClientSession, staff_number: str, password: str) -> dict[str, object]:
    async with http.post("/api/v1/session", json={"staff_number": staff_number, "password": password}) as answer:
        assert answer.status == 201, await answer.text()
        body: dict[str, object] = await answer.json()
    return body


async def test_one_time_password_opens_nothing_but_the_own_password(house: House, newcomer: str) -> None:
    async with house.client() as http:
        session = await sign_in(http, newcomer, PASSWORD)
        assert session["password_one_time"] is True
        http.headers["Authorization"] = f"Bearer {session['token']}"
        for method, path in (("POST", "/api/v1/desk/ticket"), ("GET", "/api/v1/deferred-requests")):
            async with http.request(method, path) as answer:
                assert answer.status == 403, path
                assert (await answer.json())["type"] == "/problems/password-one-time"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await http.ws_connect(SOCKET, origin=ORIGIN)
        assert refusal.value.status == 403
        async with http.put("/api/v1/session/password", json={"present": PASSWORD, "new": OWN}) as answer:
            assert answer.status == 204
        del http.headers["Authorization"]
        session = await sign_in(http, newcomer, OWN)
        assert session["password_one_time"] is False
        http.headers["Authorization"] = f"Bearer {session['token']}"
        async with http.post("/api/v1/desk/ticket") as answer:
            assert answer.status == 201, await answer.text()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"present": "not the password", "new": OWN}, "present"),
        ({"present": PASSWORD, "new": "short"}, "new"),
        ({"present": PASSWORD}, "new"),
    ],
)
async def test_wrong_password_change_names_its_field(
    house: House, newcomer: str, given: dict[str, str], field: str
) -> None:
    async with house.client() as http:
        session = await sign_in(http, newcomer, PASSWORD)
        http.headers["Authorization"] = f"Bearer {session['token']}"
        async with http.put("/api/v1/session/password", json=given) as answer:
            assert answer.status == 422
            assert (await answer.json())["errors"][0]["field"] == field
        await sign_in(http, newcomer, PASSWORD)


@pytest.mark.parametrize("at_once", [False, True], ids=["one after another", "at once"])
async def test_session_ends_after_five_wrong_passwords(house: House, newcomer: str, at_once: bool) -> None:
    async with house.client() as http:
        session = await sign_in(http, newcomer, PASSWORD)
        http.headers["Authorization"] = f"Bearer {session['token']}"

        async def status_of(present: str) -> int:
            async with http.put("/api/v1/session/password", json={"present": present, "new": OWN}) as answer:
                return answer.status

        if at_once:
            statuses = await asyncio.gather(*(status_of(f"guess {number}") for number in range(10)))
        else:
            statuses = [await status_of(f"guess {number}") for number in range(5)]
        assert statuses.count(422) <= 5
        assert set(statuses) <= {401, 422}
        assert await status_of(PASSWORD) == 401
        await sign_in(http, newcomer, PASSWORD)
