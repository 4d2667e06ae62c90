"""Notices of ticket changes: once, in order, worded."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from crm.appointments.model import BookVisit, FreeQuery, WeekInput
from crm.appointments.service import AppointmentService
from crm.events import DeadlineAlert, SurveyFinished, TicketChanged, decode
from crm.notices.errors import DeliveryNotFound, NotDelivered
from crm.notices.model import DeliveryState, NoticeChannel
from crm.outbox.subscriptions import EventEnvelope
from crm.staff.model import StaffInput
from crm.staff.service import StaffService
from crm.webhooks.signature import is_genuine
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Received, Receiver


async def test_dispatch_is_sent_signed_and_logged(house: House, place: Place, receiver: Receiver) -> None:
    webhook = await house.webhook(receiver.url, place.east)
    assert webhook.signing_secret is not None
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        (came,) = await receiver.until(1)
        (told,) = await house.until(lambda found: found[0].state is DeliveryState.SENT)

    assert is_genuine(webhook.signing_secret, came.headers, came.body, utc_now())
    assert came.json["id"] == came.headers["webhook-id"] == told.event_id
    assert (came.json["version"], came.json["type"]) == (1, "ticket.dispatch")
    assert came.json["data"]["number"] == ticket.number
    assert ticket.number in came.json["text"]
    assert f"https://desk.example.org/tickets/{ticket.number}" in came.json["text"]
    assert (told.kind, told.key, told.attempts, told.error) == ("ticket.dispatch", ticket.id, 1, None)
    assert told.sent_at is not None


async def test_s29_notice_is_masked_unless_the_channel_is_in_house(
    house: House, place: Place, receiver: Receiver
) -> None:
    await house.webhook(receiver.url, place.east)
    await house.webhook(receiver.url, place.east, name="own", in_house=True)
    description = "王秀英要求打 13800000001，备用 010-87654321，住幸福路12号3单元402"
    async with house.working():
        ticket = await house.tickets.file(place.fault(description=description), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        came = await receiver.until(2)

    bodies = sorted((request.body.decode() for request in came), key=lambda body: "13800000001" in body)
    assert "13800000001" in bodies[1]
    for personal in ("13800000001", "87654321", "王秀英", "3单元402"):
        assert personal not in bodies[0]
    assert "138****0001" in bodies[0]
    assert "幸福路12号" in bodies[0]


async def test_h26_department_gets_booked_and_cancelled_visits(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east)
    appointments = AppointmentService(house.database, house.tickets)
    windows = [{"weekday": day, "from_clock": "09:00", "until_clock": "11:00", "places": 1} for day in range(1, 8)]
    await appointments.enter_week(place.east, WeekInput.model_validate({"windows": windows}))
    visit = (await appointments.free(place.east, FreeQuery()))[-1].visit_from
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await receiver.until(1)
        await appointments.book(ticket.id, BookVisit(visit_from=visit), AGENT)
        booked = (await receiver.until(2))[1]
        await appointments.cancel(ticket.id, "用户不在家", AGENT)
        cancelled = (await receiver.until(3))[2]

    assert (booked.json["type"], cancelled.json["type"]) == ("ticket.book_visit", "ticket.cancel_visit")
    assert f"{visit.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d} 09:00" in booked.json["text"]
    assert "用户不在家" in cancelled.json["text"]


async def test_f26_repeated_event_is_sent_once(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east)
    await house.webhook(receiver.url, None, switches={"ticket.urge": True})
    urge = TicketChanged(action="urge", ticket_id="ticket-1", department_id=place.east, number="2611230001")
    event = EventEnvelope("event-1", urge, utc_now())
    await asyncio.gather(*(house.planner.plan(event) for _ in range(4)))
    async with house.working():
        await receiver.until(2)
        await house.planner.plan(event)
        found = await house.until(lambda log: all(told.state is DeliveryState.SENT for told in log))

    assert len(found) == len({told.recipient_id for told in found}) == 2
    assert len(receiver.received) == 2


async def test_refused_notice_is_retried_with_its_id_before_later_ones(
    house: House, place: Place, receiver: Receiver
) -> None:
    refusals = 2

    async def reluctant(_: Received) -> web.Response | None:
        nonlocal refusals
        refusals -= 1
        return web.Response(status=503) if refusals >= 0 else None

    receiver.answer = reluctant
    await house.webhook(receiver.url, place.east)
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.tickets.urge(ticket.id, AGENT, "agent")
        came = await receiver.until(4)
        told = await house.until(lambda log: [one.state for one in log] == [DeliveryState.SENT] * 2)

    assert [request.json["type"] for request in came] == ["ticket.dispatch"] * 3 + ["ticket.urge"]
    assert len({request.headers["webhook-id"] for request in came}) == 2
    assert [one.attempts for one in told] == [3, 1]


async def test_refused_notice_is_given_up_and_sent_again_on_request(
    house: House, place: Place, receiver: Receiver
) -> None:
    async def refuse(_: Received) -> web.Response:
        return web.Response(status=500, text="call 13800000001")

    receiver.answer = refuse
    await house.webhook(receiver.url, place.east)
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        (dead,) = await house.until(lambda log: bool(log) and log[0].state is DeliveryState.DEAD)
        assert (dead.attempts, dead.error, dead.next_at) == (3, "HTTP 500", None)
        receiver.answer = None
        assert (await house.notices.redeliver(dead.id)).state is DeliveryState.QUEUED
        (sent,) = await house.until(lambda log: log[0].state is DeliveryState.SENT)
        # What arrived may be sent again, too: the other system lost it.
        await house.notices.redeliver(dead.id)
        await receiver.until(5)

    assert (sent.attempts, sent.error) == (1, None)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    with pytest.raises(DeliveryNotFound):
        await house.notices.redeliver("notice-none")


async def test_pending_notice_is_not_redelivered(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east)
    ticket = await house.tickets.file(place.fault(), AGENT)
    urge = TicketChanged(action="urge", ticket_id=ticket.id, department_id=place.east)
    await house.planner.plan(EventEnvelope("event-1", urge, utc_now()))
    (queued,) = await house.log()
    with pytest.raises(NotDelivered):
        await house.notices.redeliver(queued.id)


async def test_given_up_notices_of_a_channel_are_redelivered(house: House, place: Place, receiver: Receiver) -> None:
    async def refuse(_: Received) -> web.Response:
        return web.Response(status=500)

    receiver.answer = refuse
    one, other = await house.webhook(receiver.url, place.east), await house.webhook(receiver.url, place.east)
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.until(lambda log: [told.state for told in log] == [DeliveryState.DEAD] * 2)
        receiver.answer = None
        assert await house.notices.redeliver_dead(NoticeChannel.SMS, None) == 0
        assert await house.notices.redeliver_dead(None, one.id) == 1
        await house.until(lambda log: log[0].state is DeliveryState.SENT, recipient_id=one.id)
        assert await house.notices.redeliver_dead(NoticeChannel.WEBHOOK, None) == 1
        await house.until(lambda log: log[0].state is DeliveryState.SENT, recipient_id=other.id)


async def test_recipient_gets_the_events_it_switched_on(house: House, place: Place, receiver: Receiver) -> None:
    usual = await house.webhook(receiver.url, place.east)
    quiet = await house.webhook(receiver.url, place.east, switches={"ticket.dispatch": False, "ticket.sign": True})
    await house.webhook(receiver.url, place.west)
    supervisors = await house.webhook(receiver.url, None)
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.tickets.sign(ticket.id, place.worker(place.east))
        await house.tickets.escalate(ticket.id, "asks for a manager", AGENT)
        log = await house.until(lambda log: sum(told.state is DeliveryState.SENT for told in log) == 5)

    assert sorted((told.kind, told.recipient_id) for told in log) == sorted(
        [
            ("ticket.dispatch", usual.id),
            ("ticket.sign", quiet.id),
            ("ticket.escalate", usual.id),
            ("ticket.escalate", quiet.id),
            ("ticket.escalate", supervisors.id),
        ]
    )


async def test_h6_notice_goes_to_the_employee_who_has_the_ticket(
    house: House, place: Place, receiver: Receiver
) -> None:
    staff = StaffService(house.database, [])
    given = StaffInput(
        staff_number="2001", name="Sun", role=Role.DEPARTMENT, password="long enough 1", department_id=place.east
    )
    sun = await staff.create(given)
    await house.webhook(receiver.url, place.east)
    hers = await house.webhook(receiver.url, place.east, staff_id=sun.id, standing=False)
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT, person_id=sun.id)
        (told,) = await house.until(lambda log: bool(log) and log[0].state is DeliveryState.SENT)
    assert told.recipient_id == hers.id


@pytest.mark.parametrize(
    "payload",
    [{}, {"reporters": []}, {"reporters": None, "version": 99}, {"until": "2026-11-23T10:00:00+00:00", "new": 1}],
)
async def test_event_without_wording_is_sent_in_the_generic_one(
    house: House, place: Place, receiver: Receiver, payload: dict[str, Any]
) -> None:
    await house.webhook(receiver.url, place.east)
    given = {"department_id": place.east, "number": "2611230001", "status": "signed", **payload}
    async with house.working():
        await house.planner.plan(
            EventEnvelope(new_id("event"), decode("ticket.teleport", "ticket-1", given), utc_now())
        )
        (came,) = await receiver.until(1)
    assert came.json["type"] == "ticket.teleport"
    assert "有新动态" in came.json["text"]
    assert "处理中" in came.json["text"]


async def test_event_without_notice_is_ignored(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, None)
    await house.planner.plan(EventEnvelope("event-1", SurveyFinished(ticket_id="ticket-1"), utc_now()))
    assert await house.log() == []


async def test_s37_ticket_text_is_not_read_as_a_template(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east)
    hostile = "{{7*7}} {link} {number} ${7*7} %(x)s <b>{0.__class__}</b>"
    async with house.working():
        ticket = await house.tickets.file(place.fault(subject=hostile), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        (came,) = await receiver.until(1)
    assert hostile in came.json["text"]
    assert "49" not in came.json["text"].replace(ticket.number, "")


async def test_h16_every_involved_department_gets_the_notice(house: House, place: Place, receiver: Receiver) -> None:
    holder, helper = await house.webhook(receiver.url, place.east), await house.webhook(receiver.url, place.west)
    asked = {"department_id": place.east, "asked_departments": [place.west], "co_department_ids": [place.west]}
    helped = {"department_id": place.east, "co_department_ids": [place.west]}
    for kind, payload in (
        ("ticket.dispatch", asked),
        ("ticket.co_ask", asked),
        ("ticket.urge", helped),
        ("ticket.redo", helped),
        ("ticket.pass_up", {"department_id": place.west}),
    ):
        await house.planner.plan(EventEnvelope(new_id("event"), decode(kind, "ticket-1", payload), utc_now()))

    told = sorted((one.kind, one.recipient_id) for one in await house.log())
    assert told == sorted(
        [
            ("ticket.dispatch", holder.id),
            ("ticket.dispatch", helper.id),
            ("ticket.co_ask", helper.id),
            ("ticket.urge", holder.id),
            ("ticket.urge", helper.id),
            ("ticket.redo", holder.id),
            ("ticket.pass_up", helper.id),
        ]
    )


async def test_h18_ladder_step_reaches_its_department_and_names_the_holder(
    house: House, place: Place, receiver: Receiver
) -> None:
    above = await house.webhook(receiver.url, place.west)
    await house.webhook(receiver.url, place.east)
    ticket = await house.tickets.file(place.fault(), AGENT)
    alert = DeadlineAlert(
        step_kind="escalation",
        ticket_id=ticket.id,
        department_id=place.west,
        held_by=place.east,
        clock="resolve",
        due_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
        step=1,
    )
    await house.planner.plan(EventEnvelope("event-1", alert, utc_now()))
    (told,) = await house.log()
    assert told.recipient_id == above.id
    assert "办理时限（2026-11-23 18:00）" in told.text
    assert "承办：城东维修工区" in told.text
