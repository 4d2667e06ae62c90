"""Long changes of the database in short transactions."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from foundation.database import Database

FIRST_ROWS = 100
MOST_ROWS = 1000
FEWEST_ROWS = 10
SHORT_S, LONG_S = 0.01, 0.03
"""A shorter transaction doubles the next batch, a longer one halves it."""


class Batches:
    """Transactions with as many rows as take about 30 ms."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = FIRST_ROWS

    async def until_done(self, step: Callable[[Connection, int, int], int | None]) -> None:
        """Repeat a step until it finds no rows.

        A step takes the last row done, which is -1 at first, and a number of rows; it returns the last row of these.
        """
        done: int | None = -1
        while done is not None:
            done = await self._once(step, done)

    async def _once(self, step: Callable[[Connection, int, int], int | None], done: int) -> int | None:
        rows = self._rows

        def timed(connection: Connection) -> tuple[int | None, float]:
            began = time.perf_counter()
            return step(connection, done, rows), time.perf_counter() - began

        found, took_s = await self._database.change(timed)
        if took_s > LONG_S:
            self._rows = max(FEWEST_ROWS, rows // 2)
        elif took_s < SHORT_S:
            self._rows = min(MOST_ROWS, rows * 2)
        return found
