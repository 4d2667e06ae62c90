"""A call back that an agent promised in a caller's call."""

from datetime import UTC, datetime

import pytest

from ari_app.missed.model import MissedQuery, MissedReason
from ari_app.missed.service import MissedCallers
from ari_app.queues.dispositions import Disposition, wrong_dispositions
from ari_app.work.model import DispositionInput
from ari_app.work.service import AgentWork
from crm.staff.model import StaffInput
from crm.staff.service import StaffService
from crm.tickets.errors import FormNotFilled
from foundation.database import Database
from foundation.routes import Principal, Role
from tests.unit.queues.conftest import Floor
from tests.unit.work.conftest import AGREED
from tests.unit.work.test_service import record

AT = "2026-12-03T07:00:00Z"


async def test_promised_call_back_stands_on_the_list_until_the_result_is_another(
    database: Database, floor: Floor, work: AgentWork
) -> None:
    given = StaffInput(staff_number="1001", name="刘芳", role=Role.AGENT, password="a-sample-password")
    staff = await StaffService(database, ("repair",)).create(given, sip_password="a-sample-password")
    anna, missed = Principal(staff.id, "1001", "刘芳", Role.AGENT), MissedCallers(database)
    async with database.write() as session:
        session.add(record("call-1", agent_id=anna.staff_id, number="+8613800000001"))

    with pytest.raises(FormNotFilled) as refused:
        await work.dispose(anna, "call-1", DispositionInput(code="again", answers={"agreed": "明天下午"}))
    assert refused.value.errors[0].field == "form.agreed"
    assert await missed.listed(MissedQuery(), anna) == []

    stored = await work.dispose(anna, "call-1", DispositionInput(code="again", answers={"agreed": AT}))
    assert [one.value_zh for one in stored.answers] == ["2026-12-03 15:00"], "in the time of the house"
    (caller,) = await missed.listed(MissedQuery(), anna)
    assert (caller.call_id, caller.reason, caller.calls) == ("call-1", MissedReason.CALL_AGAIN, 0)
    assert caller.call_again_at == datetime(2026, 12, 3, 7, tzinfo=UTC)

    await work.dispose(anna, "call-1", DispositionInput(code="other"))
    assert await missed.listed(MissedQuery(), anna) == []


def test_result_names_a_field_that_is_a_time() -> None:
    good = Disposition(code="again", zh="约定回电", en="call again", fields=(AGREED,), call_again="agreed")
    wrong = good.model_copy(update={"call_again": "amount"})
    assert [one.rule for one in wrong_dispositions("queues.yaml", {}, (good,))] == []
    assert [one.rule for one in wrong_dispositions("queues.yaml", {}, (wrong,))] == ["no-such-time"]
