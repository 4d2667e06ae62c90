"""Customers on a list come first while it is in force (H25)."""

from datetime import timedelta

import pytest
import time_machine
from pydantic import ValidationError

from crm.customers.protection.errors import ListNotFound, UnknownCustomers
from crm.customers.protection.model import ProtectedListInput
from crm.customers.protection.service import ProtectionService
from crm.customers.service import CustomerService
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.model import Urgency
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from tests.unit.crm import conftest
from tests.unit.crm.conftest import Place
from tests.unit.crm.customers.people import SUPERVISOR

HOUR = timedelta(hours=1)


def hospital(*customer_ids: str) -> ProtectedListInput:
    now = utc_now()
    return ProtectedListInput(
        name="市人民医院", in_force_from=now, in_force_until=now + HOUR, customer_ids=list(customer_ids)
    )


async def test_a_customer_comes_first_only_while_the_list_is_in_force(database: Database, place: Place) -> None:
    customers = CustomerService(database)
    made = await ProtectionService(database).create(hospital(place.wang.id), SUPERVISOR)

    assert await customers.is_protected(place.wang.id, made.in_force_from)
    assert not await customers.is_protected(place.wang.id, made.in_force_from - timedelta(seconds=1))
    assert not await customers.is_protected(place.wang.id, made.in_force_until)
    assert not await customers.is_protected(place.li.id, made.in_force_from)


async def test_a_report_of_a_protected_customer_is_most_urgent(
    database: Database, place: Place, tickets: TicketService
) -> None:
    await ProtectionService(database).create(hospital(place.wang.id), SUPERVISOR)

    first = await tickets.file(place.fault(reporter={"customer_id": place.li.id}), conftest.AGENT)
    assert first.urgency is Urgency.NORMAL
    again = await tickets.file(place.fault(reporter={"customer_id": place.wang.id}), conftest.AGENT)
    assert (again.id, again.urgency) == (first.id, Urgency.CRITICAL)

    with time_machine.travel(utc_now() + 2 * HOUR):
        elsewhere = place.fault(address="建设街8号", reporter={"customer_id": place.wang.id})
        assert (await tickets.file(elsewhere, conftest.AGENT)).urgency is Urgency.NORMAL


async def test_a_protected_further_reporter_raises_the_urgency(
    database: Database, place: Place, tickets: TicketService
) -> None:
    await ProtectionService(database).create(hospital(place.wang.id), SUPERVISOR)
    raised = {"protected": True, "from_urgency": "normal", "to_urgency": "critical"}
    joining = AppendToTicket(text="医院也不热", reporter=Reporter(customer_id=place.wang.id))

    joined = await tickets.file(place.fault(reporter={"customer_id": place.li.id}), conftest.AGENT)
    assert (await tickets.append(joined.id, joining, conftest.AGENT)).urgency is Urgency.CRITICAL
    again = await tickets.append(joined.id, joining, conftest.AGENT)
    filed = await tickets.file(place.fault(address="", reporter={"customer_id": place.wang.id}), conftest.AGENT)
    there = {"address": "建设街8号"}
    reported = await tickets.file(place.fault(**there, reporter={"customer_id": place.li.id}), conftest.AGENT)
    worse = place.fault(**there, urgency="urgent", reporter={"customer_id": place.wang.id})
    assert (await tickets.file(worse, conftest.AGENT)).id == reported.id
    asked = place.fault(address="", urgency="critical", reporter={"customer_id": place.wang.id})

    for ticket_id, entry in ((joined.id, 1), (filed.id, 0), (reported.id, 1)):
        detail = (await tickets.get(ticket_id)).log[entry].detail
        assert {name: detail.get(name) for name in raised} == raised
    # What was most urgent already was not raised.
    for ticket, entry in ((again, 2), (await tickets.file(asked, conftest.AGENT), 0)):
        assert "protected" not in (await tickets.get(ticket.id)).log[entry].detail


async def test_a_list_is_replaced_and_taken_away(database: Database, place: Place) -> None:
    customers, protection = CustomerService(database), ProtectionService(database)
    made = await protection.create(hospital(place.wang.id), SUPERVISOR)

    replaced = await protection.replace(made.id, hospital(place.li.id), SUPERVISOR)
    assert await protection.listed() == [replaced]
    assert (replaced.customer_ids, replaced.in_force) == ([place.li.id], True)
    assert not await customers.is_protected(place.wang.id, utc_now())

    await protection.remove(made.id)
    assert not await customers.is_protected(place.li.id, utc_now())
    with pytest.raises(ListNotFound):
        await protection.remove(made.id)


async def test_a_list_that_makes_no_sense_is_refused_and_changes_nothing(database: Database, place: Place) -> None:
    protection = ProtectionService(database)
    with pytest.raises(UnknownCustomers) as refused:
        await protection.create(hospital(place.wang.id, "customer-none"), SUPERVISOR)
    assert "customer-none" in refused.value.errors[0].rule
    assert await protection.listed() == []
    with pytest.raises(ValidationError, match="in_force_until"):
        ProtectedListInput(name="x", in_force_from=utc_now(), in_force_until=utc_now() - HOUR)
