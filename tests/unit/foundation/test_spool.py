"""Deferred work is carried out once, also by the next process (F23, F24, I7)."""

import asyncio
from pathlib import Path

from sqlalchemy.exc import OperationalError

from foundation.spool import Spool, Spooled


def away() -> OperationalError:
    return OperationalError("SELECT", {}, OSError("connection refused"))


async def nobody(_: Spooled) -> None:
    raise AssertionError("nothing was refused")


async def until_empty(spool: Spool) -> None:
    async with asyncio.timeout(10):
        while any(not kept.error for kept in await spool.waiting()):
            await asyncio.sleep(0.01)


async def test_work_outlives_the_process_and_waits_for_the_database(tmp_path: Path) -> None:
    await Spool(tmp_path).add("ticket", b'{"n":1}', owner="staff-1")
    await Spool(tmp_path).add("ticket", b'{"n":2}')
    done: list[bytes] = []
    answers = [away(), None, None]

    async def handler(kept: Spooled) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        done.append(bytes(kept.content))

    spool = Spool(tmp_path)
    running = asyncio.create_task(spool.run({"ticket": handler}, nobody))
    await until_empty(spool)
    running.cancel()

    assert done == [b'{"n":1}', b'{"n":2}'], "in order, each once"
    assert await spool.waiting() == []


async def test_refused_work_stays_on_disk_and_is_reported(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    kept = await spool.add("ticket", b"{}", owner="staff-1")
    told: asyncio.Queue[Spooled] = asyncio.Queue()

    async def handler(_: Spooled) -> None:
        raise ValueError("the customer does not exist")

    async def refused(one: Spooled) -> None:
        told.put_nowait(one)

    running = asyncio.create_task(spool.run({"ticket": handler}, refused))
    async with asyncio.timeout(5):
        heard = await told.get()
    running.cancel()

    assert (heard.id, heard.owner, heard.error) == (kept.id, "staff-1", "the customer does not exist")
    assert [one.error for one in await spool.waiting()] == ["the customer does not exist"]
