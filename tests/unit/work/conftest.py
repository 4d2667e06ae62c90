"""Agents' work on both databases and the real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ari_app.campaigns.model import ANSWERS
from ari_app.missed.service import MissedCallers
from ari_app.queues.dispositions import Disposition
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, WrapUpMode
from ari_app.work.desk_file import SHIPPED, read_desk
from ari_app.work.service import AgentWork
from crm.customers.reminders.service import ReminderService
from crm.kinds import TicketKind
from crm.reports.service import ReportService
from crm.tickets.forms.model import FieldKind, FormField
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.redis_client import redis_client
from recordings.model import SEGMENTS
from tests.unit.queues.conftest import Clock, Floor

AMOUNT = FormField(name="amount", kind=FieldKind.NUMBER, zh="金额", en="Amount", required=True)
SIDE = FormField.model_validate(
    {
        "name": "side",
        "kind": "choice",
        "zh": "责任",
        "en": "Fault of",
        "choices": [{"value": "ours", "zh": "我方", "en": "ours"}, {"value": "theirs", "zh": "对方", "en": "theirs"}],
    }
)
AGREED = FormField(name="agreed", kind=FieldKind.MOMENT, zh="约定时间", en="Agreed time", required=True)
RESULTS = (
    Disposition(code="filed", zh="已登记工单", en="ticket filed"),
    Disposition(code="again", zh="约定回电", en="to be called back", fields=(AGREED,), call_again="agreed"),
    Disposition(code="other", zh="其他", en="other"),
    Disposition(
        code="money",
        zh="费用",
        en="money",
        choices=(
            Disposition(code="refund", zh="退款", en="refund", fields=(AMOUNT, SIDE)),
            Disposition(code="returned", zh="退货", en="goods returned", form=TicketKind.AFTER_SALES),
        ),
    ),
)
QUEUES = {
    "repair": QueueSettings(
        name="repair", title_zh="报修", title_en="Faults", dispositions=RESULTS, disposition_required=True
    ),
    "consult": QueueSettings(name="consult", title_zh="咨询", title_en="Questions"),
    "none": QueueSettings(name="none", title_zh="无", title_en="None", wrap_up=WrapUpMode.NONE),
    "fixed": QueueSettings(name="fixed", title_zh="限时", title_en="Fixed", wrap_up=WrapUpMode.FIXED),
    "until_done": QueueSettings(
        name="until_done", title_zh="手动", title_en="By hand", wrap_up=WrapUpMode.UNTIL_DONE, wrap_up_cap_s=120
    ),
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
    again = MissedCallers(database).call_again
    return AgentWork(database, floor.service, choices, reports, ReminderService(database), again)
