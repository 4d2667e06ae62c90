"""Expected waits that callers hear, and their error."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ari_app.calls.expected_waits import ExpectedWaits
from ivr.walker import Ended, ToQueue
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

ERROR = "hotline_expected_wait_error_seconds"


async def begin(hotline: FakeHotline, talk_ms: float | None) -> None:
    """Start a process that knows the mean talk; one agent talks."""

    async def mean_talks() -> dict[str, float]:
        return {} if talk_ms is None else {"repair": talk_ms}

    hotline.waits = ExpectedWaits(mean_talks, lambda _: 30.0)
    await hotline.leave()
    await hotline.restart()
    await hotline.agent_ready()
    hotline.call("13800000001")
    await hotline.talking()


def observed(suffix: str) -> float:
    return REGISTRY.get_sample_value(f"{ERROR}_{suffix}", {"queue": "repair"}) or 0.0


async def test_caller_hears_the_range_and_its_error_is_measured(hotline: FakeHotline) -> None:
    await begin(hotline, 270_000.0)
    count, total = observed("count"), observed("sum")
    caller = hotline.call("13800000002")
    await until(lambda: len(hotline.calls.calls) == 2)
    await asyncio.sleep(100)
    said = [sound for _, sound in caller.sounds]
    assert "prompt:queue_position" in said
    second = next(call.state for call in hotline.calls.calls.values() if call.state.talk is None)
    assert second.expected_wait_ms == pytest.approx(300_000, abs=10_000), "talk and wrap-up of the one agent"

    await hotline.agent_ready("1002")
    await hotline.talking("1002")
    hotline.asterisk.hang_up(caller.id)
    await until(lambda: len(hotline.calls.calls) == 1)
    assert observed("count") == count + 1
    assert observed("sum") - total == pytest.approx(200, abs=10), "the wait was 200 s shorter"


@pytest.mark.parametrize(
    "hotline", [{"overflow": ({"expected_wait_s": 240, "to": "message"},), "unstaffed_wait_s": None}], indirect=True
)
@pytest.mark.parametrize(("talk_ms", "stays"), [(270_000.0, False), (60_000.0, True), (None, True)])
async def test_queue_overflows_by_the_expected_wait(hotline: FakeHotline, talk_ms: float | None, stays: bool) -> None:
    async def flow(_voice: Any, store: Any, cursor: Any) -> Any:
        await store.save(cursor)
        return Ended("message_left") if cursor.step == "after" else ToQueue("repair", "repair", otherwise="after")

    hotline.script = flow
    await begin(hotline, talk_ms)
    caller = hotline.call("13800000002")
    await until(lambda: len(hotline.calls.calls) == 2)
    await asyncio.sleep(30)
    assert (caller.id in hotline.asterisk.channels) == stays
