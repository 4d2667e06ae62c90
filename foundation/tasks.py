"""Work that a cancellation must not cut in half."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


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
