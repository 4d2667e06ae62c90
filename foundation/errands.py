"""Work to be done besides: each errand is tried until it is done, or until a newer one has its name."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

AGAIN_S = 2.0

log = structlog.get_logger()


class Errands:
    """Runs them, each in a task of its own, until they are done or `aclose`."""

    def __init__(self, *, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def now(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do it, and return; where it fails it goes on being tried besides, and nobody waits for it."""
        self._drop(name)
        try:
            await work()
        except Exception:
            log.exception("errand_failed", errand=name)
            self._begin(name, work, after_s=self._again_s)

    def besides(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do it while others go on; an older errand of this name that is not done yet is dropped."""
        self._drop(name)
        self._begin(name, work, after_s=0)

    async def aclose(self) -> None:
        """Drop whatever is not done."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str, work: Callable[[], Awaitable[object]], *, after_s: float) -> None:
        task = self._tasks[name] = asyncio.create_task(self._until_done(name, work, after_s), name=name)
        task.add_done_callback(lambda done: self._tasks.pop(name) if self._tasks.get(name) is done else None)

    def _drop(self, name: str) -> None:
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()

    async def _until_done(self, name: str, work: Callable[[], Awaitable[object]], after_s: float) -> None:
        await asyncio.sleep(after_s)
        told = after_s > 0
        while True:
            try:
                await work()
            except Exception as error:
                log.warning("errand_failed", errand=name, error=repr(error), exc_info=None if told else error)
                told = True
                await asyncio.sleep(self._again_s)
            else:
                return
