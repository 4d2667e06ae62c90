"""Personal data: masked by role, looked at, exported and erased."""

import json

import pytest

from crm.customers.audit import CustomerAction
from crm.customers.model import CustomerChange, CustomerDetail
from crm.customers.service import CustomerService
from crm.customers.store import tables_about_customers
from crm.personal_data.fields import Personal, shown
from crm.personal_data.serializer import masked
from crm.privacy.errors import MustBeKept
from crm.privacy.model import Erase, Hold, Look, LooksQuery
from crm.privacy.service import PrivacyService
from crm.tickets.service import TicketService
from crm.tickets.views import LogView, TicketDetail
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from tests.unit.crm import conftest
from tests.unit.crm.conftest import Place
from tests.unit.crm.customers.people import SUPERVISOR

NUMBER, NAME, FLAT = "13800000001", "王秀英", "3单元402"
QUALITY = Principal("staff-quality", "4001", "许质检", Role.QUALITY)


async def reported(tickets: TicketService, place: Place) -> TicketDetail:
    given = place.fault(
        f"+86{NUMBER}",
        description=f"请打{NUMBER}",
        reporter={"customer_id": place.wang.id, "number": NUMBER, "name": NAME},
    )
    return await tickets.get((await tickets.file(given, conftest.AGENT)).id)


@pytest.mark.parametrize(
    ("role", "seen", "hidden"),
    [
        (Role.AGENT, [NUMBER, NAME, FLAT], []),
        (Role.SUPERVISOR, [NUMBER, NAME, FLAT], []),
        (Role.DEPARTMENT, [NAME, FLAT], [NUMBER]),
        (Role.QUALITY, [], [NUMBER, NAME, FLAT]),
        (Role.CAMPAIGNS, [], [NUMBER, NAME, FLAT]),
        (Role.ADMINISTRATOR, [], [NUMBER, NAME, FLAT]),
        (None, [], [NUMBER, NAME, FLAT]),
    ],
)
async def test_every_role_sees_what_the_table_says(
    database: Database, place: Place, tickets: TicketService, role: Role | None, seen: list[str], hidden: list[str]
) -> None:
    ticket = masked(await reported(tickets, place), role).model_dump_json()

    assert [secret for secret in (NUMBER, NAME, FLAT) if secret in ticket] == seen
    assert not [secret for secret in hidden if secret in ticket]
    customer: CustomerDetail = masked(await CustomerService(database).detail(place.wang.id), role)
    assert (customer.phones[0].number == f"+86{NUMBER}") is (NUMBER in seen)
    assert (customer.name == NAME) is (NAME in seen)


def test_a_logs_values_are_masked_by_their_kinds() -> None:
    detail = {"reporter": NAME, "text": [f"电话{NUMBER}"], "urge_count": 2}

    assert shown(detail, Personal.TEXT, Role.QUALITY) == {
        "reporter": "王**",
        "text": ["电话138****0001"],
        "urge_count": 2,
    }
    assert LogView.model_fields["detail"].metadata == [Personal.TEXT]


async def test_every_look_is_noted_with_account_and_reason(
    database: Database, place: Place, tickets: TicketService
) -> None:
    privacy, customers = PrivacyService(database), CustomerService(database)
    ticket = await reported(tickets, place)

    person = await privacy.look_at_customer(place.wang.id, Look(reason="回访核实"), QUALITY)
    (reporter,) = await privacy.look_at_reporters(ticket, Look(reason="联系上门"), QUALITY)

    assert (person.name, person.numbers) == (NAME, [f"+86{NUMBER}"])
    assert reporter.numbers == [f"+86{NUMBER}"]
    looks = [entry for entry in await customers.audit(place.wang.id) if entry.action is CustomerAction.LOOK]
    assert [entry.changes["reason"] for entry in looks] == ["联系上门", "回访核实"]
    assert {entry.staff_name for entry in looks} == {"许质检 (4001)"}


async def test_supervisors_see_every_look_also_at_unknown_reporters(
    database: Database, place: Place, tickets: TicketService
) -> None:
    privacy = PrivacyService(database)
    stranger = await tickets.get((await tickets.file(place.fault("+8613912345678"), conftest.AGENT)).id)
    await privacy.look_at_customer(place.wang.id, Look(reason="回访核实"), QUALITY)
    await privacy.look_at_reporters(stranger, Look(reason="联系上门"), QUALITY)
    await privacy.look_at_customer(place.li.id, Look(reason="核对地址"), SUPERVISOR)

    everything = await privacy.looks(LooksQuery())
    assert [look.reason for look in everything] == ["核对地址", "联系上门", "回访核实"]
    assert [look.subject_id for look in everything] == [place.li.id, stranger.id, place.wang.id]
    assert everything[1].ticket_number == stranger.number
    assert everything[1].fields == ["number"]
    by_quality = await privacy.looks(LooksQuery(staff_id=QUALITY.staff_id, limit=1))
    assert [look.reason for look in by_quality] == ["联系上门"]
    assert [look.reason for look in await privacy.looks(LooksQuery(subject_id=place.wang.id))] == ["回访核实"]
    assert await privacy.looks(LooksQuery(since=utc_now())) == []


async def test_everything_about_a_customer_is_handed_out(
    database: Database, place: Place, tickets: TicketService
) -> None:
    await reported(tickets, place)

    given = await PrivacyService(database).export(place.wang.id, SUPERVISOR)

    assert {"customer", "customer_phone", "customer_audit", "ticket", "ticket_reporter", "ticket_log"} <= set(
        given.data
    )
    assert given.data["customer"][0]["name"] == NAME
    assert place.li.name not in given.model_dump_json()
    assert (await CustomerService(database).audit(place.wang.id))[0].action is CustomerAction.EXPORT


async def test_an_erased_person_is_nowhere_and_events_stay(
    database: Database, place: Place, tickets: TicketService
) -> None:
    ticket = await reported(tickets, place)
    customers, privacy = CustomerService(database), PrivacyService(database)
    await customers.update(place.wang.id, CustomerChange(notes=f"家属{NUMBER}"), SUPERVISOR)
    with pytest.raises(MustBeKept, match=ticket.number):
        await privacy.erase(place.wang.id, Erase(reason="本人要求"), SUPERVISOR)
    await tickets.answer(ticket.id, "已电话答复", conftest.AGENT)
    await privacy.hold(place.wang.id, Hold(reason="诉讼"), SUPERVISOR)
    with pytest.raises(MustBeKept, match="诉讼"):
        await privacy.erase(place.wang.id, Erase(reason="本人要求"), SUPERVISOR)
    await privacy.hold(place.wang.id, Hold(), SUPERVISOR)

    await privacy.erase(place.wang.id, Erase(reason="本人要求"), SUPERVISOR)

    left = json.dumps((await privacy.export(place.wang.id, SUPERVISOR)).data, ensure_ascii=False)
    assert [secret for secret in (NUMBER, NAME, FLAT, place.wang.account_number) if secret in left] == []
    assert (await tickets.get(ticket.id)).status == "archived"
    assert (await customers.identify(NUMBER)).customers == []
    assert len((await tickets.get(ticket.id)).log) == 2
    assert any(table.name == "ticket" for table in tables_about_customers())
