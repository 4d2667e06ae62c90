"""Retrying tasks: tried until they succeed, or a newer one replaces them."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

RETRY_PAUSE_S = 2.0

log = structlog.get_logger()


class RetryingTasks:
    """Runs named tasks until they succeed, or until `aclose`."""

    def __init__(self, *, retry_pause_s: float = RETRY_PAUSE_S) -> None:
        self._retry_pause_s = retry_pause_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def first_try(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Wait for the first try; further tries follow in the background.

        They also follow where the waiting task is cancelled.
        """
        await asyncio.wait({self._begin(name, work)})

    def start(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Run work in the background, in place of an older one."""
        self._begin(name, work)

    async def aclose(self) -> None:
        """Cancel the tasks that have not succeeded."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str, work: Callable[[], Awaitable[object]]) -> asyncio.Future[None]:
        """Start the task; the future is done after its first try."""
        if (older := self._tasks.pop(name, None)) is not None:
            older.cancel()
        tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = self._tasks[name] = asyncio.create_task(self._until_done(name, work, tried), name=name)
        task.add_done_callback(partial(self._forget, name, tried))
        return tried

    def _forget(self, name: str, tried: asyncio.Future[None], task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not tried.done():
            tried.set_result(None)

    async def _until_done(self, name: str, work: Callable[[], Awaitable[object]], tried: asyncio.Future[None]) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                is_known = tried.done()
                log.warning("task_failed", task=name, error=repr(error), exc_info=None if is_known else error)
            else:
                return
            if not tried.done():
                tried.set_result(None)
            await asyncio.sleep(self._retry_pause_s)
