"""Recipients: addresses by channel, secrets, visibility by department."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crm.notices.errors import (
    DeliveryNotFound,
    NotGivenUp,
    NoticeDepartmentNotFound,
    RecipientInvalid,
    RecipientNotFound,
)
from crm.notices.http import routes
from crm.notices.model import DeliveryState, NoticeRecipient
from crm.notices.views import RecipientChange, RecipientInput
from crm.personal_data.serializer import masked
from crm.webhooks.signature import is_genuine
from foundation.clock import utc_now
from foundation.routes import Principal, Role, Route
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Receiver
from tests.unit.crm.tickets.test_ticket_http import call, worker

ADMINISTRATOR = Principal("staff-admin", "9001", "Admin", Role.ADMINISTRATOR)
KEY, TOKEN, SECRET = "k" * 36, "a" * 64, "SEC" + "b" * 32


@pytest.fixture
def table(house: House) -> dict[str, Route]:
    found = routes(house.notices, house.duty).table
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in found}


@pytest.mark.parametrize(
    ("channel", "address", "stored", "shown"),
    [
        ("sms", "138 0000 0001", "+8613800000001", "138****0001"),
        ("sms", "+44 20 7946 0000", "+442079460000", "442****0000"),
        ("email", "duty.east@example.org", "duty.east@example.org", "d***@example.org"),
        ("wecom", KEY, KEY, "****kkkk"),
        ("dingtalk", TOKEN, TOKEN, "****aaaa"),
        ("webhook", "https://erp.example.org/in/token?x=1", "https://erp.example.org/in/token?x=1", "erp.example.org"),
    ],
)
async def test_addresses_fit_their_channel(house: House, channel: str, address: str, stored: str, shown: str) -> None:
    given = RecipientInput.model_validate({"name": "x", "channel": channel, "address": address})
    created = await house.notices.create(given)
    async with house.database.read() as session:
        recipient = await session.get_one(NoticeRecipient, created.id)
    assert (recipient.address, created.address) == (stored, shown)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "110"),
        ("sms", "13800000001,13800000002"),
        ("sms", "13800000001&x=1"),
        ("email", "duty"),
        ("email", "duty@example.org?cc=all@example.org"),
        ("email", "duty@example.org,all@example.org"),
        ("email", "Duty <duty@example.org>"),
        ("email", "a@b@example.org"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"),
        ("wecom", f"{KEY}&x=1"),
        ("dingtalk", f"{TOKEN}/../x"),
        ("webhook", "http://169.254.169.254/latest"),
        ("webhook", "https://[::1]:8088/ari"),
        ("webhook", "mailto://a:b@example.org"),
    ],
)
async def test_s35_address_of_another_channel_is_refused(house: House, channel: str, address: str) -> None:
    given = RecipientInput.model_validate({"name": "x", "channel": channel, "address": address})
    with pytest.raises(RecipientInvalid) as refusal:
        await house.notices.create(given)
    assert [problem.field for problem in refusal.value.errors] == ["address"]
    assert await house.notices.recipients(None) == []
    right = {"sms": "13800000001", "email": "a@example.org", "wecom": KEY, "dingtalk": TOKEN}
    kept = await house.notices.create(
        RecipientInput.model_validate(
            {"name": "x", "channel": channel, "address": right.get(channel, "https://example.org/")}
        )
    )
    with pytest.raises(RecipientInvalid):
        await house.notices.update(kept.id, RecipientChange(address=address))
    assert [found.address for found in await house.notices.recipients(None)] == [kept.address]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"department_id": "department-none"}, "department_id"),
        ({"staff_id": "staff-none"}, "staff_id"),
        ({"switches": {"ticket.teleport": True}}, "switches"),
        ({"secret": SECRET}, "secret"),
        ({"channel": "dingtalk", "address": TOKEN, "secret": "nonsense nonsense"}, "secret"),
    ],
)
async def test_unknown_references_are_refused(house: House, changes: dict[str, Any], field: str) -> None:
    given = {"name": "x", "channel": "sms", "address": "13800000001", **changes}
    with pytest.raises(RecipientInvalid) as refusal:
        await house.notices.create(RecipientInput.model_validate(given))
    assert [problem.field for problem in refusal.value.errors] == [field]


@pytest.mark.parametrize(
    "changes",
    [{"channel": "fax"}, {"name": ""}, {"name": "a\nb"}, {"language": "fr"}, {"score": 5}, {"switches": {"A B": True}}],
)
def test_s38_unknown_fields_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RecipientInput.model_validate({"name": "x", "channel": "sms", "address": "13800000001", **changes})


async def test_secret_is_shown_once_and_can_be_renewed(
    house: House, place: Place, receiver: Receiver, table: dict[str, Route]
) -> None:
    body = {"name": "ERP", "channel": "webhook", "address": receiver.url, "department_id": place.east}
    created = await call(table["POST /notice-recipients"], ADMINISTRATOR, body=body)
    path = {"recipient_id": created.id}
    first = created.signing_secret
    listed = await call(table["GET /notice-recipients"], ADMINISTRATOR)
    changed = await call(table["PATCH /notice-recipients/{recipient_id}"], ADMINISTRATOR, path, body={"name": "ERP 2"})
    async with house.working():
        tested = await call(table["POST /notice-recipients/{recipient_id}/test"], ADMINISTRATOR, path)
        await receiver.until(1)
        renewed = await call(table["POST /notice-recipients/{recipient_id}/secret"], ADMINISTRATOR, path)
        await call(table["POST /notice-recipients/{recipient_id}/test"], ADMINISTRATOR, path)
        await receiver.until(2)
        log = await house.until(lambda log: all(told.state is DeliveryState.SENT for told in log))

    shown = "".join(str(found.model_dump()) for found in [*listed, changed, tested, *log])
    assert first not in shown
    assert renewed.signing_secret not in shown
    assert renewed.signing_secret != first
    for secret, came in zip((first, renewed.signing_secret), receiver.received, strict=True):
        assert is_genuine(secret, came.headers, came.body, utc_now())


async def test_only_webhooks_have_a_generated_secret(house: House) -> None:
    given = {"name": "x", "channel": "dingtalk", "address": TOKEN, "secret": SECRET}
    robot = await house.notices.create(RecipientInput.model_validate(given))
    assert robot.signing_secret is None
    with pytest.raises(RecipientNotFound):
        await house.notices.renew_secret(robot.id)


async def test_removed_recipient_gets_nothing_and_loses_its_address(
    house: House, place: Place, receiver: Receiver, table: dict[str, Route]
) -> None:
    recipient = await house.webhook(receiver.url, place.east)
    ticket = await house.tickets.file(place.fault(), AGENT)
    await house.tickets.dispatch(ticket.id, place.east, AGENT)
    remove = table["DELETE /notice-recipients/{recipient_id}"]
    await call(remove, ADMINISTRATOR, {"recipient_id": recipient.id})
    async with house.working():
        await house.tickets.urge(ticket.id, AGENT, "agent")
    async with house.database.read() as session:
        stored = await session.get_one(NoticeRecipient, recipient.id)
    assert (stored.address, stored.secret, stored.active) == ("-", None, False)
    assert receiver.received == []
    with pytest.raises(RecipientNotFound):
        await call(table["POST /notice-recipients/{recipient_id}/test"], ADMINISTRATOR, {"recipient_id": recipient.id})
    with pytest.raises(RecipientNotFound):
        await call(remove, ADMINISTRATOR, {"recipient_id": "recipient-none"})


async def test_pending_notice_of_an_inactive_recipient_is_given_up(
    house: House, place: Place, receiver: Receiver
) -> None:
    recipient = await house.webhook(receiver.url, place.east)
    await house.notices.test(recipient.id)
    await house.notices.update(recipient.id, RecipientChange(active=False))
    async with house.working():
        (dead,) = await house.until(lambda log: log[0].state is DeliveryState.DEAD)
    assert dead.error == "the recipient was switched off"
    assert receiver.received == []


async def test_given_up_notice_is_dropped_with_the_reason(
    house: House, receiver: Receiver, table: dict[str, Route]
) -> None:
    recipient = await house.webhook(receiver.url, None)
    tested = await house.notices.test(recipient.id)
    drop, path = table["POST /notice-deliveries/{delivery_id}/drop"], {"delivery_id": tested.id}
    body = {"reason": "对方系统已停用，打13800000001"}
    with pytest.raises(NotGivenUp):
        await call(drop, ADMINISTRATOR, path, body=body)
    await house.notices.update(recipient.id, RecipientChange(active=False))
    async with house.working():
        await house.until(lambda log: log[0].state is DeliveryState.DEAD)

    dropped = await call(drop, ADMINISTRATOR, path, body=body)
    assert (dropped.state, dropped.dropped_by) == (DeliveryState.DROPPED, "Admin (9001)")
    assert dropped.drop_reason == body["reason"]
    assert masked(dropped, Role.ADMINISTRATOR).drop_reason == "对方系统已停用，打138****0001"
    assert dropped.error == "the recipient was switched off"
    assert await house.log(state=DeliveryState.DEAD) == []
    assert await house.notices.redeliver_dead(None, None) == 0
    with pytest.raises(NotGivenUp):
        await call(drop, ADMINISTRATOR, path, body=body)
    # A dropped notice can still be sent later.
    again = await house.notices.redeliver(tested.id)
    assert (again.state, again.dropped_by, again.drop_reason) == (DeliveryState.QUEUED, None, None)


@pytest.mark.parametrize("reason", ["", "x", "  ", "x" * 501])
async def test_drop_needs_a_reason(table: dict[str, Route], reason: str) -> None:
    drop = table["POST /notice-deliveries/{delivery_id}/drop"]
    with pytest.raises(ValidationError, match="reason"):
        await call(drop, ADMINISTRATOR, {"delivery_id": "notice-none"}, body={"reason": reason})
    with pytest.raises(DeliveryNotFound):
        await call(drop, ADMINISTRATOR, {"delivery_id": "notice-none"}, body={"reason": "ok"})
    assert drop.roles == {Role.SUPERVISOR, Role.ADMINISTRATOR}


async def test_s7_department_sees_only_its_own(
    house: House, place: Place, receiver: Receiver, table: dict[str, Route]
) -> None:
    east, west = await house.webhook(receiver.url, place.east), await house.webhook(receiver.url, place.west)
    house_wide = await house.webhook(receiver.url, None)
    for recipient in (east, west, house_wide):
        await house.notices.test(recipient.id)

    for department_id, own in ((place.east, [east.id]), (place.west, [west.id]), (None, [])):
        for query in ({}, {"department_id": place.east}):
            seen = await call(table["GET /notice-recipients"], worker(department_id), query=query)
            assert [found.id for found in seen] == own
            told = await call(table["GET /notice-deliveries"], worker(department_id), query=query)
            assert [found.recipient_id for found in told] == own
    for path in ("duty-rota", "on-duty"):
        route = table[f"GET /departments/{{department_id}}/{path}"]
        await call(route, worker(place.east), {"department_id": place.east})
        for stranger in (worker(place.west), worker(None)):
            with pytest.raises(NoticeDepartmentNotFound) as hidden:
                await call(route, stranger, {"department_id": place.east})
            with pytest.raises(NoticeDepartmentNotFound) as missing:
                await call(route, stranger, {"department_id": "department-none"})
            assert hidden.value.detail.replace(place.east, "") == missing.value.detail.replace("department-none", "")


def test_roles_of_the_routes(table: dict[str, Route]) -> None:
    for name, route in table.items():
        assert Role.AGENT not in route.roles
        if not name.startswith("GET"):
            # A department changes its own weeks, and no recipient.
            assert (Role.DEPARTMENT in route.roles) == ("/duty-" in name)
        if "notice-recipients" in name and not name.startswith("GET"):
            assert route.roles == {Role.ADMINISTRATOR}


async def test_department_changes_its_own_week_alone(place: Place, table: dict[str, Route]) -> None:
    replace = table["PUT /departments/{department_id}/duty-rota"]
    add = table["POST /departments/{department_id}/duty-overrides"]
    remove = table["DELETE /departments/{department_id}/duty-overrides/{override_id}"]
    own, east, west = worker(place.east), {"department_id": place.east}, {"department_id": place.west}
    now = utc_now()
    hour = {"from_at": now.isoformat(), "until_at": (now + timedelta(hours=1)).isoformat()}
    assert (await call(replace, own, east, body={"shifts": []})).version == 1
    made = await call(add, own, east, body=hour)
    for refused in (
        call(replace, own, west, body={"shifts": []}),
        call(add, own, west, body=hour),
        call(remove, worker(place.west), {**east, "override_id": made.id}),
    ):
        with pytest.raises(NoticeDepartmentNotFound):
            await refused
    await call(remove, own, {**east, "override_id": made.id})


async def test_log_is_filtered_and_paged(
    house: House, place: Place, receiver: Receiver, table: dict[str, Route]
) -> None:
    one, other = await house.webhook(receiver.url, place.east), await house.webhook(receiver.url, place.west)
    for recipient in (one, other, one):
        await house.notices.test(recipient.id)
    listed = table["GET /notice-deliveries"]
    newest = await call(listed, ADMINISTRATOR, query={"limit": 2})
    assert [found.recipient_id for found in newest] == [one.id, other.id]
    older = await call(listed, ADMINISTRATOR, query={"limit": 2, "after": newest[-1].sequence})
    assert [found.recipient_id for found in older] == [one.id]
    now = utc_now().isoformat()
    for query, count in (
        ({"recipient_id": one.id}, 2),
        ({"department_id": place.west}, 1),
        ({"state": "queued"}, 3),
        ({"state": "dead"}, 0),
        ({"channel": "webhook"}, 3),
        ({"channel": "sms"}, 0),
        ({"kind": "notice.test"}, 3),
        ({"kind": "ticket.urge"}, 0),
        ({"ticket_id": one.id}, 2),
        ({"until_at": now}, 3),
        ({"from_at": now}, 0),
    ):
        assert len(await call(listed, ADMINISTRATOR, query=query)) == count, query


async def test_pruning_removes_only_old_settled_deliveries(
    house: House, place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.notices.service.PRUNE_AT_ONCE", 2)
    recipient = await house.webhook(receiver.url, place.east)
    async with house.working():
        for _ in range(5):
            await house.notices.test(recipient.id)
        await house.until(lambda log: [told.state for told in log] == [DeliveryState.SENT] * 5)
    waiting = await house.notices.test(recipient.id)
    assert await house.notices.prune() == 0
    monkeypatch.setattr("crm.notices.service.KEPT_DAYS", -1)
    assert await house.notices.prune() == 5
    assert [found.id for found in await house.log()] == [waiting.id]
    await house.notices.count()


async def test_events_and_their_wording_are_listed(table: dict[str, Route]) -> None:
    events = await call(table["GET /notice-events"], ADMINISTRATOR)
    dispatch = next(found for found in events if found.kind == "ticket.dispatch")
    assert (dispatch.department_hears, dispatch.house_hears) == (True, False)
    assert "{number}" in dispatch.text_zh
