"""Pops that desks are about to paint."""

import asyncio
import contextlib
from collections.abc import Iterator

PAINTED_S = 0.3
"""Longest wait for a picture: a caller waits for no browser that hangs."""


class Painting:
    """Pops on their way to the screen."""

    def __init__(self) -> None:
        self._unpainted: dict[str, asyncio.Event] = {}
        """By the ids of the pops."""

    @contextlib.contextmanager
    def of(self, pop_id: str) -> Iterator[asyncio.Event]:
        """Expect a pop's picture; the event tells of it."""
        painted = self._unpainted[pop_id] = asyncio.Event()
        try:
            yield painted
        finally:
            self._unpainted.pop(pop_id, None)

    def done(self, pop_id: str) -> None:
        """Note that a pop is on a screen."""
        if (painted := self._unpainted.get(pop_id)) is not None:
            painted.set()


async def until_painted(painted: asyncio.Event) -> None:
    """Wait for a picture, `PAINTED_S` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PAINTED_S):
            await painted.wait()
