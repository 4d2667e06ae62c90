"""The whole hotline for end-to-end tests.

One stack for each module, with new phones and desks for each test.
"""

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
