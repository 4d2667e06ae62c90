"""`kill -9` before the mark: sent again with its id (F26)."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlmodel import col, select

from crm.notices.model import DeliveryState, NoticeDelivery
from crm.outbox.model import OutboxEntry
from dev.paths import PROJECT
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Received, Receiver

pytestmark = pytest.mark.slow


@asynccontextmanager
async def telling(house: House, receiver: Receiver, mode: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that tells, ended with `kill -9` at the latest."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    arguments = (sys.executable, "-m", "tests.unit.crm.notices.outbox_process", house.database.url, receiver.url, mode)
    process = await asyncio.create_subprocess_exec(*arguments, cwd=PROJECT, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def happen(house: House, place: Place, count: int) -> list[str]:
    """Create tickets with the same events; return their ids."""
    found = []
    for number in range(count):
        ticket = await house.tickets.file(place.fault(address=f"幸福路{number + 1}号"), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.tickets.urge(ticket.id, AGENT, "agent")
        found.append(ticket.id)
    return found


async def kill_at(house: House, receiver: Receiver, mode: str, kills: Sequence[int]) -> None:
    """Run processes in turn, each killed during its n-th request."""
    for count in kills:
        async with telling(house, receiver, mode) as process:
            reached, before = asyncio.Event(), len(receiver.received)

            async def answer(_: Received, process: asyncio.subprocess.Process = process) -> None:
                # The request is received, and its sender dies before it can store that.
                if len(receiver.received) - before >= count and process.returncode is None:  # noqa: B023
                    process.kill()
                    reached.set()  # noqa: B023

            receiver.answer = answer
            async with asyncio.timeout(30):
                await reached.wait()
                await process.wait()
    receiver.answer = None


def effects(received: Sequence[Received], key: str, kind: str) -> dict[str, list[str]]:
    """Return the requests without repeated ids, by ticket."""
    had: set[str] = set()
    found: dict[str, list[str]] = defaultdict(list)
    for came in received:
        if came.headers["webhook-id"] not in had:
            had.add(came.headers["webhook-id"])
            found[_of(came, key)].append(_of(came, kind))
    return found


def _of(came: Received, name: str) -> str:
    if name in came.headers:
        return came.headers[name]
    return str(came.json["data"][name] if name in came.json["data"] else came.json[name])


async def all_done(house: House, table: type[OutboxEntry] | type[NoticeDelivery]) -> None:
    async with asyncio.timeout(30):
        while True:
            async with house.database.read() as session:
                pending = select(table.sequence).where(col(table.next_at).is_not(None)).limit(1)
                if (await session.exec(pending)).first() is None:
                    return
            await asyncio.sleep(0.05)


async def test_f26_outbox_worker_killed_between_send_and_mark(house: House, place: Place, receiver: Receiver) -> None:
    tickets = await happen(house, place, 3)
    await kill_at(house, receiver, "outbox", [1, 3])
    async with telling(house, receiver, "outbox"):
        await all_done(house, OutboxEntry)

    assert len(receiver.received) > 9  # one request was sent twice
    expected = {ticket: ["ticket.file", "ticket.dispatch", "ticket.urge"] for ticket in tickets}
    assert effects(receiver.received, "x-key", "x-kind") == expected


async def test_f26_channel_worker_killed_between_send_and_mark(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east)
    await house.webhook(receiver.url.replace("/hook", "/other"), place.east)
    tickets = await happen(house, place, 2)
    await kill_at(house, receiver, "notices", [2])
    async with telling(house, receiver, "notices"):
        log = await house.until(lambda log: [told.state for told in log] == [DeliveryState.SENT] * 8)

    assert len({(told.event_id, told.recipient_id) for told in log}) == 8
    assert len(receiver.received) > 8
    for path in ("/hook", "/other"):
        came = [one for one in receiver.received if one.path == path]
        expected = {ticket: ["ticket.dispatch", "ticket.urge"] for ticket in tickets}
        assert effects(came, "ticket_id", "type") == expected


async def test_f26_planner_killed_between_notice_and_mark(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east, switches={"ticket.file": False})
    await happen(house, place, 1)
    async with telling(house, receiver, "planning") as process, asyncio.timeout(30):
        assert await process.wait() == -9
    async with telling(house, receiver, "notices"):
        await house.until(lambda log: [told.state for told in log] == [DeliveryState.SENT] * 2)
        await all_done(house, OutboxEntry)

    assert [told.kind for told in await house.log()] == ["ticket.dispatch", "ticket.urge"]
    assert [came.json["type"] for came in receiver.received] == ["ticket.dispatch", "ticket.urge"]
