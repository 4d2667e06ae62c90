"""Reports that share a ticket, and reports that do not (H4)."""

from typing import Any

import pytest

from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.errors import SameMatterOpen
from crm.tickets.inputs import FileTicket
from crm.tickets.model import SYSTEM, Actor
from crm.tickets.service import TicketService
from tests.unit.crm.conftest import AGENT, CALLER, Place

WANG, LI = "+8613800000001", "+8613800000002"
PIPE = {"subject": "楼道主管道漏水", "description": "请立即关阀"}


def report(place: Place, number: str = WANG, **changes: Any) -> FileTicket:
    """Return a fault without a cause."""
    return place.fault(number, **({"category_id": None} | changes))


async def test_two_people_with_different_faults_of_a_house_make_two_tickets(
    tickets: TicketService, place: Place
) -> None:
    cold = await tickets.file(report(place), AGENT)
    lift = await tickets.file(report(place, LI, subject="电梯停运", description="有老人被困"), AGENT)

    assert lift.id != cold.id
    details = [await tickets.get(one.id) for one in (cold, lift)]
    assert [[reporter.number for reporter in one.reporters] for one in details] == [[WANG], [LI]]
    assert [one.urge_count for one in details] == [0, 0]


@pytest.mark.parametrize(
    ("first", "second", "actor", "shared"),
    [
        # Household and neighbours with the same cause.
        ({}, {"number": LI, "subject": "家里很冷"}, AGENT, True),
        # One fault of the house, reported by two without a cause.
        ({"category_id": None} | PIPE, {"category_id": None, "number": LI, "subject": "主管道漏水请关阀"}, AGENT, True),
        ({"category_id": None} | PIPE, {"category_id": None, "number": LI} | PIPE, CALLER, True),
        # A word in common is not a fault in common.
        (
            {"category_id": None, "subject": "漏水"},
            {"category_id": None, "number": LI, "subject": "漏水"},
            AGENT,
            False,
        ),
        (
            {"category_id": None, "subject": "厨房水管漏水"},
            {"category_id": None, "number": LI, "subject": "厨房水管漏水,另外电梯停运,楼道灯也不亮"},
            AGENT,
            False,
        ),
        # The words of a machine are the same for all callers.
        ({"category_id": None} | PIPE, {"category_id": None, "number": LI} | PIPE, SYSTEM, False),
        ({"category_id": None} | PIPE, {"category_id": None} | PIPE, SYSTEM, True),
        # Said again by the same person, or another fault of the same person.
        ({"category_id": None}, {"category_id": None, "subject": "暖气还是不热"}, AGENT, True),
        ({"category_id": None}, {"category_id": None, "subject": "电梯停运"}, AGENT, False),
        ({"category_id": None}, {"category_id": None, "subject": "电梯停运"}, CALLER, False),
        # A cause on one side only: the agent sees the other ticket, a web form sees nothing.
        ({}, {"category_id": None}, AGENT, False),
        ({}, {"category_id": None}, CALLER, True),
        ({}, {"category_id": None, "number": LI}, CALLER, False),
        # A compound is many households.
        (
            {"category_id": None, "address": "幸福小区"} | PIPE,
            {"category_id": None, "address": "幸福小区"} | PIPE,
            AGENT,
            False,
        ),
    ],
)
async def test_a_report_joins_a_ticket_by_a_sign_that_it_is_one_fault(
    tickets: TicketService, place: Place, first: dict[str, Any], second: dict[str, Any], actor: Actor, shared: bool
) -> None:
    before = await tickets.file(place.fault(**first), AGENT)
    after = await tickets.file(place.fault(**second), actor)

    assert (after.id == before.id) is shared
    assert (await tickets.get(before.id)).urge_count == int(shared)


async def test_a_closed_ticket_is_not_joined(tickets: TicketService, place: Place) -> None:
    before = await tickets.file(report(place), AGENT)
    await tickets.answer(before.id, "用户确认", SYSTEM)

    assert (await tickets.file(report(place), AGENT)).id != before.id


async def test_a_cause_entered_later_makes_it_the_same_matter(tickets: TicketService, place: Place) -> None:
    known = await tickets.file(place.fault(), AGENT)
    other = await tickets.file(report(place, LI, subject="电梯停运"), AGENT)

    with pytest.raises(SameMatterOpen, match=known.number):
        await tickets.corrections.correct(other.id, CorrectTicket(category_id=place.cold), AGENT)
