"""Lists of tickets: filters, order, names, deadlines, counts."""

from datetime import timedelta
from typing import Any

import pytest

from crm.kinds import TicketKind
from crm.sla.service import SlaService
from crm.tickets.http import routes
from crm.tickets.inputs import Reporter
from crm.tickets.listing import TicketCounts, TicketRow
from crm.tickets.model import Urgency
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Route
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.tickets.test_ticket_http import DESK, call, worker


@pytest.fixture
def tickets(database: Database) -> TicketService:
    clocks = SlaService(database)
    return TicketService(database, listeners=[clocks.deadlines], deadlines=clocks.deadlines)


@pytest.fixture
def table(tickets: TicketService) -> dict[str, Route]:
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in routes(tickets).table}


async def test_filters_hold_together_and_rows_have_names(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    cold = await tickets.file(place.fault(urgency=Urgency.URGENT, description="50%_不热"), AGENT)
    other = Reporter(number="13800000002", customer_id=place.li.id)
    given = {"kind": TicketKind.COMPLAINT, "subject": "态度差", "category_id": None, "address": "", "area": "城西"}
    rude = await tickets.file(place.fault(**given, reporter=other), AGENT)
    await tickets.dispatch(cold.id, place.east, AGENT)

    async def listed(who: Principal = DESK, **query: Any) -> list[str]:
        found: list[TicketRow] = await call(table["GET /tickets"], who, query=query)
        return [row.id for row in found]

    assert await listed() == [rude.id, cold.id]
    assert await listed(sort="oldest") == [cold.id, rude.id]
    assert await listed(sort="oldest", after=cold.id) == [rude.id]
    assert await listed(after=rude.id) == [cold.id]
    for query, expected in (
        ({"status": ["dispatched", "archived"]}, [cold.id]),
        ({"status": ["dispatched", "registered"]}, [rude.id, cold.id]),
        ({"kind": "complaint"}, [rude.id]),
        ({"urgency": "urgent", "category_id": place.cold}, [cold.id]),
        ({"area": "城西"}, [rude.id]),
        ({"customer_id": place.li.id}, [rude.id]),
        ({"reporter_number": "13800000002"}, [rude.id]),
        ({"text": "态度"}, [rude.id]),
        ({"text": "%_"}, [cold.id]),
        ({"text": cold.number[:8]}, [rude.id, cold.id]),
        ({"text": "态度", "kind": "fault"}, []),
        ({"since": utc_now() - timedelta(hours=1)}, [rude.id, cold.id]),
        ({"until": utc_now() - timedelta(hours=1)}, []),
        ({"person_id": "nothing"}, []),
    ):
        assert await listed(**query) == expected, query
    assert await listed(worker(place.east), text="态度") == []
    assert await listed(worker(place.east)) == [cold.id]

    row: TicketRow
    (row,) = await call(table["GET /tickets"], DESK, query={"number": cold.number})
    assert (row.department_name, row.category_name, row.person_name) == ("城东维修工区", "暖气不热", None)
    assert row.next_clock in {"respond", "resolve"}
    assert row.next_due_at is not None
    assert row.next_due_at > utc_now()


async def test_counts_are_those_of_the_filtered_list(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed: list[TicketView] = [await tickets.file(place.fault(address=""), AGENT) for _ in range(3)]
    await tickets.dispatch(filed[0].id, place.east, AGENT)
    await tickets.escalate(filed[0].id, "请班长处理", AGENT)

    async def counted(who: Principal, **query: Any) -> TicketCounts:
        found: TicketCounts = await call(table["GET /ticket-counts"], who, query=query)
        return found

    whole = await counted(DESK)
    assert (whole.total, whole.by_status, whole.escalated) == (3, {"dispatched": 1, "registered": 2}, 1)
    assert (await counted(DESK, undispatched=True)).total == 2
    assert (await counted(DESK, department_id=place.east)).total == 1
    assert (await counted(worker(place.east))).total == 1
    assert (await counted(worker(place.west))).total == 0
    assert (await counted(worker(None))).total == 0
