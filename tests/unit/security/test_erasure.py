"""No table names an erased person; an export has every table."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sql
from sqlmodel import select

from ari_app.campaigns.model import Attempt, Contact, ContactState
from ari_app.runtime.schema import METADATA
from crm.customers.model import CUSTOMER_TEXTS
from crm.history.model import CallRecord
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.outbox.model import OutboxEntry
from crm.tickets.model import TICKET_TEXTS
from foundation.clock import utc_now
from foundation.database import execute
from foundation.routes import Role
from recordings.model import RecordingKind
from tests.unit.security.conftest import Office

NAME, NUMBER, STREET = "小熊猫", "13912345678", "秘密街7号"
WORDS = f"{NAME} 电话{NUMBER} 住{STREET}"
OTHERS_NUMBER = "13988887777"

Answer = dict[str, Any]


async def ask(office: Office, role: Role, method: str, path: str, body: object = None, status: int = 200) -> Any:
    async with office.client(role) as http, http.request(method, f"/api/v1{path}", json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json() if status != 204 else None


async def do(office: Office, role: Role, ticket: Answer, action: str, **body: object) -> Any:
    async with office.client(role) as http, http.post(f"/api/v1/tickets/{ticket['id']}/{action}", json=body) as answer:
        assert answer.ok, await answer.text()
        return await answer.json()


async def everywhere(office: Office) -> list[str]:
    """Return the places in the database that name the person."""
    found = []
    async with office.database.read() as session:
        entries = [index.entries for index in (TICKET_TEXTS, CUSTOMER_TEXTS)]
        searched = {table.name: sql.select(*table.c["id", "words", "people"]) for table in entries}
        for name, query in ({table.name: table.select() for table in METADATA.sorted_tables} | searched).items():
            for row in (await execute(session, query)).mappings():
                for column, value in row.items():
                    text = json.dumps(value, ensure_ascii=False, default=str)
                    if any(secret in text for secret in (NAME, NUMBER, STREET)):
                        found.append(f"{name}.{column}: {text}")
    return found


@asynccontextmanager
async def working(office: Office) -> AsyncIterator[None]:
    """Deliver events and messages meanwhile."""
    work = (office.business.outbox.run, office.business.background()["notices"])
    tasks = [asyncio.ensure_future(one()) for one in work]
    yield
    async with asyncio.timeout(20):
        while await waiting(office):
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def waiting(office: Office) -> int:
    async with office.database.read() as session:
        counts = [
            (await execute(session, sql.select(sql.func.count()).where(table.c.next_at.is_not(None)))).scalar_one()
            for table in (METADATA.tables["outbox"], METADATA.tables["notice_delivery"])
        ]
    return sum(counts)


async def told(office: Office) -> None:
    """Create a recipient of every event; its gateway is gone."""
    kinds = ("dispatch", "append", "urge", "cancel", "refuse", "pass_up")
    recipient = NoticeRecipient(
        id="recipient-1",
        department_id=office.place.east,
        name="值班",
        channel=NoticeChannel.SMS,
        address="+8613811112222",
        switches={f"ticket.{kind}": True for kind in kinds},
        in_house=True,
        created_at=utc_now(),
    )
    async with office.database.write() as session:
        session.add(recipient)


async def customer(office: Office) -> Answer:
    body = {
        "account_number": "ER10000001",
        "name": NAME,
        "phones": [NUMBER],
        "address": STREET,
        "notes": WORDS,
        "consent_source": f"{NAME}来电",
        "do_not_call_source": f"{NAME}来电",
    }
    made: Answer = await ask(office, Role.AGENT, "POST", "/customers", body, 201)
    return made


async def own_ticket(office: Office, person: Answer) -> Answer:
    """A complaint in which everything was written that can be written."""
    report = {
        "kind": "complaint",
        "subject": WORDS,
        "description": WORDS,
        "address": STREET,
        "reporter": {"customer_id": person["id"], "number": NUMBER, "name": NAME},
        "form": {"expectation": WORDS},
    }
    ticket: Answer = await ask(office, Role.AGENT, "POST", "/tickets", report, 201)
    east, west = office.place.east, office.place.west
    helpers = [{"department_id": west, "task": WORDS}]
    await do(office, Role.AGENT, ticket, "dispatch", department_id=east, co_handlers=helpers)
    await do(office, Role.DEPARTMENT, ticket, "refuse", reason="not_our_area", explanation=WORDS)
    await do(office, Role.SUPERVISOR, ticket, "overrule-refusal", reason=WORDS)
    await do(office, Role.DEPARTMENT, ticket, "sign")
    until = (utc_now() + timedelta(days=30)).isoformat()
    await do(office, Role.DEPARTMENT, ticket, "extension", until=until, reason=WORDS)
    await do(office, Role.SUPERVISOR, ticket, "grant-extension", reason=WORDS)
    judged = dict.fromkeys(("finding", "responsibility", "corrective_measures", "preventive_measures"), WORDS)
    await do(office, Role.SUPERVISOR, ticket, "finding", validity="valid", **judged)
    await do(office, Role.DEPARTMENT, ticket, "contest-finding", reason=WORDS)
    recording = await office.recorded.begin("call-1", RecordingKind.CONVERSATION)
    await do(office, Role.AGENT, ticket, "attachments", recording_id=recording.id, note=WORDS)
    await ask(office, Role.DEPARTMENT, "POST", f"/tickets/{ticket['id']}/looks", {"reason": WORDS})
    handed_over = {"notes": WORDS, "tickets": [{"ticket_id": ticket["id"], "note": WORDS}]}
    await ask(office, Role.DEPARTMENT, "POST", "/handovers", {**handed_over, "department_id": east}, 201)
    await do(office, Role.DEPARTMENT, ticket, "pass-up", reason=WORDS)
    await do(office, Role.AGENT, ticket, "urge")
    return ticket


async def elsewhere(office: Office, person: Answer) -> Answer:
    """Another person's fault, to which the person added."""
    report = {
        "kind": "fault",
        "subject": "暖气不热",
        "address": "别人街1号",
        "reporter": {"number": OTHERS_NUMBER, "name": "别人"},
    }
    ticket: Answer = await ask(office, Role.AGENT, "POST", "/tickets", report, 201)
    await do(office, Role.AGENT, ticket, "dispatch", department_id=office.place.east)
    added = {"text": WORDS, "reporter": {"customer_id": person["id"], "number": NUMBER, "name": NAME}}
    await do(office, Role.AGENT, ticket, "additions", **added)
    await do(office, Role.DEPARTMENT, ticket, "sign")
    await do(office, Role.DEPARTMENT, ticket, "park", reason=f"{NAME}不在家，电话{NUMBER}")
    return ticket


async def called(office: Office, person: Answer, own: Answer, other: Answer) -> None:
    """Store a taken call, two finished callbacks and a planned one."""
    now, number = utc_now(), f"+86{NUMBER}"
    facts: Answer = {"flow": "survey", "customer_id": person["id"], "name": NAME, "next_at": now, "created_at": now}
    async with office.database.write() as session:
        session.add(CallRecord(id="call-1", direction="in", number=number, started_at=now, outcome="ended"))
        done = {"state": ContactState.DONE, "ticket_id": own["id"], **facts}
        session.add(Contact(id="contact-1", number=number, **done))
        session.add(Contact(id="contact-2", number="+8613900000000", **done))
        session.add(Contact(id="contact-3", number=number, ticket_id=other["id"], **facts))
        await session.flush()
        session.add(Attempt(id="attempt-1", contact_id="contact-1", call_id="call-2", number=number, started_at=now))


async def erase(office: Office, person: Answer, status: int = 204) -> Any:
    return await ask(
        office, Role.SUPERVISOR, "POST", f"/customers/{person['id']}/erasure", {"reason": "本人要求"}, status
    )


async def test_an_erased_person_is_in_no_table(office: Office) -> None:
    await told(office)
    person = await customer(office)
    async with working(office):
        own, other = await own_ticket(office, person), await elsewhere(office, person)
        await called(office, person, own, other)
    await do(office, Role.SUPERVISOR, own, "cancel", reason=WORDS)
    assert len({place.split(":")[0] for place in await everywhere(office)}) > 30, "it stands everywhere"

    await erase(office, person)

    assert await everywhere(office) == []
    left = await ask(office, Role.SUPERVISOR, "GET", f"/tickets/{other['id']}")
    assert [one["number"] for one in left["reporters"]] == [f"+86{OTHERS_NUMBER}", None]
    assert [entry["action"] for entry in left["log"]] == ["file", "dispatch", "append", "sign", "park"]
    assert left["subject"] == "暖气不热"
    async with office.database.read() as session:
        contact = await session.get_one(Contact, "contact-3")
    assert contact.state is ContactState.CANCELLED, "nobody is called who is not there any more"


async def test_pending_messages_are_sent_without_the_person(office: Office) -> None:
    await told(office)
    person = await customer(office)
    own, other = await own_ticket(office, person), await elsewhere(office, person)
    await do(office, Role.SUPERVISOR, own, "cancel", reason=WORDS)

    await erase(office, person)

    assert await everywhere(office) == []
    async with office.database.read() as session:
        waiting = (await session.exec(select(OutboxEntry))).all()
    assert all(entry.next_at is not None for entry in waiting), "each is still told"
    cancelled = next(entry.payload for entry in waiting if entry.kind == "ticket.cancel")
    assert (cancelled["number"], cancelled["status"], cancelled["reporters"]) == (own["number"], "cancelled", [])
    added = next(entry.payload for entry in waiting if entry.kind == "ticket.append")
    assert [one["number"] for one in added["reporters"]] == [f"+86{OTHERS_NUMBER}"]
    async with working(office):
        pass
    assert await everywhere(office) == []
    async with office.database.read() as session:
        deliveries = (await session.exec(select(NoticeDelivery))).all()
    assert {found.state for found in deliveries} == {DeliveryState.DEAD}, "no gateway is set up, but they were told"
    assert other["id"] in {found.key for found in deliveries}


async def test_a_person_is_not_erased_during_a_callback(office: Office) -> None:
    person = await customer(office)
    other = await elsewhere(office, person)
    async with office.database.write() as session:
        now = utc_now()
        facts: Answer = {
            "flow": "survey",
            "ticket_id": other["id"],
            "next_at": now,
            "created_at": now,
            "number": "+861",
        }
        session.add(Contact(id="contact-1", customer_id=person["id"], state=ContactState.DIALLING, **facts))

    refused = await erase(office, person, 409)

    assert refused["type"] == "/problems/must-be-kept"
    assert "called back right now" in refused["detail"]
    assert (await ask(office, Role.AGENT, "GET", f"/customers/{person['id']}"))["name"] == NAME


@pytest.mark.parametrize("shared", [False, True])
async def test_a_report_by_telephone_alone_belongs_to_its_only_owner(office: Office, shared: bool) -> None:
    report = {"kind": "complaint", "subject": WORDS, "reporter": {"number": NUMBER, "name": NAME}}
    ticket: Answer = await ask(office, Role.AGENT, "POST", "/tickets", report, 201)
    person = await customer(office)
    if shared:
        another = {"account_number": "ER10000002", "name": "同住人", "phones": [NUMBER]}
        await ask(office, Role.AGENT, "POST", "/customers", another, 201)
        await erase(office, person)
        kept = await ask(office, Role.AGENT, "GET", f"/tickets/{ticket['id']}")
        assert kept["subject"] == WORDS
        return
    assert ticket["number"] in (await erase(office, person, 409))["detail"]
    await do(office, Role.SUPERVISOR, ticket, "cancel", reason=WORDS)

    await erase(office, person)

    assert await everywhere(office) == []


async def test_an_export_has_all_data_of_the_person(office: Office) -> None:
    person = await customer(office)
    own, other = await own_ticket(office, person), await elsewhere(office, person)
    neighbour = {"text": "我家也不热", "reporter": {"customer_id": office.place.li.id, "name": "李建国"}}
    await do(office, Role.AGENT, own, "additions", **neighbour)
    await called(office, person, own, other)

    data = (await ask(office, Role.SUPERVISOR, "GET", f"/customers/{person['id']}/data"))["data"]

    assert {
        *(
            "customer",
            "customer_phone",
            "customer_audit",
            "ticket",
            "ticket_reporter",
            "ticket_log",
            "ticket_attachment",
        ),
        *("ticket_finding", "ticket_co_handler", "ticket_refusal", "ticket_extension", "ticket_pass", "ticket_clock"),
        *("handover_item", "call_record", "campaign_contact", "campaign_attempt"),
    } <= set(data)
    elsewhere_said = [entry for entry in data["ticket_log"] if entry["ticket_id"] == other["id"]]
    assert [entry["action"] for entry in elsewhere_said] == ["append", "park"]
    assert {report["ticket_id"] for report in data["ticket_reporter"]} == {own["id"], other["id"]}
    whole = json.dumps(data, ensure_ascii=False)
    assert [secret for secret in ("李建国", OTHERS_NUMBER, "我家也不热") if secret in whole] == []


async def test_an_erased_entry_takes_nothing_new(office: Office) -> None:
    person = await customer(office)
    await erase(office, person)
    report = {"kind": "complaint", "subject": "服务态度", "reporter": {"customer_id": person["id"]}}
    merge = {"kept_id": person["id"], "merged_id": office.place.li.id}

    refused = await ask(office, Role.AGENT, "POST", "/tickets", report, 422)

    assert [problem["field"] for problem in refused["errors"]] == ["reporter.customer_id"]
    path = f"/customers/{person['id']}"
    for role, method, to, body in (
        (Role.AGENT, "PATCH", path, {"name": "复活"}),
        (Role.AGENT, "POST", f"{path}/confirmed-phones", {"number": NUMBER}),
        (Role.SUPERVISOR, "POST", "/customer-merges", merge),
        (Role.SUPERVISOR, "POST", "/customer-merges/preview", merge),
    ):
        assert (await ask(office, role, method, to, body, 409))["type"] == "/problems/customer-erased"
    assert await everywhere(office) == []
