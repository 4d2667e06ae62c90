"""Keys that a caller pressed, in order, until a question takes them."""

import asyncio
from collections import deque

LONGEST_AHEAD = 32
"""Keys that may be pressed ahead of questions (S28)."""
KEYS = frozenset("0123456789*#ABCD")


class Keypad:
    """Keys pressed ahead of questions.

    They are taken in the order in which they came, by as many questions as they answer. They are dropped only as a
    whole: by `drop`, or when more than `LONGEST_AHEAD` wait; then those that follow are ignored until `resume`.
    """

    def __init__(self) -> None:
        self._pressed: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._flooded = False
        self._end_key: str | None = None

    def press(self, key: str) -> None:
        """Take a key that arrived."""
        if key not in KEYS:
            return
        is_end_key, self._end_key = key == self._end_key, None
        if is_end_key or self._flooded:
            return
        if len(self._pressed) >= LONGEST_AHEAD:
            self.drop()
            self._flooded = True
            return
        self._pressed.append(key)
        self._arrived.set()

    def drop(self) -> None:
        """Drop all keys pressed ahead."""
        self._pressed.clear()
        self._arrived.clear()
        self._flooded = False

    def resume(self) -> None:
        """Take keys again after a flood: a question is asked now."""
        self._flooded = False

    def ignore_end_key(self, key: str | None) -> None:
        """Ignore the key that ends a complete number, if it comes next."""
        if key is not None and self._pressed and self._pressed[0] == key:
            self._pressed.popleft()
        elif not self._pressed:
            self._end_key = key

    def already(self) -> str | None:
        """Take the next key that was pressed ahead, if any."""
        return self._pressed.popleft() if self._pressed else None

    async def pressed(self) -> None:
        """Wait for a key, and leave it to the next question."""
        while not self._pressed:
            self._arrived.clear()
            await self._arrived.wait()

    async def next(self) -> str:
        """Take the next key, however long it takes."""
        await self.pressed()
        return self._pressed.popleft()

    async def next_within(self, seconds: float) -> str | None:
        """Take the next key; None when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                return await self.next()
        except TimeoutError:
            return None
