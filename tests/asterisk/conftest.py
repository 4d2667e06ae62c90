"""The whole hotline for every module of end-to-end tests: one stack a module, its people anew for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import Hotline, people, stack_in


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack."""
    running = stack_in(tmp_path_factory.mktemp("hotline"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    """The hotline and the people around it."""
    async for opened in people(stack):
        yield opened
