"""Targets of transfers with their live state, and live calls."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from ari_app.calls.call_services import AgentPhone
from ari_app.calls.control.directory import CallDirectory
from ari_app.calls.expected_waits import ExpectedWaits
from ari_app.desk.call_states import CallAction, ControlStage
from crm.notices.views import DutyNumber
from foundation.routes import Principal, Role
from tests.fakes.hotline import AGENTS, FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import conversation

ASKING = Principal("staff-1001", "1001", "agent 1001", Role.AGENT)
WANG = AgentPhone("staff-1004", "1004", "王小明", "agent1004")


class Everyone:
    """All agents, one with a Chinese name."""

    def phones(self) -> Sequence[AgentPhone]:
        return [*AGENTS.values(), WANG]


def directory(hotline: FakeHotline) -> CallDirectory:
    async def departments() -> Sequence[Any]:
        return [SimpleNamespace(id="dept-1", name="供热一所", active=True)]

    async def on_duty(department_id: str) -> DutyNumber | None:
        return DutyNumber("张师傅", "13800000003") if department_id == "dept-1" else None

    async def mean_talks() -> dict[str, float]:
        return {"repair": 120_000.0}

    waits = ExpectedWaits(mean_talks)
    return CallDirectory(hotline.store, hotline.queues, cast("Any", Everyone()), departments, on_duty, waits)


async def test_targets_have_their_live_state(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await hotline.agent_ready("1002")

    found = {view.id: view for view in await directory(hotline).targets(ASKING, "")}

    assert "staff-1001" not in found
    assert (found["staff-1002"].state, found["staff-1002"].available) == ("ready", True)
    assert (found["staff-1003"].state, found["staff-1003"].available) == ("offline", False)
    assert (found["repair"].waiting, found["repair"].available) == (0, True)
    assert found["repair"].expected_wait_ms == 0, "an agent is free"
    assert (found["repair"].name, found["repair"].name_en) == ("报修", "Repairs")
    assert found["dept-1"].on_duty == "张师傅"


async def test_targets_are_found_by_name_number_and_pinyin(hotline: FakeHotline) -> None:
    async def ids(query: str) -> list[str]:
        return [view.id for view in await directory(hotline).targets(ASKING, query)]

    assert await ids("小明") == ["staff-1004"]
    for reading in ("wxm", "wangxm", "WangXiaoMing", "wangx"):
        assert await ids(reading) == ["staff-1004"]
    assert await ids("1003") == ["staff-1003"]
    assert await ids("供热") == ["dept-1"]


async def test_queue_has_the_wait_that_the_next_caller_can_expect(hotline: FakeHotline) -> None:
    await conversation(hotline)
    for _ in range(2):
        hotline.call()
    await until(lambda: len(hotline.calls.live) == 3)

    async def expected() -> int | None:
        found = {view.id: view for view in await directory(hotline).targets(ASKING, "")}
        return found["repair"].expected_wait_ms

    while await expected() != 3 * 120_000:
        await asyncio.sleep(0.1)


async def test_live_calls_by_role(hotline: FakeHotline) -> None:
    await conversation(hotline)
    other = Principal("staff-1002", "1002", "agent 1002", Role.AGENT)
    supervisor = Principal("staff-3001", "3001", "supervisor", Role.SUPERVISOR)

    (own,) = await directory(hotline).live(ASKING)
    assert (own.state, own.agent_id) == (ControlStage.TALKING, "staff-1001")
    assert await directory(hotline).live(other) == []
    assert len(await directory(hotline).live(supervisor)) == 1

    await hotline.order(CallAction.PARK)
    (parked,) = await directory(hotline).live(other)
    assert parked.state is ControlStage.PARKED
