"""Routes of tickets."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from pydantic import BaseModel, Field

from crm.text import Id, OneLine
from crm.tickets import actions_http, several
from crm.tickets.action_routes import REFUSALS, Versioned, act
from crm.tickets.applications import http as applications_http
from crm.tickets.cohandling import http as cohandling_http
from crm.tickets.corrections import http as corrections_http
from crm.tickets.errors import TicketNotFound
from crm.tickets.extensions import http as extensions_http
from crm.tickets.findings import http as findings_http
from crm.tickets.forms import http as forms_http
from crm.tickets.inputs import AppendToTicket, FileTicket
from crm.tickets.listing import Filters, ListQuery, TicketCounts, TicketRow, may_search_people
from crm.tickets.merges import http as merges_http
from crm.tickets.model import Actor
from crm.tickets.offers import ActionRoutes, action_routes
from crm.tickets.refusals import http as refusals_http
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery, SimilarTicket
from crm.tickets.tiers import http as tiers_http
from crm.tickets.transitions import RULES, TicketAction
from crm.tickets.views import TicketDetail, TicketView
from foundation.routes import DESKS, EVERYONE, NoQuery, Request, Role, Routes


class Urge(Versioned):
    """Channel and call of an urge."""

    channel: str = Field(default="agent", pattern=r"^[a-z_]{2,20}$")
    call_id: Id | None = None


class Attach(BaseModel, extra="forbid"):
    """Recording to attach, with a note."""

    recording_id: str = Field(pattern=r"^rec-[0-9a-z]{26}$")
    note: OneLine = Field(default="", max_length=500)


def routes(service: TicketService, beside: Callable[[], Iterable[Routes]] = tuple) -> Routes:
    """Declare the routes of tickets and their parts.

    `beside` gives the tables of other packages with actions on tickets, once all are declared.
    """
    table = Routes("tickets")
    _reading(table, service, cache(lambda: action_routes([table, *beside()])))
    _filing(table, service)
    actions_http.add_routes(table, service)
    several.add_routes(table, service)
    forms_http.add_routes(table, service.forms)
    applications_http.add_routes(table, service.applications)
    corrections_http.add_routes(table, service.corrections)
    cohandling_http.add_routes(table, service.co_handling)
    tiers_http.add_routes(table, service.tiers)
    refusals_http.add_routes(table, service.refusals)
    extensions_http.add_routes(table, service.extensions)
    findings_http.add_routes(table, service.findings)
    merges_http.add_routes(table, service.merges)
    return table


def _reading(table: Routes, service: TicketService, routes_of_actions: Callable[[], ActionRoutes]) -> None:
    @table.add(
        "GET",
        "/tickets",
        roles=EVERYONE,
        summary="List tickets, newest first; a department sees those in which it has a part",
        query=ListQuery,
        response=list[TicketRow],
        problems=(404, 422),
    )
    async def listed(request: Request[None, ListQuery]) -> list[TicketRow]:
        query = request.query
        if query.number is not None:
            found = await service.by_number(query.number)
            seen = found is not None and await _visible(service, request, found)
            return await service.rows_of([found.id]) if found is not None and seen else []
        if _of_no_department(request):
            return []
        return await service.rows(query, _own_department(request), people=_searches_people(request))

    @table.add(
        "GET",
        "/ticket-counts",
        roles=EVERYONE,
        summary="Count tickets under the filters of the list, by state",
        query=Filters,
        response=TicketCounts,
        problems=(422,),
    )
    async def counts(request: Request[None, Filters]) -> TicketCounts:
        if _of_no_department(request):
            return TicketCounts(total=0, by_status={}, escalated=0)
        return await service.counts(request.query, _own_department(request), people=_searches_people(request))

    @table.add(
        "GET",
        "/tickets/{ticket_id}",
        roles=EVERYONE,
        summary="Return a ticket with reporters, recordings and log",
        response=TicketDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> TicketDetail:
        found = await service.get(request.path["ticket_id"])
        if not await _visible(service, request, found):
            raise TicketNotFound(f"there is no ticket {found.id}")
        may = await service.offers(found, Actor.of(request.actor), routes_of_actions())
        return found.model_copy(update={"may": may})

    @table.add(
        "POST",
        "/similar-tickets",
        roles=DESKS,
        summary="List open tickets that may be about the same matter, each with the reasons",
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
        summary="File a ticket, or append to the open one about the same fault at the same address; "
        "visit_from and visit_until record a wish and book nothing",
        body=FileTicket,
        response=TicketView,
        status=201,
        problems=(409, 422),
        once=True,
        deferrable=True,
    )
    async def file(request: Request[FileTicket, NoQuery]) -> TicketView:
        return await service.file(request.body, Actor.of(request.actor), _key(request))

    @table.add(
        "POST",
        "/tickets/{ticket_id}/additions",
        roles=RULES[TicketAction.APPEND].roles,
        summary="Append a report to an open ticket",
        body=AppendToTicket,
        response=TicketView,
        status=201,
        problems=REFUSALS,
        once=True,
        deferrable=True,
        action=TicketAction.APPEND,
    )
    async def append(request: Request[AppendToTicket, NoQuery]) -> TicketView:
        return await service.append(request.path["ticket_id"], request.body, Actor.of(request.actor), _key(request))

    @table.add(
        "POST",
        "/tickets/{ticket_id}/urge",
        roles=RULES[TicketAction.URGE].roles,
        summary="Record that the customer urges the ticket",
        body=Urge,
        response=TicketView,
        problems=REFUSALS,
        once=True,
        action=TicketAction.URGE,
    )
    async def urge(request: Request[Urge, NoQuery]) -> TicketView:
        return await service.urge(
            request.path["ticket_id"],
            Actor.of(request.actor),
            request.body.channel,
            request.body.call_id,
            idempotency_key=_key(request),
            expected_version=request.body.version,
        )

    act(
        table,
        TicketAction.ATTACH,
        "attachments",
        "Attach a recording to the ticket",
        Attach,
        lambda ticket, body, actor: service.attach(ticket, body.recording_id, body.note, actor),
        status=201,
    )


def _of_no_department(request: Request[Any, Any]) -> bool:
    """Return whether a worker without a department asks, who sees nothing."""
    return request.actor.role is Role.DEPARTMENT and request.actor.department_id is None


def _own_department(request: Request[None, Filters] | Request[None, ListQuery]) -> str | None:
    """Return the department to show: a worker's own, else the wanted one."""
    own = request.actor.role is Role.DEPARTMENT
    return request.actor.department_id if own else request.query.department_id


def _searches_people(request: Request[None, Filters] | Request[None, ListQuery]) -> bool:
    """Return whether the wanted text may stand in reporters' names and numbers."""
    return may_search_people(request.query.text or "", request.actor.role)


async def _visible(service: TicketService, request: Request[Any, Any], ticket: TicketView) -> bool:
    return await service.may_see(ticket, request.actor.role, request.actor.department_id)


def _key(request: Request[Any, Any]) -> str | None:
    """Return the idempotency key, made distinct by the member of staff."""
    return f"{request.actor.staff_id}:{request.idempotency_key}" if request.idempotency_key is not None else None
