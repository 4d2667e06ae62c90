"""The real server with every service, on both databases and Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from ari_app.desk import http as desk_http
from ari_app.desk.handshake import DeskSockets
from ari_app.desk.hub import Hub
from ari_app.runtime.domain import DomainServices
from ari_app.settings import Settings
from ari_app.web.auth import RequestGuard
from ari_app.web.server import WebServer
from ari_app.web.sessions import Sessions
from ari_app.web.sign_in_limits import PublicLimiter
from crm.staff.model import StaffInput
from foundation.database import Database
from foundation.redis_client import redis_client
from foundation.routes import Role
from foundation.spool import Spool
from recordings.service import RecordingService
from tests.callflows import shipped
from tests.unit.crm.conftest import Place, furnish
from tests.unit.web.conftest import DeskStub

PASSWORD = "correct horse battery staple"


@dataclass
class Office:
    """A running service with an account of every role."""

    url: str
    server: WebServer
    business: DomainServices
    database: Database
    recorded: RecordingService
    place: Place
    tokens: dict[Role, str]

    def client(self, role: Role | None = None, **headers: str) -> aiohttp.ClientSession:
        """Return a client of a role, or without a session or cookies."""
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return aiohttp.ClientSession(self.url, headers=headers, cookie_jar=aiohttp.DummyCookieJar())


@pytest.fixture
async def office(database: Database, redis_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        redis = redis_client(redis_url)
        stack.push_async_callback(redis.aclose)
        settings = Settings(
            ari_password=SecretStr("x"),
            database_url=database.url,
            redis_url=redis_url,
            spool=tmp_path / "spool",
            recordings=tmp_path / "recordings",
        )
        recorded = RecordingService(database, tmp_path / "recordings", minimum_free_bytes=1)
        stack.push_async_callback(recorded.aclose)
        business = DomainServices(settings, database, recorded, shipped(), PublicLimiter(redis))
        stack.push_async_callback(business.aclose)
        hub = Hub(redis, DeskStub())
        sessions = Sessions(redis, business.staff, hub)
        guard = RequestGuard(sessions, allowed_origins=["http://desk.test"])
        tables = business.routes()
        server = WebServer(
            [*tables, business.exporting.routes(tables), desk_http.routes(sessions)],
            guard,
            Spool(tmp_path / "spool"),
            host="127.0.0.1",
            port=0,
            parts=[DeskSockets(guard, hub)],
        )
        await server.start()
        stack.push_async_callback(server.aclose)
        place = await furnish(database)
        tokens = {}
        for number, role in enumerate(Role, start=1):
            department_id = place.east if role is Role.DEPARTMENT else None
            person = StaffInput(
                staff_number=f"{number}001", name=role, role=role, password=PASSWORD, department_id=department_id
            )
            made = await business.staff.create(person)
            tokens[role] = (await sessions._begin(made.principal())).token
        yield Office(f"http://127.0.0.1:{server.port}", server, business, database, recorded, place, tokens)
