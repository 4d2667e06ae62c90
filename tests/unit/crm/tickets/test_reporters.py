"""Customers of reports: merged, matched by number, or erased."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import ValidationError

from crm.customers.errors import CustomerErased
from crm.customers.merging.model import MergeCustomers
from crm.customers.merging.service import CustomerMergeService
from crm.customers.model import ConfirmPhone, CustomerChange, CustomerView, Grade
from crm.customers.protection.errors import UnknownCustomers
from crm.customers.protection.model import ProtectedListInput
from crm.customers.protection.service import ProtectionService
from crm.customers.service import CustomerService
from crm.history.service import HistoryService
from crm.privacy.model import Erase
from crm.privacy.service import PrivacyService
from crm.selfservice.limits import Unlimited
from crm.selfservice.model import WebReport
from crm.selfservice.service import SelfService
from crm.sla.policy import SHIPPED, LevelRule, Policy
from crm.sla.service import SlaService
from crm.sla.views import PolicyInput
from crm.tickets.errors import UnknownReference
from crm.tickets.inputs import AppendToTicket, FileTicket, Reporter
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.customers.people import AGENT as CLERK
from tests.unit.crm.customers.people import SUPERVISOR, described

WANG, LI = "13800000001", "13800000002"


def complaint(**reporter: object) -> FileTicket:
    return FileTicket.model_validate({"kind": "complaint", "subject": "服务态度", "reporter": reporter})


async def allowed(clocks: SlaService, ticket: TicketView) -> list[int]:
    """Return the time that each deadline of a ticket allows."""
    _, found = await clocks.of_ticket(ticket.id)
    return [clock.allowed_s for clock in found]


async def merged_twice(database: Database, place: Place) -> CustomerView:
    """Merge Wang into Li, and Li into another customer."""
    another = await CustomerService(database).create(described("60010009", name="李建", phones=[]))
    merging = CustomerMergeService(database)
    await merging.merge(MergeCustomers(kept_id=place.li.id, merged_id=place.wang.id), SUPERVISOR)
    await merging.merge(MergeCustomers(kept_id=another.id, merged_id=place.li.id), SUPERVISOR)
    return another


async def erased(database: Database, place: Place) -> str:
    await PrivacyService(database).erase(place.wang.id, Erase(reason="本人要求"), SUPERVISOR)
    return place.wang.id


async def test_a_report_of_who_was_merged_is_of_who_stands_for_both(
    database: Database, place: Place, tickets: TicketService
) -> None:
    kept = await merged_twice(database, place)

    filed = await tickets.file(complaint(customer_id=place.wang.id), AGENT)
    added = AppendToTicket(text="还有", reporter=Reporter(customer_id=place.li.id))
    await tickets.append(filed.id, added, AGENT)
    form = WebReport(
        kind="suggestion", subject="早点供暖", name="王", number=WANG, account_number=place.wang.account_number
    )
    receipt = await SelfService(database, tickets, Unlimited()).report(form, "key-1", "203.0.113.7")

    assert filed.customer_id == kept.id
    detail = await tickets.get(filed.id)
    assert [one.customer_id for one in detail.reporters] == [kept.id], "it is one person"
    by_web = await tickets.by_number(receipt.number)
    assert by_web is not None
    assert by_web.customer_id == kept.id
    for customer_id in (kept.id, place.wang.id):
        history = await HistoryService(database).of_customer(customer_id)
        assert [line.number for line in history.tickets] == [receipt.number, filed.number]
        similar = await tickets.similar(SimilarQuery(customer_id=customer_id))
        assert {found.ticket.id for found in similar} == {filed.id, by_web.id}


async def test_an_account_that_was_merged_finds_who_stands_for_it(database: Database, place: Place) -> None:
    kept = await merged_twice(database, place)
    customers = CustomerService(database)

    for account in (place.wang.account_number, place.li.account_number, kept.account_number):
        assert [found.id for found in await customers.search(account)] == [kept.id]
    assert [found.id for found in await customers.search(place.wang.account_number[:6])] == [kept.id]
    assert await customers.search("王秀英") == [], "its name is the kept one's"


async def test_report_during_a_customer_merge_belongs_to_the_remaining_customer(
    database: Database, place: Place, tickets: TicketService
) -> None:
    merging = CustomerMergeService(database)
    both = MergeCustomers(kept_id=place.li.id, merged_id=place.wang.id)

    async def file() -> str:
        return (await tickets.file(complaint(customer_id=place.wang.id), AGENT)).number

    async def merge() -> str:
        return (await merging.merge(both, SUPERVISOR)).id

    filed = await asyncio.gather(file(), file(), merge(), file(), file())

    found = await HistoryService(database).of_customer(place.li.id)
    assert {line.number for line in found.tickets} == {*filed[:2], *filed[3:]}


async def test_erased_customer_cannot_be_a_reporter(database: Database, place: Place, tickets: TicketService) -> None:
    open_one = await tickets.file(place.fault(LI), AGENT)
    gone = await erased(database, place)

    with pytest.raises(UnknownReference) as refused:
        await tickets.file(complaint(customer_id=gone), AGENT)
    with pytest.raises(UnknownReference):
        await tickets.append(open_one.id, AppendToTicket(text="x", reporter=Reporter(customer_id=gone)), AGENT)

    (problem,) = refused.value.errors
    assert (problem.field, problem.rule) == ("reporter.customer_id", "must not be an erased customer")
    assert (await tickets.get(open_one.id)).version == 1
    by_machine = await tickets.file(complaint(customer_id=gone, number=WANG), SYSTEM)
    assert by_machine.customer_id is None, "what it knew before counts without it, and nothing is lost"


async def test_erased_customer_cannot_be_entered(database: Database, place: Place) -> None:
    gone, customers = await erased(database, place), CustomerService(database)
    before = await customers.detail(gone)

    with pytest.raises(CustomerErased, match="new customer"):
        await customers.update(gone, CustomerChange(name="复活"), CLERK)
    with pytest.raises(CustomerErased):
        await customers.confirm_phone(gone, ConfirmPhone(number=WANG), CLERK)
    for kept_id, merged_id in ((gone, place.li.id), (place.li.id, gone)):
        with pytest.raises(CustomerErased):
            await CustomerMergeService(database).merge(MergeCustomers(kept_id=kept_id, merged_id=merged_id), SUPERVISOR)

    assert await customers.detail(gone) == before


async def test_list_of_protected_customers_follows_merges_and_omits_erased_ones(
    database: Database, place: Place
) -> None:
    protection, now = ProtectionService(database), utc_now()
    kept = await merged_twice(database, place)

    def wanted(customer_id: str) -> ProtectedListInput:
        times = {"in_force_from": now, "in_force_until": now + timedelta(days=1)}
        return ProtectedListInput.model_validate({"name": "高考", "customer_ids": [customer_id], **times})

    made = await protection.create(wanted(place.wang.id), SUPERVISOR)
    assert made.customer_ids == [kept.id]
    alone = await CustomerService(database).create(described("60010010", phones=[]))
    await PrivacyService(database).erase(alone.id, Erase(reason="本人要求"), SUPERVISOR)
    with pytest.raises(UnknownCustomers) as refused:
        await protection.create(wanted(alone.id), SUPERVISOR)
    assert [problem.field for problem in refused.value.errors] == ["customer_ids"]


async def test_h15_the_only_customer_of_a_telephone_is_who_reports(database: Database, place: Place) -> None:
    await CustomerService(database).update(place.wang.id, CustomerChange(grade=Grade.VIP))
    clocks = SlaService(database)
    tickets = TicketService(database, listeners=[clocks.deadlines])
    sooner = LevelRule(grade=Grade.VIP, respond_minutes=60, resolve_minutes=120)
    await clocks.enter_policy(PolicyInput(policy=Policy(rules=[*SHIPPED.rules, sooner]), version=0), SYSTEM)

    by_id = await tickets.file(complaint(customer_id=place.wang.id), AGENT)
    by_number = await tickets.file(complaint(number=WANG), AGENT)
    await tickets.append(by_id.id, AppendToTicket(text="我也是", reporter=Reporter(number=LI)), AGENT)
    form = WebReport(kind="complaint", subject="服务态度", name="王", number=WANG)
    by_web = await tickets.by_number(
        (await SelfService(database, tickets, Unlimited()).report(form, "key-1", "203.0.113.7")).number
    )

    assert by_web is not None
    assert by_number.customer_id == by_web.customer_id == place.wang.id
    assert [one.customer_id for one in (await tickets.get(by_id.id)).reporters] == [place.wang.id, place.li.id]
    assert await allowed(clocks, by_id) == await allowed(clocks, by_number) == await allowed(clocks, by_web)
    stranger = await tickets.file(complaint(number="13800000099"), AGENT)
    assert stranger.customer_id is None
    assert await allowed(clocks, stranger) != await allowed(clocks, by_id)


async def test_of_several_customers_at_one_telephone_none_is_taken(
    database: Database, place: Place, tickets: TicketService
) -> None:
    customers = CustomerService(database)
    await customers.confirm_phone(place.li.id, ConfirmPhone(number=WANG), CLERK)
    assert (await tickets.file(complaint(number=WANG), AGENT)).customer_id is None

    await customers.update(place.wang.id, CustomerChange(phones=[]), CLERK)
    assert (await tickets.file(complaint(number=WANG), AGENT)).customer_id == place.li.id, (
        "it is a former one of Wang's"
    )


@pytest.mark.parametrize(
    ("written", "number", "extension"),
    [
        ("0451-88888888转802", "+8645188888888", "802"),
        ("0451-88888888-802", "+8645188888888", "802"),
        ("95598", "95598", ""),
        ("0018613920000009", "0018613920000009", ""),
        ("\u202d13920000009\u202c", "+8613920000009", ""),
    ],
)
async def test_a_reporter_has_a_number_of_any_kind_and_an_extension(
    tickets: TicketService, written: str, number: str, extension: str
) -> None:
    filed = await tickets.file(complaint(number=written, name="张先生"), AGENT)

    (reporter,) = (await tickets.get(filed.id)).reporters
    assert (reporter.number, reporter.extension) == (number, extension)


async def test_each_extension_of_a_switchboard_is_a_reporter(tickets: TicketService, place: Place) -> None:
    async def extensions(ticket: TicketView) -> list[str]:
        return [reporter.extension for reporter in (await tickets.get(ticket.id)).reporters]

    filed = await tickets.file(complaint(number="0451-88888888"), AGENT)
    for written in ("802", "803", "803", ""):
        number = f"0451-88888888转{written}" if written else "0451-88888888"
        added = AppendToTicket(text="我也是", reporter=Reporter(number=number))
        await tickets.append(filed.id, added, AGENT)
    assert await extensions(filed) == ["802", "803"]

    other = await tickets.file(complaint(number="0451-88888888转804"), AGENT)
    await tickets.merges.merge(other.id, MergeTicket(into=filed.id), AGENT)
    assert await extensions(filed) == ["802", "803", "804"]


async def test_two_extensions_of_one_customer_are_two_reporters(
    tickets: TicketService, place: Place, database: Database
) -> None:
    firm = await CustomerService(database).create(described("60010077", phones=["0451-88888888"]))
    filed = await tickets.file(complaint(number="0451-88888888转802"), AGENT)
    await tickets.append(filed.id, AppendToTicket(text="x", reporter=Reporter(number="0451-88888888转803")), AGENT)

    found = (await tickets.get(filed.id)).reporters
    assert [(one.customer_id, one.extension) for one in found] == [(firm.id, "802"), (firm.id, "803")]


def test_an_extension_needs_a_number() -> None:
    with pytest.raises(ValidationError, match="extension: must not be given without a number"):
        Reporter(extension="802")


def test_a_mistyped_mobile_number_is_taken_from_a_call_only() -> None:
    given = {"kind": "complaint", "subject": "服务态度", "reporter": {"number": "1392000000"}}

    with pytest.raises(ValidationError, match=r"reporter\.number"):
        FileTicket.model_validate(given)
    assert FileTicket.model_validate(given | {"call_id": "call-1"}).reporter.number == "1392000000"
    with pytest.raises(ValidationError, match=r"reporter\.number"):
        FileTicket.model_validate(given | {"call_id": "call-1", "number_typed": True})
