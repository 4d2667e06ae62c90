"""Agents' work on both databases and the real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ari_app.campaigns.model import ANSWERS
from ari_app.queues.rules import ChoiceText
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from ari_app.work.desk_file import SHIPPED, read_desk
from ari_app.work.service import AgentWork
from crm.reports.service import ReportService
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.redis_client import redis_client
from recordings.model import SEGMENTS
from tests.unit.queues.conftest import Clock, Floor

RESULTS = (
    ChoiceText(code="filed", zh="已登记工单", en="ticket filed"),
    ChoiceText(code="other", zh="其他", en="other"),
)
QUEUES = {
    "repair": QueueSettings(
        name="repair", title_zh="报修", title_en="Faults", dispositions=RESULTS, disposition_required=True
    ),
    "consult": QueueSettings(name="consult", title_zh="咨询", title_en="Questions"),
}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def floor(redis: Redis) -> Floor:
    clock = Clock()
    clock.ms = milliseconds(utc_now())
    return Floor(QueueService(redis, QUEUES, "node-1", deadline_s=10, now_ms=clock), clock)


@pytest.fixture
def work(database: Database, floor: Floor) -> AgentWork:
    choices, findings = read_desk(SHIPPED.parent)
    assert not findings
    reports = ReportService(database, "Asia/Shanghai", ANSWERS, SEGMENTS)
    return AgentWork(database, floor.service, choices, reports)
