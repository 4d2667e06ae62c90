"""Retrying tasks are tried until they succeed, and block no other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from foundation.retrying_tasks import RetryingTasks


@pytest.fixture
async def retrying() -> AsyncIterator[RetryingTasks]:
    running = RetryingTasks(retry_pause_s=0.01)
    yield running
    await running.aclose()


class Work:
    """Fails so many times first."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tries = 0
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise ConnectionError("not yet")
        self.done.set()


async def test_first_try_is_done_when_it_returns(retrying: RetryingTasks) -> None:
    work = Work(failures=0)
    await retrying.first_try("one", work)
    assert work.done.is_set()


async def test_failed_first_try_is_repeated_in_the_background(retrying: RetryingTasks) -> None:
    work, other = Work(failures=3), Work(failures=0)
    await retrying.first_try("one", work)
    await retrying.first_try("two", other)
    assert other.done.is_set()
    await asyncio.wait_for(work.done.wait(), 20)
    assert work.tries == 4


async def test_newer_task_of_a_name_replaces_the_older(retrying: RetryingTasks) -> None:
    older, newer = Work(failures=1_000_000), Work(failures=1)
    retrying.start("phone", older)
    retrying.start("phone", newer)
    await asyncio.wait_for(newer.done.wait(), 20)
    tries = older.tries
    again = Work(failures=1)
    retrying.start("another", again)
    await asyncio.wait_for(again.done.wait(), 20)
    assert older.tries == tries


async def test_unfinished_tasks_end_with_aclose() -> None:
    retrying = RetryingTasks(retry_pause_s=60)
    work = Work(failures=1)
    await retrying.first_try("one", work)
    await retrying.aclose()
    assert not work.done.is_set()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "one"] == []


async def test_task_goes_on_when_its_waiter_is_cancelled(retrying: RetryingTasks) -> None:
    may_go_on, done = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await may_go_on.wait()
        done.set()

    waiting = asyncio.create_task(retrying.first_try("one", slow))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    may_go_on.set()
    await asyncio.wait_for(done.wait(), 20)
