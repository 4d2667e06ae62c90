"""Routes of tickets."""

from typing import Any

from pydantic import BaseModel, Field

from crm.text import Id, Lines, OneLine
from crm.tickets.errors import TicketNotFound
from crm.tickets.model import Actor, AppendToTicket, FileTicket, TicketDetail, TicketStatus, TicketView
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery, SimilarTicket
from crm.tickets.transitions import DESKS, RULES, TicketAction, lies_with
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes

REFUSALS = (404, 409, 422)


class ListQuery(BaseModel, extra="forbid"):
    """Which tickets, newest first."""

    status: TicketStatus | None = None
    department_id: Id | None = None
    number: str | None = Field(default=None, pattern=r"^[0-9]{6,20}$")
    after: Id | None = None
    """The id of the last ticket of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


class Versioned(BaseModel, extra="forbid"):
    """A change that may name the version it was made for, and is refused where that is no longer the present one."""

    version: int | None = None


class Dispatch(Versioned):
    """To whom."""

    department_id: Id
    person_id: Id | None = None


class Urge(Versioned):
    """How the customer asked again."""

    channel: str = Field(default="agent", pattern=r"^[a-z_]{2,20}$")
    call_id: Id | None = None


class Reason(Versioned):
    """Why."""

    reason: Lines = Field(min_length=1, max_length=2000)


class Reply(Versioned):
    """What was done."""

    text: Lines = Field(min_length=1, max_length=4000)


class Grounds(Versioned):
    """On what grounds it is closed (H19)."""

    grounds: Lines = Field(min_length=3, max_length=1000)


class Attach(BaseModel, extra="forbid"):
    """A recording that belongs to the matter."""

    recording_id: str = Field(pattern=r"^rec-[0-9a-z]{26}$")
    note: OneLine = Field(default="", max_length=500)


def routes(service: TicketService) -> Routes:
    """What can be done with tickets."""
    table = Routes("tickets")
    _reading(table, service)
    _filing(table, service)
    _handling(table, service)
    _closing(table, service)
    return table


def _reading(table: Routes, service: TicketService) -> None:
    @table.add(
        "GET",
        "/tickets",
        roles=EVERYONE,
        summary="Tickets, newest first; a department sees its own",
        query=ListQuery,
        response=list[TicketView],
        problems=(404, 422),
    )
    async def listed(request: Request[None, ListQuery]) -> list[TicketView]:
        query = request.query
        if query.number is not None:
            found = await service.by_number(query.number)
            return [found] if found is not None and _visible(request, found) else []
        own = query.department_id
        if request.actor.role is Role.DEPARTMENT:
            own = request.actor.department_id
            if own is None:
                return []
        return await service.listed(status=query.status, department_id=own, after=query.after, limit=query.limit)

    @table.add(
        "GET",
        "/tickets/{ticket_id}",
        roles=EVERYONE,
        summary="A ticket with its reporters, recordings and whole log",
        response=TicketDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> TicketDetail:
        found = await service.get(request.path["ticket_id"])
        if not _visible(request, found):
            raise TicketNotFound(f"there is no ticket {found.id}")
        return found

    @table.add(
        "POST",
        "/similar-tickets",
        roles=DESKS,
        summary="Open tickets that may be about the same matter, each with why",
        body=SimilarQuery,
        response=list[SimilarTicket],
        problems=(422,),
    )
    async def similar(request: Request[SimilarQuery, NoQuery]) -> list[SimilarTicket]:
        return await service.similar(request.body)


def _filing(table: Routes, service: TicketService) -> None:
    @table.add(
        "POST",
        "/tickets",
        roles=RULES[TicketAction.FILE].roles,
        summary="File a ticket; the same fault at the same address is appended to the open one",
        body=FileTicket,
        response=TicketView,
        status=201,
        problems=(409, 422),
    )
    async def file(request: Request[FileTicket, NoQuery]) -> TicketView:
        return await service.file(request.body, Actor.of(request.actor), _key(request))

    @table.add(
        "POST",
        "/tickets/{ticket_id}/additions",
        roles=RULES[TicketAction.APPEND].roles,
        summary="Add to an open ticket instead of filing the matter again",
        body=AppendToTicket,
        response=TicketView,
        status=201,
        problems=REFUSALS,
    )
    async def append(request: Request[AppendToTicket, NoQuery]) -> TicketView:
        return await service.append(request.path["ticket_id"], request.body, Actor.of(request.actor), _key(request))

    @table.add(
        "POST",
        "/tickets/{ticket_id}/urge",
        roles=RULES[TicketAction.URGE].roles,
        summary="The customer asks again",
        body=Urge,
        response=TicketView,
        problems=REFUSALS,
    )
    async def urge(request: Request[Urge, NoQuery]) -> TicketView:
        body = request.body
        actor = Actor.of(request.actor)
        return await service.urge(
            request.path["ticket_id"], actor, body.channel, body.call_id, expected_version=body.version
        )

    @table.add(
        "POST",
        "/tickets/{ticket_id}/attachments",
        roles=RULES[TicketAction.ATTACH].roles,
        summary="Attach a recording",
        body=Attach,
        response=TicketView,
        status=201,
        problems=REFUSALS,
    )
    async def attach(request: Request[Attach, NoQuery]) -> TicketView:
        body = request.body
        return await service.attach(request.path["ticket_id"], body.recording_id, body.note, Actor.of(request.actor))


def _handling(table: Routes, service: TicketService) -> None:
    @table.add(
        "POST",
        "/tickets/{ticket_id}/dispatch",
        roles=RULES[TicketAction.DISPATCH].roles,
        summary="Hand it to a department, or to one person in it",
        body=Dispatch,
        response=TicketView,
        problems=REFUSALS,
    )
    async def dispatch(request: Request[Dispatch, NoQuery]) -> TicketView:
        body = request.body
        return await service.dispatch(
            request.path["ticket_id"],
            body.department_id,
            Actor.of(request.actor),
            person_id=body.person_id,
            expected_version=body.version,
        )

    @table.add(
        "POST",
        "/tickets/{ticket_id}/sign",
        roles=RULES[TicketAction.SIGN].roles,
        summary="The department takes it",
        body=Versioned,
        response=TicketView,
        problems=REFUSALS,
    )
    async def sign(request: Request[Versioned, NoQuery]) -> TicketView:
        actor = Actor.of(request.actor)
        return await service.sign(request.path["ticket_id"], actor, expected_version=request.body.version)

    @table.add(
        "POST",
        "/tickets/{ticket_id}/refuse",
        roles=RULES[TicketAction.REFUSE].roles,
        summary="The department declines it, with a reason",
        body=Reason,
        response=TicketView,
        problems=REFUSALS,
    )
    async def refuse(request: Request[Reason, NoQuery]) -> TicketView:
        body = request.body
        return await service.refuse(
            request.path["ticket_id"], body.reason, Actor.of(request.actor), expected_version=body.version
        )

    @table.add(
        "POST",
        "/tickets/{ticket_id}/reply",
        roles=RULES[TicketAction.REPLY].roles,
        summary="The department says what was done; the customer is called back",
        body=Reply,
        response=TicketView,
        problems=REFUSALS,
    )
    async def reply(request: Request[Reply, NoQuery]) -> TicketView:
        body = request.body
        return await service.reply(
            request.path["ticket_id"], body.text, Actor.of(request.actor), expected_version=body.version
        )


def _closing(table: Routes, service: TicketService) -> None:
    @table.add(
        "POST",
        "/tickets/{ticket_id}/redo",
        roles=RULES[TicketAction.REDO].roles,
        summary="Back to the same department: it is not solved",
        body=Reason,
        response=TicketView,
        problems=REFUSALS,
    )
    async def redo(request: Request[Reason, NoQuery]) -> TicketView:
        body = request.body
        return await service.redo(
            request.path["ticket_id"], body.reason, None, Actor.of(request.actor), expected_version=body.version
        )

    @table.add(
        "POST",
        "/tickets/{ticket_id}/archive",
        roles=RULES[TicketAction.ARCHIVE].roles,
        summary="Close it, with the customer's confirmation or the reason for doing without",
        body=Grounds,
        response=TicketView,
        problems=REFUSALS,
    )
    async def archive(request: Request[Grounds, NoQuery]) -> TicketView:
        body = request.body
        return await service.archive(
            request.path["ticket_id"], body.grounds, Actor.of(request.actor), expected_version=body.version
        )

    @table.add(
        "POST",
        "/tickets/{ticket_id}/cancel",
        roles=RULES[TicketAction.CANCEL].roles,
        summary="It should never have been filed",
        body=Grounds,
        response=TicketView,
        problems=REFUSALS,
    )
    async def cancel(request: Request[Grounds, NoQuery]) -> TicketView:
        body = request.body
        return await service.cancel(
            request.path["ticket_id"], body.grounds, Actor.of(request.actor), expected_version=body.version
        )


def _visible(request: Request[Any, Any], ticket: TicketView) -> bool:
    """To a department what lies with others does not exist (S7)."""
    return lies_with(request.actor.role, request.actor.department_id, ticket.department_id)


def _key(request: Request[Any, Any]) -> str | None:
    """A client's idempotency key, which is its own: another's same key is another key."""
    return f"{request.actor.staff_id}:{request.idempotency_key}" if request.idempotency_key is not None else None
