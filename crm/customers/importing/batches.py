"""Long changes of the database in short transactions."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from foundation.database import Database

FIRST_ROWS = 200
MOST_ROWS = 2000
FEWEST_ROWS = 10
SHORT_S, LONG_S = 0.02, 0.05
"""A shorter transaction doubles the next batch, a longer one halves it."""


class Batches:
    """Transactions with as many rows as take about 50 ms."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = FIRST_ROWS

    async def until_done(self, step: Callable[[Connection, int], bool]) -> None:
        """Repeat a step with a number of rows until it finds none."""
        while await self.once(step):
            pass

    async def once(self, step: Callable[[Connection, int], bool]) -> bool:
        """Carry out one step in a transaction and return its result."""
        rows = self._rows

        def timed(connection: Connection) -> tuple[bool, float]:
            began = time.perf_counter()
            return step(connection, rows), time.perf_counter() - began

        found, took_s = await self._database.change(timed)
        if took_s > LONG_S:
            self._rows = max(FEWEST_ROWS, rows // 2)
        elif took_s < SHORT_S:
            self._rows = min(MOST_ROWS, rows * 2)
        return found
