"""Merging customers, and undoing it exactly."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.customers.errors import CustomerChanged, CustomerNotFound, StandsInForAnother
from crm.customers.merging.errors import CannotUndo, MergedAlready, SameCustomer
from crm.customers.merging.model import CustomerMergeView, MergeCustomers
from crm.customers.merging.service import CustomerMergeService
from crm.customers.model import Choose, Consent, CustomerChange
from crm.customers.service import CustomerService
from crm.customers.store import tables_about_customers
from crm.history.service import HistoryService
from crm.tickets.service import TicketService
from foundation.database import Database, execute
from foundation.problems import Conflict
from tests.unit.crm import conftest
from tests.unit.crm.conftest import Place
from tests.unit.crm.customers.people import AGENT, SUPERVISOR, described


async def test_before_a_merge_one_sees_what_it_would_do_and_nothing_is_changed(
    database: Database, place: Place, tickets: TicketService
) -> None:
    merging = CustomerMergeService(database)
    await tickets.file(place.fault(reporter={"customer_id": place.wang.id}), conftest.AGENT)
    await CustomerService(database).update(place.wang.id, CustomerChange(notes="怕狗"))
    before = await everything(database, [place.li.id, place.wang.id])

    seen = await merging.preview(MergeCustomers(kept_id=place.li.id, merged_id=place.wang.id))

    assert seen.moves == {"ticket": 1, "ticket_reporter": 1}
    assert seen.phones == ["+8613800000001"]
    assert [fill.field for fill in seen.fills] == ["notes"]
    assert [conflict.field for conflict in seen.conflicts] == ["name", "address"]
    assert await everything(database, [place.li.id, place.wang.id]) == before


async def test_a_merged_customer_is_found_as_the_kept_one(
    database: Database, place: Place, tickets: TicketService
) -> None:
    customers = CustomerService(database)
    filed = await tickets.file(place.fault(reporter={"customer_id": place.wang.id}), conftest.AGENT)

    await CustomerMergeService(database).merge(MergeCustomers(kept_id=place.li.id, merged_id=place.wang.id), SUPERVISOR)

    for number in ("13800000001", "13800000002"):
        assert [found.id for found in (await customers.identify(number)).customers] == [place.li.id]
    by_account = await customers.by_account(place.wang.account_number)
    assert by_account is not None
    assert by_account.id == place.li.id
    assert [ticket.id for ticket in (await HistoryService(database).of_customer(place.li.id)).tickets] == [filed.id]
    assert [found.id for found in await customers.search("王秀英")] == []
    with pytest.raises(StandsInForAnother):
        await customers.update(place.wang.id, CustomerChange(name="x"))


async def test_later_changes_stay_when_a_merge_is_undone(database: Database) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    kept = await customers.create(described("60010001", phones=[]))
    merged = await customers.create(described("60010002", address="建设街8号", area="城东"))
    made = await merging.merge(MergeCustomers(kept_id=kept.id, merged_id=merged.id), SUPERVISOR)
    await customers.update(kept.id, CustomerChange(address="幸福路1号"))

    await merging.undo(made.id, SUPERVISOR)

    after = await customers.detail(kept.id)
    assert (after.address, after.area, after.phones) == ("幸福路1号", "", [])


@pytest.mark.parametrize("address", ["", "建设街8号", "幸福路1号"])
async def test_an_empty_field_is_filled_from_the_other_card(database: Database, address: str) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    kept = await customers.create(described("60010001", address="建设街8号"))
    merged = await customers.create(described("60010002", address=address, area="城东"))
    pair = MergeCustomers(kept_id=kept.id, merged_id=merged.id)
    assert [fill.field for fill in (await merging.preview(pair)).fills] == ["area"]

    made = await merging.merge(pair, SUPERVISOR)
    both = await customers.detail(kept.id)
    assert (both.address, both.area) == ("建设街8号", "城东")

    await merging.undo(made.id, SUPERVISOR)
    assert (await customers.detail(kept.id)).area == ""


async def test_an_address_that_is_taken_over_does_not_empty_the_area(database: Database) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    kept = await customers.create(described("60010001", address="", area="城西"))
    merged = await customers.create(described("60010002", address="建设街8号", area=""))

    await merging.merge(MergeCustomers(kept_id=kept.id, merged_id=merged.id), SUPERVISOR)

    both = await customers.detail(kept.id)
    assert (both.address, both.area) == ("建设街8号", "城西")


async def test_s39_merges_both_ways_at_once_end_in_one(database: Database) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    one, other = await customers.create(described("60010001")), await customers.create(described("60010002"))

    results = await asyncio.gather(
        merging.merge(MergeCustomers(kept_id=one.id, merged_id=other.id), SUPERVISOR),
        merging.merge(MergeCustomers(kept_id=other.id, merged_id=one.id), SUPERVISOR),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["CustomerMergeView", "MergedAlready"]


async def test_a_merge_that_makes_no_sense_is_refused(database: Database) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    one, two, three = [await customers.create(described(f"6001000{n}")) for n in range(3)]

    with pytest.raises(SameCustomer):
        await merging.merge(MergeCustomers(kept_id=one.id, merged_id=one.id), SUPERVISOR)
    with pytest.raises(CustomerNotFound):
        await merging.merge(MergeCustomers(kept_id=one.id, merged_id="customer-none"), SUPERVISOR)
    with pytest.raises(CustomerChanged):
        await merging.merge(MergeCustomers(kept_id=one.id, merged_id=two.id, merged_version=7), SUPERVISOR)
    first = await merging.merge(MergeCustomers(kept_id=one.id, merged_id=two.id), SUPERVISOR)
    with pytest.raises(MergedAlready):
        await merging.merge(MergeCustomers(kept_id=three.id, merged_id=two.id), SUPERVISOR)
    await merging.merge(MergeCustomers(kept_id=three.id, merged_id=one.id), SUPERVISOR)
    with pytest.raises(CannotUndo):
        await merging.undo(first.id, SUPERVISOR)


async def test_possible_duplicates_are_listed_with_reasons(database: Database) -> None:
    customers, merging = CustomerService(database), CustomerMergeService(database)
    one = await customers.create(described("60010001", address="建设街8号"))
    two = await customers.create(described("60010002", address="建设街8号", phones=["13800000001"]))
    three = await customers.create(described("60010003", name="赵磊", address="建设街8号", phones=["13800000003"]))
    four = await customers.create(described("60010004", name="李雷", phones=["13800000003"]))

    found = [(pair.first.id, pair.second.id, pair.why) for pair in await merging.duplicates()]

    assert found == [(one.id, two.id, ["phone", "address"]), (three.id, four.id, ["phone"])]
    assert [pair.second.id for pair in await merging.duplicates(one.id)] == [two.id]
    await merging.merge(MergeCustomers(kept_id=one.id, merged_id=two.id), SUPERVISOR)
    assert await merging.duplicates(one.id) == []


PERSON = st.fixed_dictionaries(
    {},
    optional={
        "address": st.sampled_from(["", "建设街8号", "幸福路1号"]),
        "area": st.sampled_from(["", "城东", "城西"]),
        "notes": st.sampled_from(["", "怕狗"]),
        "consent": st.sampled_from(Consent),
        "do_not_call": st.booleans(),
        "phones": st.lists(st.sampled_from(["13800000001", "13800000002", "13800000003"]), unique=True),
    },
)
STEPS = st.lists(st.tuples(st.sampled_from(["merge", "undo"]), st.integers(0, 3), st.integers(0, 3)), max_size=10)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=st.lists(PERSON, min_size=4, max_size=4), former=st.lists(st.integers(0, 3)), steps=STEPS)
async def test_merges_undone_leave_everything_as_it_was(
    database: Database, place: Place, people: list[dict[str, Any]], former: list[int], steps: list[tuple[str, int, int]]
) -> None:
    ids = await _entered(database, place, people, former)
    before = await everything(database, ids)
    merging = CustomerMergeService(database)
    active: list[CustomerMergeView] = []
    for step, one, other in steps:
        try:
            if step == "merge":
                active.append(await merging.merge(MergeCustomers(kept_id=ids[one], merged_id=ids[other]), SUPERVISOR))
            elif active:
                undone = active[one % len(active)]
                await merging.undo(undone.id, SUPERVISOR)
                active.remove(undone)
        except (Conflict, SameCustomer):
            continue
    while active:
        await merging.undo(active.pop().id, SUPERVISOR)
    assert await everything(database, ids) == before


async def _entered(database: Database, place: Place, people: list[dict[str, Any]], former: list[int]) -> list[str]:
    customers, tickets = CustomerService(database), TicketService(database)
    ids: list[str] = []
    for person in people:
        number = f"{len(await customers.search('70')):04d}{len(ids)}{id(person) % 10**9}"
        made = await customers.create(described(f"70{number}", **person), AGENT)
        ids.append(made.id)
        fault = place.fault(number=None, address="", reporter={"customer_id": made.id, "number": "13800000009"})
        await tickets.file(fault, conftest.AGENT)
        if made.phones:
            await customers.choose(Choose(number=made.phones[0].number, customer_id=made.id), AGENT)
    for place_in_list in former:
        await customers.update(ids[place_in_list], CustomerChange(phones=[]), AGENT)
    return ids


async def everything(database: Database, ids: list[str]) -> dict[str, list[Any]]:
    """Return all stored data of customers, without versions and audit."""
    found: dict[str, list[Any]] = {}
    async with database.read() as session:
        for table in tables_about_customers():
            if table.name != "customer_audit":
                rows = await execute(session, table.select().where(table.c.customer_id.in_(ids)))
                found[table.name] = sorted(map(str, rows.all()))
        customer = table.metadata.tables["customer"]
        columns = [column for column in customer.c if column.name != "version"]
        rows = await execute(session, customer.select().with_only_columns(*columns).where(customer.c.id.in_(ids)))
        found["customer"] = sorted(map(str, rows.all()))
    return found
