"""Metrics of live facts, and the name of a trunk's endpoint."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from ari_app.queues.model import AgentSnapshot, AgentState, QueueSnapshot, Snapshot
from ari_app.runtime.metrics import MetricsRefresher, trunk_endpoint


@pytest.mark.parametrize(
    ("dial_string", "endpoint"),
    [
        ("PJSIP/{number}@trunk", "trunk"),
        ("PJSIP/carrier/sip:{number}@sip.example.org", "carrier"),
        ("PJSIP/{number}", None),
        ("Local/{number}@outbound", None),
    ],
)
def test_trunk_endpoint_is_read_from_the_dial_string(dial_string: str, endpoint: str | None) -> None:
    assert trunk_endpoint(dial_string) == endpoint


async def test_source_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    deferred = asyncio.Event()

    async def snapshot() -> Snapshot:
        queue = QueueSnapshot("heat", 3, 1, 42_000, {AgentState.READY: 2})
        return Snapshot(0, (queue,), (AgentSnapshot("staff-1", AgentState.READY),))

    async def trunk_away(_: str) -> bool:
        raise ConnectionError

    async def count_deferred() -> int:
        deferred.set()
        return 7

    refresher = MetricsRefresher(
        live_calls=list,
        snapshot=snapshot,
        trunk="carrier",
        endpoint_online=trunk_away,
        folders={"recordings": tmp_path},
        deferred=count_deferred,
    )
    task = asyncio.create_task(refresher.run())
    try:
        await asyncio.wait_for(deferred.wait(), 10)
        await asyncio.sleep(0)
    finally:
        task.cancel()
    assert REGISTRY.get_sample_value("hotline_queue_waiting", {"queue": "heat"}) == 3
    assert REGISTRY.get_sample_value("hotline_queue_longest_wait_seconds", {"queue": "heat"}) == 42
    assert REGISTRY.get_sample_value("hotline_agents", {"state": "ready"}) == 1
    assert REGISTRY.get_sample_value("hotline_calls", {"stage": "talking"}) == 0
    assert (REGISTRY.get_sample_value("hotline_disk_free_bytes", {"folder": "recordings"}) or 0) > 0
