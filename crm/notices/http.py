"""Routes of recipients, duty rotas and deliveries."""

from pydantic import BaseModel, Field

from crm.moments import Moment
from crm.notices.duty import DutyService
from crm.notices.errors import NoticeDepartmentNotFound
from crm.notices.model import DeliveryState, NoticeChannel
from crm.notices.service import NoticeService
from crm.notices.store import LogQuery
from crm.notices.views import (
    DeliveryView,
    EventView,
    OnDuty,
    OverrideInput,
    OverrideView,
    RecipientChange,
    RecipientCreated,
    RecipientInput,
    RecipientView,
    RotaInput,
    RotaView,
)
from crm.outbox.model import Drop, Kind, Redelivered
from crm.text import Id
from foundation.routes import ADMINISTRATORS, LEADERS, NoQuery, Principal, Request, Role, Routes

READERS = LEADERS | {Role.DEPARTMENT}
"""A department sees its own recipients and deliveries, and no others (S7)."""


class RecipientQuery(BaseModel, extra="forbid"):
    """Filter of recipients."""

    department_id: Id | None = None


class DutyQuery(BaseModel, extra="forbid"):
    """Moment to look at; left out: now."""

    at: Moment | None = None


class DeliveryQuery(BaseModel, extra="forbid"):
    """Filters of deliveries, newest first."""

    state: DeliveryState | None = None
    channel: NoticeChannel | None = None
    kind: Kind | None = None
    ticket_id: Id | None = None
    recipient_id: Id | None = None
    department_id: Id | None = None
    from_at: Moment | None = None
    until_at: Moment | None = None
    after: int | None = Field(default=None, ge=1, lt=2**63)
    """The last sequence of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


class RedeliverDead(BaseModel, extra="forbid"):
    """Filters of given-up notices; left out: all."""

    channel: NoticeChannel | None = None
    recipient_id: Id | None = None


def routes(notices: NoticeService, duty: DutyService) -> Routes:
    """Return the routes of notices."""
    table = Routes("notices")
    _recipients(table, notices)
    _changing_recipients(table, notices)
    _rota(table, duty)
    _overrides(table, duty)
    _log(table, notices)
    return table


def _recipients(table: Routes, notices: NoticeService) -> None:
    @table.add(
        "GET",
        "/notice-events",
        roles=READERS,
        summary="List the events of notices with their wording and default recipients",
        response=list[EventView],
    )
    async def events(_: Request[None, NoQuery]) -> list[EventView]:
        return notices.events()

    @table.add(
        "GET",
        "/notice-recipients",
        roles=READERS,
        summary="List recipients; a department sees its own",
        query=RecipientQuery,
        response=list[RecipientView],
    )
    async def recipients(request: Request[None, RecipientQuery]) -> list[RecipientView]:
        if request.actor.role is not Role.DEPARTMENT:
            return await notices.recipients(request.query.department_id)
        own = request.actor.department_id
        return await notices.recipients(own) if own is not None else []

    @table.add(
        "POST",
        "/notice-recipients",
        roles=ADMINISTRATORS,
        summary="Create a recipient; only this response has a webhook's secret",
        body=RecipientInput,
        response=RecipientCreated,
        status=201,
        problems=(422,),
    )
    async def create(request: Request[RecipientInput, NoQuery]) -> RecipientCreated:
        return await notices.create(request.body)


def _changing_recipients(table: Routes, notices: NoticeService) -> None:
    @table.add(
        "PATCH",
        "/notice-recipients/{recipient_id}",
        roles=ADMINISTRATORS,
        summary="Change a recipient; fields that are left out stay",
        body=RecipientChange,
        response=RecipientView,
        problems=(404, 422),
    )
    async def update(request: Request[RecipientChange, NoQuery]) -> RecipientView:
        return await notices.update(request.path["recipient_id"], request.body)

    @table.add(
        "DELETE",
        "/notice-recipients/{recipient_id}",
        roles=ADMINISTRATORS,
        summary="Remove a recipient and its address",
        response=None,
        problems=(404,),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await notices.remove(request.path["recipient_id"])

    @table.add(
        "POST",
        "/notice-recipients/{recipient_id}/secret",
        roles=ADMINISTRATORS,
        summary="Create a new secret for a webhook; only this response has it",
        response=RecipientCreated,
        problems=(404,),
    )
    async def renew_secret(request: Request[None, NoQuery]) -> RecipientCreated:
        return await notices.renew_secret(request.path["recipient_id"])

    @table.add(
        "POST",
        "/notice-recipients/{recipient_id}/test",
        roles=ADMINISTRATORS,
        summary="Send a test notice; the log of deliveries has the result",
        response=DeliveryView,
        status=201,
        problems=(404,),
    )
    async def test(request: Request[None, NoQuery]) -> DeliveryView:
        return await notices.test(request.path["recipient_id"])


def _rota(table: Routes, duty: DutyService) -> None:
    @table.add(
        "GET",
        "/departments/{department_id}/duty-rota",
        roles=READERS,
        summary="Return the ordinary duty week and the exceptions that are not over",
        response=RotaView,
        problems=(404,),
    )
    async def rota(request: Request[None, NoQuery]) -> RotaView:
        return await duty.rota(_readable(request.path["department_id"], request.actor))

    @table.add(
        "PUT",
        "/departments/{department_id}/duty-rota",
        roles=READERS,
        summary="Replace the ordinary duty week; a department replaces its own",
        body=RotaInput,
        response=RotaView,
        problems=(404, 409, 422),
    )
    async def replace(request: Request[RotaInput, NoQuery]) -> RotaView:
        return await duty.replace(_readable(request.path["department_id"], request.actor), request.body)

    @table.add(
        "GET",
        "/departments/{department_id}/on-duty",
        roles=READERS,
        summary="Return a department's recipients on duty, now or at another moment",
        query=DutyQuery,
        response=OnDuty,
        problems=(404,),
    )
    async def on_duty(request: Request[None, DutyQuery]) -> OnDuty:
        return await duty.on_duty(_readable(request.path["department_id"], request.actor), request.query.at)


def _overrides(table: Routes, duty: DutyService) -> None:
    @table.add(
        "POST",
        "/departments/{department_id}/duty-overrides",
        roles=READERS,
        summary="Add an exception to the ordinary duty week; a department adds its own",
        body=OverrideInput,
        response=OverrideView,
        status=201,
        problems=(404, 422),
    )
    async def add_override(request: Request[OverrideInput, NoQuery]) -> OverrideView:
        return await duty.add_override(_readable(request.path["department_id"], request.actor), request.body)

    @table.add(
        "DELETE",
        "/departments/{department_id}/duty-overrides/{override_id}",
        roles=READERS,
        summary="Remove an exception to the ordinary duty week; a department removes its own",
        response=None,
        problems=(404,),
    )
    async def remove_override(request: Request[None, NoQuery]) -> None:
        department_id = _readable(request.path["department_id"], request.actor)
        await duty.remove_override(department_id, request.path["override_id"])


def _log(table: Routes, notices: NoticeService) -> None:
    @table.add(
        "GET",
        "/notice-deliveries",
        roles=READERS,
        summary="List deliveries, newest first; a department sees its own",
        query=DeliveryQuery,
        response=list[DeliveryView],
    )
    async def deliveries(request: Request[None, DeliveryQuery]) -> list[DeliveryView]:
        query = request.query
        department_id = query.department_id
        if request.actor.role is Role.DEPARTMENT:
            department_id = request.actor.department_id
            if department_id is None:
                return []
        wanted = LogQuery(
            state=query.state,
            channel=query.channel,
            kind=query.kind,
            key=query.ticket_id,
            recipient_id=query.recipient_id,
            department_id=department_id,
            from_at=query.from_at,
            until_at=query.until_at,
        )
        return await notices.deliveries(wanted, after=query.after, limit=query.limit)

    @table.add(
        "POST",
        "/notice-deliveries/redeliver",
        roles=LEADERS,
        summary="Send given-up notices again",
        body=RedeliverDead,
        response=Redelivered,
    )
    async def redeliver_dead(request: Request[RedeliverDead, NoQuery]) -> Redelivered:
        return Redelivered(count=await notices.redeliver_dead(request.body.channel, request.body.recipient_id))

    @table.add(
        "POST",
        "/notice-deliveries/{delivery_id}/redeliver",
        roles=LEADERS,
        summary="Send a notice again with its event id",
        response=DeliveryView,
        problems=(404, 409),
    )
    async def redeliver(request: Request[None, NoQuery]) -> DeliveryView:
        return await notices.redeliver(request.path["delivery_id"])

    @table.add(
        "POST",
        "/notice-deliveries/{delivery_id}/drop",
        roles=LEADERS,
        summary="Drop a given-up notice; the reason is stored",
        body=Drop,
        response=DeliveryView,
        problems=(404, 409, 422),
    )
    async def drop(request: Request[Drop, NoQuery]) -> DeliveryView:
        return await notices.drop(request.path["delivery_id"], request.body.reason, request.actor)


def _readable(department_id: str, actor: Principal) -> str:
    """Return the department, if the account may see it (S7)."""
    if actor.role is Role.DEPARTMENT and actor.department_id != department_id:
        raise NoticeDepartmentNotFound(f"there is no department {department_id}")
    return department_id
