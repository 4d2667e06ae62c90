"""Secrets and personal data stand where they must, and nowhere else (S29)."""

import asyncio
import logging
from typing import Any

import pytest
import structlog
from aiohttp import web
from prometheus_client import generate_latest
from sqlmodel import col, select

from ari_app.runtime.notices import Notices
from ari_app.settings import Settings
from crm.notices import store as notices_store
from crm.notices.channels import GatewaySender
from crm.notices.errors import NotDelivered
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery
from crm.notices.views import RecipientInput
from crm.outbox import store as outbox_store
from crm.outbox.model import OutboxEntry
from crm.outbox.service import OutboxWorker
from crm.tickets.model import Ticket
from foundation.clock import utc_now
from foundation.database import Database
from tests.callflows import shipped
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Received, Receiver, listening

NUMBER, KEY = "13811112222", "canary-key-canary-key"


async def test_s29_logs_and_metrics_have_no_personal_data_and_no_secret(
    house: House, place: Place, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_: Received) -> web.Response:
        return web.Response(status=500, text=f"{NUMBER} {KEY}")

    receiver.answer = refuse
    gateway = receiver.url.replace("http://", f"json://user:{KEY}@") + "?:to={address}"
    house.senders[NoticeChannel.SMS] = GatewaySender(gateway, subject_apart=False)
    secret = (await house.webhook(f"{receiver.url}/{KEY}?token={KEY}", place.east)).signing_secret
    assert secret is not None
    for channel, address in (("sms", NUMBER), ("wecom", KEY)):
        given = {"department_id": place.east, "name": "x", "channel": channel, "address": address}
        await house.notices.create(RecipientInput.model_validate(given))
    written: list[Any] = []

    def keep(_logger: Any, _name: str, entry: Any) -> Any:
        written.append(entry)
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.processors.format_exc_info, keep], cache_logger_on_first_use=False)
    try:
        with caplog.at_level(logging.INFO):
            async with house.working():
                fault = place.fault(f"+86{NUMBER}", description=f"打 {NUMBER}")
                ticket = await house.tickets.file(fault, AGENT)
                await house.tickets.dispatch(ticket.id, place.east, AGENT)
                log = await house.until(lambda log: [told.state for told in log] == [DeliveryState.DEAD] * 3)
            await house.notices.count()
    finally:
        structlog.reset_defaults()

    assert written, "failures are logged"
    said = f"{written} {caplog.text} {log} {generate_latest().decode()} {await house.notices.recipients(None)}"
    for canary in (NUMBER, KEY, secret, "王秀英"):
        # The server of this test writes paths into its own log.
        assert canary not in "\n".join(line for line in said.splitlines() if "aiohttp.access" not in line)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("sms_gateway", "twilio://SID:canary@+8613800000000/", "must hold {address} once"),
        ("mail_gateway", "nosuch://canary/{address}", "must be a URL that Apprise knows"),
    ],
)
def test_invalid_gateway_stops_the_start_without_its_password(setting: str, value: str, told: str) -> None:
    with pytest.raises(ValueError, match=setting) as refusal:
        Settings.model_validate({"ari_password": "x", setting: value})
    assert told in str(refusal.value)
    assert "canary" not in str(refusal.value)


async def test_service_has_the_channels_that_the_operator_set_up(sqlite_database: Database) -> None:
    settings = Settings.model_validate(
        {"ari_password": "x", "mail_gateway": "mailto://127.0.0.1:25?from=a@example.org&to={address}"}
    )
    notices = Notices(settings, sqlite_database, shipped())
    assert set(notices._gateways) == {NoticeChannel.EMAIL}
    assert notices.background().keys() == {"notices", "notices-pruning", "notices-counting"}
    assert notices.routes().tag == "notices"
    await notices.aclose()


async def test_s29_log_masks_an_in_house_recipients_notice(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east, in_house=True)
    async with house.working():
        ticket = await house.tickets.file(place.fault(f"+86{NUMBER}"), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        (came,) = await receiver.until(1)
        (told,) = await house.until(lambda log: log[0].state is DeliveryState.SENT)
    assert NUMBER in came.json["text"]
    assert "王秀英" in came.json["text"]
    assert NUMBER not in str(told)
    assert "王秀英" not in str(told)


async def test_notices_about_a_person_can_be_erased(house: House, place: Place, receiver: Receiver) -> None:
    await house.webhook(receiver.url, place.east, in_house=True)
    async with house.working():
        tickets = [await house.tickets.file(place.fault(address=f"幸福路{at}号"), AGENT) for at in (1, 2)]
        for ticket in tickets:
            await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.until(lambda log: [told.state for told in log] == [DeliveryState.SENT] * 2)
    theirs = select(Ticket.id).where(Ticket.id == tickets[0].id)
    async with house.database.write() as session:
        await notices_store.forget(session, theirs)
        await outbox_store.forget(session, theirs, utc_now())

    async with house.database.read() as session:
        deliveries = {found.key: found for found in (await session.exec(select(NoticeDelivery))).all()}
        entries = (await session.exec(select(OutboxEntry).order_by(col(OutboxEntry.sequence)))).all()
    forgotten, kept = deliveries[tickets[0].id], deliveries[tickets[1].id]
    assert (forgotten.text, forgotten.whole, forgotten.data) == ("", None, {})
    assert kept.whole is not None
    assert "+8613800000001" in kept.whole["text"]
    assert [bool(entry.payload) for entry in entries if entry.key == tickets[0].id] == [False, False]
    assert all(entry.payload for entry in entries if entry.key == tickets[1].id)


async def test_pending_notices_of_an_erased_person_reach_only_programs(
    house: House, place: Place, receiver: Receiver
) -> None:
    await house.webhook(receiver.url, place.east, in_house=True)
    robot = {"name": "群", "channel": "wecom", "address": KEY, "department_id": place.east}
    await house.notices.create(RecipientInput.model_validate(robot))
    ticket = await house.tickets.file(place.fault(), AGENT)
    await house.tickets.dispatch(ticket.id, place.east, AGENT)
    planning = asyncio.create_task(OutboxWorker(house.database, listening(house.planner.plan)).run())
    assert {found.state for found in await house.until(lambda log: len(log) == 2)} == {DeliveryState.QUEUED}
    planning.cancel()
    await asyncio.gather(planning, return_exceptions=True)
    async with house.database.write() as session:
        await notices_store.forget(session, select(Ticket.id))

    async with house.database.read() as session:
        (left,) = (await session.exec(select(NoticeDelivery))).all()
    assert (left.channel, left.state, left.text, left.whole) == (NoticeChannel.WEBHOOK, DeliveryState.QUEUED, "", None)
    assert left.data["ticket_id"] == ticket.id
    assert left.data["number"] == ticket.number
    assert "王秀英" not in str(left.data)
    assert "+8613800000001" not in str(left.data)
    async with house.working():
        (came,) = await receiver.until(1)
        (sent,) = await house.until(lambda log: log[0].state is DeliveryState.SENT)
    assert came.json["data"] == left.data
    with pytest.raises(NotDelivered, match="erased"):
        await house.notices.redeliver(sent.id)
