"""Sign-in and sign-out: tokens, cookies, brute force (S10, S11, S19, S38)."""

import asyncio
import re
import statistics
import time
from http.cookies import SimpleCookie

import aiohttp
import pytest

from ari_app.web.errors import SignInFailed, TooManyAttempts
from ari_app.web.sessions import SESSION, SESSIONS_OF, Session, Sessions
from ari_app.web.sign_in_limits import SignInLimits
from foundation.routes import Role
from tests.unit.web.conftest import ORIGIN, PASSWORD, Build, House, person

RIGHT = {"staff_number": "1000", "password": PASSWORD}
WRONG = {"staff_number": "1000", "password": "guess"}
PATH = "/api/v1/session"


async def status_of(http: aiohttp.ClientSession, body: dict[str, str]) -> int:
    async with http.post(PATH, json=body) as answer:
        await answer.read()
        return answer.status


async def test_signing_in_gives_a_token_and_a_cookie(house: House) -> None:
    async with house.client() as http:
        async with http.post(PATH, json=RIGHT) as answer:
            assert answer.status == 201
            body = await answer.json()
            (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert morsel.value == body["token"]
        assert len(body["token"]) == 43
        assert morsel["httponly"]
        assert (morsel["samesite"], morsel["path"]) == ("Strict", "/")
        for headers in ({"Authorization": f"Bearer {body['token']}"}, {"Cookie": f"hotline={body['token']}"}):
            async with http.get(PATH, headers=headers) as answer:
                shown = await answer.json()
                assert (shown["staff_id"], shown["role"]) == ("stf-agent-0", "agent")
                assert "token" not in shown


async def test_under_https_the_cookie_is_secure_and_bound_to_the_host(build: Build) -> None:
    house = await build(allowed_origins=["https://desk.test"])
    async with house.client() as http, http.post(PATH, json=RIGHT) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-hotline=")
        assert "Secure" in cookie
        assert "Domain" not in cookie


async def test_a_session_is_worthless_after_signing_out(house: House) -> None:
    async with await house.signed_in(Role.AGENT) as http:
        async with http.delete(PATH) as answer:
            assert answer.status == 204
            assert re.search(r"hotline=\"\"; .*Max-Age=0", answer.headers["Set-Cookie"])
        async with http.get(PATH) as answer:
            assert answer.status == 401


async def test_redis_does_not_hold_the_token(house: House) -> None:
    token = await house.token(Role.AGENT)
    for key in await house.redis.keys("*"):
        assert token.encode() not in key
        if await house.redis.type(key) == b"string":
            assert token not in str(await house.redis.get(key))


async def test_a_session_ends_by_itself(house: House) -> None:
    short = Sessions(house.redis, house.staff, house.hub, idle_s=100, longest_s=1)
    signed_in = await short.sign_in("1000", PASSWORD, "192.0.2.1")
    assert await house.redis.ttl(SESSION + signed_in.session.id) in range(90, 101)
    assert await short.find(signed_in.token)
    over = Sessions(house.redis, house.staff, house.hub, longest_s=0)
    signed_in = await over.sign_in("1000", PASSWORD, "192.0.2.1")
    assert await over.find(signed_in.token) is None


async def test_all_sessions_of_a_person_end(house: House) -> None:
    first, second = await house.token(Role.AGENT), await house.token(Role.AGENT)
    other = await house.token(Role.AGENT, 1)
    await house.sessions.end_all(person(Role.AGENT).staff_id)
    assert [await house.sessions.find(token) for token in (first, second)] == [None, None]
    assert await house.sessions.find(other)
    assert not await house.redis.exists(SESSIONS_OF + person(Role.AGENT).staff_id)


class DeskStillClosing:
    """Desks of a node that still has one of an ended session."""

    def __init__(self) -> None:
        self.open: Session | None = None

    def session(self, session_id: str) -> Session | None:
        return self.open if self.open is not None and self.open.id == session_id else None

    async def end_session(self, _staff_id: str, _session_id: str | None) -> None:
        return


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("redis_lost_it", [False, True])
async def test_session_ended_on_purpose_is_not_restored_by_an_open_desk(
    house: House, everywhere: bool, redis_lost_it: bool
) -> None:
    """Redis loses the mark of the ended session before the desk closes."""
    desks = DeskStillClosing()
    sessions = Sessions(house.redis, house.staff, desks)
    signed_in = await sessions.sign_in("1000", PASSWORD, "192.0.2.1")
    desks.open = signed_in.session
    await (sessions.end_all(signed_in.session.principal.staff_id) if everywhere else sessions.end(signed_in.session))
    if redis_lost_it:
        await house.redis.flushall()

    assert await sessions.find(signed_in.token) is None
    assert await sessions.find_by_id(signed_in.session.id) is None


@pytest.mark.parametrize(
    "body",
    [
        {"staff_number": "','',sleep(6));#", "password": PASSWORD},
        {"staff_number": "1000", "password": "' OR '1'='1"},
        {"staff_number": "9999", "password": PASSWORD},
    ],
)
async def test_wrong_password_and_unknown_number_look_the_same(house: House, body: dict[str, str]) -> None:
    async with house.client() as http:
        async with http.post(PATH, json=WRONG) as answer:
            expected = answer.status, await answer.text()
        async with http.post(PATH, json=body) as answer:
            assert (answer.status, await answer.text()) == expected
            assert answer.status == 401
            assert "Set-Cookie" not in answer.headers


async def test_brute_force_locks_the_number_whether_it_exists_or_not(house: House) -> None:
    async with house.client() as http:
        for number in ("1000", "9999"):
            tried = [await status_of(http, {"staff_number": number, "password": f"g{n}"}) for n in range(8)]
            assert tried == [401] * 5 + [429] * 3
        async with http.post(PATH, json=RIGHT) as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 30
            assert (await answer.json(content_type=None))["type"] == "/problems/too-many-attempts"
        assert await status_of(http, {**RIGHT, "staff_number": "1001"}) == 201
    assert house.staff.asked == 5 + 5 + 1


async def test_attempts_in_parallel_do_not_slip_through(house: House) -> None:
    async with house.client() as http:
        tried = await asyncio.gather(*(status_of(http, WRONG) for _ in range(40)))
    assert tried.count(401) == 5
    assert tried.count(429) == 35


async def test_each_further_failure_doubles_the_lock(build: Build) -> None:
    house = await build(limits=SignInLimits(per_number=2, first_lock_s=100, longest_lock_s=300))
    locks = []
    for _ in range(4):
        with pytest.raises(SignInFailed):
            await house.sessions.sign_in("1000", "guess", "192.0.2.1")
        key = next(iter(await house.redis.keys("*:locked")), None)
        lock_ms = await house.redis.pttl(key) if key else 0
        locks.append(lock_ms)
        if key:
            await house.redis.delete(key)
    assert locks[0] == 0
    for found, expected in zip(locks[1:], [100_000, 200_000, 300_000], strict=True):
        assert expected - 20_000 <= found <= expected


async def test_success_forgets_the_failures(house: House) -> None:
    async with house.client() as http:
        for _ in range(3):
            assert [await status_of(http, WRONG) for _ in range(4)] == [401] * 4
            assert await status_of(http, RIGHT) == 201


async def test_stranger_cannot_lock_staff_at_a_known_address(house: House) -> None:
    await house.sessions.sign_in("1000", PASSWORD, "192.0.2.1")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            await house.sessions.sign_in("1000", "guess", "203.0.113.5")
    with pytest.raises(TooManyAttempts):
        await house.sessions.sign_in("1000", PASSWORD, "203.0.113.5")
    assert await house.sessions.sign_in("1000", PASSWORD, "192.0.2.1")


async def test_address_is_locked_after_failures_of_many_numbers(build: Build) -> None:
    house = await build(limits=SignInLimits(per_address=10))
    for number in range(10):
        with pytest.raises(SignInFailed):
            await house.sessions.sign_in(f"77{number}", "guess", "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        await house.sessions.sign_in("1000", PASSWORD, "2001:db8::2")
    assert await house.sessions.sign_in("1000", PASSWORD, "2001:db8:0:1::1")


async def test_known_staff_sign_in_although_their_address_is_exhausted(build: Build) -> None:
    house = await build(limits=SignInLimits(per_address=10))
    colleague, other = person(Role.AGENT).staff_number, person(Role.AGENT, 1).staff_number
    await house.sessions.sign_in(colleague, PASSWORD, "192.0.2.1")
    for number in range(10):
        with pytest.raises(SignInFailed):
            await house.sessions.sign_in(f"77{number}", "guess", "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        await house.sessions.sign_in(other, PASSWORD, "192.0.2.1")
    assert await house.sessions.sign_in(colleague, PASSWORD, "192.0.2.1")
    with pytest.raises(SignInFailed):
        await house.sessions.sign_in(colleague, "mistyped", "192.0.2.1")
    assert await house.sessions.sign_in(colleague, PASSWORD, "192.0.2.1")


async def test_known_staff_do_not_use_up_the_limit_of_their_address(build: Build) -> None:
    house = await build(limits=SignInLimits(per_address=2))
    colleague, other = person(Role.AGENT).staff_number, person(Role.AGENT, 1).staff_number
    await house.sessions.sign_in(colleague, PASSWORD, "192.0.2.1")
    for _ in range(4):
        with pytest.raises(SignInFailed):
            await house.sessions.sign_in(colleague, "mistyped", "192.0.2.1")
    assert await house.sessions.sign_in(other, PASSWORD, "192.0.2.1")


async def test_an_office_full_of_people_signs_in_at_once(build: Build) -> None:
    house = await build(limits=SignInLimits(per_address=5))
    for _ in range(5):
        for number in range(3):
            assert await house.sessions.sign_in(person(Role.AGENT, number).staff_number, PASSWORD, "192.0.2.1")


async def test_a_foreign_page_cannot_sign_a_browser_in(house: House) -> None:
    async with house.client() as http:
        async with http.post(PATH, json=RIGHT, headers={"Origin": "https://evil.test"}) as answer:
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers
        async with http.post(PATH, json=RIGHT, headers={"Origin": ORIGIN}) as answer:
            assert answer.status == 201


async def test_unknown_number_and_wrong_password_take_the_same_time(build: Build) -> None:
    house = await build(limits=SignInLimits(per_number=10_000, per_address=10_000))
    times: dict[str, list[float]] = {"1000": [], "9999": []}
    async with house.client() as http:
        for _ in range(60):
            for number, taken in times.items():
                started = time.perf_counter()
                assert await status_of(http, {"staff_number": number, "password": "guess"}) == 401
                taken.append(time.perf_counter() - started)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 1 / 1.5 < unknown / known < 1.5
