"""Tasks: shielded work, parts that start again, logged failures."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

RESTART_PAUSE_S = 1.0

Result = TypeVar("Result")

log = structlog.get_logger()


async def keep_running(part: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run a part; where it fails, log that and start it again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("part_failed", part=part)
            await asyncio.sleep(RESTART_PAUSE_S)
        else:
            return


def retrieve(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's failure; it was logged where it happened."""
    if not task.cancelled():
        task.exception()


def log_failure(task: "asyncio.Task[Any]") -> None:
    """Log the failure of a task without a waiter, as its `add_done_callback`."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task_failed", task=task.get_name(), exc_info=error)


async def shield_until_done(work: Awaitable[Result]) -> Result:
    """Finish work although the waiting task is cancelled; the cancellation follows.

    A hang-up cancels a call's task wherever it is. A transaction, a query or a step of a shared state that is cut in
    half costs a connection at best.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancellation = error
        except BaseException:  # noqa: BLE001 - the task's own failure, which `result` raises below
            break
    if cancellation is not None:
        if not task.cancelled():
            task.exception()
        raise cancellation
    return task.result()


async def task_over(task: "asyncio.Task[None]") -> None:
    """Wait for a task; log its failure."""
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("call_part_failed", task=task.get_name(), error=str(error))
