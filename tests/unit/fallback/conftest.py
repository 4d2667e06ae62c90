"""The fallback in virtual time."""

import asyncio
from collections.abc import Callable, Mapping

from tests.fakes.virtual_time import loop_factories


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of this folder on virtual time."""
    return loop_factories()
