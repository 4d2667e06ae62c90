"""Missed callers: claimed by one person, closed by a result or talk."""

from datetime import timedelta

import pytest

from ari_app.missed.errors import ClaimedByAnother, NoSuchMissedCaller
from ari_app.missed.model import MissedCaller, MissedQuery, MissedReason, MissedResult, ResultInput
from ari_app.missed.service import MissedCallers
from crm.history.model import CallRecord
from crm.staff.model import StaffInput
from crm.staff.service import StaffService
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from recordings.model import SILENT, Recording, RecordingKind, RecordingStatus
from tests.unit.crm.conftest import AGENT, Place, furnish

WANG, LI = "+8613800000001", "+8613800000002"
PASSWORD = "correct horse battery"


@pytest.fixture
async def place(database: Database) -> Place:
    return await furnish(database)


@pytest.fixture
def missed(database: Database) -> MissedCallers:
    return MissedCallers(database)


@pytest.fixture
async def people(database: Database) -> list[Principal]:
    staff = StaffService(database, [])
    given = [("1001", "Anna", Role.AGENT), ("1002", "Bert", Role.AGENT), ("3001", "Carol", Role.SUPERVISOR)]
    return [
        (await staff.create(StaffInput(staff_number=number, name=name, role=role, password=PASSWORD))).principal()
        for number, name, role in given
    ]


async def call(database: Database, call_id: str, number: str | None, ago_min: float, **changes: object) -> None:
    given = {"direction": "inbound", "outcome": "abandoned", "queue": "repair", "wait_ms": 9000}
    started = utc_now() - timedelta(minutes=ago_min)
    row = CallRecord.model_validate({"id": call_id, "number": number, "started_at": started, **given, **changes})
    async with database.write() as session:
        session.add(row)


async def numbers(missed: MissedCallers, who: Principal, **query: object) -> list[str]:
    return [one.number for one in await missed.listed(MissedQuery.model_validate(query), who)]


async def test_calls_of_one_person_are_one_entry_with_open_tickets(
    database: Database, place: Place, missed: MissedCallers, people: list[Principal]
) -> None:
    ticket = await TicketService(database).file(place.fault(), AGENT)
    await call(database, "call-1", WANG, 50, wait_ms=20_000)
    await call(database, "call-2", WANG, 40, outcome="lost", customer_id=place.wang.id)
    await call(database, "call-3", LI, 60, outcome="self_served")
    await call(database, "call-4", LI, 45, outcome="self_served")
    await call(database, "call-5", None, 30)
    await call(database, "call-6", "+8613800000009", 8 * 24 * 60)
    async with database.write() as session:
        session.add(
            Recording(
                id="rec-1",
                call_id="call-3",
                segment=1,
                kind=RecordingKind.MESSAGE,
                status=RecordingStatus.SEALED,
                channels=1,
                started_at=utc_now() - timedelta(minutes=60),
                file="x.wav",
                duration_ms=4000,
            )
        )
        session.add(
            Recording(
                id="rec-2",
                call_id="call-4",
                file="y.wav",
                duration_ms=200,
                segment=1,
                kind=RecordingKind.MESSAGE,
                status=RecordingStatus.SEALED,
                channels=1,
                started_at=utc_now() - timedelta(minutes=45),
            )
        )
        session.add(
            Recording(
                id="rec-3",
                call_id="call-4",
                file="z.wav",
                duration_ms=3000,
                note=SILENT,
                segment=2,
                kind=RecordingKind.MESSAGE,
                status=RecordingStatus.SEALED,
                channels=1,
                started_at=utc_now() - timedelta(minutes=44),
            )
        )

    message, lost = await missed.listed(MissedQuery(), people[0])
    assert (message.number, message.reason, message.message_call_ids) == (LI, MissedReason.MESSAGE, ["call-3"])
    assert (lost.number, lost.reason, lost.calls, lost.call_id) == (WANG, MissedReason.LOST, 2, "call-2")
    assert (lost.customer_name, lost.longest_wait_ms) == ("王秀英", 20_000)
    assert [one.id for one in lost.open_tickets] == [ticket.id]
    assert len(await missed.listed(MissedQuery(days=30), people[0])) == 3


async def test_an_entry_closes_when_the_person_talked_with_an_agent(
    database: Database, missed: MissedCallers, people: list[Principal]
) -> None:
    await call(database, "call-1", WANG, 50)
    await call(database, "call-2", LI, 40)
    await call(database, "call-3", WANG, 30, outcome="answered", direction="outbound")
    assert await numbers(missed, people[0]) == [LI]
    await call(database, "call-4", WANG, 10)
    assert await numbers(missed, people[0]) == [LI, WANG]


async def test_one_person_has_a_caller_until_a_result(
    database: Database, missed: MissedCallers, people: list[Principal]
) -> None:
    anna, bert, carol = people

    async def entry() -> MissedCaller:
        (one,) = await missed.listed(MissedQuery(), anna)
        return one

    await call(database, "call-1", WANG, 50)
    await missed.claim("call-1", anna)
    await missed.claim("call-1", anna)
    assert ((await entry()).claimed_by, (await entry()).claimed_by_name) == (anna.staff_id, "Anna")
    await call(database, "call-2", WANG, 40)
    with pytest.raises(ClaimedByAnother):
        await missed.claim("call-2", bert)
    with pytest.raises(ClaimedByAnother):
        await missed.finish("call-2", ResultInput(result=MissedResult.REACHED), bert)
    with pytest.raises(ClaimedByAnother):
        await missed.release("call-2", bert)
    assert await numbers(missed, anna, mine=True) == [WANG]
    assert await numbers(missed, bert, mine=True) == []

    await missed.release("call-2", carol)
    assert (await entry()).claimed_by is None
    await missed.claim("call-2", bert)
    await missed.finish("call-2", ResultInput(result=MissedResult.NOT_REACHED, note="无人接听"), bert)
    tried = await entry()
    assert (tried.claimed_by, tried.attempts) == (None, 1)
    await missed.finish("call-2", ResultInput(result=MissedResult.REACHED), anna)
    assert await numbers(missed, anna) == []
    await call(database, "call-3", WANG, -1)
    assert (await entry()).calls == 1
    with pytest.raises(NoSuchMissedCaller):
        await missed.claim("call-nothing", anna)


async def test_customer_with_two_numbers_is_one_person(
    database: Database, missed: MissedCallers, people: list[Principal], place: Place
) -> None:
    anna, bert, _ = people
    await call(database, "call-1", WANG, 50, customer_id=place.wang.id)
    await call(database, "call-2", LI, 40, customer_id=place.wang.id, outcome="after_hours")
    await call(database, "call-3", LI, 30)
    (entry,) = await missed.listed(MissedQuery(), anna)
    assert (entry.call_id, entry.number, entry.calls, entry.customer_id) == ("call-3", LI, 3, place.wang.id)

    await missed.claim("call-1", anna)
    with pytest.raises(ClaimedByAnother):
        await missed.claim("call-2", bert)
    await missed.release("call-1", anna)

    await call(database, "call-4", "+8613800000009", 10, customer_id=place.wang.id, outcome="answered")
    assert await missed.listed(MissedQuery(), anna) == [], "the person got through, on a third number"
    await call(database, "call-5", WANG, 5, customer_id=place.wang.id)
    assert [one.calls for one in await missed.listed(MissedQuery(), anna)] == [1]
