"""Fill text indexes while the service runs."""

import asyncio
import time
from functools import partial

import sqlalchemy as sql
import structlog
from sqlalchemy import Connection, MetaData

from foundation.database import Database
from foundation.text_index import TextIndex, fill, indexes

AT_ONCE = 200
"""Rows of one transaction: SQLite's other writers wait that long."""
REPORTED_EVERY_S = 30.0

log = structlog.get_logger()


class TextIndexFilling:
    """Writes entries that an upgrade left out, bit by bit.

    Several processes may do so at once.
    """

    def __init__(self, database: Database, metadata: MetaData) -> None:
        self._database = database
        self._indexes = indexes(metadata)

    async def run(self) -> None:
        """Fill every index."""
        for index in self._indexes:
            await self._fill(index)

    async def _fill(self, index: TextIndex) -> None:
        begun_s = reported_s = time.monotonic()
        while True:
            batch_s = time.monotonic()
            if not await self._database.change(partial(fill, index=index, rows=AT_ONCE)):
                break
            now_s = time.monotonic()
            if now_s - reported_s > REPORTED_EVERY_S:
                reported_s = now_s
                done, total = await self._database.look_up(partial(_counts, index=index))
                log.info("text_index_filling", table=index.table, rows=done, of=total)
            # Half of the time is for other writers.
            await asyncio.sleep(now_s - batch_s)
        if reported_s > begun_s:
            log.info("text_index_filled", table=index.table, seconds=round(time.monotonic() - begun_s))


def _counts(connection: Connection, index: TextIndex) -> tuple[int, int]:
    """Return how many rows have an entry, and how many there are."""
    done, total = (
        connection.execute(sql.select(sql.func.count()).select_from(sql.table(name))).scalar_one()
        for name in (index.name, index.table)
    )
    return done, total
