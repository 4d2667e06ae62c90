"""A server with routes of every kind, on the real Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from redis.asyncio import Redis

from ari_app.desk import http as desk_http
from ari_app.desk.command_model import AgentCommand
from ari_app.desk.handshake import DeskSockets
from ari_app.desk.hub import Hub
from ari_app.desk.pop import CallerNumber, CustomerCard, Pop, SpokenWording
from ari_app.desk.socket import SocketLimits
from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard
from ari_app.web.connections import ConnectionLimits
from ari_app.web.health import Check
from ari_app.web.server import WebServer
from ari_app.web.sessions import Sessions
from ari_app.web.sign_in_limits import SignInLimits
from crm.customers.model import Grade
from foundation.problems import FieldProblem, Invalid
from foundation.redis_client import redis_client
from foundation.routes import Principal, Role
from foundation.spool import Spool
from tests.unit.web.sample import sample_routes

ORIGIN = "http://desk.test"
PASSWORD = "correct horse battery staple"
SOCKET = "/api/v1/desk/socket"
QUICK = SignInLimits(first_lock_s=30, longest_lock_s=120)


def person(role: Role, number: int = 0) -> Principal:
    """The first person of a role, or another one."""
    place = list(Role).index(role) + 1
    department_id = f"department-{number}" if role is Role.DEPARTMENT else None
    return Principal(f"stf-{role}-{number}", f"{place}00{number}", f"{role} {number}", role, department_id)


AGENT = person(Role.AGENT).staff_id


def pop(call_id: str = "call-1") -> Pop:
    """Return a screen pop."""
    return Pop(
        id=f"pop-{call_id}",
        call_id=call_id,
        offered_at_ms=1,
        queue="repair",
        waited_ms=1200,
        greeting=SpokenWording("您好", "Hello"),
        number=CallerNumber("+8613800000001", SpokenWording("北京 · 中国移动", "Beijing · China Mobile")),
        customers=[CustomerCard("cus-1", "A1", "张三", "x", "y", Grade.VIP, 12_300, contract_active=True)],
    )


class Staff:
    """Staff with one password, hashed in a thread as in the service."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        self._hash = self._hasher.hash(PASSWORD)
        self.people = {one.staff_number: one for role in Role for one in (person(role, n) for n in range(3))}
        self.asked = 0

    async def authenticate(self, staff_number: str, password: str) -> Principal | None:
        self.asked += 1
        right = await asyncio.to_thread(self._right, password)
        return self.people.get(staff_number) if right else None

    async def change_password(self, staff_id: str, present: str, new: str) -> None:
        """Replace the one password of all people; here no session ends."""
        if not await asyncio.to_thread(self._right, present):
            raise Invalid("the password was not changed", [FieldProblem(field="present", rule="must be right")])
        self._hash = self._hasher.hash(new)
        self.people = {
            number: replace(one, password_one_time=False) if one.staff_id == staff_id else one
            for number, one in self.people.items()
        }

    def _right(self, password: str) -> bool:
        try:
            return self._hasher.verify(self._hash, password)
        except VerifyMismatchError:
            return False


async def _nothing(*_: object) -> Any:
    return None


class DeskStub:
    """Handler of the hub with replaceable reactions."""

    def __init__(self) -> None:
        self.command: Callable[[str, AgentCommand], Coroutine[Any, Any, None]] = _nothing
        self.presence: Callable[[str, bool], Coroutine[Any, Any, None]] = _nothing
        self.signed_out: Callable[[str], Coroutine[Any, Any, None]] = _nothing
        self.snapshot: Callable[[Principal], Coroutine[Any, Any, Any]] = _nothing


class House:
    """A running server and everything behind it."""

    def __init__(
        self,
        server: WebServer,
        sessions: Sessions,
        hub: Hub,
        staff: Staff,
        redis: Redis,
        desks: DeskStub,
        sockets: DeskSockets,
    ) -> None:
        self.sockets = sockets
        self.desks = desks
        self.server = server
        self.sessions = sessions
        self.hub = hub
        self.staff = staff
        self.redis = redis
        self.url = f"http://127.0.0.1:{server.port}"

    def client(self, **headers: str) -> aiohttp.ClientSession:
        """A client that keeps no cookies."""
        return aiohttp.ClientSession(self.url, headers=headers, cookie_jar=aiohttp.DummyCookieJar())

    async def token(self, role: Role, number: int = 0) -> str:
        """Signed in without asking the server."""
        return (await self.sessions._begin(person(role, number))).token

    async def signed_in(self, role: Role, number: int = 0) -> aiohttp.ClientSession:
        """Return a client with a session."""
        return self.client(Authorization=f"Bearer {await self.token(role, number)}")


class Desk:
    """One open desk socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, http: aiohttp.ClientSession) -> None:
        self.socket = socket
        self.http = http

    async def read(self, kind: str | None = None, *, seconds: float = 5.0) -> dict[str, Any]:
        """The next message, or the next of a kind."""
        async with asyncio.timeout(seconds):
            while True:
                message: dict[str, Any] = await self.socket.receive_json()
                if kind in {None, message["type"]}:
                    return message

    async def say(self, **message: object) -> None:
        await self.socket.send_json(message)

    async def closed(self, *, seconds: float = 5.0) -> int:
        """The code it is closed with, after whatever still comes."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.CLOSE:
                    return int(message.data)
                if message.type is aiohttp.WSMsgType.CLOSED:
                    return self.socket.close_code or 0

    async def leave(self) -> None:
        await self.socket.close()
        await self.http.close()


Build = Callable[..., Awaitable[House]]
OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def build(redis_url: str, stack: AsyncExitStack, tmp_path: Path) -> Build:
    """Start a server; more than one is a service of several nodes."""

    async def start(
        *,
        limits: SignInLimits = QUICK,
        sockets: SocketLimits | None = None,
        grace_s: float = 0.05,
        redis_url: str = redis_url,
        allowed_origins: Sequence[str] = (ORIGIN,),
        checks: Mapping[str, Check] | None = None,
        addresses: ClientAddresses | None = None,
        connections: ConnectionLimits | None = None,
    ) -> House:
        redis = redis_client(redis_url)
        stack.push_async_callback(redis.aclose)
        staff = Staff()
        desks = DeskStub()
        hub = Hub(redis, desks, absence_grace_s=grace_s)
        sessions = Sessions(redis, staff, hub, limits=limits)
        guard = RequestGuard(sessions, allowed_origins=allowed_origins)
        handler = DeskSockets(guard, hub, sockets)
        server = WebServer(
            [sample_routes(tmp_path), desk_http.routes(sessions), desk_http.description_routes()],
            guard,
            Spool(tmp_path / "spool"),
            host="127.0.0.1",
            port=0,
            parts=[handler],
            checks=checks,
            addresses=addresses,
            limits=connections,
        )
        await server.start()
        stack.push_async_callback(server.aclose)
        return House(server, sessions, hub, staff, redis, desks, handler)

    return start


@pytest.fixture
async def house(build: Build) -> House:
    return await build()


@pytest.fixture
def open_desk(house: House, stack: AsyncExitStack) -> OpenDesk:
    """Open a desk with a ticket, up to its welcome."""

    async def opened(role: Role = Role.AGENT, number: int = 0, *, at: House = house, **options: Any) -> Desk:
        ticket = await at.sessions.ticket((await at.sessions._begin(person(role, number))).session)
        http = at.client()
        desk = Desk(await http.ws_connect(SOCKET, origin=ORIGIN, **options), http)
        stack.push_async_callback(desk.leave)
        await desk.say(type="hello", ticket=ticket)
        return desk

    return opened
