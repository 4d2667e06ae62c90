"""Parts that start again, and failures that are logged."""

import asyncio

import pytest
from structlog.testing import capture_logs

from foundation import tasks


async def test_part_that_fails_is_logged_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RESTART_PAUSE_S", 0.0)
    begun: list[int] = []

    async def work() -> None:
        begun.append(1)
        if len(begun) < 3:
            raise KeyError("not foreseen")

    with capture_logs() as logs:
        await tasks.keep_running("part", work)

    assert len(begun) == 3
    assert [(entry["event"], entry["part"]) for entry in logs] == [("part_failed", "part")] * 2


async def test_failure_of_a_task_without_a_waiter_is_logged() -> None:
    async def fail() -> None:
        raise KeyError("not foreseen")

    with capture_logs() as logs:
        failing, ended = asyncio.create_task(fail(), name="failing"), asyncio.create_task(asyncio.sleep(60))
        for task in (failing, ended):
            task.add_done_callback(tasks.log_failure)
        ended.cancel()
        await asyncio.wait({failing, ended})

    assert [(entry["event"], entry["task"]) for entry in logs] == [("task_failed", "failing")]
