"""The keys a caller presses, in order, until somebody asks for them."""

import asyncio
from collections import deque

HELD = 32
"""Keys kept while nobody asks; a flood beyond it is dropped (S28)."""
KEYS = frozenset("0123456789*#ABCD")


class Keypad:
    """Keys pressed ahead of a question are kept for it, so that who knows the menu need not hear it."""

    def __init__(self) -> None:
        self._pressed: deque[str] = deque()
        self._arrived = asyncio.Event()

    def press(self, key: str) -> None:
        """A key arrived."""
        if key in KEYS and len(self._pressed) < HELD:
            self._pressed.append(key)
            self._arrived.set()

    def clear(self) -> None:
        """Forget what was pressed: an answered question's surplus keys do not answer the next one."""
        self._pressed.clear()
        self._arrived.clear()

    def already(self) -> str | None:
        """The next key where one was pressed ahead, else None."""
        return self._pressed.popleft() if self._pressed else None

    async def next(self) -> str:
        """The next key, waited for as long as it takes."""
        while not self._pressed:
            self._arrived.clear()
            await self._arrived.wait()
        return self._pressed.popleft()

    async def next_within(self, seconds: float) -> str | None:
        """The next key, or None when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                return await self.next()
        except TimeoutError:
            return None
