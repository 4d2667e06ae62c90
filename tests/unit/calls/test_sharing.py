"""Calls shared with a department, by link or sign-in (H2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from ari_app.calls.control.model import Control, Party, Target, TargetKind
from ari_app.calls.model import CallState, RecordingStage, Talk
from ari_app.calls.sharing.errors import SharedCallNotFound
from ari_app.calls.sharing.page import gone_page, page
from ari_app.calls.sharing.service import SharedCalls
from ari_app.calls.store import CallStore
from ari_app.desk.call_states import ControlStage, Direction
from ari_app.desk.model import CallStage, Draft
from ari_app.desk.store import DeskState
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.redis_client import redis_client
from foundation.routes import Principal, Role
from tests.unit.crm.conftest import AGENT, furnish

DEPARTMENT = "dept-1"
WRITER = Principal("staff-1", "1001", "刘芳", Role.AGENT)
DRAFT = {
    "kind": "fault",
    "subject": "暖气不热 <b>",
    "description": "回电 13800000001",
    "address": "幸福路12号",
    "name": "王秀英",
    "number": "+8613800000001",
    "urgency": ["no text"],
}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


class Shared:
    """Service with a note of what was sent."""

    def __init__(self, redis: Any, database: Database) -> None:
        self.sent: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        self.store, self.desks = CallStore(redis, "node-1"), DeskState(redis)
        self.database, self.tickets = database, TicketService(database)
        self.calls = SharedCalls(redis, self.store, self.desks, self.tickets, self._send, "https://desk.test/")

    async def _send(self, call_id: str, department_id: str, link: str) -> bool:
        self.sent.put_nowait((call_id, department_id, link))
        return True


@pytest.fixture
def shared(redis: Redis, sqlite_database: Database) -> Shared:
    return Shared(redis, sqlite_database)


def state() -> CallState:
    """Return a call in which a department is rung."""
    target = Target(TargetKind.NUMBER, "+8645187654321", "张师傅", department_id=DEPARTMENT)
    control = Control(1, stage=ControlStage.CONSULTING, party=Party("outside-leg-1", target, up=True))
    talk = Talk("reservation", "staff-1", "1001", "leg", "bridge", 1, 1, RecordingStage("rec"), agent_name="刘芳")
    call = CallState("call-1", "node-1", Direction.INBOUND, "channel", None, "96001", CallStage.TALKING, 1)
    call.talk, call.control = talk, control
    return call


def word(_group: str, value: str) -> str:
    return f"[{value}]"


async def test_a_link_shows_the_draft_as_it_is_typed_and_then_the_ticket(shared: Shared) -> None:
    call = state()
    await shared.store.save(call)
    shared.calls.share(call, DEPARTMENT)
    call_id, department_id, link = await shared.sent.get()
    assert (call_id, department_id) == ("call-1", DEPARTMENT)
    secret = link.removeprefix("https://desk.test/shared-calls/")
    assert "尚未录入" in page(await shared.calls.opened(secret), word)

    await shared.desks.store_draft(WRITER, Draft("call-1", DRAFT))
    text = page(await shared.calls.opened(secret), word)
    for wanted in ("刘芳 1001", "暖气不热 &lt;b&gt;", "幸福路12号", "王秀英", "[fault]", "138****0001"):
        assert wanted in text
    assert "13800000001" not in text, "numbers are masked as for a department"

    place = await furnish(shared.database)
    filed = await shared.tickets.file(place.fault(call_id="call-1"), AGENT, "key")
    call.ticket_id = filed.id
    await shared.store.save(call)
    assert filed.number in page(await shared.calls.opened(secret), word)

    (own,) = await shared.calls.of_department(DEPARTMENT)
    assert (own.call_id, own.draft is not None and own.draft.subject) == ("call-1", DRAFT["subject"])
    assert await shared.calls.of_department("dept-2") == []
    call.stage = CallStage.ENDED
    await shared.store.save(call)
    assert "通话已结束" in page(await shared.calls.opened(secret), word)
    assert await shared.calls.of_department(DEPARTMENT) == []


@pytest.mark.parametrize("secret", ["", "short", "../../etc/passwd", "x" * 24, "x" * 5000])
async def test_a_wrong_link_shows_nothing(shared: Shared, secret: str) -> None:
    with pytest.raises(SharedCallNotFound):
        await shared.calls.opened(secret)
    assert "该链接已失效" in gone_page()
