"""Use cases of tickets: row, log and event change together."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from crm.kinds import TicketKind
from crm.outbox.model import OutboxEntry
from crm.staff.model import StaffChange, StaffInput
from crm.staff.service import StaffService
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow, TicketNotFound, UnknownReference
from crm.tickets.inputs import AppendToTicket, FileTicket, Reporter
from crm.tickets.listing import ListQuery
from crm.tickets.model import SYSTEM, TicketLog, TicketStatus
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import Forbidden
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, CALLER, NOT_OURS, SUPERVISOR, Place


async def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Return the events in the outbox, by the ticket's version."""
    async with database.read() as session:
        entries = (await session.exec(select(OutboxEntry))).all()
    return sorted(((entry.kind, entry.payload) for entry in entries), key=lambda found: found[1]["version"])


async def test_a_fault_from_report_to_archive(database: Database, tickets: TicketService, place: Place) -> None:
    worker = place.worker(place.east)
    filed = await tickets.file(place.fault(reporter=Reporter(customer_id=place.wang.id)), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT, expected_version=1)
    refused = await tickets.refusals.refuse(filed.id, NOT_OURS, worker)
    await tickets.refusals.overrule(filed.id, "该户在本工区范围内", SUPERVISOR)
    await tickets.sign(filed.id, worker)
    await tickets.reply(filed.id, "已更换阀门", worker)
    redone = await tickets.redo(filed.id, "仍然不热", "rec-1")
    await tickets.sign(filed.id, worker)
    await tickets.reply(filed.id, "已清洗管道", worker)
    archived = await tickets.archive(filed.id, "用户确认已解决", SYSTEM)

    assert (refused.status, refused.department_id) == (TicketStatus.REFUSED, None)
    assert (redone.status, redone.redo_count, redone.department_id) == (TicketStatus.DISPATCHED, 1, place.east)
    assert (archived.status, archived.closing_reason) == (TicketStatus.ARCHIVED, "用户确认已解决")
    assert archived.closed_at is not None
    detail = await tickets.get(filed.id)
    assert [entry.action for entry in detail.log] == [
        *("file", "dispatch", "refuse", "overrule", "sign", "reply", "redo", "sign", "reply", "archive")
    ]
    assert [entry.version for entry in detail.log] == list(range(1, 11))
    assert [entry.from_status for entry in detail.log[1:]] == [entry.to_status for entry in detail.log[:-1]]
    assert detail.log[1].detail == {"from_department": None, "to_department": "城东维修工区", "person": None}
    assert detail.log[1].actor_name == AGENT.name
    assert [found.recording_id for found in detail.attachments] == ["rec-1"]
    assert [kind for kind, _ in await told(database)] == [f"ticket.{entry.action}" for entry in detail.log]


async def test_event_has_the_facts_of_the_change(database: Database, tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(call_id="call-1"), AGENT)

    ((kind, payload),) = await told(database)
    assert kind == "ticket.file"
    at = datetime.fromisoformat(payload.pop("at"))
    assert filed.registered_at <= at <= datetime.now(UTC)
    # Missing facts are left out instead of null.
    assert payload == {
        "format": 1,
        "ticket_id": filed.id,
        "version": 1,
        "action": "file",
        "status": "registered",
        "number": filed.number,
        "kind": "fault",
        "subject": "暖气不热",
        "urgency": "normal",
        "category_id": place.cold,
        "area": "城东",
        "customer_id": place.wang.id,
        "co_department_ids": [],
        "below_department_ids": [],
        "left_department_ids": [],
        "asked_departments": [],
        "corrected": [],
        "redo_count": 0,
        "reporters": [{"customer_id": place.wang.id, "number": "+8613800000001", "name": "王秀英"}],
        "call_id": "call-1",
    }


async def test_the_outbox_is_woken_after_the_commit_only(
    database: Database, tickets: TicketService, place: Place
) -> None:
    woken: list[int] = []
    filed = await tickets.file(place.fault(), AGENT)
    tickets.outbox_written.add_listener(lambda: woken.append(1))

    with pytest.raises(NotAllowedNow):
        await tickets.sign(filed.id, SYSTEM)
    assert woken == []
    await tickets.urge(filed.id, CALLER, "ivr")
    assert woken == [1]


async def test_a_refused_change_leaves_no_trace(database: Database, tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    with pytest.raises(UnknownReference) as refusal:
        await tickets.dispatch(filed.id, "department-none", AGENT)
    assert [problem.field for problem in refusal.value.errors] == ["department_id"]
    with pytest.raises(NotAllowedNow):
        await tickets.reply(filed.id, "fertig", SYSTEM)
    with pytest.raises(Forbidden):
        await tickets.cancel(filed.id, "irrtümlich", AGENT)

    detail = await tickets.get(filed.id)
    assert (detail.version, detail.status, len(detail.log)) == (1, TicketStatus.REGISTERED, 1)
    assert len(await told(database)) == 1


async def test_a_change_that_fails_at_its_end_is_rolled_back_with_log_and_outbox(
    database: Database, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    async with database.write() as session:
        await session.exec(text("DROP TABLE outbox"))  # type: ignore[call-overload]

    with pytest.raises(DBAPIError, match="outbox"):
        await tickets.urge(filed.id, AGENT, "agent")

    detail = await tickets.get(filed.id)
    assert (detail.urge_count, detail.version, len(detail.log)) == (0, 1, 1)


async def test_change_without_a_log_entry_stores_no_event(
    database: Database, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    async with database.write() as session:
        (entry,) = (await session.exec(select(TicketLog))).all()
        session.add(TicketLog(**entry.model_dump() | {"id": "log-2", "version": 2}))

    with pytest.raises(IntegrityError):
        await tickets.urge(filed.id, AGENT, "agent")

    assert (await tickets.get(filed.id)).urge_count == 0
    assert len(await told(database)) == 1


async def test_older_version_is_refused_with_the_present_one(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.urge(filed.id, CALLER, "ivr")

    with pytest.raises(ChangedMeanwhile) as refusal:
        await tickets.answer(filed.id, "用户确认", SUPERVISOR, expected_version=1)

    assert "version 2, not 1; since then, newest first: urge by 王秀英 (registered)" in refusal.value.detail
    assert refusal.value.errors[0].field == "version"
    assert "must be 2" in refusal.value.errors[0].rule


async def test_a_conflict_names_the_latest_changes_and_no_more_than_fit(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    for _ in range(12):
        await tickets.urge(filed.id, AGENT, "agent")
    await tickets.dispatch(filed.id, place.east, SUPERVISOR)

    with pytest.raises(ChangedMeanwhile) as late:
        await tickets.dispatch(filed.id, place.west, AGENT, expected_version=1)
    with pytest.raises(ChangedMeanwhile) as early:
        await tickets.dispatch(filed.id, place.west, AGENT, expected_version=99)

    told = late.value.detail.partition("newest first: ")[2].split(", ")
    assert told == ["dispatch by Supervisor (3001) (dispatched)", *["urge by Agent (1001) (registered)"] * 9]
    assert early.value.detail == f"ticket {filed.number} is at version 14, not 99"


async def test_a_later_report_makes_it_more_urgent_but_never_less(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    worse = await tickets.file(place.fault("+8613800000002", urgency="critical"), AGENT)
    calmer = await tickets.file(place.fault("+8613800000003", urgency="urgent"), AGENT)

    assert (filed.urgency, worse.urgency, calmer.urgency) == ("normal", "critical", "critical")
    assert worse.id == calmer.id == filed.id
    log = (await tickets.get(filed.id)).log
    assert (log[1].detail["from_urgency"], log[1].detail["to_urgency"]) == ("normal", "critical")
    assert "to_urgency" not in log[2].detail


async def test_a_later_report_brings_a_visit_window_but_moves_none(tickets: TicketService, place: Place) -> None:
    begins = utc_now() + timedelta(days=2)
    first = {"visit_from": begins, "visit_until": begins + timedelta(hours=2)}
    other = {name: moment + timedelta(days=1) for name, moment in first.items()}
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.file(place.fault("+8613800000002", **first), AGENT)
    kept = await tickets.file(place.fault("+8613800000003", **other), AGENT)

    assert kept.id == filed.id
    assert (kept.visit_from, kept.visit_until, kept.visit_booked) == (*first.values(), False)
    noted = (await tickets.get(filed.id)).log[2].detail
    assert {name: noted[name] for name in other} == {name: moment.isoformat() for name, moment in other.items()}


@pytest.mark.parametrize(
    ("begins", "ends", "word"),
    [(-50, -48, "visit_from must be ahead"), (-1, 2, "visit_from must be ahead"), (24, 24 * 61, "60 days ahead")],
)
def test_a_visit_is_wished_for_ahead_and_not_too_far(begins: int, ends: int, word: str) -> None:
    now = utc_now()
    window = {"visit_from": now + timedelta(hours=begins), "visit_until": now + timedelta(hours=ends)}
    with pytest.raises(ValidationError, match=word):
        FileTicket.model_validate({"kind": "fault", "subject": "暖气不热"} | window)


def test_deferred_report_is_checked_at_the_time_it_was_made() -> None:
    made = utc_now() - timedelta(hours=3)
    window = {"visit_from": made + timedelta(hours=1), "visit_until": made + timedelta(hours=2)}
    given = {"kind": "fault", "subject": "暖气不热"} | window

    assert FileTicket.model_validate(given, context={"asked_at": made}).visit_from == window["visit_from"]
    with pytest.raises(ValidationError, match="must be ahead"):
        FileTicket.model_validate(given)


@pytest.mark.parametrize("address", ["幸福小区", "幸福路", "A座"])
async def test_households_of_one_compound_have_tickets_of_their_own(
    tickets: TicketService, place: Place, address: str
) -> None:
    one = await tickets.file(place.fault(address=address), AGENT)
    other = await tickets.file(place.fault("+8613800000002", address=address), AGENT)

    assert one.id != other.id
    assert (one.urge_count, other.urge_count) == (0, 0)


async def test_only_a_fault_at_a_known_place_is_one_matter(tickets: TicketService, place: Place) -> None:
    first = await tickets.file(place.fault(), AGENT)
    same = await tickets.file(place.fault("+8613800000002", address="幸福路 １２ 号 三单元 402 室"), AGENT)
    elsewhere = await tickets.file(place.fault(address="幸福路12号3单元403"), AGENT)
    complaints = [await tickets.file(place.fault(kind="complaint"), AGENT) for _ in range(2)]
    nowhere = [await tickets.file(place.fault(address=""), AGENT) for _ in range(2)]

    assert same.id == first.id
    assert (same.urge_count, same.version) == (1, 2)
    assert len({first.id, elsewhere.id, *(found.id for found in complaints + nowhere)}) == 6


async def test_a_closed_matter_may_come_again(tickets: TicketService, place: Place) -> None:
    first = await tickets.file(place.fault(), AGENT)
    await tickets.answer(first.id, "当场解决", AGENT)

    assert (await tickets.file(place.fault(), AGENT)).id != first.id


async def test_adding_reporter_is_called_back_once(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(reporter=Reporter(customer_id=place.wang.id)), AGENT)
    for reporter in (
        Reporter(number="13800000003", name="张敏"),
        Reporter(number="+86 138 0000 0003", name="张敏"),
        Reporter(customer_id=place.wang.id),
        Reporter(name="nobody knows how to reach"),
    ):
        await tickets.append(filed.id, AppendToTicket(text="还是不热", reporter=reporter), AGENT)

    detail = await tickets.get(filed.id)
    assert [(found.customer_id, found.number) for found in detail.reporters] == [
        (place.wang.id, None),
        (None, "+8613800000003"),
    ]
    assert detail.urge_count == 4
    assert [entry.detail["new_reporter"] for entry in detail.log[1:]] == [True, False, False, False]


async def test_adding_to_a_closed_matter_is_refused(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.answer(filed.id, "当场解决", AGENT)

    with pytest.raises(NotAllowedNow):
        await tickets.append(filed.id, AppendToTicket(text="又不热了"), AGENT)


async def test_a_repeated_addition_or_urge_is_answered_even_when_the_ticket_was_closed_since(
    tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.append(filed.id, AppendToTicket(text="还是不热"), AGENT, "key-1")
    await tickets.urge(filed.id, CALLER, "ivr", "call-1")
    await tickets.answer(filed.id, "用户确认", AGENT)

    assert (await tickets.append(filed.id, AppendToTicket(text="还是不热"), AGENT, "key-1")).urge_count == 2
    assert (await tickets.urge(filed.id, CALLER, "ivr", "call-1")).urge_count == 2


async def test_one_key_for_two_requests_is_refused(tickets: TicketService, place: Place) -> None:
    one = await tickets.file(place.fault(kind="complaint"), AGENT, "key")
    other = await tickets.file(place.fault(kind="complaint"), AGENT, "other")
    for ticket in (one, other):
        appended = await tickets.append(ticket.id, AppendToTicket(text="more"), AGENT, "key")
        assert (appended.id, appended.urge_count) == (ticket.id, 1)


async def test_a_person_must_be_in_the_department(database: Database, tickets: TicketService, place: Place) -> None:
    staff = StaffService(database, ())
    worker = await staff.create(
        StaffInput(
            staff_number="2002", name="朱师傅", role=Role.DEPARTMENT, password="long enough", department_id=place.west
        )
    )
    filed = await tickets.file(place.fault(), AGENT)

    with pytest.raises(UnknownReference) as refusal:
        await tickets.dispatch(filed.id, place.east, AGENT, person_id=worker.id)
    assert refusal.value.errors[0].field == "person_id"
    assert (await tickets.dispatch(filed.id, place.west, AGENT, person_id=worker.id)).person_id == worker.id

    await staff.update(worker.id, StaffChange(active=False))
    with pytest.raises(UnknownReference, match="does not work in"):
        await tickets.dispatch(filed.id, place.west, AGENT, person_id=worker.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category_id": "category-none"}, "category_id"),
        ({"reporter": {"customer_id": "customer-none"}}, "reporter.customer_id"),
    ],
)
async def test_an_unknown_reference_is_named(
    tickets: TicketService, place: Place, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnknownReference) as refusal:
        await tickets.file(place.fault(**changes), AGENT)
    assert [problem.field for problem in refusal.value.errors] == [field]


async def test_an_unknown_reporter_of_an_addition_is_named(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    with pytest.raises(UnknownReference):
        await tickets.append(filed.id, AppendToTicket(text="x", reporter=Reporter(customer_id="customer-none")), AGENT)


async def test_a_recording_is_attached_once(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    for _ in range(2):
        await tickets.attach(filed.id, "rec-1", "")

    detail = await tickets.get(filed.id)
    assert (len(detail.attachments), detail.version) == (1, 2)


async def test_roles_without_a_desk_cannot_file(tickets: TicketService, place: Place) -> None:
    with pytest.raises(Forbidden):
        await tickets.file(place.fault(), place.worker(place.east))


async def test_missing_ticket_is_not_found(tickets: TicketService, place: Place) -> None:
    for attempt in (tickets.get("ticket-none"), tickets.urge("ticket-none", AGENT, "agent")):
        with pytest.raises(TicketNotFound):
            await attempt
    assert await tickets.by_number("1") is None


async def test_numbers_begin_with_the_day_where_people_are(tickets: TicketService, place: Place) -> None:
    with time_machine.travel(datetime(2026, 7, 12, 17, 0, tzinfo=UTC), tick=False):
        numbers = [(await tickets.file(place.fault(address=""), AGENT)).number for _ in range(2)]

    assert numbers == ["26071300001", "26071300002"]
    assert (await tickets.by_number(numbers[1])) is not None


async def test_pages_go_on_where_the_last_one_ended(tickets: TicketService, place: Place) -> None:
    with time_machine.travel(datetime(2026, 7, 12, tzinfo=UTC), tick=False):
        made = [await tickets.file(place.fault(address=""), AGENT) for _ in range(5)]
    seen: list[str] = []
    sizes: list[int] = []
    while not sizes or sizes[-1]:
        after = seen[-1] if seen else None
        page = await tickets.page(ListQuery(after=after, limit=2))
        seen += [found.id for found in page]
        sizes.append(len(page))

    assert sizes == [2, 2, 1, 0]
    assert seen == sorted((found.id for found in made), reverse=True)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"visit_from": "2026-07-12T08:00:00+08:00"}, "visit_until must be given with visit_from"),
        ({"visit_from": "2026-07-12T10:00:00Z", "visit_until": "2026-07-12T09:00:00Z"}, "after"),
        ({"visit_from": "2026-07-12T08:00:00", "visit_until": "2026-07-12T09:00:00"}, "timezone"),
        ({"reporter": {"number": "138'; DROP TABLE ticket; --"}}, "telephone number"),
        ({"sort": "created;DROP TABLE t--"}, "Extra inputs"),
        (
            {
                "kind": TicketKind.COMPLAINT,
                "visit_from": "2026-07-12T08:00:00Z",
                "visit_until": "2026-07-12T09:00:00Z",
            },
            "fault report",
        ),
    ],
)
def test_wrong_field_is_named(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        FileTicket.model_validate({"kind": "fault", "subject": "暖气不热"} | given)


async def test_h4_addition_is_dispatched_again_and_counts_as_redo_after_a_reply(
    tickets: TicketService, place: Place
) -> None:
    addition, worker = AppendToTicket(text="还是不热"), place.worker(place.east)
    filed = await tickets.file(place.fault(), AGENT)
    alone = await tickets.append(filed.id, addition, AGENT)
    assert (alone.status, alone.added_to) == (TicketStatus.REGISTERED, False)
    await tickets.dispatch(filed.id, place.east, AGENT)
    await tickets.sign(filed.id, worker)

    again = await tickets.append(filed.id, addition, CALLER)
    assert (again.status, again.added_to, again.department_id) == (TicketStatus.DISPATCHED, True, place.east)
    signed = await tickets.sign(filed.id, worker)
    assert (signed.status, signed.added_to, signed.redo_count) == (TicketStatus.SIGNED, False, 0)

    await tickets.park(filed.id, "等用户在家", worker)
    assert (await tickets.append(filed.id, addition, CALLER)).status is TicketStatus.DISPATCHED
    await tickets.sign(filed.id, worker)
    await tickets.reply(filed.id, "已更换阀门", worker)
    sent_back = await tickets.append(filed.id, addition, CALLER)
    assert (sent_back.status, sent_back.added_to, sent_back.redo_count) == (TicketStatus.DISPATCHED, True, 1)


async def test_parked_ticket_resumes_when_the_customer_adds(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.park(filed.id, "等用户提供房号", AGENT)
    assert (await tickets.append(filed.id, AppendToTicket(text="402室"), CALLER)).status is TicketStatus.REGISTERED


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1800-01-01T00:00:00Z"])
def test_s12_a_time_that_no_database_can_bear_is_refused(moment: str) -> None:
    window = {"visit_from": moment, "visit_until": "2026-07-12T09:00:00Z"}
    with pytest.raises(ValidationError, match="must be between 1900 and 2200"):
        FileTicket.model_validate({"kind": "fault", "subject": "暖气不热"} | window)
