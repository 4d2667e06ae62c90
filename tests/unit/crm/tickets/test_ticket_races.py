"""Requests at once: one ticket per matter, every urge counted once."""

import asyncio
from collections import Counter

import pytest

from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow
from crm.tickets.inputs import AppendToTicket
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from crm.tickets.views import TicketDetail
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, CALLER, SUPERVISOR, Place

CALLERS = 20


def assert_complete(detail: TicketDetail) -> None:
    """Assert that the log has every version, each following the one before."""
    assert [entry.version for entry in detail.log] == list(range(1, detail.version + 1))
    assert [entry.from_status for entry in detail.log[1:]] == [entry.to_status for entry in detail.log[:-1]]


async def test_h4_twenty_callers_with_one_matter_make_one_ticket(tickets: TicketService, place: Place) -> None:
    filed = await asyncio.gather(
        *(tickets.file(place.fault(f"+86138000001{number:02d}"), AGENT, f"key-{number}") for number in range(CALLERS))
    )

    assert len({ticket.id for ticket in filed}) == 1
    detail = await tickets.get(filed[0].id)
    assert len({reporter.number for reporter in detail.reporters}) == len(detail.reporters) == CALLERS
    assert Counter(entry.action for entry in detail.log) == {"file": 1, "append": CALLERS - 1}
    assert detail.urge_count == CALLERS - 1
    assert_complete(detail)


async def test_the_same_request_twenty_times_is_one_ticket(tickets: TicketService, place: Place) -> None:
    filed = await asyncio.gather(*(tickets.file(place.fault(kind="complaint"), AGENT, "key") for _ in range(CALLERS)))

    assert len({ticket.id for ticket in filed}) == 1
    detail = await tickets.get(filed[0].id)
    assert (detail.version, len(detail.reporters)) == (1, 1)


async def test_the_same_addition_twenty_times_is_one(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    addition = AppendToTicket(text="还是不热")

    await asyncio.gather(*(tickets.append(filed.id, addition, AGENT, "key") for _ in range(CALLERS)))

    detail = await tickets.get(filed.id)
    assert (detail.urge_count, detail.version) == (1, 2)


async def test_every_urge_counts_and_each_call_once(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    await asyncio.gather(
        *(tickets.urge(filed.id, CALLER, "ivr", f"call-{number % 10}") for number in range(CALLERS)),
        *(tickets.urge(filed.id, AGENT, "agent") for _ in range(CALLERS)),
    )

    detail = await tickets.get(filed.id)
    assert detail.urge_count == 10 + CALLERS
    assert sorted(entry.detail["urge_count"] for entry in detail.log[1:]) == list(range(1, detail.urge_count + 1))
    assert_complete(detail)


async def test_of_two_who_saw_the_same_version_one_changes_it(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    outcomes = await asyncio.gather(
        tickets.dispatch(filed.id, place.east, AGENT, expected_version=1),
        tickets.dispatch(filed.id, place.west, SUPERVISOR, expected_version=1),
        return_exceptions=True,
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(refusal) for refusal in refused] == [ChangedMeanwhile]
    assert (await tickets.get(filed.id)).version == 2


async def test_a_recording_attached_by_many_is_there_once(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    await asyncio.gather(*(tickets.attach(filed.id, "rec-1", "") for _ in range(CALLERS)))

    detail = await tickets.get(filed.id)
    assert (len(detail.attachments), detail.version) == (1, 2)


async def test_archiving_while_callers_add_loses_no_report(tickets: TicketService, place: Place) -> None:
    """Each report is on the old ticket, or on one after it."""
    first = await tickets.file(place.fault(), AGENT)

    filed = await asyncio.gather(
        *(tickets.file(place.fault(f"+86138000001{number:02d}"), AGENT) for number in range(CALLERS)),
        tickets.answer(first.id, "用户确认", SYSTEM),
    )

    reporters: list[str | None] = []
    for ticket_id in {ticket.id for ticket in filed}:
        detail = await tickets.get(ticket_id)
        assert_complete(detail)
        reporters += [reporter.number for reporter in detail.reporters]
    assert len({ticket.id for ticket in filed}) <= 2
    assert sorted(filter(None, reporters)) == sorted(
        ["+8613800000001", *(f"+86138000001{number:02d}" for number in range(CALLERS))]
    )


async def test_two_services_on_one_database_file_one_ticket(database: Database, place: Place) -> None:
    other = Database(database.url)
    try:
        filed = await asyncio.gather(
            *(
                TicketService(node).file(place.fault(f"+86138000001{number:02d}"), AGENT)
                for number in range(5)
                for node in (database, other)
            )
        )
    finally:
        await other.aclose()

    assert len({ticket.id for ticket in filed}) == 1
    assert (await TicketService(database).get(filed[0].id)).urge_count == 9


async def test_nothing_moves_a_closed_ticket_however_close_the_race(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    outcomes = await asyncio.gather(
        tickets.answer(filed.id, "用户确认", SUPERVISOR),
        tickets.cancel(filed.id, "重复登记", SUPERVISOR),
        tickets.dispatch(filed.id, place.east, AGENT),
        return_exceptions=True,
    )

    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} <= {NotAllowedNow}
    detail = await tickets.get(filed.id)
    assert_complete(detail)
    closing = [entry for entry in detail.log if entry.to_status in {"archived", "cancelled"}]
    assert len(closing) == 1
    assert detail.log[-1] == closing[0]


@pytest.mark.parametrize("count", [30])
async def test_numbers_are_given_once(tickets: TicketService, place: Place, count: int) -> None:
    filed = await asyncio.gather(*(tickets.file(place.fault(address=""), AGENT) for _ in range(count)))

    assert len({ticket.number for ticket in filed}) == count
