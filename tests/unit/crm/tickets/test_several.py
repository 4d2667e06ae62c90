"""Several tickets at once, each with its result; filters of deadlines."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from pydantic import ValidationError

from crm.sla.model import TicketClock
from crm.sla.service import SlaService
from crm.tickets.cohandling.model import CoTask
from crm.tickets.http import routes
from crm.tickets.listing import TicketRow
from crm.tickets.service import TicketService
from crm.tickets.several import MOST, TicketOutcome
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Route
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.tickets.test_ticket_http import DESK, call, worker


@pytest.fixture
def tickets(database: Database) -> TicketService:
    clocks = SlaService(database)
    return TicketService(database, listeners=[clocks.deadlines], deadlines=clocks.deadlines)


@pytest.fixture
def table(tickets: TicketService) -> dict[str, Route]:
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in routes(tickets).table}


async def test_a_refused_one_stops_no_other_and_a_repetition_changes_nothing(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed = [await tickets.file(place.fault(address=""), AGENT) for _ in range(3)]
    stale = await tickets.note(filed[1].id, "已核实", AGENT)
    named = [{"id": one.id, "version": one.version} for one in filed] + [{"id": "ticket-none"}]
    body = {"tickets": named, "department_id": place.east}

    async def dispatched(key: str | None = "key-1", **changes: Any) -> list[TicketOutcome]:
        found: list[TicketOutcome] = await call(table["POST /tickets/dispatch"], DESK, body=body | changes, key=key)
        return found

    first, second, third, none = await dispatched()
    assert [one.ticket.department_id if one.ticket else None for one in (first, third)] == [place.east, place.east]
    assert second.problem is not None
    assert second.problem.type == "/problems/ticket-changed"
    assert f"version {stale.version}" in second.problem.detail
    assert none.problem is not None
    assert none.problem.status == 404

    again = await dispatched()
    assert [one.ticket.version if one.ticket else None for one in again] == [2, None, 2, None]
    other = await dispatched(department_id=place.west)
    assert [one.problem.type if one.problem else "" for one in other[:3:2]] == ["/problems/idempotency-key-reused"] * 2
    assert (await dispatched(key=None))[0].problem is not None


async def test_a_department_signs_only_its_own(tickets: TicketService, place: Place, table: dict[str, Route]) -> None:
    ours = await tickets.file(place.fault(address=""), AGENT)
    theirs = await tickets.file(place.fault(address=""), AGENT)
    await tickets.dispatch(ours.id, place.east, AGENT)
    await tickets.dispatch(theirs.id, place.west, AGENT)
    named = [{"id": ours.id}, {"id": theirs.id}]
    signed, hidden = await call(table["POST /tickets/sign"], worker(place.east), body={"tickets": named})
    assert (signed.ticket.status, signed.problem) == ("signed", None)
    assert (hidden.ticket, hidden.problem.status) == (None, 404)


@pytest.mark.parametrize("ids", [[], ["ticket-1", "ticket-1"], [f"ticket-{n}" for n in range(MOST + 1)]])
async def test_several_are_few_and_different(table: dict[str, Route], ids: list[str]) -> None:
    with pytest.raises(ValidationError, match="tickets"):
        await call(table["POST /tickets/sign"], DESK, body={"tickets": [{"id": one} for one in ids]})


async def test_lists_and_counts_are_filtered_by_the_running_deadline(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    late, later, parked = [await tickets.file(place.fault(address=""), AGENT) for _ in range(3)]
    for one in (late, later, parked):
        await tickets.dispatch(one.id, place.east, AGENT)
    await tickets.sign(parked.id, place.worker(place.east))
    await tickets.park(parked.id, "客户出差", place.worker(place.east))
    async with tickets.database.write() as session:
        past = sqlalchemy.update(TicketClock).values(due_at=utc_now() - timedelta(hours=1))
        await session.exec(past.where(sqlalchemy.column("ticket_id") == late.id))
    await tickets.co_handling.ask(late.id, [CoTask(department_id=place.west, task="送配件")], AGENT)

    async def listed(department: str = place.east, **query: Any) -> set[str]:
        rows: list[TicketRow] = await call(table["GET /tickets"], worker(department), query=query)
        counts = await call(table["GET /ticket-counts"], worker(department), query=query)
        assert counts.total == len(rows), query
        return {row.id for row in rows}

    soon = utc_now() + timedelta(hours=1)
    assert await listed(overdue=True) == {late.id}
    assert await listed(overdue=False) == {later.id, parked.id}
    assert await listed(due_before=soon) == {late.id}
    assert await listed(due_before=soon, overdue=False) == set()
    assert await listed(due_before=soon + timedelta(days=60)) == {late.id, later.id}
    assert await listed(place.west) == {late.id}
    assert await listed(place.west, leads=True) == set()
