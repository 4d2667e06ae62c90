"""The benchmarks' load and their peer.

Calls arrive, are timed on one clock, and end on both sides.
"""

from pathlib import Path
from random import Random

from bench.load import Load
from bench.systems import NativeSystem


async def test_a_backlog_is_handed_over_one_by_one(tmp_path: Path) -> None:
    async with Load(NativeSystem(tmp_path), ["agent-1"], talk_seconds=0.2, random=Random(1)) as load:
        found = await load.backlog(waiting=2, seconds=4)
    assert found.served >= 3
    assert len(found.gap_ms) >= 2
    assert all(gap > 0 for gap in found.gap_ms)
    assert (found.failed, found.double_offers) == (0, 0)


async def test_steady_calls_all_reach_an_agent(tmp_path: Path) -> None:
    agents = [f"agent-{number}" for number in range(10)]
    async with Load(NativeSystem(tmp_path), agents, talk_seconds=0.1, random=Random(1)) as load:
        found = await load.steady(per_second=10, count=20)
    assert len(found.offer_ms) == 20
    assert (found.failed, found.double_offers) == (0, 0)
    assert len({call.caller for call in found.calls}) == 20
    assert all(call.talking_ns > call.offered_ns and call.by_agent for call in found.calls)
