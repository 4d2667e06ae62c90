"""Changes of customers: versions, audit, and the choice of a caller."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import text

from crm.customers.audit import CustomerAction
from crm.customers.errors import CustomerChanged, CustomerInUse, CustomerNotFound, NotOnThisNumber
from crm.customers.model import Choose, ConfirmPhone, Consent, CustomerChange, CustomerDetail, Grade
from crm.customers.service import CustomerService
from crm.tickets.service import TicketService
from foundation.database import Database
from tests.unit.crm import conftest
from tests.unit.crm.customers.people import AGENT, SUPERVISOR, described


async def test_missing_base_data_are_named_until_they_are_known(database: Database) -> None:
    customers = CustomerService(database)
    created = await customers.create(described(phones=[]), AGENT)
    assert created.missing == ["phones", "address", "area", "consent"]

    known = CustomerChange(address="建设街8号", area="城东", phones=["13800000001"])
    assert (await customers.update(created.id, known, AGENT)).missing == ["phones.verified_at", "consent"]
    await customers.confirm_phone(created.id, ConfirmPhone(number="138 0000 0001"), AGENT)
    complete = await customers.update(created.id, CustomerChange(consent=Consent.GIVEN, consent_source="call"), AGENT)

    assert complete.missing == []
    assert complete.consent_at is not None
    assert complete.phones[0].verified_at is not None


async def test_a_do_not_call_wish_has_its_time_and_source(database: Database) -> None:
    customers = CustomerService(database)
    created = await customers.create(described())
    assert (created.do_not_call, created.do_not_call_at) == (False, None)

    changed = await customers.update(created.id, CustomerChange(do_not_call=True, do_not_call_source="letter"), AGENT)

    assert (changed.do_not_call, changed.do_not_call_source) == (True, "letter")
    assert created.do_not_call_notice is None
    assert changed.do_not_call_notice is not None
    assert "回访" in changed.do_not_call_notice.zh
    assert changed.do_not_call_at is not None


async def test_a_change_of_an_older_version_is_refused_with_the_changed_fields(database: Database) -> None:
    customers = CustomerService(database)
    created = await customers.create(described())
    await customers.update(created.id, CustomerChange(version=1, grade=Grade.VIP), AGENT)

    with pytest.raises(CustomerChanged) as refused:
        await customers.update(created.id, CustomerChange(version=1, name="王秀兰"), SUPERVISOR)

    assert [problem.field for problem in refused.value.errors] == ["grade"]
    assert (await customers.get(created.id)).name == "王秀英"


async def test_of_many_concurrent_changes_of_a_version_one_succeeds(database: Database) -> None:
    customers = CustomerService(database)
    created = await customers.create(described())

    changes = (customers.update(created.id, CustomerChange(version=1, notes=f"{n}"), AGENT) for n in range(6))
    results = await asyncio.gather(*changes, return_exceptions=True)

    assert [type(result) for result in results].count(CustomerDetail) == 1
    assert [type(result) for result in results].count(CustomerChanged) == 5
    assert (await customers.get(created.id)).version == 2


async def test_every_change_is_audited_with_former_values_for_good(database: Database) -> None:
    customers = CustomerService(database)
    created = await customers.create(described(), AGENT)
    await customers.update(created.id, CustomerChange(grade=Grade.A), SUPERVISOR)
    await customers.update(created.id, CustomerChange(grade=Grade.A), SUPERVISOR)

    changed, made = await customers.audit(created.id)

    assert (changed.action, changed.changes, changed.staff_name) == (
        CustomerAction.CHANGE,
        {"grade": ["C", "A"]},
        "何主管 (3001)",
    )
    assert (made.action, made.staff_name) == (CustomerAction.CREATE, "刘芳 (1001)")
    with pytest.raises(DBAPIError, match="append-only"):
        await database.change(lambda connection: connection.execute(text("UPDATE customer_audit SET staff_name = ''")))


async def test_the_chosen_customer_of_a_number_is_proposed_first(database: Database) -> None:
    customers = CustomerService(database)
    home = await customers.create(described("60010001"))
    shop = await customers.create(described("60010002", name="王秀英商铺"))

    await customers.choose(Choose(number="13800000001", customer_id=shop.id), AGENT)
    again = await customers.choose(Choose(number="13800000001", customer_id=shop.id), SUPERVISOR)

    assert [found.id for found in again.customers] == [shop.id, home.id]
    assert again.customer is None
    assert again.choice is not None
    assert (again.choice.times, again.choice.staff_name) == (2, "何主管 (3001)")

    other = await customers.choose(Choose(number="13800000001", customer_id=home.id), AGENT)
    assert [found.id for found in other.customers] == [home.id, shop.id]
    assert other.choice is not None
    assert other.choice.times == 1


async def test_a_customer_of_another_number_cannot_be_chosen(database: Database) -> None:
    customers = CustomerService(database)
    await customers.create(described("60010001"))
    stranger = await customers.create(described("60010002", phones=["13800000002"]))

    with pytest.raises(NotOnThisNumber) as refused:
        await customers.choose(Choose(number="13800000001", customer_id=stranger.id), AGENT)

    assert [problem.field for problem in refused.value.errors] == ["customer_id"]
    assert (await customers.identify("13800000001")).choice is None


async def test_only_a_customer_without_a_history_is_removed(database: Database) -> None:
    place = await conftest.furnish(database)
    customers, tickets = CustomerService(database), TicketService(database)
    await tickets.file(place.fault(reporter={"customer_id": place.wang.id}), conftest.AGENT)

    with pytest.raises(CustomerInUse):
        await customers.remove(place.wang.id, SUPERVISOR)
    await customers.remove(place.li.id, SUPERVISOR)

    with pytest.raises(CustomerNotFound):
        await customers.get(place.li.id)
    assert (await customers.get(place.wang.id)).id == place.wang.id
