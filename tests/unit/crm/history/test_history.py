"""History of the last 30 days, newest first, by index (H4)."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, Select, text

from crm.customers.model import CustomerView
from crm.history.errors import CallNotFound
from crm.history.model import CallRecordView, FindCalls
from crm.history.service import MOST, HistoryService
from crm.history.store import CALLS_OF_CUSTOMER, CALLS_OF_NUMBER, TICKETS_JOINED, TICKETS_OF_CUSTOMER
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.model import TicketStatus
from crm.tickets.service import TicketService
from foundation.database import Database
from recordings.model import RecordingKind
from recordings.service import RecordingService
from recordings.store import last_ticket
from tests.unit.crm.conftest import AGENT, Place

NOW = datetime(2026, 7, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def history(database: Database) -> HistoryService:
    return HistoryService(database)


def called(call_id: str, started_at: datetime, **changes: Any) -> CallRecordView:
    facts: dict[str, Any] = {
        **dict.fromkeys(CallRecordView.model_fields),
        "access_number": "96001",
        "hangup_by": "agent",
        "direction": "inbound",
        "number": "+8613800000001",
        "outcome": "answered",
        "keys": ["3"],
        "story": [],
        "wait_ms": 1200,
    }
    return CallRecordView(**facts | {"id": call_id, "started_at": started_at} | changes)


async def file_at(tickets: TicketService, place: Place, customer: CustomerView, moment: datetime) -> str:
    with time_machine.travel(moment, tick=False):
        return (await tickets.file(place.fault(address="", reporter=Reporter(customer_id=customer.id)), AGENT)).id


async def test_thirty_days_newest_first_of_this_customer_only(
    history: HistoryService, tickets: TicketService, place: Place
) -> None:
    ages = [timedelta(days=29, hours=23), timedelta(days=30, seconds=1), timedelta(days=3), timedelta(0)]
    filed = [await file_at(tickets, place, place.wang, NOW - age) for age in ages]
    await file_at(tickets, place, place.li, NOW)
    for index, age in enumerate(ages):
        await history.record_call(called(f"call-{index}", NOW - age, customer_id=place.wang.id))
    await history.record_call(called("call-li", NOW, customer_id=place.li.id))
    await history.record_call(called("call-nobody", NOW))

    with time_machine.travel(NOW, tick=False):
        found = await history.of_customer(place.wang.id)

    assert [ticket.id for ticket in found.tickets] == [filed[3], filed[2], filed[0]]
    assert [call.id for call in found.calls] == ["call-3", "call-2", "call-0"]
    assert found.tickets[0].status is TicketStatus.REGISTERED
    assert found.calls[0].started_at == NOW


async def test_h4_joined_ticket_is_in_the_history_and_marked(
    history: HistoryService, tickets: TicketService, place: Place
) -> None:
    joining = AppendToTicket(text="我家也不热", reporter=Reporter(customer_id=place.li.id, number="13800000002"))
    ages = {"theirs": 40, "own": 20, "joined": 50}
    theirs, own, joined = [
        await file_at(tickets, place, customer, NOW - timedelta(days=ages[name]))
        for name, customer in (("theirs", place.wang), ("own", place.li), ("joined", place.wang))
    ]
    for ticket_id, age in ((theirs, 35), (joined, 10)):
        with time_machine.travel(NOW - timedelta(days=age), tick=False):
            await tickets.append(ticket_id, joining, AGENT)

    with time_machine.travel(NOW, tick=False):
        found = (await history.of_customer(place.li.id)).tickets
        others = (await history.of_customer(place.wang.id)).tickets
        (newest,) = (await history.of_customer(place.li.id, limit=1)).tickets

    assert [(ticket.id, ticket.joined_at) for ticket in found] == [(joined, NOW - timedelta(days=10)), (own, None)]
    assert newest.id == joined
    assert others == []


async def test_at_most_so_many_the_newest(history: HistoryService, place: Place) -> None:
    for minutes in range(MOST + 5):
        moment = NOW - timedelta(minutes=minutes)
        await history.record_call(called(f"call-{minutes}", moment, customer_id=place.wang.id))

    with time_machine.travel(NOW, tick=False):
        found = await history.of_customer(place.wang.id)
        few = await history.of_customer(place.wang.id, limit=2)

    assert [call.id for call in found.calls] == [f"call-{minutes}" for minutes in range(MOST)]
    assert [call.id for call in few.calls] == ["call-0", "call-1"]


async def test_unknown_number_has_a_history(database: Database, history: HistoryService) -> None:
    await history.record_call(called("call-1", NOW - timedelta(days=1)))
    await history.record_call(called("call-2", NOW - timedelta(days=40)))
    await history.record_call(called("call-3", NOW, number="+8613800000002"))

    with time_machine.travel(NOW, tick=False):
        found = await database.look_up(history.past_of_number("+8613800000001"))

    assert [call.id for call in found.calls] == ["call-1"]


async def test_a_record_stored_again_is_the_newer_one(history: HistoryService) -> None:
    await history.record_call(called("call-1", NOW, outcome="lost"))
    await history.record_call(called("call-1", NOW, outcome="answered", talk_ms=60_000, ended_at=NOW))

    found = await history.get("call-1")
    assert (found.outcome, found.talk_ms, found.ended_at, found.keys) == ("answered", 60_000, NOW, ["3"])


async def test_a_ticket_of_a_call(history: HistoryService) -> None:
    await history.record_call(called("call-1", NOW))
    await history.link_ticket("call-1", "ticket-1")
    await history.link_ticket("call-none", "ticket-1")

    assert (await history.get("call-1")).ticket_id == "ticket-1"


async def test_a_record_stored_again_names_the_linked_ticket(history: HistoryService) -> None:
    await history.record_call(called("call-1", NOW))
    await history.link_ticket("call-1", "ticket-1")
    await history.record_call(called("call-1", NOW, outcome="lost"))

    assert (await history.get("call-1")).ticket_id == "ticket-1"


async def test_a_survey_call_names_the_ticket_that_it_is_about(history: HistoryService) -> None:
    await history.record_call(called("call-1", NOW, direction="outbound", ticket_id="ticket-1"))
    await history.link_ticket("call-1", "ticket-of-suggestion")

    assert (await history.get("call-1")).ticket_id == "ticket-1"


async def test_no_such_call(history: HistoryService) -> None:
    with pytest.raises(CallNotFound):
        await history.get("call-none")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (TICKETS_OF_CUSTOMER, "ix_ticket_customer_id_registered_at"),
        (TICKETS_JOINED, "ix_ticket_reporter_customer_id_at"),
        (CALLS_OF_CUSTOMER, "ix_call_record_customer_id_started_at"),
        (CALLS_OF_NUMBER, "ix_call_record_number_started_at"),
    ],
)
async def test_the_plan_is_one_index_without_sorting(database: Database, query: Select[Any], index: str) -> None:
    found = await database.change(partial(plan, query, database.is_sqlite))
    assert index in found
    assert "sort" not in found.casefold()
    assert "temp b-tree" not in found.casefold()


def plan(query: Select[Any], is_sqlite: bool, connection: Connection) -> str:
    """Return the database's plan of a query."""
    bound = {"customer_id": "customer-1", "number": "+8613800000001", "since": NOW, "most": MOST, "address_tail": "a1"}
    asked = query.compile(dialect=connection.dialect)
    if is_sqlite:
        values = asked.construct_params({key: str(value) for key, value in bound.items()} | {"most": MOST})
        given = tuple(values[name] for name in asked.positiontup or [])
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", given)
        return " > ".join(str(step.detail) for step in steps)
    # Databases prefer to read an empty table whole; with the index no sort is needed.
    for method in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"SET LOCAL {method} = off"))
    found = connection.exec_driver_sql(f"EXPLAIN {asked}", asked.construct_params(bound))
    return " > ".join(found.scalars())


async def test_calls_behind_a_figure_are_found_by_its_filters(history: HistoryService) -> None:
    facts: dict[str, dict[str, Any]] = {
        "quick": {"queue": "repair", "queued_at": NOW, "outcome": "answered", "wait_ms": 15_000, "agent_id": "anna"},
        "slow": {"queue": "repair", "queued_at": NOW, "outcome": "answered", "wait_ms": 15_001},
        "left": {"queue": "bills", "queued_at": NOW, "outcome": "abandoned", "wait_ms": 4999},
        "menu": {"outcome": "left_flow"},
        "out": {"direction": "outbound", "outcome": "answered"},
        "later": {"started_at": NOW + timedelta(hours=1)},
    }
    for call_id, given in facts.items():
        await history.record_call(called(call_id, given.pop("started_at", NOW), **given))
    for filters, expected in (
        ({"direction": "inbound", "queued": "true"}, {"quick", "slow", "left"}),
        ({"queue": "repair", "wait_at_most_ms": 15_000}, {"quick"}),
        ({"outcome": "abandoned", "wait_below_ms": 5000}, {"left"}),
        ({"outcome": "abandoned", "wait_below_ms": 4999}, set()),
        ({"queue": "", "direction": "inbound"}, {"menu"}),
        ({"agent_id": "anna"}, {"quick"}),
        ({"direction": "outbound"}, {"out"}),
    ):
        query = FindCalls.model_validate({"since": NOW, "until": NOW + timedelta(hours=1), **filters})
        assert {call.id for call in await history.find(query)} == expected, filters


async def test_last_agent_of_a_number_is_the_one_who_talked_with_it_of_late(history: HistoryService) -> None:
    number = "+8613800000009"
    for call_id, hours, changes in (
        ("old", 30, {"agent_id": "staff-a", "connected_at": NOW}),
        ("talked", 5, {"agent_id": "staff-b", "connected_at": NOW}),
        ("not-reached", 1, {"agent_id": "staff-c"}),
        ("alone", 0, {}),
    ):
        await history.record_call(called(call_id, NOW - timedelta(hours=hours), number=number, **changes))
    assert await history.last_agent(number, NOW - timedelta(hours=24)) == "staff-b"
    assert await history.last_agent(number, NOW - timedelta(hours=2)) is None


async def test_record_is_linked_with_the_ticket_that_was_filed_in_the_call(database: Database, tmp_path: Path) -> None:
    recordings = RecordingService(database, tmp_path)
    for call_id in ("call-1", "call-2", "call-3"):
        await recordings.begin(call_id, RecordingKind.CONVERSATION)
        await recordings.begin(call_id, RecordingKind.CONVERSATION)
    for call_id in ("call-1", "call-2"):
        await recordings.link(call_id, ticket_id="ticket-1")
    history = HistoryService(database, ticket_of_call=last_ticket)

    stored = [
        await history.record_call(record)
        for record in (
            called("call-1", NOW),
            called("call-2", NOW, direction="outbound", ticket_id="ticket-2"),
            called("call-3", NOW),
        )
    ]

    assert [one.ticket_id for one in stored] == ["ticket-1", "ticket-2", None]
    assert [(await history.get(one.id)).ticket_id for one in stored] == ["ticket-1", "ticket-2", None]
    await recordings.aclose()
