"""News of tickets: each desk hears of what its person sees."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest

from ari_app.desk.ticket_news import TicketNewsService
from crm.events import TicketChanged
from foundation.routes import Role
from tests.unit.web.conftest import Build, House, OpenDesk

PATIENCE_S = 20.0


@pytest.fixture
async def news() -> AsyncIterator[Callable[[House], Awaitable[TicketNewsService]]]:
    """Start the service of a node.

    Its listener is subscribed when a desk hears that news may be lost.
    """
    async with AsyncExitStack() as stack:

        async def started(house: House) -> TicketNewsService:
            service = TicketNewsService(house.redis, house.hub)
            task = asyncio.create_task(service.run())

            async def stop() -> None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

            stack.push_async_callback(stop)
            return service

        yield started


async def test_a_department_hears_of_its_own_tickets_alone(
    house: House, build: Build, open_desk: OpenDesk, news: Callable[[House], Awaitable[TicketNewsService]]
) -> None:
    other = await build()
    desks = {
        "east": await open_desk(Role.DEPARTMENT, 0, at=other),
        "west": await open_desk(Role.DEPARTMENT, 1),
        "helper": await open_desk(Role.DEPARTMENT, 2),
        "quality": await open_desk(Role.QUALITY, at=other),
        "campaigns": await open_desk(Role.CAMPAIGNS),
    }
    for desk in desks.values():
        await desk.read("welcome", seconds=PATIENCE_S)
    told = await news(house)
    await news(other)
    for desk in desks.values():
        assert (await desk.read("ticket", seconds=PATIENCE_S))["ticket_id"] is None

    told.changed(
        TicketChanged(
            ticket_id="ticket-1",
            number="26112900001",
            version=4,
            action="uphold",
            status="dispatched",
            department_id="department-0",
            co_department_ids=("department-2",),
            left_department_ids=("department-1",),
        )
    )
    heard = {name: await desk.read("ticket", seconds=PATIENCE_S) for name, desk in desks.items()}

    whole = {"ticket_id": "ticket-1", "version": 4, "action": "uphold", "status": "dispatched", "gone": False}
    for name in ("east", "helper", "quality", "campaigns"):
        assert whole.items() <= heard[name].items(), name
    left = {key: value for key, value in heard["west"].items() if key not in {"id", "type"}}
    assert left["gone"]
    assert left["ticket_id"] == "ticket-1"
    assert (left["version"], left["action"], left["status"], left["department_id"]) == (0, "", "", None)

    told.changed(TicketChanged(ticket_id="ticket-2", action="note", department_id="department-0"))
    told.changed(TicketChanged(ticket_id="ticket-3", action="note", department_id="department-1"))
    assert (await desks["west"].read("ticket", seconds=PATIENCE_S))["ticket_id"] == "ticket-3"
